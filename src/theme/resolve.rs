//! Follows `inherits` and turns looks into styles for a depth of colour.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use ratatui::style::{Color, Style};
use rustix::io::Errno;

use super::file::{ThemeReader, ThemeWord, literal_colour};
use super::{Appearance, Depth, Look, Problem, Role, ThemeFile, downsample};

/// Every role with its style.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    name: String,
    appearance: Option<Appearance>,
    depth: Depth,
    styles: Vec<Style>,
}

impl Theme {
    /// A theme without any style, for measuring what is drawn.
    pub fn plain() -> Self {
        Self {
            name: String::new(),
            appearance: None,
            depth: Depth::Mono,
            styles: Vec::new(),
        }
    }

    /// The theme's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is made for dark or light surroundings, if it says.
    pub fn appearance(&self) -> Option<Appearance> {
        self.appearance
    }

    /// How many colours its styles were made for.
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}

/// Why a theme cannot be used at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// No theme has this name.
    #[error("no theme is named `{name}`{hint}")]
    Unknown {
        /// The name.
        name: String,
        /// Asks whether a similar name is meant.
        hint: String,
    },
    /// It inherits from itself, over the themes named.
    #[error("theme inherits from itself: {0}")]
    Cycle(String),
    /// Its file cannot be read.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: UnreadableTheme,
    },
}

/// Reason why a theme file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableTheme {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] Errno),
    /// A pipe, a device or a folder stands in its place.
    #[error("not a regular file")]
    NotAFile,
    /// It is longer than a theme may be.
    #[error("more than 256 KiB is no theme")]
    TooLong,
    /// It is not UTF-8 text.
    #[error("not UTF-8 text")]
    NotText,
}

/// How deep a chain of `inherits` may be.
const MAX_INHERITANCE: usize = 8;

/// A theme file as it was found.
pub(super) struct ThemeSource<'t> {
    /// How it is called in reports.
    pub(super) file: String,
    /// Its text.
    pub(super) text: Cow<'t, str>,
}

/// Where a theme may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origins {
    /// The user's folder first, then what is built in.
    All,
    /// The built-in themes only: for a file that inherits from its own name.
    BuiltIn,
}

/// Resolves the theme `name`, whose files `source` gives by name. What is wrong
/// in a file is reported, and the rest is used.
pub(super) fn resolve<'t>(
    name: &str,
    depth: Depth,
    source: impl Fn(&str, Origins) -> Result<ThemeSource<'t>, ThemeError>,
) -> Result<(Theme, Vec<Problem>), ThemeError> {
    let mut problems = Vec::new();
    let mut chain: Vec<ThemeLayer> = Vec::new();
    let mut next = Some((name.to_owned(), Origins::All));
    while let Some((name, origins)) = next.take() {
        let earlier = |it: &ThemeLayer| it.name == name && it.origins == origins;
        if chain.iter().any(earlier) || chain.len() >= MAX_INHERITANCE {
            let names: Vec<&str> = chain.iter().map(|it| it.name.as_str()).collect();
            return Err(ThemeError::Cycle(format!("{} → {name}", names.join(" → "))));
        }
        let found = source(&name, origins)?;
        let mut reader = ThemeReader::new(&found.file, &found.text);
        let theme = reader.read();
        problems.append(&mut reader.problems);
        next = theme.inherits.as_ref().map(|parent| {
            let is_own = parent.text == name && origins == Origins::All;
            let origins = if is_own {
                Origins::BuiltIn
            } else {
                Origins::All
            };
            (parent.text.clone(), origins)
        });
        chain.push(ThemeLayer {
            name,
            origins,
            file: found.file,
            theme,
        });
    }
    let styles = merged(&chain, depth, &mut problems);
    let appearance = chain.iter().find_map(|it| it.theme.appearance);
    let name = name.to_owned();
    let theme = Theme {
        name,
        appearance,
        depth,
        styles,
    };
    Ok((theme, problems))
}

/// One file of a chain of `inherits`.
struct ThemeLayer {
    name: String,
    origins: Origins,
    file: String,
    theme: ThemeFile,
}

/// Lays the files over one another, the inherited ones first.
fn merged(chain: &[ThemeLayer], depth: Depth, problems: &mut Vec<Problem>) -> Vec<Style> {
    let mut palette: BTreeMap<&str, Color> = BTreeMap::new();
    let mut looks: Vec<Option<(&str, &Look)>> = vec![None; Role::ALL.len()];
    for link in chain.iter().rev() {
        let own = link.theme.palette.iter();
        palette.extend(own.map(|(name, it)| (name.as_str(), *it)));
        for (role, look) in &link.theme.roles {
            looks[*role as usize] = Some((&link.file, look));
        }
    }
    let mut styles: Vec<Style> = Vec::with_capacity(looks.len());
    for look in looks {
        let Some((file, look)) = look else {
            styles.push(Style::new());
            continue;
        };
        let mut colour = |name: &Option<ThemeWord>| {
            let name = name.as_ref()?;
            let literal = || literal_colour(&name.text);
            let found = palette.get(name.text.as_str()).copied().or_else(literal);
            if found.is_none() {
                problems.push(Problem {
                    file: file.to_owned(),
                    line: name.line,
                    column: name.column,
                    message: format!("`{}` is neither a colour nor in the palette", name.text),
                });
            }
            found
        };
        let mut style = Style::new().add_modifier(look.modifier);
        // All are looked up, so that a wrong name is reported at every depth.
        let (fg, bg, ansi) = (colour(&look.fg), colour(&look.bg), colour(&look.ansi));
        if depth > Depth::Mono {
            style.fg = ansi.filter(|_| depth == Depth::Ansi).or(fg);
            style.bg = bg;
        }
        styles.push(style);
    }
    downsample::all(&mut styles, depth);
    styles
}

#[cfg(test)]
mod tests {
    use ratatui::style::Modifier;

    use super::*;

    fn source(name: &str, _: Origins) -> Result<ThemeSource<'static>, ThemeError> {
        let text = match name {
            "base" => {
                "[palette]\nrose = '#ff0000'\n[roles]\ndanger = 'rose'\ntitle = {mod=['bold']}"
            }
            "child" => "inherits = 'base'\n[palette]\nrose = 'green'\n[roles]\nfgg = 'red'",
            "a" => "inherits = 'b'",
            "b" => "inherits = 'a'",
            "broken" => {
                "[roles]\nfg = 'red'\nbg = \"blue\nmuted = { mod = ['bald'] }\ntitle = 'nocolour'"
            }
            "wrong" => {
                "apearance = 'dark'\nappearance = 3\n[roles]\nfg = 'nocolour'\nmuted = 'red'"
            }
            _ => {
                let hint = String::new();
                return Err(ThemeError::Unknown {
                    name: name.to_owned(),
                    hint,
                });
            }
        };
        Ok(ThemeSource {
            file: format!("{name}.toml"),
            text: text.into(),
        })
    }

    #[test]
    fn a_child_changes_the_palette_of_its_parent() {
        let (theme, problems) = resolve("child", Depth::True, source).expect("resolves");
        assert_eq!(theme.style(Role::Danger).fg, Some(Color::Green));
        let bold = Style::new().add_modifier(Modifier::BOLD);
        assert_eq!(theme.style(Role::Title), bold);
        assert_eq!(
            problems[0].to_string(),
            "child.toml:5:1: unknown role `fgg`; did you mean `fg`?"
        );
    }

    #[test]
    fn cycles_and_unknown_names_are_errors() {
        let cycle = resolve("a", Depth::True, source).expect_err("cycle");
        assert_eq!(cycle, ThemeError::Cycle("a → b → a".to_owned()));
        let unknown = resolve("x", Depth::True, source).expect_err("unknown");
        assert_eq!(unknown.to_string(), "no theme is named `x`");
    }

    #[test]
    fn the_good_part_of_a_broken_file_is_used() {
        let (theme, problems) = resolve("broken", Depth::True, source).expect("resolves");
        assert_eq!(theme.style(Role::Fg).fg, Some(Color::Red));
        assert!(problems.iter().any(|it| it.line == 3), "{problems:?}");
    }

    #[test]
    fn near_misses_wrong_types_and_unknown_colours_are_placed() {
        let (theme, problems) = resolve("wrong", Depth::True, source).expect("resolves");
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let wanted = [
            "wrong.toml:1:1: unknown key `apearance`; did you mean `appearance`?",
            "wrong.toml:2:14: expected `dark` or `light`",
            "wrong.toml:4:6: `nocolour` is neither a colour nor in the palette",
        ];
        assert_eq!(said, wanted);
        assert_eq!(theme.style(Role::Muted).fg, Some(Color::Red));
    }

    #[test]
    fn no_colour_survives_mono() {
        let (theme, _) = resolve("base", Depth::Mono, source).expect("resolves");
        assert_eq!(theme.style(Role::Danger), Style::new());
    }
}
