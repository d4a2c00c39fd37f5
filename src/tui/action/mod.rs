//! Everything a user can do, described once: the enum of actions, the keys, the
//! footer, the help, the command palette and the key files all come from one
//! table, so that they cannot disagree.
//!
//! A row of `table.rs` makes the variant; its group is
//! matched exhaustively where its actions are carried out. So a row without a
//! meaning does not compile, and there is no variant without a row.

mod table;

pub use table::{
    Action, ActionGroup, AgentAction, AppAction, CallAction, ConfirmAction, EndingAction,
    ExperimentsAction, FieldAction, FormAction, ListAction, OutputAction, QuestionAction,
    ScreenAction, ServerAction, TABLE, TimelineAction, ToolAction,
};

/// Where an action's keys are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// Everywhere outside text fields and dialogs.
    Global,
    /// In lists and in anything that scrolls.
    List,
    /// Where a call is selected.
    Call,
    /// In the output pane.
    Output,
    /// Where a tool is selected.
    Tool,
    /// In the timeline.
    Timeline,
    /// On the screen of experiments.
    Experiments,
    /// Where a server is selected.
    Server,
    /// Where an agent or its server is selected.
    Agent,
    /// In the summary of a run that has ended.
    Ending,
    /// In a text field of one line.
    Line,
    /// In a list that is narrowed by typing.
    Picker,
    /// In a form for a call that is held, or its answer.
    Held,
    /// In the form of a question of a server.
    Question,
    /// In a form.
    Form,
    /// In a row of a form.
    Row,
    /// In a text of several lines in a form.
    Text,
    /// In a dialog that asks.
    Confirm,
}

impl Context {
    /// Every context, in the order of the help.
    pub const ALL: [Self; 18] = [
        Self::Global,
        Self::List,
        Self::Call,
        Self::Output,
        Self::Tool,
        Self::Timeline,
        Self::Experiments,
        Self::Server,
        Self::Agent,
        Self::Ending,
        Self::Line,
        Self::Picker,
        Self::Held,
        Self::Question,
        Self::Form,
        Self::Row,
        Self::Text,
        Self::Confirm,
    ];

    /// Returns true where keys type text or an answer, so that nothing but
    /// the keys themselves can lead to its actions.
    pub fn is_typing(self) -> bool {
        matches!(
            self,
            Self::Line
                | Self::Picker
                | Self::Held
                | Self::Question
                | Self::Form
                | Self::Row
                | Self::Text
                | Self::Confirm
        )
    }

    /// Its heading in the help, and its name in key files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::List => "list",
            Self::Call => "call",
            Self::Output => "output",
            Self::Tool => "tool",
            Self::Timeline => "timeline",
            Self::Experiments => "experiments",
            Self::Server => "server",
            Self::Agent => "agent",
            Self::Ending => "ending",
            Self::Line => "line",
            Self::Picker => "picker",
            Self::Held => "held",
            Self::Question => "question",
            Self::Form => "form",
            Self::Row => "row",
            Self::Text => "text",
            Self::Confirm => "confirm",
        }
    }
}

/// How much an action can destroy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// Nothing.
    None,
    /// It ends a running call.
    Ends,
    /// It ends several.
    EndsMany,
}

/// One action as the table describes it.
#[derive(Debug, Clone, Copy)]
pub struct ActionRow {
    /// The action.
    pub action: Action,
    /// Its name in key files.
    pub id: &'static str,
    /// Its name in the footer.
    pub label: &'static str,
    /// One sentence about it, for the help.
    pub help: &'static str,
    /// Where its keys are heard.
    pub contexts: &'static [Context],
    /// Its keys by default, in the syntax of the `keybinds` crate.
    pub keys: &'static [&'static str],
    /// How much it can destroy.
    pub danger: Danger,
    /// Its place in the footer, the lowest first; `None` keeps it out.
    pub footer: Option<u8>,
    /// Other words for it, by which the palette and the help find it.
    pub also: &'static str,
}

impl ActionRow {
    /// Whether the command palette offers it.
    pub fn is_offered(&self) -> bool {
        self.contexts.iter().any(|context| !context.is_typing())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique() {
        let ids: BTreeSet<_> = TABLE.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), TABLE.len());
    }

    #[test]
    fn every_action_has_a_row_and_a_key() {
        assert_eq!(Action::ALL.len(), TABLE.len());
        for (action, row) in Action::ALL.iter().zip(TABLE) {
            assert_eq!(row.action, *action);
            assert_eq!(action.row().id, row.id);
            assert!(!row.keys.is_empty(), "{}", row.id);
        }
    }
}
