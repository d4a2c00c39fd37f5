//! The list of themes.

/// All themes and the one in use.
#[derive(Debug, Clone, Default)]
pub struct ThemeList {
    /// The names of all themes; none where the terminal shows no colours.
    pub names: Vec<String>,
    /// The theme in use.
    pub current: String,
}
