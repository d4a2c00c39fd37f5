//! A white sheet that charts are drawn on, with texts escaped.

use std::fmt::Write as _;

/// Where a text stands from its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Colours of the Okabe–Ito set, told apart also by the colour-blind.
pub(super) const BLUE: &str = "#0072b2";
pub(super) const ORANGE: &str = "#d55e00";
pub(super) const GREEN: &str = "#009e73";
pub(super) const GREY: &str = "#767676";
pub(super) const BLACK: &str = "#1a1a1a";

/// A sheet that is being drawn on. Places are in user units from its top left
/// corner.
pub(super) struct Sheet {
    svg: String,
}

impl Sheet {
    /// An empty sheet with a title for those who do not see it.
    pub(super) fn new(width: u32, height: u32, title: &str) -> Self {
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif" font-size="12">"#
        );
        svg.push_str("<title>");
        escape(title, &mut svg);
        svg.push_str("</title>");
        let mut sheet = Self { svg };
        sheet.rect((0.0, 0.0), (f64::from(width), f64::from(height)), "#ffffff");
        sheet
    }

    // Writing to a string cannot fail, here and below.
    pub(super) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str) {
        let _ = write!(
            self.svg,
            r#"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" fill="{fill}"/>"#
        );
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, width: f64) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = write!(
            self.svg,
            r#"<line x1="{x1:.2}" y1="{y1:.2}" x2="{x2:.2}" y2="{y2:.2}" stroke="{stroke}" stroke-width="{width}"/>"#
        );
    }

    pub(super) fn curve(&mut self, points: &[(f64, f64)], stroke: &str) {
        let places = points.iter().map(|(x, y)| format!("{x:.2},{y:.2}"));
        let places: Vec<String> = places.collect();
        let places = places.join(" ");
        let _ = write!(
            self.svg,
            r#"<polyline points="{places}" fill="none" stroke="{stroke}" stroke-width="1.5" stroke-dasharray="5 3"/>"#
        );
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), radius: f64, fill: &str) {
        let _ = write!(
            self.svg,
            r#"<circle cx="{x:.2}" cy="{y:.2}" r="{radius}" fill="{fill}"/>"#
        );
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, fill: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = write!(
            self.svg,
            r#"<text x="{x:.2}" y="{y:.2}" text-anchor="{anchor}" fill="{fill}">"#
        );
        escape(text, &mut self.svg);
        self.svg.push_str("</text>");
    }

    /// The whole document.
    pub(super) fn finish(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }
}

/// Text broken into lines of so many letters, between words.
pub(super) fn broken(text: &str, letters: usize) -> Vec<String> {
    let lines = crate::tui::text::words::wrap(text, letters);
    lines.iter().map(ToString::to_string).collect()
}

/// Writes text so that XML takes it as text.
pub fn escape(text: &str, svg: &mut String) {
    for c in text.chars() {
        match c {
            '&' => svg.push_str("&amp;"),
            '<' => svg.push_str("&lt;"),
            '>' => svg.push_str("&gt;"),
            '"' => svg.push_str("&quot;"),
            c => svg.push(c),
        }
    }
}
