//! Reads `config.toml`: what is good is used, the rest is reported.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::options::{NAMES, Options};
use crate::theme::{Problem, hint};

/// Most bytes of a file that the user sets something up with.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file of the user; `None` if there is none.
pub(super) fn text(path: &Path) -> Result<Option<String>, Problem> {
    match read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let file = path.display().to_string();
            Err(Problem::at(
                &file,
                "",
                0,
                format!("cannot be read: {error}"),
            ))
        }
    }
}

/// Reads a regular file whole; opening a pipe must not wait for its writer.
fn read(path: &Path) -> io::Result<String> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// The options in the text of a file, which is called `file` in reports.
pub(super) fn options(file: &str, text: &str) -> (Options, Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = Vec::new();
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        problems.push(Problem::at(file, text, at, error.message()));
    }
    let mut options = Options::default();
    for (key, value) in table.get_ref() {
        let taken = match key.get_ref().as_ref() {
            "$schema" => Ok(()),
            "theme" => take(value, &mut options.theme),
            "color" => take(value, &mut options.color),
            "glyphs" => take(value, &mut options.glyphs),
            "motion" => take(value, &mut options.motion),
            "fps" => take(value, &mut options.fps),
            "mouse" => take(value, &mut options.mouse),
            "cpu" => take(value, &mut options.cpu),
            "sample_period" => take(value, &mut options.sample_period),
            "cap" => take(value, &mut options.cap),
            "clipboard" => take(value, &mut options.clipboard),
            "sampling" => take(value, &mut options.sampling),
            "agents" => take(value, &mut options.agents),
            other => {
                let hint = hint(other, NAMES.iter().copied());
                Err((key.span().start, format!("unknown option `{other}`{hint}")))
            }
        };
        if let Err((at, message)) = taken {
            problems.push(Problem::at(file, text, at, message));
        }
    }
    (options, problems)
}

/// Puts a value into its option; else where and what is wrong.
fn take<'i, T: Deserialize<'i>>(
    value: &Spanned<DeValue<'i>>,
    option: &mut Option<T>,
) -> Result<(), (usize, String)> {
    match T::deserialize(ValueDeserializer::from(value.clone())) {
        Ok(value) => {
            *option = Some(value);
            Ok(())
        }
        Err(error) => {
            let at = error.span().unwrap_or_else(|| value.span()).start;
            Err((at, error.message().to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::{CpuOf, Signs, ThemeChoice};
    use super::*;

    #[test]
    fn the_good_part_is_used_and_the_rest_is_placed() {
        let text = "theme = { dark = 'nord', light = 'gruvbox-light' }\nglyps = 'ascii'\n\
                    fps = 500\nglyphs = 'ascii'\ncap = 0\nsample_period = 3\nmotion = 'none'\n";
        let (options, problems) = options("config.toml", text);
        let dark = "nord".to_owned();
        let light = "gruvbox-light".to_owned();
        assert_eq!(
            options.theme,
            Some(ThemeChoice::ByAppearance { dark, light })
        );
        assert_eq!(options.glyphs, Some(Signs::Ascii));
        assert_eq!((options.fps, options.cap), (None, None));
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        for (said, wanted) in said.iter().zip([
            "config.toml:2:1: unknown option `glyps`; did you mean `glyphs`?",
            "config.toml:3:7: expected a number from 5 to 60",
            "config.toml:5:7: expected a number from 1 to 1024",
            "config.toml:6:17: expected a time from",
            "config.toml:7:10: unknown variant `none`, expected `full` or `reduced`",
        ]) {
            assert!(said.starts_with(wanted), "{said}");
        }
        assert_eq!(said.len(), 5, "{said:#?}");
    }

    #[test]
    fn a_syntax_error_spoils_only_its_line() {
        let (options, problems) = options("config.toml", "cpu = 'machine'\ntheme = \"no\n");
        assert_eq!(options.cpu, Some(CpuOf::Machine));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].line, 2);
    }
}
