//! Putting a new call together and queueing it.

use serde_json::Value;

use super::UiCommand;
use crate::catalogue::Catalogue;
use crate::engine::Command;
use crate::model::ToolName;
use crate::output::Safe;
use crate::plan::{self, Draft};
use crate::tui::action::Action;
use crate::tui::state::{AddCall, Layer, Level, State};
use crate::tui::text::Piece;

pub(super) fn open(state: &mut State) {
    let add = AddCall::new(&state.catalogue);
    state.layers.push(Layer::Add(Box::new(add)));
}

pub(super) fn act(state: &mut State, action: Action, commands: &mut Vec<UiCommand>) {
    let Some(Layer::Add(add)) = state.layers.last_mut() else {
        return;
    };
    match action {
        Action::MarkNext => add.turn(1),
        Action::MarkPrevious => add.turn(-1),
        Action::Take => add.pick(&state.catalogue),
        Action::Close if add.tool.is_some() => add.tool = None,
        Action::Close => drop(state.layers.pop()),
        Action::Submit => submit(state, commands),
        _ => {}
    }
}

fn submit(state: &mut State, commands: &mut Vec<UiCommand>) {
    let Some(Layer::Add(add)) = state.layers.last_mut() else {
        return;
    };
    let Some(tool) = add.tool.clone() else {
        return;
    };
    let args = match read(&state.catalogue, &tool, &add.args.text()) {
        Ok(args) => args,
        Err(problems) => {
            add.problems = problems;
            return;
        }
    };
    state.layers.pop();
    let said = Piece::from("queued: ").then(Safe::new(tool.as_str()));
    state.say(Level::Info, said);
    commands.push(UiCommand::Engine(Command::Add(Box::new(Draft {
        name: None,
        tool,
        args,
        after: Vec::new(),
        priority: 0,
        timeouts: None,
        retries: 0,
    }))));
}

/// Reads typed arguments. Those that take another call's output are checked by
/// the engine, which knows the calls, and again when they are resolved.
fn read(catalogue: &Catalogue, tool: &ToolName, text: &str) -> Result<Value, Vec<Safe>> {
    let args: Value = serde_json::from_str(text)
        .map_err(|error| vec![Safe::new(&format!("not JSON: {error}"))])?;
    if !plan::references(&args).is_empty() {
        return Ok(args);
    }
    let problems = catalogue.validate(tool, &args);
    if problems.is_empty() {
        return Ok(args);
    }
    Err(problems
        .iter()
        .map(|it| Safe::new(&it.to_string()))
        .collect())
}
