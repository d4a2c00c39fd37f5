//! Beginning and stopping experiments.

use super::UiCommand;
use crate::tui::action::Action;
use crate::tui::laboratory::Order;
use crate::tui::refusal;
use crate::tui::state::{Ask, Kind, Layer, Level, Question, State};

pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    match action {
        Action::Compare => ask(state, Kind::Compare),
        Action::Sweep => ask(state, Kind::Sweep),
        Action::ExportResults => commands.push(UiCommand::Laboratory(Order::Export)),
        _ if state.is_experimenting() => {
            commands.push(UiCommand::Laboratory(Order::Stop));
            state.say(Level::Info, "stopping; what is known stays");
        }
        _ => state.say(Level::Info, "no experiment is under way"),
    }
}

/// Asks before every call is run again.
fn ask(state: &mut State, kind: Kind) {
    if let Some(reason) = refusal::of_experiment(state) {
        state.say(Level::Info, reason);
    } else {
        let ask = Ask::new(Question::Experiment(kind));
        state.layers.push(Layer::Ask(ask));
    }
}

/// Begins, unless something has begun since it was asked.
pub(super) fn begin(state: &mut State, kind: Kind, commands: &mut Vec<UiCommand>) {
    if let Some(reason) = refusal::of_experiment(state) {
        state.say(Level::Info, reason);
    } else if let Some(plan) = state.plan_to_try() {
        let asked = state.experiment_asked(kind, &plan);
        commands.push(UiCommand::Laboratory(Order::Begin(plan, asked)));
    }
}
