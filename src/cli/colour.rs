//! Colours on standard output, and the option that asks for them.

use std::io::{self, IsTerminal, Write};

use clap::{Args, ValueEnum};
use ratatui::style::{Color, Modifier, Style};

use crate::theme::{ColourChoice, Depth, Signals};

/// Whether there may be colours.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(super) struct ColourOptions {
    /// Whether to use colours [default: what the terminal and the environment say]
    #[arg(long = "color", value_name = "WHEN")]
    choice: Option<When>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum When {
    /// As the terminal and the environment say
    Auto,
    /// Colours, whatever they say
    Always,
    /// No colours
    Never,
}

impl ColourOptions {
    /// Returns the choice on the command line, if there is one.
    pub(super) fn choice(self) -> Option<ColourChoice> {
        self.choice.map(|when| match when {
            When::Auto => ColourChoice::Auto,
            When::Always => ColourChoice::Always,
            When::Never => ColourChoice::Never,
        })
    }

    /// The colours that text on standard output may have; `None` where it is no
    /// terminal and nobody asked for them: there, bold would be noise too.
    pub(super) fn depth_of_stdout(self) -> Option<Depth> {
        let signals = Signals::read();
        let choice = self.choice().unwrap_or_default();
        let is_asked_for = signals.is_forced || choice == ColourChoice::Always;
        let is_styled = io::stdout().is_terminal() || is_asked_for;
        is_styled.then(|| signals.depth(choice))
    }
}

/// Writes text in a style.
pub(super) fn paint(style: Style, text: &str, out: &mut impl Write) -> io::Result<()> {
    let style = escapes(style);
    write!(out, "{style}{text}{style:#}")
}

fn escapes(style: Style) -> anstyle::Style {
    let mut effects = anstyle::Effects::new();
    for (modifier, effect) in [
        (Modifier::BOLD, anstyle::Effects::BOLD),
        (Modifier::DIM, anstyle::Effects::DIMMED),
        (Modifier::ITALIC, anstyle::Effects::ITALIC),
        (Modifier::UNDERLINED, anstyle::Effects::UNDERLINE),
        (Modifier::REVERSED, anstyle::Effects::INVERT),
    ] {
        if style.add_modifier.contains(modifier) {
            effects |= effect;
        }
    }
    anstyle::Style::new()
        .fg_color(style.fg.and_then(colour))
        .bg_color(style.bg.and_then(colour))
        .effects(effects)
}

fn colour(colour: Color) -> Option<anstyle::Color> {
    if let Color::Rgb(red, green, blue) = colour {
        return Some(anstyle::RgbColor(red, green, blue).into());
    }
    if let Color::Indexed(index) = colour {
        return Some(anstyle::Ansi256Color(index).into());
    }
    let mut ansi = (0..16).filter(|index| crate::theme::ansi_colour(*index) == colour);
    let ansi = anstyle::Ansi256Color(ansi.next()?).into_ansi()?;
    Some(ansi.into())
}
