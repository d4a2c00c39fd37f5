//! `fanout keys`: which keys mean what, and what is wrong with the user's own.

use std::io::{self, Write};

use clap::Args;

use super::exit::{self, Exit};
use super::settings;
use crate::tui::keymap::{self, UserKeys};

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout keys
  fanout keys --check")]
pub(super) struct Keys {
    /// Check keys.toml, and name the keys that gave way to yours
    #[arg(long)]
    check: bool,
}

impl Keys {
    pub(super) fn run(self) -> Exit {
        let keys = settings::keys();
        for problem in &keys.problems {
            exit::complain(&problem.to_string());
        }
        let mut out = io::stdout().lock();
        if !self.check {
            return exit::written(write!(out, "{}", keymap::listing(&keys.keymap)));
        }
        let written = exit::written(report(&keys, &mut out));
        if keys.problems.is_empty() {
            written
        } else {
            exit::first_failure(written, Exit::Invalid)
        }
    }
}

fn report(keys: &UserKeys, out: &mut impl Write) -> io::Result<()> {
    for displaced in &keys.displaced {
        writeln!(out, "{displaced}")?;
    }
    if keys.problems.is_empty() {
        let bindings = keys.keymap.bindings().len();
        writeln!(out, "{bindings} bindings, no errors")?;
    }
    Ok(())
}
