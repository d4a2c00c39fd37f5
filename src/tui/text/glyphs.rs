//! The signs of the screen in two sets: Unicode, and ASCII for terminals that
//! draw ambiguous characters two cells wide.
//!
//! State signs are of neutral width by Unicode and stand in `DejaVu` Sans Mono.

use std::borrow::Cow;

use ratatui::symbols::border;

use crate::model::{CallState, Outcome, ServerState};
use crate::theme::Role;

/// The Braille patterns from U+2800 on, three bytes each.
const BRAILLE: &str = "⠀⠁⠂⠃⠄⠅⠆⠇⠈⠉⠊⠋⠌⠍⠎⠏⠐⠑⠒⠓⠔⠕⠖⠗⠘⠙⠚⠛⠜⠝⠞⠟⠠⠡⠢⠣⠤⠥⠦⠧⠨⠩⠪⠫⠬⠭⠮⠯⠰⠱⠲⠳⠴⠵⠶⠷⠸⠹⠺⠻⠼⠽⠾⠿\
    ⡀⡁⡂⡃⡄⡅⡆⡇⡈⡉⡊⡋⡌⡍⡎⡏⡐⡑⡒⡓⡔⡕⡖⡗⡘⡙⡚⡛⡜⡝⡞⡟⡠⡡⡢⡣⡤⡥⡦⡧⡨⡩⡪⡫⡬⡭⡮⡯⡰⡱⡲⡳⡴⡵⡶⡷⡸⡹⡺⡻⡼⡽⡾⡿\
    ⢀⢁⢂⢃⢄⢅⢆⢇⢈⢉⢊⢋⢌⢍⢎⢏⢐⢑⢒⢓⢔⢕⢖⢗⢘⢙⢚⢛⢜⢝⢞⢟⢠⢡⢢⢣⢤⢥⢦⢧⢨⢩⢪⢫⢬⢭⢮⢯⢰⢱⢲⢳⢴⢵⢶⢷⢸⢹⢺⢻⢼⢽⢾⢿\
    ⣀⣁⣂⣃⣄⣅⣆⣇⣈⣉⣊⣋⣌⣍⣎⣏⣐⣑⣒⣓⣔⣕⣖⣗⣘⣙⣚⣛⣜⣝⣞⣟⣠⣡⣢⣣⣤⣥⣦⣧⣨⣩⣪⣫⣬⣭⣮⣯⣰⣱⣲⣳⣴⣵⣶⣷⣸⣹⣺⣻⣼⣽⣾⣿";

/// Which signs the screen uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Glyphs {
    /// Box drawing, blocks and signs.
    #[default]
    Unicode,
    /// Printable ASCII only.
    Ascii,
}

impl Glyphs {
    fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self {
            Self::Unicode => unicode,
            Self::Ascii => ascii,
        }
    }

    /// The sign of a call's state.
    pub fn state(self, state: &CallState) -> &'static str {
        match state {
            CallState::Queued => self.queued(),
            CallState::Retrying { .. } => self.retrying(),
            CallState::Starting { .. } => self.starting(),
            CallState::Running { .. } => self.running(),
            CallState::Stopping { .. } => self.stopping(),
            CallState::Ended(outcome) => self.outcome(*outcome),
        }
    }

    /// The sign of a call that waits for its first start.
    pub fn queued(self) -> &'static str {
        self.pick("◌", ".")
    }

    /// The sign of a call that waits for another attempt.
    pub fn retrying(self) -> &'static str {
        self.pick("↻", "r")
    }

    /// The sign of a call whose start was ordered.
    pub fn starting(self) -> &'static str {
        self.pick("◔", "o")
    }

    /// The sign of a call that runs.
    pub fn running(self) -> &'static str {
        self.pick("▸", ">")
    }

    /// The sign of a call that is being stopped.
    pub fn stopping(self) -> &'static str {
        self.pick("▾", "v")
    }

    /// The sign of a server's state.
    pub fn server(self, state: &ServerState) -> &'static str {
        match state {
            ServerState::Stopped => self.queued(),
            ServerState::Starting => self.starting(),
            ServerState::Ready => self.running(),
            ServerState::Stopping => self.stopping(),
            ServerState::Failed(_) => self.outcome(Outcome::Failed),
        }
    }

    /// The sign of an outcome.
    pub fn outcome(self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Succeeded => self.pick("✓", "+"),
            Outcome::Failed => self.pick("✗", "x"),
            Outcome::TimedOut => self.pick("◷", "t"),
            Outcome::Cancelled => self.pick("⊘", "-"),
            Outcome::Skipped => self.pick("↷", "s"),
            Outcome::Leaked => self.pick("⇣", "l"),
            Outcome::Unconfirmed => self.pick("‽", "?"),
            Outcome::Lost => self.pick("∄", "!"),
            Outcome::Answered => self.pick("✎", "a"),
            Outcome::AgentCancelled => self.pick("⊖", "c"),
            Outcome::AgentLeft => self.pick("⇥", "e"),
            Outcome::GivenUp => self.pick("⧖", "g"),
            Outcome::ServerDied => self.pick("⊠", "d"),
        }
    }

    /// A column of a sparkline, for a level of 0 to 1.
    pub fn spark(self, level: f32) -> &'static str {
        const UNICODE: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
        const ASCII: [&str; 8] = [".", ",", ":", "-", "=", "+", "*", "#"];
        let index = (level.clamp(0.0, 1.0) * 7.0).round() as usize;
        self.pick(UNICODE[index], ASCII[index])
    }

    /// A cell of a graph with these dots, by the bits of the Braille patterns of
    /// Unicode; in ASCII a sign for how many there are.
    pub fn dots(self, bits: u8) -> &'static str {
        const ASCII: [&str; 9] = [" ", ".", ".", ":", ":", "=", "+", "*", "#"];
        let at = usize::from(bits) * 3;
        let cell = BRAILLE.get(at..at + 3).unwrap_or(" ");
        self.pick(cell, ASCII[bits.count_ones() as usize])
    }

    /// A part of a bar that is filled, and one that is not.
    pub fn bar(self) -> [&'static str; 2] {
        [self.pick("█", "#"), self.pick("░", ".")]
    }

    /// The right end of a bar that another follows at once.
    pub fn bar_end(self) -> &'static str {
        self.pick("▌", "|")
    }

    /// A line that a chart's columns are seen against.
    pub fn level(self) -> &'static str {
        self.pick("─", "_")
    }

    /// Returns the sign for text that is cut off.
    pub fn ellipsis(self) -> &'static str {
        self.pick("…", "~")
    }

    /// A line break in a text that is drawn in one line.
    pub fn line_break(self) -> &'static str {
        self.pick("⏎", "\\n")
    }

    /// An arrow up.
    pub fn up(self) -> &'static str {
        self.pick("↑", "^")
    }

    /// The bar before the selected row.
    pub fn selected(self) -> &'static str {
        self.pick("▌", "*")
    }

    /// Leads to the second line of a row.
    pub fn branch(self) -> &'static str {
        self.pick("└", "`")
    }

    /// Leads to one of several rows below.
    pub fn fork(self) -> &'static str {
        self.pick("├", "|")
    }

    /// The sign of a message from an agent to its server.
    pub fn to_server(self) -> &'static str {
        self.pick("→", ">")
    }

    /// The sign of a message from a server to its agent.
    pub fn to_agent(self) -> &'static str {
        self.pick("←", "<")
    }

    /// Signs before the first, a middle and the last of calls that belong
    /// together.
    pub fn group(self) -> [&'static str; 3] {
        [
            self.pick("┌", ","),
            self.pick("│", "|"),
            self.pick("└", "`"),
        ]
    }

    /// Stands before a line of standard error.
    pub fn stderr(self) -> &'static str {
        self.pick("┃", "|")
    }

    /// A level line in a title without borders.
    pub fn rule(self) -> &'static str {
        self.pick("─", "-")
    }

    /// Between two parts of one text.
    pub fn dot(self) -> &'static str {
        self.pick("·", "-")
    }

    /// Points to what comes next.
    pub fn then(self) -> &'static str {
        self.pick("▸", ">")
    }

    /// Stands where a long stretch of time is left out.
    pub fn fold(self) -> &'static str {
        self.pick("┊", ":")
    }

    /// Stands behind a number of times.
    pub fn times(self) -> &'static str {
        self.pick("×", "x")
    }

    /// A position on an axis.
    pub fn tick(self) -> &'static str {
        self.pick("╵", "'")
    }

    /// A stretch of one kind.
    pub fn light_shade(self) -> &'static str {
        self.pick("░", "_")
    }

    /// A stretch of another kind.
    pub fn dark_shade(self) -> &'static str {
        self.pick("▒", "%")
    }

    /// A stretch of an earlier run.
    pub fn thin_bar(self) -> &'static str {
        self.pick("▂", "=")
    }

    /// Returns the sign for the visible part on a scroll bar.
    pub fn thumb(self) -> &'static str {
        self.pick("█", "#")
    }

    /// A text of the lab in these signs: it names its figures by Greek letters.
    pub fn spelled(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Unicode => Cow::Borrowed(text),
            Self::Ascii => {
                let text = text.replace('α', "alpha").replace('β', "beta");
                Cow::Owned(text.replace('…', self.ellipsis()))
            }
        }
    }

    /// More below.
    pub fn down(self) -> &'static str {
        self.pick("↓", "v")
    }

    /// The lines around a pane.
    pub fn border(self) -> border::Set<'static> {
        const ASCII: border::Set<'static> = border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        };
        match self {
            Self::Unicode => border::PLAIN,
            Self::Ascii => ASCII,
        }
    }
}

/// The role of a call's state.
pub fn role_of_state(state: &CallState) -> Role {
    match state {
        CallState::Queued => Role::Queued,
        CallState::Retrying { .. } => Role::Retrying,
        CallState::Starting { .. } => Role::Starting,
        CallState::Running { .. } => Role::Running,
        CallState::Stopping { .. } => Role::Stopping,
        CallState::Ended(outcome) => role_of_outcome(*outcome),
    }
}

/// The role of a server's state.
pub fn role_of_server(state: &ServerState) -> Role {
    match state {
        ServerState::Stopped => Role::Queued,
        ServerState::Starting => Role::Starting,
        ServerState::Ready => Role::Running,
        ServerState::Stopping => Role::Stopping,
        ServerState::Failed(_) => Role::Failed,
    }
}

/// The role of an outcome.
pub fn role_of_outcome(outcome: Outcome) -> Role {
    match outcome {
        Outcome::Succeeded | Outcome::Answered => Role::Done,
        Outcome::Failed | Outcome::ServerDied => Role::Failed,
        Outcome::TimedOut => Role::Timeout,
        Outcome::Cancelled | Outcome::AgentCancelled | Outcome::AgentLeft | Outcome::GivenUp => {
            Role::Cancelled
        }
        Outcome::Skipped => Role::Skipped,
        Outcome::Leaked => Role::Leaked,
        Outcome::Unconfirmed => Role::Unconfirmed,
        Outcome::Lost => Role::Lost,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use unicode_width::UnicodeWidthStr;

    use crate::model::{AttemptNo, Epoch, LaneId, StopCause, StopStep};

    use crate::tui::text::glyphs::*;

    fn every_state() -> Vec<CallState> {
        let (lane, epoch) = (LaneId(0), Epoch(1));
        let at = std::time::Duration::ZERO;
        let mut states = vec![
            CallState::Queued,
            CallState::Retrying {
                after: AttemptNo(1),
                at,
            },
            CallState::Starting { lane, epoch },
            CallState::Running { lane, epoch },
            CallState::Stopping {
                lane,
                epoch,
                step: StopStep::Hard,
                cause: StopCause::User,
            },
        ];
        states.extend(Outcome::ALL.map(CallState::Ended));
        states
    }

    #[test]
    fn every_state_has_its_own_sign_and_word_in_both_sets() {
        for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
            let states = every_state();
            let signs: BTreeSet<_> = states.iter().map(|it| glyphs.state(it)).collect();
            let words: BTreeSet<_> = states.iter().map(CallState::word).collect();
            assert_eq!((signs.len(), words.len()), (states.len(), states.len()));
            for sign in signs {
                assert_eq!(sign.width(), 1, "{sign}");
                assert!(glyphs == Glyphs::Unicode || sign.is_ascii());
            }
        }
    }
}
