//! The demo, plans and servers found near, as commands that open them.

use super::Answer;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::{Offer, State, ToastLevel, UiCommand};
use crate::tui::text::{Align, Piece, Strip, fuzzy};
use crate::tui::views::View;

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

/// Returns the offers that the typed letters leave, the best first.
pub(super) fn matching(state: &State, typed: &str) -> Vec<Offer> {
    let labels: Vec<String> = state.offers.iter().map(Offer::label).collect();
    let found = fuzzy::matches(typed, labels.iter().map(String::as_str)).into_iter();
    found
        .filter_map(|at| state.offers.get(at).cloned())
        .collect()
}
