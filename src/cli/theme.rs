//! `fanout theme`: the themes there are, what they look like, and what is
//! wrong with them.

use std::io::{self, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use ratatui::style::Style;

use super::colour::{ColourOptions, paint};
use super::completions;
use super::exit::{self, Exit};
use super::settings;
use crate::theme::{self, Appearance, Depth, Library, Problem, Role, ThemeError};

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout theme list
  fanout theme show nord
  fanout theme check ~/.config/fanout/themes/mine.toml")]
pub(super) struct Theme {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the themes: built in, and in the user's folder
    #[command(before_help = "Examples:\n  fanout theme list")]
    List,
    /// Show every role of a theme in its colours
    #[command(
        before_help = "Examples:\n  fanout theme show nord\n  fanout theme show --color always mine | less -R"
    )]
    Show {
        /// The theme
        name: String,
        #[command(flatten)]
        colours: ColourOptions,
    },
    /// Check themes: errors, and colours that are hard to read
    #[command(before_help = "Examples:\n  fanout theme check\n  fanout theme check mine.toml")]
    Check {
        /// Names or files of themes [default: every theme of the user's folder]
        #[arg(value_name = "THEME", add = completions::themes())]
        themes: Vec<String>,
    },
}

impl Theme {
    pub(super) fn run(self) -> Exit {
        let library = settings::themes();
        let mut out = io::stdout().lock();
        match self.what {
            What::List => exit::written(list(&library, &mut out)),
            What::Show { name, colours } => show(&library, &name, colours, &mut out),
            What::Check { themes } => check(&library, themes, &mut out),
        }
    }
}

fn list(library: &Library, out: &mut impl Write) -> io::Result<()> {
    for listed in library.list() {
        let loaded = library.load(&listed.name, Depth::True);
        let look = match &loaded {
            Ok((theme, _)) => appearance(theme),
            Err(_) => "broken",
        };
        let origin = match &listed.file {
            Some(file) => file.display().to_string(),
            None => "built in".to_owned(),
        };
        writeln!(out, "{:<22} {look:<8} {origin}", listed.name)?;
    }
    if let Some(folder) = library.folder() {
        writeln!(out, "\nThemes of your own go into {}", folder.display())?;
    }
    Ok(())
}

fn appearance(theme: &theme::Theme) -> &'static str {
    match theme.appearance() {
        Some(Appearance::Dark) => "dark",
        Some(Appearance::Light) => "light",
        None => "both",
    }
}

fn show(library: &Library, name: &str, colours: ColourOptions, out: &mut impl Write) -> Exit {
    let written = library.load(name, Depth::True);
    let shown = colours.depth_of_stdout();
    let shown = shown.map(|depth| library.load(name, depth)).transpose();
    match (written, shown) {
        (Ok((written, problems)), Ok(shown)) => {
            for problem in problems {
                exit::complain(&problem.to_string());
            }
            let shown = shown.map(|(theme, _)| theme);
            exit::written(roles(&written, shown.as_ref(), out))
        }
        (Err(error), _) | (_, Err(error)) => exit::usage_text(&error.to_string()),
    }
}

/// Prints the roles of a theme as its file has them, with samples as this
/// terminal shows them, if it is one.
fn roles(
    theme: &theme::Theme,
    shown: Option<&theme::Theme>,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "{} ({})", theme.name(), appearance(theme))?;
    for role in Role::ALL {
        let style = theme.style(*role);
        write!(out, "  {:<18} ", role.name())?;
        if let Some(shown) = shown {
            let base = shown.style(Role::Fg).patch(shown.style(Role::Bg));
            paint(base.patch(shown.style(*role)), " Sample 0123 ", out)?;
        }
        write!(out, " {}", described(style))?;
        let fg = style.fg.or(theme.style(Role::Fg).fg);
        let bg = style.bg.or(theme.style(Role::Bg).bg);
        if let Some((fg, bg)) = fg.zip(bg)
            && *role != Role::Bg
            && let Some(ratio) = theme::contrast(fg, bg)
        {
            write!(out, "  {ratio:.1}:1")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn described(style: Style) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(style.fg.map(|it| it.to_string().to_lowercase()));
    words.extend(
        style
            .bg
            .map(|it| format!("on {}", it.to_string().to_lowercase())),
    );
    let modifiers = style.add_modifier.iter_names();
    words.extend(modifiers.map(|(name, _)| name.to_lowercase()));
    words.join(" ")
}

fn check(library: &Library, mut themes: Vec<String>, out: &mut impl Write) -> Exit {
    if themes.is_empty() {
        let own = library.list().into_iter().filter(|it| it.file.is_some());
        themes = own.map(|it| it.name).collect();
    }
    if themes.is_empty() {
        return exit::written(writeln!(out, "there are no themes of your own"));
    }
    let mut verdict = Exit::Success;
    for name in themes {
        let checked = match load(library, &name) {
            Ok((_, problems)) if !problems.is_empty() => {
                for problem in problems {
                    exit::complain(&problem.to_string());
                }
                Exit::Invalid
            }
            Ok((theme, _)) => exit::written(doubts(&name, &theme, out)),
            Err(error) => {
                exit::complain(&error.to_string());
                Exit::Invalid
            }
        };
        verdict = exit::first_failure(verdict, checked);
    }
    verdict
}

/// A theme by its name, or by its file.
fn load(library: &Library, name: &str) -> Result<(theme::Theme, Vec<Problem>), ThemeError> {
    let path = Path::new(name);
    let stem = path.file_stem().and_then(|it| it.to_str());
    let is_file = path.extension().is_some_and(|it| it == "toml");
    match stem.filter(|_| is_file) {
        Some(stem) => {
            let folder = path.parent().unwrap_or(Path::new(""));
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            if let Err(errno) = rustix::fs::stat(path) {
                let (path, reason) = (path.to_owned(), errno.into());
                return Err(ThemeError::Unreadable { path, reason });
            }
            Library::new(folder.to_owned()).load(stem, Depth::True)
        }
        None => library.load(name, Depth::True),
    }
}

/// Says that a theme is sound, and which of its colours are hard to read.
fn doubts(name: &str, theme: &theme::Theme, out: &mut impl Write) -> io::Result<()> {
    let faint = theme::faint(theme);
    writeln!(out, "{name}: no errors, {} faint", faint.len())?;
    for it in faint {
        let (role, ground) = (it.role.name(), it.ground.name());
        let (ratio, needed) = (it.ratio, it.needed);
        writeln!(
            out,
            "  {role} on {ground}: contrast {ratio:.1}:1, better {needed}:1"
        )?;
    }
    Ok(())
}
