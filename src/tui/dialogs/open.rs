//! Choice of another run to open: the demo, plans and servers
//! found near.
//!
//! ```text
//! ┌ Open ─────────────────────────────────────────────┐
//! │ name: tr                                           │
//! │▌run trip.toml   A plan found near: its calls start │
//! └────────────────────────────────────────────────────┘
//! ```

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::picker::{self, Picked, Picker};
use super::{Answer, Dialog, Press};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, Context};
use crate::tui::state::{Offer, Shortlist, State, ToastLevel, UiCommand};
use crate::tui::text::{Align, Piece, Strip, fuzzy};
use crate::tui::views::{View, chrome};

/// The list of what can be opened.
#[derive(Debug)]
pub(in crate::tui) struct OpenFile {
    list: Shortlist<Offer>,
}

impl OpenFile {
    /// Asks what to open.
    pub(in crate::tui) fn new(state: &State) -> Self {
        Self {
            list: Shortlist::new(state.offers.clone(), 0),
        }
    }

    fn size(&self, screen: Rect) -> (u16, u16) {
        let rows = u16::try_from(self.list.found.len()).unwrap_or(u16::MAX);
        let most = screen.height.saturating_sub(6).min(18);
        let width = screen.width.saturating_sub(6).min(92);
        (width, rows.saturating_add(1).clamp(4, most.max(4)))
    }

    fn answer(&self, picked: Picked, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        match (picked, self.list.chosen()) {
            (Picked::Marked | Picked::Nothing, _) => Answer::Stay,
            (Picked::Taken, Some(offer)) => open(offer, state, commands),
            (Picked::Left | Picked::Taken, _) => Answer::Close,
        }
    }
}

/// Leaves what is shown for an offer, unless something runs or waits.
pub(super) fn open(offer: &Offer, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
    match state.why_no_opening() {
        Some(reason) => {
            let text = Piece::from(Safe::new(&offer.label()))
                .then(": ")
                .then(reason);
            state.notify(ToastLevel::Info, text);
        }
        None => commands.push(UiCommand::Leave(offer.clone().into())),
    }
    Answer::Close
}

/// Draws an offer as a row of a list.
pub(super) fn row(view: &View<'_>, offer: &Offer, strip: &mut Strip) {
    let label = Safe::new(&offer.label());
    strip
        .cell(&label, 24, Align::Left, view.style(Role::Fg))
        .skip(1)
        .put(Safe::new(&offer.help()), view.style(Role::Muted));
}

impl Dialog for OpenFile {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Picker]
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let picked = picker::act(&mut self.list, action);
        self.answer(picked, state, commands)
    }

    fn typed(&mut self, key: KeyEvent, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.list.key(key, |typed| matching(state, typed));
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.list.paste(text, |typed| matching(state, typed));
        Answer::Stay
    }

    fn pressed(
        &mut self,
        press: Press,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let area = chrome::popup_area(press.screen, self.size(press.screen));
        let picked = picker::pressed(&mut self.list, area, press);
        self.answer(picked, state, commands)
    }

    fn wheel(&self) -> Option<[Action; 2]> {
        picker::WHEEL
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let inner = chrome::popup(view, screen, self.size(screen), "Open", buf);
        let picker = Picker {
            prompt: "name: ",
            list: &self.list,
            nothing: "Nothing that was found near has these letters.",
        };
        picker.render(view, inner, buf, |offer, strip| row(view, offer, strip));
    }
}

fn matching(state: &State, typed: &str) -> Vec<Offer> {
    let labels: Vec<String> = state.offers.iter().map(Offer::label).collect();
    let found = fuzzy::matches(typed, labels.iter().map(String::as_str)).into_iter();
    found
        .filter_map(|at| state.offers.get(at).cloned())
        .collect()
}
