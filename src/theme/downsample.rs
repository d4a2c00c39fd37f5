//! Brings a theme down to the colours that a terminal shows.

use anstyle::{Ansi256Color, AnsiColor, RgbColor};
use anstyle_lossy::palette::{DEFAULT, WIN10_CONSOLE};
use ratatui::style::{Color, Modifier, Style};

use super::{Depth, Role};

/// The sixteen colours of a terminal, by their numbers.
const ANSI: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// The colour of this number among the sixteen.
pub fn ansi_colour(index: u8) -> Color {
    ANSI.get(usize::from(index))
        .copied()
        .unwrap_or(Color::Reset)
}

/// Brings the styles of all roles down to `depth`. Where two colours fall
/// together, they are moved apart, so that nothing becomes invisible.
pub(super) fn all(styles: &mut [Style], depth: Depth) {
    if !matches!(depth, Depth::Indexed | Depth::Ansi) {
        return;
    }
    for style in &mut *styles {
        style.fg = style.fg.map(|colour| nearest(colour, depth));
        style.bg = style.bg.map(|colour| nearest(colour, depth));
    }
    let screen = styles.get(Role::Bg as usize).and_then(|style| style.bg);
    for (style, role) in styles.iter_mut().zip(Role::ALL) {
        if *role != Role::Bg {
            set_apart(style, screen, depth);
        }
    }
}

fn set_apart(style: &mut Style, screen: Option<Color>, depth: Depth) {
    let is_ground_only = style.bg.is_some() && style.fg.is_none();
    // On one of sixteen backgrounds, texts of any colour cannot all be read.
    let is_hopeless = depth == Depth::Ansi && is_ground_only;
    if is_hopeless || (style.bg.is_some() && style.bg == screen) {
        style.bg = None;
        *style = style.add_modifier(Modifier::REVERSED);
    }
    let ground = style.bg.or(screen);
    if let Some(ground) = ground
        && style.fg == Some(ground)
        && ground != Color::Reset
    {
        style.fg = Some(if is_dark(ground) {
            Color::White
        } else {
            Color::Black
        });
    }
}

fn nearest(colour: Color, depth: Depth) -> Color {
    let written = match colour {
        Color::Rgb(red, green, blue) => anstyle::Color::Rgb(RgbColor(red, green, blue)),
        Color::Indexed(index) => anstyle::Color::Ansi256(Ansi256Color(index)),
        named => return named,
    };
    if depth == Depth::Indexed {
        return Color::Indexed(anstyle_lossy::color_to_xterm(written).index());
    }
    let ansi: AnsiColor = anstyle_lossy::color_to_ansi(written, DEFAULT);
    ansi_colour(Ansi256Color::from_ansi(ansi).index())
}

/// The red, green and blue of a colour. The sixteen that each terminal has in
/// its own way are those of the Windows console; `None` is the terminal's own
/// text or background.
pub fn rgb(colour: Color) -> Option<[u8; 3]> {
    let named = || {
        let index = (0..16).find(|index| ansi_colour(*index) == colour)?;
        let colour = Ansi256Color(index);
        let RgbColor(red, green, blue) = anstyle_lossy::xterm_to_rgb(colour, WIN10_CONSOLE);
        Some([red, green, blue])
    };
    components(colour).or_else(named)
}

/// The red, green and blue of a colour that does not depend on the terminal.
pub(super) fn components(colour: Color) -> Option<[u8; 3]> {
    match colour {
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(index @ 16..) => {
            let RgbColor(red, green, blue) =
                anstyle_lossy::xterm_to_rgb(Ansi256Color(index), DEFAULT);
            Some([red, green, blue])
        }
        _ => None,
    }
}

fn is_dark(colour: Color) -> bool {
    match components(colour) {
        Some([red, green, blue]) => u32::from(red) + u32::from(green) + u32::from(blue) < 384,
        None => !matches!(
            colour,
            Color::White | Color::Gray | Color::LightYellow | Color::LightCyan | Color::LightGreen
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Library;
    use super::*;

    #[test]
    fn every_theme_stays_legible_at_every_depth() {
        let library = Library::built_in();
        for listed in library.list() {
            for depth in [Depth::Indexed, Depth::Ansi] {
                let (theme, _) = library.load(&listed.name, depth).expect("resolves");
                let screen = theme.style(Role::Bg).bg;
                for role in Role::ALL.iter().filter(|it| **it != Role::Bg) {
                    let style = theme.style(*role);
                    let ground = style.bg.or(screen);
                    let is_seen =
                        style.fg.is_none() || style.fg != ground || ground == Some(Color::Reset);
                    assert!(is_seen, "{} at {depth:?}: {}", listed.name, role.name());
                    let are_known = [style.fg, style.bg].into_iter().flatten().all(|colour| {
                        !matches!(colour, Color::Rgb(..))
                            && (depth == Depth::Indexed || !matches!(colour, Color::Indexed(_)))
                    });
                    assert!(are_known, "{} at {depth:?}: {style:?}", listed.name);
                }
                let selection = theme.style(Role::Selection);
                let is_marked = selection.add_modifier.contains(Modifier::REVERSED)
                    || (selection.bg.is_some() && selection.bg != screen);
                assert!(is_marked, "{} at {depth:?}", listed.name);
            }
        }
    }

    #[test]
    fn colours_that_fall_together_are_moved_apart() {
        let mut styles = vec![Style::new(); Role::ALL.len()];
        styles[Role::Bg as usize].bg = Some(Color::Rgb(0, 0, 0));
        styles[Role::Fg as usize].fg = Some(Color::Rgb(4, 4, 4));
        styles[Role::Match as usize] = Style::new().fg(Color::Red).bg(Color::Rgb(3, 3, 3));
        all(&mut styles, Depth::Ansi);
        assert_eq!(styles[Role::Bg as usize].bg, Some(Color::Black));
        assert_eq!(styles[Role::Fg as usize].fg, Some(Color::White));
        let found = styles[Role::Match as usize];
        assert_eq!((found.bg, found.add_modifier), (None, Modifier::REVERSED));
    }
}
