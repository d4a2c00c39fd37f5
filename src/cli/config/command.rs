//! `fanout config`: where the user's files are, whether they are sound, and
//! what can stand in them.

use std::io::{self, Write};

use clap::{Args, Subcommand};

use super::reference;
use crate::app::Folders;
use crate::cli::exit::{self, Exit};
use crate::cli::schema::FileKind;
use crate::theme::{Depth, Problem};

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout config path
  fanout config check
  fanout config default > ~/.config/fanout/config.toml
  fanout config schema plan > plan.schema.json")]
pub(in crate::cli) struct Config {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print where the files are
    #[command(before_help = "Examples:\n  fanout config path")]
    Path,
    /// Check options, keys and themes; every problem is named with its place
    #[command(before_help = "Examples:\n  fanout config check")]
    Check,
    /// Print config.toml with every option described and at its default
    #[command(before_help = "Examples:\n  fanout config default > ~/.config/fanout/config.toml")]
    Default,
    /// Print the JSON Schema of a kind of file, for editors
    #[command(
        before_help = "Examples:\n  fanout config schema plan > plan.schema.json\n  fanout config schema theme"
    )]
    Schema {
        /// The kind of file
        form: FileKind,
    },
}

impl Config {
    pub(in crate::cli) fn run(self) -> Exit {
        let mut out = io::stdout().lock();
        match self.what {
            What::Path => match Folders::find() {
                Some(folders) => exit::written(paths(&folders, &mut out)),
                None => exit::cannot_run(&io::Error::other("there is no home folder")),
            },
            What::Check => check(&mut out),
            What::Schema { form } => exit::written(exit::print_json(&form.schema(), &mut out)),
            What::Default => exit::written(write!(out, "{}", reference::default_file())),
        }
    }
}

fn paths(folders: &Folders, out: &mut impl Write) -> io::Result<()> {
    for (what, path) in [
        ("options", folders.options()),
        ("keys", folders.keys()),
        ("themes", folders.themes()),
    ] {
        let state = if path.exists() { "" } else { "  (not there)" };
        writeln!(out, "{what:<8} {}{state}", path.display())?;
    }
    Ok(())
}

fn check(out: &mut impl Write) -> Exit {
    let (_, mut problems) = super::options();
    problems.extend(super::keys().problems);
    let themes = super::themes();
    let own = themes.list().into_iter().filter(|it| it.file.is_some());
    let mut errors: Vec<String> = Vec::new();
    for listed in own {
        match themes.load(&listed.name, Depth::True) {
            Ok((_, found)) => problems.extend(found),
            Err(error) => errors.push(error.to_string()),
        }
    }
    if problems.is_empty() && errors.is_empty() {
        return exit::written(writeln!(out, "options, keys and themes: no errors"));
    }
    let problems = problems.iter().map(Problem::to_string);
    for problem in problems.chain(errors) {
        exit::complain(&problem);
    }
    Exit::Invalid
}
