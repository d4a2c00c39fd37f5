//! The messages about a call, as they are searched.

use super::{Pane, State};
use crate::tui::text::{Piece, figure};

impl State {
    /// Whether the pane with the keys shows the messages about a call.
    pub fn reads_messages(&self) -> bool {
        let log = &self.servers.log;
        let is_of = log.of.1.is_some() && log.of.1 == self.selection.call();
        matches!(self.focus, Pane::Messages | Pane::Detail) && is_of && log.messages.is_some()
    }

    /// Searches the messages for what has been typed so far.
    pub fn find_message(&mut self, text: &str) {
        self.servers.find.set(text);
    }

    /// Goes to another match in the messages; whether they are searched.
    pub fn step_message(&mut self, by: isize) -> bool {
        let is_searched = self.reads_messages() && self.servers.find.pattern().is_some();
        if is_searched {
            let count = self.message_matches();
            self.servers.find.step(by, count);
        }
        is_searched
    }

    /// Returns which match in the messages is shown, of how many.
    pub fn message_figures(&self) -> Option<Piece<'static>> {
        self.servers.find.pattern()?;
        let count = self.message_matches();
        let at = (self.servers.find.at + 1).min(count);
        Some(figure::count(at).then("/").then(figure::count(count)))
    }

    fn message_matches(&self) -> usize {
        let Some(pattern) = self.servers.find.pattern() else {
            return 0;
        };
        let log = &self.servers.log;
        let messages = log.messages.iter().flatten().chain(&log.handshake);
        let pieces = messages.flat_map(|message| &message.text);
        pieces.map(|piece| pattern.find_in(piece).len()).sum()
    }
}
