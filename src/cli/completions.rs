//! `fanout completions`: what a shell needs to complete the command line.

use std::io::{self, Write};

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::exit::{self, Exit};

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout completions bash > ~/.local/share/bash-completion/completions/fanout
  fanout completions zsh > ~/.zfunc/_fanout
  fanout completions fish > ~/.config/fish/completions/fanout.fish")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints the completions of the whole command line.
    pub(super) fn run(self, mut program: Command) -> Exit {
        let mut text = Vec::new();
        generate(self.shell, &mut program, "fanout", &mut text);
        exit::written(io::stdout().lock().write_all(&text))
    }
}
