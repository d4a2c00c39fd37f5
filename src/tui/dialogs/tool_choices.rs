//! Entries of the list from which a new call's tool is picked: the tools, and
//! the servers that do not run and whose tools are not known.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::picker::Picker;
use crate::engine::Command;
use crate::model::{ServerCommand, ServerName, ServerRow, ServerState, ToolName};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::{Shortlist, State, ToastLevel, UiCommand};
use crate::tui::text::{Align, Piece, fuzzy};
use crate::tui::views::View;

/// Entry of the list of tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    Tool(ToolName),
    /// A server whose tools are not known: it does not run.
    Server(ServerName),
}

/// Draws the entries that the typed letters leave.
pub(super) fn render(view: &View<'_>, list: &Shortlist<Choice>, inner: Rect, buf: &mut Buffer) {
    let picker = Picker {
        prompt: "tool: ",
        list,
        nothing: "No tool has these letters.",
    };
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    picker.render(view, inner, buf, |choice, strip| match choice {
        Choice::Tool(name) => {
            strip
                .cell(Safe::new(name.as_str()), 22, Align::Left, fg)
                .skip(1);
            if let Some(tool) = view.state.catalogue.get(name) {
                let first = tool
                    .description
                    .lines()
                    .find(|line| !line.trim().is_empty());
                strip.put(Safe::new(first.unwrap_or_default()), muted);
            }
        }
        Choice::Server(name) => {
            strip
                .cell(Safe::new(name.as_str()), 22, Align::Left, muted)
                .skip(1)
                .put("server ", muted)
                .put(standing(view.state, name), muted);
        }
    });
}

/// Returns the tools whose name or description a few typed letters mean, and
/// then the servers whose tools are not known.
pub(super) fn choices(state: &State, typed: &str) -> Vec<Choice> {
    let tools = fuzzy::tools(&state.catalogue, typed).into_iter();
    let servers = state.run.servers.iter();
    let listed = |row: &ServerRow| state.catalogue.is_listed(&row.name);
    let unknown = |row: &&ServerRow| row.state != ServerState::Ready || !listed(row);
    let names: Vec<&ServerName> = servers.filter(unknown).map(|row| &row.name).collect();
    let found = fuzzy::matches(typed, names.iter().map(|name| name.as_str()));
    let found = found.into_iter().filter_map(|at| names.get(at).copied());
    let servers = found.map(|name| Choice::Server(name.clone()));
    let tools = tools.map(Choice::Tool);
    // Who types a server's name means the server; without a word tools come first.
    if typed.is_empty() {
        tools.chain(servers).collect()
    } else {
        servers.chain(tools).collect()
    }
}

/// Returns where a server stands, and the key that starts it.
fn standing(state: &State, name: &ServerName) -> Piece<'static> {
    let mut servers = state.run.servers.iter();
    let Some(row) = servers.find(|row| row.name == *name) else {
        return Piece::default();
    };
    match &row.state {
        ServerState::Stopped => "does not run; Enter starts it and lists its tools".into(),
        ServerState::Failed(reason) => Piece::from("failed: ").then(Safe::new(reason)),
        ServerState::Starting => match &row.last_words {
            Some(words) => Piece::from("starts: ").then(Safe::new(words)),
            None => "starts".into(),
        },
        ServerState::Ready => "runs; its tools follow".into(),
        ServerState::Stopping => "is being closed".into(),
    }
}

/// Starts a server, unless that is under way.
pub(super) fn start(name: &ServerName, state: &mut State, commands: &mut Vec<UiCommand>) {
    let mut servers = state.run.servers.iter();
    let row = servers.find(|row| row.name == *name);
    let is_at_rest =
        row.is_some_and(|row| matches!(row.state, ServerState::Stopped | ServerState::Failed(_)));
    let named = Piece::from(Safe::new(name.as_str()));
    if !is_at_rest {
        state.notify(ToastLevel::Info, named.then(" is being started"));
        return;
    }
    state.notify(ToastLevel::Info, Piece::from("starting ").then(named));
    commands.push(UiCommand::Engine(Command::Server {
        name: name.clone(),
        order: ServerCommand::Start,
    }));
}
