//! Turns the cap.

use super::{CapForecast, CapView, State, UiCommand};
use crate::engine::Command;
use crate::model::Cap;

impl State {
    /// Returns the cap that was asked for last: several presses count, even
    /// before the engine has answered the first.
    pub fn latest_cap(&self) -> Cap {
        self.cap.wanted.unwrap_or(self.run.cap())
    }

    /// Asks for a fixed cap.
    pub(in crate::tui) fn set_cap(&mut self, cap: Cap, commands: &mut Vec<UiCommand>) {
        self.cap.forecast = CapForecast::new(&self.run, &self.catalogue, cap, self.now);
        let is_new = cap != self.run.policy.cap || self.run.auto.is_some();
        self.cap.wanted = is_new.then_some(cap);
        replace_cap_command(Command::SetCap(cap), commands);
    }

    /// Leaves the cap to the scheduler, up to a ceiling.
    pub(in crate::tui) fn set_auto_cap(&mut self, ceiling: Cap, commands: &mut Vec<UiCommand>) {
        self.cap = CapView::default();
        replace_cap_command(Command::SetAuto(ceiling), commands);
    }

    /// Leaves the cap to the scheduler, or fixes it where it stands.
    pub(in crate::tui) fn toggle_auto_cap(&mut self, commands: &mut Vec<UiCommand>) {
        if self.run.auto.is_some() {
            self.set_cap(self.latest_cap(), commands);
        } else {
            self.set_auto_cap(Cap::AUTO_CEILING, commands);
        }
    }
}

/// Makes one command of those that a held key asks for.
fn replace_cap_command(command: Command, commands: &mut Vec<UiCommand>) {
    commands.retain(|it| {
        !matches!(
            it,
            UiCommand::Engine(Command::SetCap(_) | Command::SetAuto(_))
        )
    });
    commands.push(UiCommand::Engine(command));
}
