//! Questions of servers, as the dashboard knows them.

use std::sync::Arc;

use super::{State, ToastLevel};
use crate::model::{CallId, Question, QuestionId, Snapshot};
use crate::output::Safe;
use crate::tui::action::Action;
use crate::tui::text::Piece;

impl State {
    /// Returns the questions that wait for an answer, oldest first.
    pub fn questions(&self) -> Vec<&Arc<Question>> {
        let servers = self.run.servers.iter();
        let mut all: Vec<&Arc<Question>> = servers.flat_map(|it| it.questions.iter()).collect();
        all.sort_unstable_by_key(|question| question.id);
        all
    }

    /// Whether any question waits for an answer.
    pub fn is_asked(&self) -> bool {
        let mut servers = self.run.servers.iter();
        servers.any(|server| !server.questions.is_empty())
    }

    /// Returns the question that is to be answered next: that of the selected
    /// call, else the one that waits longest.
    pub fn next_question(&self) -> Option<&Arc<Question>> {
        let all = self.questions();
        let selected = self.selection.call();
        let of_selected = |it: &&&Arc<Question>| {
            let is_its = |call: CallId| it.calls.contains(&call);
            selected.is_some_and(is_its)
        };
        all.iter().find(of_selected).or(all.first()).copied()
    }

    /// Returns a question that still waits.
    pub fn question(&self, id: QuestionId) -> Option<&Arc<Question>> {
        self.questions().into_iter().find(|it| it.id == id)
    }

    /// Says which questions came since the last snapshot.
    pub(super) fn announce_questions(&mut self, run: &Snapshot) {
        let seen = self.servers.asked;
        let servers = run.servers.iter();
        let all = servers.flat_map(|it| it.questions.iter());
        let latest = all.max_by_key(|question| question.id);
        let Some(latest) = latest.filter(|it| seen.is_none_or(|seen| it.id > seen)) else {
            return;
        };
        self.servers.asked = Some(latest.id);
        let key = self.keymap.key(Action::AnswerQuestion).unwrap_or_default();
        let asked = latest.asked().to_string();
        let told = Piece::from(Safe::new(latest.server.as_str()))
            .then(" ")
            .then(Safe::new(&asked))
            .then("; ")
            .then(Safe::new(&key))
            .then(" answers");
        self.notify(ToastLevel::Warn, told);
    }
}
