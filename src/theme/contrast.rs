//! How well a theme can be read: the contrast of its colours.

use ratatui::style::Color;

use super::downsample::components;
use super::{Role, Theme};

/// A role that is hard to make out on the background it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Faint {
    /// The role.
    pub role: Role,
    /// Background: the screen or the selected row.
    pub ground: Role,
    /// The contrast there, from 1 to 21.
    pub ratio: f32,
    /// Contrast that is required.
    pub needed: f32,
}

/// The contrast that WCAG 2.1 asks of text (success criterion 1.4.3).
pub(super) const TEXT: f32 = 4.5;

/// The contrast that WCAG 2.1 asks of lines and signs (1.4.11).
pub(super) const SIGN: f32 = 3.0;

/// The contrast of two colours, from 1 to 21 (WCAG 2.1, "contrast ratio");
/// `None` if the terminal decides what one of them looks like.
pub fn contrast(a: Color, b: Color) -> Option<f32> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

/// "Relative luminance" of WCAG 2.1, from sRGB.
fn luminance(colour: Color) -> Option<f32> {
    let linear = components(colour)?.map(|part| {
        let part = f32::from(part) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    Some(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
}

/// The roles of a theme that are hard to make out. Empty for a theme whose
/// background is the terminal's.
pub fn faint(theme: &Theme) -> Vec<Faint> {
    let mut faint = Vec::new();
    for role in Role::ALL.iter().copied() {
        if matches!(role, Role::Bg | Role::Selection) {
            continue;
        }
        for (ground, ratio) in ratios(theme, role) {
            let needed = needed(role);
            if ratio < needed {
                faint.push(Faint {
                    role,
                    ground,
                    ratio,
                    needed,
                });
            }
        }
    }
    let selection = theme.style(Role::Selection);
    let own = selection.fg.zip(selection.bg);
    if let Some(ratio) = own.and_then(|(fg, bg)| contrast(fg, bg))
        && ratio < TEXT
    {
        let (role, ground, needed) = (Role::Selection, Role::Selection, TEXT);
        faint.push(Faint {
            role,
            ground,
            ratio,
            needed,
        });
    }
    faint
}

/// A role's contrasts on whatever it may stand on.
fn ratios(theme: &Theme, role: Role) -> Vec<(Role, f32)> {
    let style = theme.style(role);
    let text = theme.style(Role::Fg).fg;
    let Some(fg) = style.fg.or(text) else {
        return Vec::new();
    };
    if let Some(bg) = style.bg {
        return contrast(fg, bg).map(|it| (role, it)).into_iter().collect();
    }
    let selection = theme.style(Role::Selection);
    // A selection with a colour of its own takes the place of the role's, and
    // lines are not in rows.
    let in_rows = selection
        .bg
        .filter(|_| selection.fg.is_none() && needed(role) >= TEXT);
    let grounds = [
        (Role::Bg, theme.style(Role::Bg).bg),
        (Role::Selection, in_rows),
    ];
    let known = grounds
        .into_iter()
        .filter_map(|(role, bg)| Some((role, contrast(fg, bg?)?)));
    known.collect()
}

fn needed(role: Role) -> f32 {
    let name = role.name();
    let is_sign = ["border", "meter.", "series."]
        .iter()
        .any(|it| name.starts_with(it));
    if is_sign { SIGN } else { TEXT }
}

#[cfg(test)]
mod tests {
    use super::super::{Depth, Library};
    use super::*;

    #[test]
    fn contrast_of_known_pairs() {
        let ratio = contrast(Color::Rgb(255, 255, 255), Color::Rgb(0, 0, 0)).expect("known");
        assert!((ratio - 21.0).abs() < 0.01, "{ratio}");
        let ratio = contrast(Color::Rgb(0x77, 0x77, 0x77), Color::Rgb(255, 255, 255));
        assert!(
            ratio.is_some_and(|it| (4.4..4.5).contains(&it)),
            "{ratio:?}"
        );
        assert_eq!(contrast(Color::Red, Color::Rgb(0, 0, 0)), None);
    }

    #[test]
    fn every_theme_with_a_background_can_be_read() {
        let library = Library::built_in();
        let mut measured = 0;
        for listed in library.list() {
            let (theme, _) = library.load(&listed.name, Depth::True).expect("resolves");
            measured += usize::from(!ratios(&theme, Role::Fg).is_empty());
            assert_eq!(faint(&theme), [], "{}", listed.name);
        }
        assert_eq!(
            measured,
            library.list().len() - 2,
            "all but terminal and mono"
        );
    }
}
