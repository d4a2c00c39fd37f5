//! The themes that are part of the program.

use super::{Depth, Theme, ThemeError, resolve};

const FILES: &[(&str, &str)] = &[
    ("terminal", include_str!("../../themes/terminal.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// The names of the built-in themes, the default first.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// A built-in theme for a depth of colour. Without colours every theme gives
/// way to `mono`, which is made to do without.
pub fn builtin(name: &str, depth: Depth) -> Result<Theme, ThemeError> {
    let name = if depth == Depth::Mono { "mono" } else { name };
    let (theme, _problems) = resolve(name, depth, text)?;
    Ok(theme)
}

fn text(name: &str) -> Option<&'static str> {
    let name = name.replace('_', "-");
    let found = FILES.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::super::{Role, ThemeFile, file::Reader};
    use super::*;

    #[test]
    fn every_theme_names_every_role_and_has_no_problem() {
        for name in builtin_names() {
            let (_, problems) = resolve(name, Depth::True, text).expect("resolves");
            assert_eq!(problems, [], "{name}");
            let file: ThemeFile = Reader::new(text(name).expect("is built in")).read();
            for role in Role::ALL {
                let is_named = file.roles.iter().any(|(named, _)| named == role);
                assert!(
                    is_named || file.inherits.is_some(),
                    "{name}: {}",
                    role.name()
                );
            }
        }
    }
}
