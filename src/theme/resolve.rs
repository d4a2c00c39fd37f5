//! Follows `inherits` and turns looks into styles for a depth of colour.

use std::collections::BTreeMap;

use ratatui::style::{Color, Style};

use super::file::{Reader, literal_colour};
use super::{Depth, Look, Problem, Role, ThemeFile};

/// Every role with its style.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    name: String,
    depth: Depth,
    styles: Vec<Style>,
}

impl Theme {
    /// The theme's name.
    pub fn name(&self) -> &str {
        &self.name
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
    #[error("no theme is named `{0}`")]
    Unknown(String),
    /// It inherits from itself, over the themes named.
    #[error("theme inherits from itself: {0}")]
    Cycle(String),
}

/// How deep a chain of `inherits` may be.
const MAX_INHERITANCE: usize = 8;

/// Resolves the theme `name`, whose files `source` gives by name. What is wrong
/// in a file is reported with the file's name, and the rest is used.
pub fn resolve<'t>(
    name: &str,
    depth: Depth,
    source: impl Fn(&str) -> Option<&'t str>,
) -> Result<(Theme, Vec<(String, Problem)>), ThemeError> {
    let mut problems = Vec::new();
    let mut chain: Vec<(String, ThemeFile)> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next.take() {
        let seen = chain.iter().any(|(earlier, _)| *earlier == name);
        if seen || chain.len() >= MAX_INHERITANCE {
            let names: Vec<&str> = chain.iter().map(|(name, _)| name.as_str()).collect();
            return Err(ThemeError::Cycle(format!("{} → {name}", names.join(" → "))));
        }
        let text = source(&name).ok_or_else(|| ThemeError::Unknown(name.clone()))?;
        let mut reader = Reader::new(text);
        let file = reader.read();
        problems.extend(reader.problems.into_iter().map(|it| (name.clone(), it)));
        next.clone_from(&file.inherits);
        chain.push((name, file));
    }
    Ok((merged(name, &chain, depth, &mut problems), problems))
}

/// Lays the files over one another, the inherited ones first.
fn merged(
    name: &str,
    chain: &[(String, ThemeFile)],
    depth: Depth,
    problems: &mut Vec<(String, Problem)>,
) -> Theme {
    let mut palette: BTreeMap<&str, Color> = BTreeMap::new();
    let mut looks: Vec<Option<(&str, &Look)>> = vec![None; Role::ALL.len()];
    for (owner, file) in chain.iter().rev() {
        palette.extend(file.palette.iter().map(|(name, it)| (name.as_str(), *it)));
        for (role, look) in &file.roles {
            looks[*role as usize] = Some((owner, look));
        }
    }
    let mut styles = Vec::with_capacity(looks.len());
    for look in looks {
        let Some((owner, look)) = look else {
            styles.push(Style::new());
            continue;
        };
        let mut colour = |name: &Option<String>| {
            let name = name.as_deref()?;
            let found = palette.get(name).copied().or_else(|| literal_colour(name));
            if found.is_none() {
                let message = format!("`{name}` is neither a colour nor in the palette");
                let (line, column) = (1, 1);
                problems.push((
                    owner.to_owned(),
                    Problem {
                        line,
                        column,
                        message,
                    },
                ));
            }
            found
        };
        let mut style = Style::new().add_modifier(look.modifier);
        if depth > Depth::Mono {
            let by_ansi = (depth == Depth::Ansi).then(|| colour(&look.ansi)).flatten();
            style.fg = by_ansi.or_else(|| colour(&look.fg));
            style.bg = colour(&look.bg);
        }
        styles.push(style);
    }
    Theme {
        name: name.to_owned(),
        depth,
        styles,
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Modifier;

    use super::*;

    fn source(name: &str) -> Option<&'static str> {
        Some(match name {
            "base" => {
                "[palette]\nrose = '#ff0000'\n[roles]\ndanger = 'rose'\ntitle = {mod=['bold']}"
            }
            "child" => "inherits = 'base'\n[palette]\nrose = 'green'\n[roles]\nfgg = 'red'",
            "a" => "inherits = 'b'",
            "b" => "inherits = 'a'",
            "broken" => {
                "[roles]\nfg = 'red'\nbg = \"blue\nmuted = { mod = ['bald'] }\ntitle = 'nocolour'"
            }
            _ => return None,
        })
    }

    #[test]
    fn a_child_changes_the_palette_of_its_parent() {
        let (theme, problems) = resolve("child", Depth::True, source).expect("resolves");
        assert_eq!(theme.style(Role::Danger).fg, Some(Color::Green));
        assert_eq!(
            theme.style(Role::Title),
            Style::new().add_modifier(Modifier::BOLD)
        );
        let (owner, problem) = &problems[0];
        assert_eq!(
            (owner.as_str(), problem.line, problem.column),
            ("child", 5, 1)
        );
        assert!(problem.message.contains("did you mean `fg`"), "{problem}");
    }

    #[test]
    fn cycles_and_unknown_names_are_errors() {
        let cycle = resolve("a", Depth::True, source).expect_err("cycle");
        assert_eq!(cycle, ThemeError::Cycle("a → b → a".to_owned()));
        let unknown = resolve("x", Depth::True, source).expect_err("unknown");
        assert_eq!(unknown, ThemeError::Unknown("x".to_owned()));
    }

    #[test]
    fn the_good_part_of_a_broken_file_is_used() {
        let (theme, problems) = resolve("broken", Depth::True, source).expect("resolves");
        assert_eq!(theme.style(Role::Fg).fg, Some(Color::Red));
        assert!(problems.iter().any(|(_, it)| it.line == 3), "{problems:?}");
    }

    #[test]
    fn no_colour_survives_mono() {
        let (theme, _) = resolve("base", Depth::Mono, source).expect("resolves");
        assert_eq!(theme.style(Role::Danger), Style::new());
    }
}
