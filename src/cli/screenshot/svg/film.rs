//! Whole pictures: one screen, or several that follow one another.

use std::fmt::Write as _;
use std::time::Duration;

use ratatui::buffer::Buffer;

use super::cell_style::{DefaultColours, StyleSheet};
use super::row::row;
use super::{CELL_HEIGHT, CELL_WIDTH, FONT_SIZE, MARGIN};
use crate::tui::svg::escape;

/// A screen as a picture. `title` is what it shows, for those who cannot see it.
pub(crate) fn still(screen: &Buffer, defaults: DefaultColours, title: &str) -> String {
    let mut styles = StyleSheet::default();
    let mut body = String::new();
    for (index, row) in rows(screen, defaults, &mut styles).iter().enumerate() {
        place(row, index, &mut body);
    }
    whole(screen, defaults, title, &styles.sheet(), &body)
}

/// Screens of one size that follow one another, each for `each`, and begin
/// anew after the last. Where pictures do not move, or should not, one of them
/// is seen.
pub(crate) fn film(
    screens: &[Buffer],
    each: Duration,
    defaults: DefaultColours,
    title: &str,
) -> String {
    let Some(first) = screens.first() else {
        return still(&Buffer::default(), defaults, title);
    };
    let mut styles = StyleSheet::default();
    let frames: Vec<Vec<String>> = screens
        .iter()
        .map(|screen| rows(screen, defaults, &mut styles))
        .collect();
    // A row that is drawn more than once is written once.
    let mut distinct: Vec<&String> = Vec::new();
    let mut body = String::new();
    let count = frames.len();
    let total = each.as_secs_f64() * count as f64;
    for (number, frame) in frames.iter().enumerate() {
        let still = if number == count * 2 / 5 { " s" } else { "" };
        let delay = total - each.as_secs_f64() * number as f64;
        let _ = write!(
            body,
            "<g class=\"f{still}\" style=\"animation-delay:-{delay:.1}s\">"
        );
        for (index, row) in frame.iter().enumerate().filter(|(_, it)| !it.is_empty()) {
            let known = distinct.iter().position(|it| *it == row);
            let name = known.unwrap_or_else(|| {
                distinct.push(row);
                distinct.len() - 1
            });
            let _ = write!(body, "<use href=\"#r{name}\" y=\"{}\"/>", height(index));
        }
        body.push_str("</g>\n");
    }
    let mut defined = String::from("<defs>\n");
    for (name, row) in distinct.iter().enumerate() {
        let _ = writeln!(defined, "<g id=\"r{name}\">{row}</g>");
    }
    defined.push_str("</defs>\n");
    let share = 100.0 / count as f64;
    let sheet = format!(
        "{}.f{{visibility:hidden;animation:f {total:.1}s step-end infinite}}.s{{visibility:visible}}\
         @keyframes f{{0%{{visibility:visible}}{share:.3}%{{visibility:hidden}}}}\
         @media(prefers-reduced-motion:reduce){{.f{{animation:none}}}}",
        styles.sheet()
    );
    whole(first, defaults, title, &sheet, &(defined + &body))
}

fn rows(screen: &Buffer, defaults: DefaultColours, styles: &mut StyleSheet) -> Vec<String> {
    let width = usize::from(screen.area.width).max(1);
    let rows = screen.content.chunks(width);
    rows.map(|cells| row(cells, defaults, styles)).collect()
}

/// Puts a row where it belongs.
fn place(row: &str, index: usize, svg: &mut String) {
    if row.is_empty() {
        return;
    }
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<g transform=\"translate(0 {})\">{row}</g>",
        height(index)
    );
}

fn whole(
    screen: &Buffer,
    defaults: DefaultColours,
    title: &str,
    sheet: &str,
    body: &str,
) -> String {
    let (width, height) = (
        i32::from(screen.area.width) * CELL_WIDTH + 2 * MARGIN,
        i32::from(screen.area.height) * CELL_HEIGHT + 2 * MARGIN,
    );
    let mut named = String::new();
    escape(title, &mut named);
    let bg = defaults.bg;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{named}</title>\n\
         <style>text{{font:{FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,\
         'DejaVu Sans Mono','Liberation Mono',monospace}}\
         path,rect{{shape-rendering:crispEdges}}.l{{shape-rendering:auto}}{sheet}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{bg}\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n{body}</g>\n</svg>\n"
    )
}

fn height(row: usize) -> i32 {
    i32::try_from(row).unwrap_or(0) * CELL_HEIGHT
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Modifier, Style};

    use super::*;

    fn screen(text: &str, style: Style) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
        buffer.set_string(0, 0, text, style);
        buffer
    }

    #[test]
    fn reversed_and_dim_are_resolved() {
        let style = Style::new()
            .fg(Color::Rgb(200, 0, 0))
            .bg(Color::Rgb(0, 0, 100))
            .add_modifier(Modifier::REVERSED);
        let svg = still(&screen("a", style), DefaultColours::default(), "t");
        assert!(
            svg.contains(r##"width="9" height="18" fill="#c80000""##),
            "{svg}"
        );
        assert!(svg.contains(".c0{fill:#000064}"), "{svg}");
        let style = Style::new()
            .fg(Color::Rgb(100, 100, 100))
            .bg(Color::Rgb(0, 0, 0))
            .add_modifier(Modifier::DIM);
        let svg = still(&screen("a", style), DefaultColours::default(), "t");
        assert!(svg.contains(".c0{fill:#3c3c3c}"), "{svg}");
    }

    #[test]
    fn text_has_its_place_and_length_and_lines_are_geometry() {
        let svg = still(
            &screen("ab c  <d ✓──", Style::new()),
            DefaultColours::default(),
            "a & b",
        );
        for part in [
            "<title>a &amp; b</title>",
            r#"<text class="c0" x="0" y="13" textLength="36">ab c</text>"#,
            r#"x="54" y="13" textLength="18">&lt;d</text>"#,
            r#"x="81" y="13" textLength="9" lengthAdjust="spacingAndGlyphs">✓</text>"#,
            "M90 9h18v1h-18z",
        ] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        assert!(!svg.contains('─'), "{svg}");
    }

    #[test]
    fn a_film_writes_each_row_once_and_shows_one_frame_at_a_time() {
        let frames = ["one", "two", "one"].map(|it| screen(it, Style::new()));
        let svg = film(
            &frames,
            Duration::from_secs(2),
            DefaultColours::default(),
            "t",
        );
        assert_eq!(svg.matches("<g id=").count(), 2, "{svg}");
        assert_eq!(svg.matches("class=\"f").count(), 3, "{svg}");
        assert_eq!(svg.matches("class=\"f s\"").count(), 1, "{svg}");
        assert!(svg.contains("f 6.0s step-end infinite"), "{svg}");
        assert!(svg.contains("33.333%{visibility:hidden}"), "{svg}");
    }
}
