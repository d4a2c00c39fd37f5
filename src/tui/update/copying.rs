//! Copying: what the output pane shows, or what the selected call printed.

use super::UiCommand;
use crate::output::CopyForm;
use crate::tui::extract::Extract;
use crate::tui::state::{Ask, Layer, Level, OutputForm, Pane, Question, Scope, State};

/// Copies. Where the pane stands, and whether it follows, stays.
pub(super) fn copy(state: &mut State, commands: &mut Vec<UiCommand>) {
    match extract(state) {
        Some(extract) => commands.push(UiCommand::Copy(extract)),
        None => state.say(Level::Info, "no call is selected"),
    }
}

fn extract(state: &State) -> Option<Extract> {
    let output = &state.output;
    let streams = output.streams;
    if state.focus == Pane::Output && output.scope != Scope::Call {
        let rows = state.run.calls.iter();
        let titled = rows.map(|row| (row.id, format!("{} ({})", row.name, row.state.word())));
        return Some(Extract::Combined {
            calls: titled.collect(),
            streams,
        });
    }
    if state.focus == Pane::Output
        && state.is_tree_shown()
        && let Some(value) = output.tree.value()
    {
        return Some(Extract::Text(format!("{value:#}")));
    }
    let form = match output.form {
        OutputForm::Raw => CopyForm::Raw,
        OutputForm::Text | OutputForm::Tree => CopyForm::Text,
    };
    let call = state.selected()?.id;
    Some(Extract::Call {
        call,
        streams,
        form,
    })
}

/// It is more than the clipboard takes: asks what to do with it.
pub(super) fn too_large(state: &mut State, extract: Extract) {
    state.output.too_large = Some(extract);
    state.layers.push(Layer::Ask(Ask::new(Question::KeepCopy)));
}
