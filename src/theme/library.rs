//! The themes there are: what is built in, and the files of the user's folder,
//! which come before it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::problem::hint;
use super::resolve::{Origins, ThemeSource, resolve};
use super::{Depth, Problem, Theme, ThemeError, UnreadableTheme, builtin};

/// Where themes are looked for.
#[derive(Debug, Clone, Default)]
pub struct Library {
    folder: Option<PathBuf>,
}

/// A theme that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTheme {
    /// Its name.
    pub name: String,
    /// Its file; `None` for a theme that is built in.
    pub file: Option<PathBuf>,
}

/// Most bytes of a theme file.
const MAX_FILE_BYTES: u64 = 256 << 10;

/// Most files of the user's folder that are listed.
const MOST_FILES: usize = 1000;

impl Library {
    /// The themes that are built in, and those of `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder: Some(folder),
        }
    }

    /// The themes that are built in.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// The user's folder.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Every theme, the built-in ones first. A user's file takes the place of
    /// a built-in theme of its name.
    pub fn list(&self) -> Vec<ListedTheme> {
        let mut listed: Vec<ListedTheme> = builtin::names()
            .map(|name| ListedTheme {
                name: name.to_owned(),
                file: self.file(name),
            })
            .collect();
        let mut own: Vec<ListedTheme> = self
            .files()
            .filter(|own| listed.iter().all(|it| it.name != own.name))
            .take(MOST_FILES)
            .collect();
        own.sort_by(|a, b| a.name.cmp(&b.name));
        listed.append(&mut own);
        listed
    }

    /// The theme `name` for a depth of colour, and what is wrong in its files.
    /// Without colours every theme gives way to `mono`, which is made to do
    /// without.
    pub fn load(&self, name: &str, depth: Depth) -> Result<(Theme, Vec<Problem>), ThemeError> {
        let name = name.replace('_', "-");
        let source = |name: &str, origins| self.find(name, origins);
        let (theme, problems) = resolve(&name, depth, source)?;
        if depth > Depth::Mono {
            return Ok((theme, problems));
        }
        let (mono, _) = resolve("mono", depth, source)?;
        Ok((mono, problems))
    }

    fn find(&self, name: &str, origins: Origins) -> Result<ThemeSource<'static>, ThemeError> {
        let name = name.replace('_', "-");
        if origins == Origins::All
            && let Some(path) = self.file(&name)
        {
            return Ok(ThemeSource {
                text: read(&path)?.into(),
                file: path.display().to_string(),
            });
        }
        if let Some(text) = builtin::text(&name) {
            return Ok(ThemeSource {
                file: format!("{name}.toml"),
                text: text.into(),
            });
        }
        let listed = self.list();
        let hint = hint(&name, listed.iter().map(|it| it.name.as_str()));
        Err(ThemeError::Unknown { name, hint })
    }

    /// The user's file for a theme, if there is one.
    fn file(&self, name: &str) -> Option<PathBuf> {
        self.files().find(|own| own.name == name)?.file
    }

    fn files(&self) -> impl Iterator<Item = ListedTheme> {
        let entries = self
            .folder
            .as_ref()
            .and_then(|it| std::fs::read_dir(it).ok());
        let paths = entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        paths.filter_map(|path| {
            let is_theme = path.extension().is_some_and(|it| it == "toml");
            let name = path.file_stem()?.to_str()?.replace('_', "-");
            is_theme.then_some(ListedTheme {
                name,
                file: Some(path),
            })
        })
    }
}

fn read(path: &Path) -> Result<String, ThemeError> {
    read_text(path).map_err(|reason| ThemeError::Unreadable {
        path: path.to_owned(),
        reason,
    })
}

fn read_text(path: &Path) -> Result<String, UnreadableTheme> {
    // Opening a pipe must not wait for whoever writes to it.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let io = |error: io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO);
    if !file.metadata().map_err(io)?.is_file() {
        return Err(UnreadableTheme::NotAFile);
    }
    let mut bytes = Vec::new();
    let mut bounded = file.take(MAX_FILE_BYTES + 1);
    bounded.read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(UnreadableTheme::TooLong);
    }
    String::from_utf8(bytes).or(Err(UnreadableTheme::NotText))
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::super::Role;
    use super::*;

    #[test]
    fn files_of_the_user_come_first_and_may_inherit_from_their_own_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written");
        };
        write(
            "nord.toml",
            "inherits = 'nord'\n[palette]\nred = '#ff0000'\n",
        );
        write("my_own.toml", "inherits = 'nord'\n");
        let library = Library::new(folder.path().to_owned());
        for name in ["nord", "my-own", "my_own"] {
            let (theme, problems) = library.load(name, Depth::True).expect("resolves");
            assert_eq!(problems, []);
            assert_eq!(theme.style(Role::Failed).fg, Some(Color::Rgb(255, 0, 0)));
        }
        let own: Vec<String> = library
            .list()
            .into_iter()
            .filter(|it| it.file.is_some())
            .map(|it| it.name)
            .collect();
        assert_eq!(own, ["nord", "my-own"]);
    }

    #[test]
    fn a_pipe_in_place_of_a_theme_is_an_error_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe.toml");
        let mode = Mode::RUSR | Mode::WUSR;
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &path, fifo, mode, 0).expect("a pipe");
        let library = Library::new(folder.path().to_owned());
        let error = library.load("pipe", Depth::True).expect_err("no file");
        let reason = UnreadableTheme::NotAFile;
        assert_eq!(error, ThemeError::Unreadable { path, reason });
    }

    #[test]
    fn unknown_names_get_a_suggestion() {
        let error = Library::built_in().load("grubbox-dark", Depth::True);
        let said = error.expect_err("is unknown").to_string();
        assert!(said.ends_with("did you mean `gruvbox-dark`?"), "{said}");
    }
}
