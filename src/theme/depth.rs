//! How many colours the terminal shows, and whether the user wants any.

/// How many colours may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// None: only bold, dim, reversed and the like.
    Mono,
    /// The 16 of the terminal's own palette.
    Ansi,
    /// 256.
    Indexed,
    /// 24 bits.
    True,
}

/// Choice of the command line or the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourChoice {
    /// Follow the environment.
    #[default]
    Auto,
    /// Colours whatever the environment says.
    Always,
    /// No colours.
    Never,
}

/// Signals of the environment about colours.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is what one variable of the environment says"
)]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signals {
    /// `NO_COLOR` is set and not empty.
    pub is_refused: bool,
    /// `CLICOLOR_FORCE` is set and not empty.
    pub is_forced: bool,
    /// `CLICOLOR`, where set: whether it asks for colours.
    pub clicolor: Option<bool>,
    /// `TERM` names a terminal that shows colours.
    pub is_capable: bool,
    /// `COLORTERM` promises 24 bits.
    pub is_true: bool,
    /// `TERM`.
    pub term: String,
}

impl Signals {
    /// Reads the environment of this process.
    pub fn read() -> Self {
        Self {
            is_refused: anstyle_query::no_color(),
            is_forced: anstyle_query::clicolor_force(),
            clicolor: anstyle_query::clicolor(),
            is_capable: anstyle_query::term_supports_color(),
            is_true: anstyle_query::truecolor(),
            term: std::env::var("TERM").unwrap_or_default(),
        }
    }

    /// The depth to write, in the order of precedence: the user's choice,
    /// `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR=0`, `TERM=dumb`, then
    /// `COLORTERM` and `TERM`.
    pub fn depth(&self, choice: ColourChoice) -> Depth {
        let is_wanted = match choice {
            ColourChoice::Never => false,
            ColourChoice::Always => true,
            ColourChoice::Auto if self.is_refused => false,
            ColourChoice::Auto if self.is_forced => true,
            ColourChoice::Auto => self.clicolor != Some(false) && self.is_capable,
        };
        match is_wanted {
            false => Depth::Mono,
            true if self.is_true => Depth::True,
            true if self.term.contains("256color") => Depth::Indexed,
            true if self.term.ends_with("-direct") => Depth::True,
            true => Depth::Ansi,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capable(term: &str) -> Signals {
        Signals {
            is_capable: term != "dumb",
            term: term.to_owned(),
            ..Signals::default()
        }
    }

    #[test]
    fn precedence_of_the_signals() {
        let auto = ColourChoice::Auto;
        let mut signals = capable("xterm-256color");
        assert_eq!(signals.depth(auto), Depth::Indexed);
        signals.clicolor = Some(false);
        assert_eq!(signals.depth(auto), Depth::Mono);
        signals.is_forced = true;
        assert_eq!(signals.depth(auto), Depth::Indexed);
        signals.is_refused = true;
        assert_eq!(signals.depth(auto), Depth::Mono);
        assert_eq!(signals.depth(ColourChoice::Always), Depth::Indexed);
        assert_eq!(signals.depth(ColourChoice::Never), Depth::Mono);
    }

    #[test]
    fn depth_of_terminals() {
        let auto = ColourChoice::Auto;
        assert_eq!(capable("dumb").depth(auto), Depth::Mono);
        assert_eq!(capable("xterm").depth(auto), Depth::Ansi);
        let signals = Signals {
            is_true: true,
            ..capable("xterm")
        };
        assert_eq!(signals.depth(auto), Depth::True);
    }
}
