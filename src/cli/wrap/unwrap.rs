//! `fanout unwrap`: takes fanout away from the servers of agents. All that it
//! needs stands in the entries.

use clap::Args;

use super::agents::{Folders, Scope};
use super::backup;
use super::command::unwrapped_value;
use super::config_file::{Entry, EntryState};
use super::consent::Consent;
use super::found::Found;
use super::plan::{ChangeKind, ChangePlan, is_shadow};
use super::selection::{Selection, no_home};
use crate::cli::exit::Exit;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout unwrap                    every agent found here; shows, then asks
  fanout unwrap codex --server memory --dry-run
  fanout unwrap .mcp.json --yes")]
pub(in crate::cli) struct Unwrap {
    #[command(flatten)]
    selection: Selection,
}

impl Unwrap {
    pub(in crate::cli) fn run(self) -> Exit {
        let Some(folders) = Folders::find() else {
            return no_home();
        };
        let found = match self.selection.find(&folders) {
            Ok(found) => found,
            Err(exit) => return exit,
        };
        let mut plan = ChangePlan::new(ChangeKind::Unwrap, found, &folders);
        for table in 0..plan.found.tables.len() {
            let entries = plan.found.tables[table].entries.clone();
            for entry in entries {
                let is_wrapped = matches!(entry.state, EntryState::Wrapped { .. });
                if is_wrapped && self.selection.includes(&entry.name) {
                    let text = unwrap_one(&mut plan, table, &entry);
                    plan.note(table, &entry.name, text);
                }
            }
        }
        restore(&mut plan.found);
        Consent::of(&self.selection).carry_out(plan, &[], None)
    }
}

/// Plans what becomes of a wrapped entry; says what.
fn unwrap_one(plan: &mut ChangePlan<'_>, at: usize, entry: &Entry) -> String {
    let table = &plan.found.tables[at];
    let is_local = table.is_of("claude") && table.site.scope == Scope::Local;
    let mut step = ChangePlan::replacement(table, entry, unwrapped_value(entry));
    let (file, path) = (table.file, table.site.table.clone());
    let is_shadow = is_local && is_shadow(&plan.found, entry);
    if is_shadow {
        step.after = None;
    }
    if table.site.scope != Scope::Project && plan.by_claude(at, step) {
        return if is_shadow {
            "is removed: it only stood before the project's entry".to_owned()
        } else {
            "is as it was".to_owned()
        };
    }
    if plan.found.files[file].unwrap(&path, &entry.name) {
        "is as it was".to_owned()
    } else {
        let original = shell_words::join(entry.original());
        format!("left: its form is not known; its command is `{original}`")
    }
}

/// Takes the copies of files that are still as they were written, where every
/// entry is unwrapped.
fn restore(found: &mut Found) {
    for at in 0..found.files.len() {
        let file = &mut found.files[at];
        let Some(before) = backup::before(file.path(), file.before()) else {
            continue;
        };
        if before == file.after() {
            continue;
        }
        let tables = found.tables.iter().filter(|table| table.file == at);
        let mut entries = tables.flat_map(|table| {
            let left = file.entries(&table.site.table, table.form).into_iter();
            left.filter(|entry| matches!(entry.state, EntryState::Wrapped { .. }))
        });
        if entries.next().is_none() {
            file.set(&before);
        }
    }
}
