//! Copying: what the output pane shows, or what the selected call printed.

use std::ops::Range;

use serde_json::Value;

use super::UiCommand;
use crate::model::{CallRow, ToolName};
use crate::output::{CopyForm, Streams};
use crate::tui::action::Action;
use crate::tui::export::copy_source::CopySource;
use crate::tui::export::program::Viewer;
use crate::tui::state::{
    Ask, CopyAs, CopyWay, Layer, OutputForm, Pane, PickedLines, Question, Scope, State, ToastLevel,
};
use crate::tui::text::command_line;

/// Copies. Where the pane stands, and whether it follows, stays.
pub(super) fn copy(state: &mut State, commands: &mut Vec<UiCommand>) {
    match extract(state) {
        Some(extract) => commands.push(UiCommand::Copy(extract)),
        None => state.say(ToastLevel::Info, "no call is selected"),
    }
}

/// Gives what would be copied to a viewer.
pub(super) fn show(state: &mut State, viewer: Viewer, commands: &mut Vec<UiCommand>) {
    match extract(state) {
        Some(extract) => commands.push(UiCommand::Show(viewer, extract)),
        None => state.say(ToastLevel::Info, "no call is selected"),
    }
}

/// Returns the output pane's content if it has the focus, else what the call
/// printed.
fn extract(state: &State) -> Option<CopySource> {
    extract_of(state, 0..u64::MAX)
}

/// The same of some places of the pane.
fn extract_of(state: &State, places: Range<u64>) -> Option<CopySource> {
    let output = &state.output;
    let streams = output.streams;
    let form = match output.form {
        OutputForm::Raw => CopyForm::Raw,
        OutputForm::Text | OutputForm::Tree => CopyForm::Text,
    };
    if state.focus != Pane::Output {
        let call = state.selected()?.id;
        return Some(CopySource::of_call(call, Streams::Both, CopyForm::Text));
    }
    let named = |title: fn(&CallRow) -> String| {
        let rows = state.run.calls.iter();
        rows.map(move |row| (row.id, title(row)))
    };
    match output.scope {
        Scope::Combined => {
            let title = |row: &CallRow| format!("{} ({})", row.name, row.state.word());
            return Some(CopySource::Combined {
                calls: named(title).collect(),
                streams,
                form: CopyForm::Text,
                rows: places,
            });
        }
        Scope::Live => {
            return Some(CopySource::Live {
                names: named(|row| row.name.to_string()).collect(),
                rows: places,
            });
        }
        Scope::Call => {}
    }
    if state.is_tree_shown()
        && let Some(value) = output.tree.value()
    {
        return Some(CopySource::Json(format!("{value:#}")));
    }
    let call = state.selected()?.id;
    match output.find.pattern().filter(|_| output.is_filtered()) {
        Some(pattern) => Some(CopySource::Matches {
            call,
            streams,
            pattern: pattern.clone(),
            form,
            rows: places,
        }),
        None => Some(CopySource::Lines {
            call,
            lines: places,
            streams,
            form,
        }),
    }
}

/// Copies the lines that were picked, when the button is let go. They stay
/// marked until something else is pressed.
pub(super) fn picked(state: &State, commands: &mut Vec<UiCommand>) {
    let places = state.output.picked.and_then(PickedLines::places);
    if let Some(extract) = places.and_then(|places| extract_of(state, places)) {
        commands.push(UiCommand::Copy(extract));
    }
}

/// Asks in which form to copy.
pub(super) fn open_ways(state: &mut State) {
    if state.selected().is_some() {
        let ways = CopyAs::new(&CopyWay::ALL);
        state.layers.push(Layer::CopyAs(Box::new(ways)));
    } else {
        state.say(ToastLevel::Info, "no call is selected");
    }
}

/// Asks in which form to copy what stands in the form on top.
pub(super) fn open_form_ways(state: &mut State) {
    if typed(state).is_some() {
        let ways = CopyAs::new(&CopyWay::ARGUMENTS);
        state.layers.push(Layer::CopyAs(Box::new(ways)));
    } else {
        state.say(ToastLevel::Info, "the arguments cannot be read yet");
    }
}

/// The tool and the arguments of the form on top.
fn typed(state: &State) -> Option<(&ToolName, Value)> {
    match state.layers.last()? {
        Layer::Add(add) => {
            let form = add.form.as_ref()?;
            Some((&form.tool, form.arguments()?))
        }
        _ => None,
    }
}

/// Keys of that question.
pub(super) fn in_ways(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    let Some(Layer::CopyAs(ways)) = state.layers.last_mut() else {
        return;
    };
    match action {
        Action::MarkNext => ways.list.turn(1),
        Action::MarkPrevious => ways.list.turn(-1),
        Action::Close => drop(state.layers.pop()),
        Action::Take => {
            let way = ways.list.chosen().copied();
            state.layers.pop();
            let extract = way.and_then(|way| in_way(state, way));
            commands.extend(extract.map(UiCommand::Copy));
        }
        _ => {}
    }
}

fn in_way(state: &State, way: CopyWay) -> Option<CopySource> {
    if let Some((tool, args)) = typed(state) {
        return Some(match way {
            CopyWay::Command => line(state, tool, &args),
            _ => CopySource::Json(format!("{args:#}")),
        });
    }
    let row = state.selected()?;
    Some(match way {
        CopyWay::Text => extract(state)?.in_form(CopyForm::Text),
        CopyWay::Document => CopySource::Document(row.id),
        CopyWay::Arguments => CopySource::Json(format!("{:#}", row.args)),
        CopyWay::Command => line(state, &row.tool, &row.args),
    })
}

/// A line for a shell that makes a call.
fn line(state: &State, tool: &ToolName, args: &Value) -> CopySource {
    let known = state.catalogue.get(tool);
    let schema = known.and_then(|tool| tool.input_schema.as_ref());
    CopySource::Text(command_line(tool.as_str(), args, schema))
}

/// It is more than the clipboard takes: asks what to do with it.
pub(super) fn too_large(state: &mut State, extract: CopySource) {
    state.output.too_large = Some(extract);
    state.layers.push(Layer::Ask(Ask::new(Question::KeepCopy)));
}
