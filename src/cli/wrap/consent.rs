//! How a change is agreed to: shown first, and not made unless the answer is
//! yes.

use std::io::{self, Write};
use std::path::Path;

use super::config_file::Entry;
use super::plan::{ChangePlan, add_line};
use super::program;
use super::selection::Selection;
use crate::app::{self, complain};
use crate::cli::exit::{self, Exit};
use crate::output::Safe;

/// How the user agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// Nothing is written.
    DryRun,
    /// It was given with the command.
    Given,
    /// It is asked for.
    Asked,
}

impl Consent {
    pub(super) fn of(selection: &Selection) -> Self {
        match selection {
            Selection { dry_run: true, .. } => Self::DryRun,
            Selection { yes: true, .. } => Self::Given,
            _ => Self::Asked,
        }
    }

    /// Asks for one entry that a folder brought along and that its agent does
    /// not start yet. No option answers for it.
    pub(super) fn is_given_for(self, agent: &str, entry: &Entry) -> bool {
        if self == Self::DryRun || !app::can_ask() {
            return false;
        }
        let mut text = String::new();
        let name = &entry.name;
        add_line(
            &mut text,
            &format!("{agent} does not start `{name}` of this project yet. It is:"),
        );
        add_line(&mut text, &format!("  {}", shell_words::join(&entry.argv)));
        let names: Vec<&str> = entry.env.iter().map(|it| it.name.as_str()).collect();
        if !names.is_empty() {
            add_line(&mut text, &format!("  with {}", names.join(", ")));
        }
        app::is_confirmed(text.trim_end(), "Wrap it all the same?", "")
    }

    /// Shows the change, and makes it once it is agreed to.
    pub(super) fn carry_out(
        self,
        mut plan: ChangePlan<'_>,
        more: &[String],
        program: Option<&Path>,
    ) -> Exit {
        for error in &plan.found.errors {
            complain(Safe::new(&app::chain(error)).as_str());
        }
        let failed = if plan.found.errors.is_empty() {
            Exit::Success
        } else {
            Exit::Invalid
        };
        let mut text = plan.text();
        for line in more {
            add_line(&mut text, line);
        }
        let shown = write!(io::stdout().lock(), "{text}");
        if shown.is_err() {
            return exit::written(shown);
        }
        if plan.is_empty() {
            let nothing = writeln!(io::stdout().lock(), "nothing to change");
            return exit::first_failure(failed, exit::written(nothing));
        }
        if let Some((path, doubt)) = program.and_then(|path| Some((path, program::doubt(path)?))) {
            complain(&app::legible(&format!("{}: {doubt}", path.display())));
        }
        match self {
            Self::DryRun => return failed,
            Self::Asked if !app::can_ask() => {
                return exit::usage_text(
                    "nothing was written: without a terminal to ask on, --yes is needed",
                );
            }
            Self::Asked if !app::is_confirmed("", "Write?", "") => {
                let nothing = writeln!(io::stdout().lock(), "nothing was written");
                return exit::first_failure(failed, exit::written(nothing));
            }
            Self::Given | Self::Asked => {}
        }
        if !plan.carry_out() {
            return Exit::CallFailed;
        }
        let lines = plan.afterwards();
        let mut out = io::stdout().lock();
        let said = lines.iter().try_for_each(|line| writeln!(out, "{line}"));
        exit::first_failure(failed, exit::written(said))
    }
}
