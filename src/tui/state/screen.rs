//! The screens and their panes.

use crate::tui::action::Action;

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
}
