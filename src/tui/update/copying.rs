//! Copying: what the output pane shows, or what the selected call printed.

use super::UiCommand;
use crate::model::CallRow;
use crate::output::{CopyForm, Streams};
use crate::tui::extract::Extract;
use crate::tui::program::Viewer;
use crate::tui::state::{Ask, Layer, Level, OutputForm, Pane, Question, Scope, State};

/// Copies. Where the pane stands, and whether it follows, stays.
pub(super) fn copy(state: &mut State, commands: &mut Vec<UiCommand>) {
    match extract(state) {
        Some(extract) => commands.push(UiCommand::Copy(extract)),
        None => state.say(Level::Info, "no call is selected"),
    }
}

/// Gives what would be copied to a viewer.
pub(super) fn show(state: &mut State, viewer: Viewer, commands: &mut Vec<UiCommand>) {
    match extract(state) {
        Some(extract) => commands.push(UiCommand::Show(viewer, extract)),
        None => state.say(Level::Info, "no call is selected"),
    }
}

/// What the output pane shows if it has the keys, else what the selected call
/// printed.
fn extract(state: &State) -> Option<Extract> {
    let output = &state.output;
    let streams = output.streams;
    let form = match output.form {
        OutputForm::Raw => CopyForm::Raw,
        OutputForm::Text | OutputForm::Tree => CopyForm::Text,
    };
    if state.focus != Pane::Output {
        let call = state.selected()?.id;
        return Some(Extract::of_call(call, Streams::Both, CopyForm::Text));
    }
    let named = |title: fn(&CallRow) -> String| {
        let rows = state.run.calls.iter();
        rows.map(move |row| (row.id, title(row)))
    };
    match output.scope {
        Scope::Combined => {
            let title = |row: &CallRow| format!("{} ({})", row.name, row.state.word());
            return Some(Extract::Combined {
                calls: named(title).collect(),
                streams,
                form: CopyForm::Text,
            });
        }
        Scope::Live => return Some(Extract::Live(named(|row| row.name.to_string()).collect())),
        Scope::Call => {}
    }
    if state.is_tree_shown()
        && let Some(value) = output.tree.value()
    {
        return Some(Extract::Json(format!("{value:#}")));
    }
    let call = state.selected()?.id;
    match output.find.pattern().filter(|_| output.is_filtered()) {
        Some(pattern) => Some(Extract::Matches {
            call,
            streams,
            pattern: pattern.clone(),
            form,
        }),
        None => Some(Extract::of_call(call, streams, form)),
    }
}

/// It is more than the clipboard takes: asks what to do with it.
pub(super) fn too_large(state: &mut State, extract: Extract) {
    state.output.too_large = Some(extract);
    state.layers.push(Layer::Ask(Ask::new(Question::KeepCopy)));
}
