//! `fanout config`: where the user's files are, whether they are sound, and
//! what can stand in them.

use std::io::{self, Write};

use clap::{Args, Subcommand};

use super::exit::{self, Exit};
use super::schema::FileKind;
use super::settings;
use crate::app::Folders;
use crate::theme::{Depth, Problem};

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout config path
  fanout config check
  fanout config default > ~/.config/fanout/config.toml
  fanout config schema plan > plan.schema.json")]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
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

impl ConfigArgs {
    pub(super) fn run(self) -> Exit {
        let mut out = io::stdout().lock();
        match self.command {
            ConfigCommand::Path => match Folders::find() {
                Some(folders) => exit::written(paths(&folders, &mut out)),
                None => exit::cannot_run(&io::Error::other("there is no home folder")),
            },
            ConfigCommand::Check => check(&mut out),
            ConfigCommand::Schema { form } => {
                exit::written(exit::print_json(&form.schema(), &mut out))
            }
            ConfigCommand::Default => exit::written(write!(out, "{}", settings::default_file())),
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
    let (_, mut problems) = settings::options();
    problems.extend(settings::keys().problems);
    let themes = settings::themes();
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
