//! `fanout wrap` itself: what becomes of each entry.

use std::path::PathBuf;

use clap::Args;

use super::agents::{self, Folders, Scope};
use super::approval;
use super::claude;
use super::command::{self, ProxyOptions, wrapped_value};
use super::config_file::{Entry, EntryState};
use super::consent::Consent;
use super::plan::{ChangeKind, ChangePlan};
use super::program;
use super::selection::{Selection, no_home};
use super::survey::is_there;
use super::yaml;
use crate::cli::exit::{self, Exit};

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout wrap                      every agent found here; shows, then asks
  fanout wrap claude codex --govern
  fanout wrap .cursor/mcp.json --server memory --dry-run
  fanout unwrap                    before fanout is uninstalled")]
pub(in crate::cli) struct Wrap {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    proxy: ProxyOptions,
    /// Which entries of Claude Code are made: the user's for this project, the
    /// project's own file, or no project's at all
    #[arg(long, value_enum, default_value = "local")]
    scope: Scope,
}

impl Wrap {
    pub(in crate::cli) fn run(self) -> Exit {
        let Some(folders) = Folders::find() else {
            return no_home();
        };
        let program = match program::own_path() {
            Ok(program) => program,
            Err(error) => return exit::cannot_run(&error),
        };
        let found = match self.selection.find(&folders) {
            Ok(found) => found,
            Err(exit) => return exit,
        };
        let consent = Consent::of(&self.selection);
        let mut wrapping = Wrapping {
            options: &self,
            consent,
            plan: ChangePlan::new(ChangeKind::Wrap, found, &folders),
            program,
        };
        wrapping.plan_all();
        let snippets = yaml::snippets(&self.selection.targets, &folders, &wrapping.program);
        consent.carry_out(wrapping.plan, &snippets, Some(&wrapping.program))
    }
}

/// The entries that are about to be wrapped.
struct Wrapping<'w> {
    options: &'w Wrap,
    consent: Consent,
    plan: ChangePlan<'w>,
    program: PathBuf,
}

impl Wrapping<'_> {
    fn plan_all(&mut self) {
        for table in 0..self.plan.found.tables.len() {
            let scope = self.plan.found.tables[table].site.scope;
            if self.options.scope == Scope::User && scope != Scope::User {
                continue;
            }
            let entries = self.plan.found.tables[table].entries.clone();
            for entry in entries {
                if !self.options.selection.includes(&entry.name) {
                    continue;
                }
                let text = match &entry.state {
                    EntryState::Left(reason) => format!("left: {reason}"),
                    EntryState::Wrapped { .. } => wrapped_already(&entry),
                    EntryState::Bare => self.plan_one(table, &entry),
                };
                self.plan.note(table, &entry.name, text);
            }
        }
    }

    /// Plans what becomes of an entry that is not wrapped; says what.
    fn plan_one(&mut self, at: usize, entry: &Entry) -> String {
        let table = &self.plan.found.tables[at];
        let is_projects = table.site.scope == Scope::Project;
        let is_shadowed = table.is_of("claude") && is_projects && self.has_local(&entry.name);
        if is_shadowed {
            return "left: an entry of yours with its name stands before it".to_owned();
        }
        if is_projects && !self.is_agreed(at, entry) {
            return "left: its agent has not been told yet that it may start it".to_owned();
        }
        let table = &self.plan.found.tables[at];
        let (program, place) = (&self.program, self.plan.place(table));
        let before = self.options.proxy.words(program, entry, place);
        if table.is_of("claude") && is_projects && self.options.scope != Scope::Project {
            return self.shadow(entry, &before);
        }
        let step = ChangePlan::replacement(table, entry, wrapped_value(entry, &before));
        let (file, path) = (table.file, table.site.table.clone());
        if !is_projects && self.plan.by_claude(at, step) {
            return "is wrapped".to_owned();
        }
        if self.plan.found.files[file].wrap(&path, &entry.name, &before) {
            "is wrapped".to_owned()
        } else {
            "left: the form in which it is written could not be undone to the byte".to_owned()
        }
    }

    /// Whether an entry of the user's for this project has the name.
    fn has_local(&self, name: &str) -> bool {
        let local = self.plan.found.table("claude", Scope::Local);
        local.is_some_and(|table| table.entry(name).is_some())
    }

    /// Whether the agent may start a server of a project, or the user says now
    /// that fanout may stand before it all the same.
    fn is_agreed(&self, at: usize, entry: &Entry) -> bool {
        let table = &self.plan.found.tables[at];
        let is_approved = |agent| approval::is_approved(agent, self.plan.folders, &entry.name);
        table.agent.is_none_or(is_approved) || self.consent.is_given_for(table.title(), entry)
    }

    /// Plans an entry of the user's that stands before the project's: nothing of
    /// the project changes.
    fn shadow(&mut self, entry: &Entry, before: &[String]) -> String {
        let after = wrapped_value(entry, before);
        if self.plan.claude.is_some() && !entry.holds_values {
            self.plan.steps.push(claude::Step {
                name: entry.name.clone(),
                scope: "local",
                before: None,
                after: Some(after),
            });
        } else if let Err(reason) = self.insert_local(&entry.name, &after) {
            return format!("left: {reason}");
        }
        "an entry of yours is put before it; the project stays as it is".to_owned()
    }

    fn insert_local(&mut self, name: &str, entry: &serde_json::Value) -> Result<(), &'static str> {
        let folders = self.plan.folders;
        let mut sites = agents::AGENTS[0].sites(folders).into_iter();
        let site = sites.find(|site| site.scope == Scope::Local);
        let site = site.ok_or("Claude Code's own file has no known place")?;
        let file = self.plan.found.open(&site.path);
        let file = file.ok_or("there is no file of Claude Code's yet: start it once")?;
        let file = &mut self.plan.found.files[file];
        let text = claude::inserted(file.text(), file.root(), &site.table, name, entry);
        let is_set = text.is_some_and(|text| file.set(&text));
        is_set
            .then_some(())
            .ok_or("Claude Code's own file has an unknown form")
    }
}

fn wrapped_already(entry: &Entry) -> String {
    match command::program_of(entry) {
        Some(program) if !is_there(program) => {
            let program = program.display();
            format!("is wrapped by {program}, which is gone: unwrap it, then wrap it again")
        }
        _ => "is wrapped already".to_owned(),
    }
}
