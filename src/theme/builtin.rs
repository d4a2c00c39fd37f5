//! The theme files that are part of the program.

macro_rules! files {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../themes/", $name, ".toml"))),)*]
    };
}

/// Name and text of each, the default first.
const FILES: &[(&str, &str)] = files![
    "terminal",
    "catppuccin-latte",
    "catppuccin-frappe",
    "catppuccin-macchiato",
    "catppuccin-mocha",
    "gruvbox-dark",
    "gruvbox-light",
    "nord",
    "tokyonight",
    "tokyonight-storm",
    "tokyonight-day",
    "dracula",
    "solarized-dark",
    "solarized-light",
    "rose-pine",
    "rose-pine-moon",
    "rose-pine-dawn",
    "onedark",
    "high-contrast",
    "colorblind",
    "mono",
];

/// Roles that the themes with a palette share; not a theme by itself.
const COMMON: (&str, &str) = ("common", include_str!("../../themes/common.toml"));

/// The names of the built-in themes, the default first.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// The text of a built-in file.
pub(super) fn text(name: &str) -> Option<&'static str> {
    let mut all = FILES.iter().chain([&COMMON]);
    all.find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::super::file::ThemeReader;
    use super::super::{Depth, Library, Role, ThemeFile};
    use super::*;

    #[test]
    fn every_theme_names_every_role_and_has_no_problem() {
        for name in names() {
            let loaded = Library::built_in().load(name, Depth::True);
            let (theme, problems) = loaded.expect("resolves");
            assert_eq!(problems, [], "{name}");
            let file: ThemeFile = ThemeReader::new(name, text(name).expect("is built in")).read();
            let inherits = file.inherits.as_ref().map(|it| it.text.as_str());
            let is_complete = |role: &Role| file.roles.iter().any(|(named, _)| named == role);
            assert!(
                inherits == Some("common") || Role::ALL.iter().all(is_complete),
                "{name}"
            );
            assert!(inherits.is_none() || theme.appearance().is_some(), "{name}");
        }
    }

    #[test]
    fn common_names_every_role() {
        let (name, text) = COMMON;
        let file = ThemeReader::new(name, text).read();
        assert_eq!(file.roles.len(), Role::ALL.len());
    }

    #[test]
    fn every_theme_file_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/themes");
        for entry in std::fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            let stem = path.file_stem().and_then(|it| it.to_str()).expect("a name");
            let is_theme = path.extension().is_some_and(|it| it == "toml");
            assert_eq!(text(stem).is_some(), is_theme, "{stem}");
        }
    }
}
