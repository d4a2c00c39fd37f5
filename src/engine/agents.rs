//! Agents at work, as snapshots show them, and what a user does about their
//! calls.

use std::sync::Arc;

use super::AgentCommand;
use super::run::EngineLoop;
use crate::model::{Agents, Intercept};

/// The agents of a run.
#[derive(Debug, Default)]
pub(super) struct AgentWatch {
    shown: Arc<Agents>,
}

impl AgentWatch {
    pub(super) fn shown(&self) -> Arc<Agents> {
        Arc::clone(&self.shown)
    }

    fn set_intercept(&mut self, intercept: Intercept) {
        Arc::make_mut(&mut self.shown).intercept = intercept;
    }
}

impl EngineLoop {
    /// Carries out a command about agents.
    pub(super) fn handle_agent_command(&mut self, command: AgentCommand) {
        match command {
            AgentCommand::SetIntercept(intercept) => self.agents.set_intercept(intercept),
            _ => self.notify("no agent is attached here"),
        }
        self.mark();
    }
}
