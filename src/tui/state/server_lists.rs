//! The servers on their screen: which is selected, its calls, and its tools.

use std::sync::Arc;

use super::{
    MessageFind, Pane, Screen, Selection, ServerLog, State, TextScroll, ToastLevel, UiCommand,
};
use crate::catalogue::Catalogue;
use crate::engine::Command;
use crate::model::{
    CallId, CallRow, ServerCommand, ServerName, ServerRow, ServerState, ToolAction,
};
use crate::output::Safe;
use crate::tui::text::Piece;

impl State {
    /// The selected server's row.
    pub fn selected_server(&self) -> Option<&ServerRow> {
        let name = self.servers.selected.as_ref()?;
        self.run.servers.iter().find(|row| row.name == *name)
    }

    /// The server that works on a call.
    pub fn server_of(&self, row: &CallRow) -> Option<&ServerName> {
        server_of(&self.catalogue, row)
    }

    /// Whether there is anything to see on the servers' screen.
    pub fn has_servers(&self) -> bool {
        !self.run.servers.is_empty() || !self.catalogue.unusable_servers().is_empty()
    }

    /// Servers that were not started, or run no more.
    pub fn servers_at_rest(&self) -> usize {
        let servers = self.run.servers.iter();
        let at_rest =
            |row: &&ServerRow| matches!(row.state, ServerState::Stopped | ServerState::Failed(_));
        servers.filter(at_rest).count()
    }

    /// Why the selected tool cannot be called now; `None` where it can.
    pub fn why_no_call(&self) -> Option<&'static str> {
        let ToolAction::Mcp { server, .. } = &self.selected_tool()?.action else {
            return None;
        };
        let row = self.run.servers.iter().find(|row| row.name == *server)?;
        (row.state != ServerState::Ready)
            .then_some("its server does not run: start it on the Servers screen")
    }

    /// Selects the server in a row.
    pub fn select_server(&mut self, row: usize) {
        let row = row.min(self.run.servers.len().saturating_sub(1));
        let name = self.run.servers.get(row).map(|it| it.name.clone());
        self.servers.list.row = row;
        self.servers.list.is_scrolled = false;
        if name != self.servers.selected {
            self.servers.selected = name;
            self.servers.below = TextScroll::default();
        }
    }

    /// Selects the server that works on the call that the user chose.
    pub(super) fn select_server_of_call(&mut self) {
        if let Selection::Chosen(call) = self.selection
            && let Some(name) = self.run.row(call).and_then(|row| self.server_of(row))
        {
            let mut servers = self.run.servers.iter();
            if let Some(row) = servers.position(|it| it.name == *name) {
                self.select_server(row);
            }
        }
    }

    /// Moves the selection among the servers by some rows.
    pub fn step_server(&mut self, by: isize) {
        self.select_server(self.servers.list.row.saturating_add_signed(by));
    }

    /// Replaces the log of the selected server and call.
    pub fn set_server_log(&mut self, log: ServerLog) {
        if log.of.1 != self.servers.log.of.1 {
            self.servers.messages = TextScroll::default();
            self.servers.find = MessageFind::default();
        }
        self.servers.log = log;
    }

    /// Selects the first server where none is, and lists its calls.
    pub(super) fn settle_servers(&mut self) {
        if self.screen != Screen::Servers {
            return;
        }
        let selected = self.servers.selected.as_ref();
        let servers = self.run.servers.iter();
        let row = servers.clone().position(|it| Some(&it.name) == selected);
        if row.is_none() {
            self.select_server(0);
        }
        let visible = self.layout().rows(self, Pane::Servers);
        let count = self.run.servers.len();
        let row = row.unwrap_or(self.servers.list.row);
        self.servers.list.settle(count, visible, Some(row));
        self.list_calls_of_server();
    }

    fn list_calls_of_server(&mut self) {
        let made_of = self.servers.selected.clone();
        let made_of = made_of.map(|name| (name, self.run.revision));
        if self.servers.calls_of == made_of {
            return;
        }
        let calls = self.run.calls.iter().rev();
        let is_of = |row: &&Arc<CallRow>| self.server_of(row) == self.servers.selected.as_ref();
        let (busy, rest): (Vec<&Arc<CallRow>>, Vec<&Arc<CallRow>>) = calls
            .filter(is_of)
            .filter(|row| row.started.is_some())
            .partition(|row| !row.state.is_ended());
        let calls: Vec<CallId> = busy.into_iter().chain(rest).map(|row| row.id).collect();
        if *self.servers.calls != calls {
            self.servers.calls = Arc::new(calls);
        }
        self.servers.calls_of = made_of;
    }

    /// Sends a command to the selected server.
    pub(in crate::tui) fn command_server(
        &mut self,
        command: ServerCommand,
        commands: &mut Vec<UiCommand>,
    ) {
        let Some(row) = self.selected_server() else {
            return;
        };
        let name = row.name.clone();
        let what = match command {
            ServerCommand::Start => "starting ",
            ServerCommand::Stop => "closing ",
            ServerCommand::Restart => "restarting ",
            ServerCommand::SignIn => "signing in to ",
            ServerCommand::Accept(_) => "using as they are now the tools of ",
        };
        let said = Piece::from(what).then(Safe::new(name.as_str()));
        commands.push(UiCommand::Engine(Command::Server {
            name,
            order: command,
        }));
        self.notify(ToastLevel::Info, said);
    }

    /// Takes over the tools that can be called now.
    pub fn set_catalogue(&mut self, catalogue: Arc<Catalogue>) {
        if !Arc::ptr_eq(&catalogue, &self.catalogue) {
            self.catalogue = catalogue;
            self.tools.renew(&self.catalogue);
        }
    }
}

/// The server of a call's tool.
fn server_of<'c>(catalogue: &'c Catalogue, row: &CallRow) -> Option<&'c ServerName> {
    match &catalogue.get(&row.tool)?.action {
        ToolAction::Mcp { server, .. } => Some(server),
        _ => None,
    }
}
