//! The screens and their panes.

use super::State;

/// A screen, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Screen {
    /// What runs now.
    Lanes,
    /// Every call in a table.
    Queue,
}

impl Screen {
    /// In the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Lanes, Self::Queue];

    /// Its name, and a shorter one.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Lanes => ("Lanes", "Lanes"),
            Self::Queue => ("Queue", "Queue"),
        }
    }

    /// Its panes, in the order in which Tab visits them.
    pub fn panes(self) -> &'static [Pane] {
        match self {
            Self::Lanes => &[Pane::Lanes, Pane::Queue, Pane::Finished, Pane::Output],
            Self::Queue => &[Pane::Table, Pane::Output],
        }
    }
}

/// A part of the screen that can take the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pane {
    /// The lanes and who is in them.
    Lanes,
    /// The calls that wait.
    Queue,
    /// The calls that have ended.
    Finished,
    /// Every call.
    Table,
    /// What the selected call prints.
    Output,
}

impl Pane {
    /// How many there are.
    pub const COUNT: usize = 5;

    /// The panes that list calls.
    pub const LISTS: [Self; 4] = [Self::Lanes, Self::Queue, Self::Finished, Self::Table];

    /// Whether its rows are calls that a filter and an order apply to.
    pub fn is_list_of_calls(self) -> bool {
        matches!(self, Self::Queue | Self::Finished | Self::Table)
    }
}

impl State {
    /// Shows a screen; the pane that had the keys there gets them again.
    pub fn show(&mut self, screen: Screen) {
        if self.screen == screen {
            return;
        }
        self.focused[self.screen as usize] = self.focus;
        self.screen = screen;
        self.is_zoomed = false;
        self.focus_on(self.focused[screen as usize]);
    }
}
