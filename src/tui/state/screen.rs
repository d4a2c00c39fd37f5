//! The screens and their panes.

use crate::tui::action::{Action, Context};

/// A screen, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Screen {
    /// The running calls.
    Lanes,
    /// Every call in a table.
    Queue,
    /// The tools.
    Catalogue,
    /// The run as bars over time.
    Timeline,
    /// Measurements of the plan at other caps.
    Experiments,
    /// The tool servers.
    Servers,
    /// Agents at work, and their servers.
    Agents,
}

impl Screen {
    /// In the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Lanes,
        Self::Queue,
        Self::Catalogue,
        Self::Timeline,
        Self::Experiments,
        Self::Servers,
        Self::Agents,
    ];

    /// Its number, which is the key that shows it.
    pub fn number(self) -> usize {
        match self {
            Self::Lanes => 1,
            Self::Queue => 2,
            Self::Catalogue => 3,
            Self::Timeline => 4,
            Self::Experiments => 5,
            Self::Servers => 8,
            Self::Agents => 9,
        }
    }

    /// Its name, and a shorter one.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Lanes => ("Lanes", "Lanes"),
            Self::Queue => ("Queue", "Queue"),
            Self::Catalogue => ("Catalogue", "Catal"),
            Self::Timeline => ("Timeline", "Time"),
            Self::Experiments => ("Experiments", "Exper"),
            Self::Servers => ("Servers", "Serv"),
            Self::Agents => ("Agents", "Agents"),
        }
    }

    /// Returns the action that shows it.
    pub fn action(self) -> Action {
        match self {
            Self::Lanes => Action::ScreenLanes,
            Self::Queue => Action::ScreenQueue,
            Self::Catalogue => Action::ScreenCatalogue,
            Self::Timeline => Action::ScreenTimeline,
            Self::Experiments => Action::ScreenExperiments,
            Self::Servers => Action::ScreenServers,
            Self::Agents => Action::ScreenAgents,
        }
    }

    /// Its panes, in the order in which Tab visits them.
    pub fn panes(self) -> &'static [Pane] {
        match self {
            Self::Lanes => &[
                Pane::Lanes,
                Pane::Queue,
                Pane::Finished,
                Pane::Output,
                Pane::Detail,
            ],
            Self::Queue => &[Pane::Table, Pane::Output, Pane::Detail],
            Self::Catalogue => &[Pane::Tools, Pane::Tool],
            Self::Timeline => &[Pane::Timeline, Pane::Output, Pane::Detail],
            Self::Experiments => &[Pane::Experiment],
            Self::Servers => &[
                Pane::Servers,
                Pane::ServerCalls,
                Pane::Server,
                Pane::Messages,
                Pane::Output,
                Pane::Detail,
            ],
            Self::Agents => &[
                Pane::Agents,
                Pane::AgentCalls,
                Pane::Wire,
                Pane::Output,
                Pane::Detail,
            ],
        }
    }
}

/// A part of the screen that can take the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pane {
    /// The lanes with their calls.
    Lanes,
    /// The calls that wait.
    Queue,
    /// The calls that have ended.
    Finished,
    /// Every call.
    Table,
    /// The run as bars over time.
    Timeline,
    /// The calls of the selected server.
    ServerCalls,
    /// The calls of the selected agent, or of one of its servers.
    AgentCalls,
    /// Output of the selected call.
    Output,
    /// Everything else about the selected call.
    Detail,
    /// The tools.
    Tools,
    /// Details of the selected tool.
    Tool,
    /// Results of the latest experiment.
    Experiment,
    /// The tool servers.
    Servers,
    /// Details of the selected server.
    Server,
    /// The messages about the selected call.
    Messages,
    /// The agents with their servers.
    Agents,
    /// The messages between the selected agent and its servers.
    Wire,
}

impl Pane {
    /// How many there are.
    pub const COUNT: usize = 17;

    /// The panes that list calls.
    pub const LISTS: [Self; 7] = [
        Self::Lanes,
        Self::Queue,
        Self::Finished,
        Self::Table,
        Self::Timeline,
        Self::ServerCalls,
        Self::AgentCalls,
    ];

    /// Whether it lists calls.
    pub fn is_list(self) -> bool {
        Self::LISTS.contains(&self)
    }

    /// Returns the contexts whose keys are heard while it has the keys, the
    /// nearest first.
    pub fn contexts(self) -> &'static [Context] {
        match self {
            Self::Experiment => &[Context::Experiments, Context::List, Context::Global],
            Self::Tools | Self::Tool => &[Context::Tool, Context::List, Context::Global],
            Self::Servers | Self::Server => &[Context::Server, Context::List, Context::Global],
            Self::Agents | Self::Wire => &[Context::Agent, Context::List, Context::Global],
            Self::Timeline => &[
                Context::Timeline,
                Context::List,
                Context::Call,
                Context::Global,
            ],
            Self::Output => &[
                Context::Output,
                Context::List,
                Context::Call,
                Context::Global,
            ],
            _ => &[Context::List, Context::Call, Context::Global],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::tui::keymap::{Keymap, written};

    /// A slash looks for what is typed: among the rows of a list, or in the
    /// lines of the output.
    const LOOKS_FOR: &str = "/";

    #[test]
    fn a_letter_has_one_meaning_on_one_screen() {
        let map = Keymap::standard();
        for screen in Screen::ALL {
            let mut meanings: BTreeMap<String, Action> = BTreeMap::new();
            let contexts = screen.panes().iter().flat_map(|pane| pane.contexts());
            for context in contexts {
                for bound in map.bindings().iter().filter(|it| it.context == *context) {
                    let keys = written(&bound.keys);
                    let is_letter = keys.chars().count() == 1 && keys != LOOKS_FOR;
                    let known = *meanings.entry(keys.clone()).or_insert(bound.action);
                    assert!(
                        !is_letter || known == bound.action,
                        "{keys} on {screen:?}: {known:?} and {:?}",
                        bound.action
                    );
                }
            }
        }
    }
}
