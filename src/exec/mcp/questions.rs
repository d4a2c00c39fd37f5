//! Questions of servers that wait for their user.
//!
//! It owns the questions that are open. It must not know how they are shown,
//! or what a server does with an answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{oneshot, watch};

use crate::model::{Question, QuestionId, QuestionReply, ServerName};

/// Questions that may be open at once; a further one is declined.
const MAX_OPEN: usize = 64;

/// Returns what is wrong with a value by a JSON Schema.
pub type CheckValue = fn(schema: &Value, value: &Value) -> Vec<String>;

/// Questions of all servers.
#[derive(Debug)]
pub struct Questions {
    inner: Mutex<Inner>,
    /// Number of changes that a row shows.
    news: watch::Sender<u64>,
    is_attended: AtomicBool,
    check: CheckValue,
}

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    open: Vec<OpenQuestion>,
}

#[derive(Debug)]
struct OpenQuestion {
    question: Arc<Question>,
    reply: oneshot::Sender<QuestionReply>,
}

impl Questions {
    /// Creates an empty list. Nobody attends to it yet.
    pub(super) fn new(news: watch::Sender<u64>, check: CheckValue) -> Self {
        Self {
            inner: Mutex::default(),
            news,
            is_attended: AtomicBool::new(false),
            check,
        }
    }

    /// Tells that somebody sees the questions, and answers them.
    pub fn attend(&self) {
        self.is_attended.store(true, Ordering::Relaxed);
    }

    /// Whether somebody sees the questions.
    pub(super) fn is_attended(&self) -> bool {
        self.is_attended.load(Ordering::Relaxed)
    }

    /// Returns what is wrong with a value by a schema.
    pub(super) fn check(&self, schema: &Value, value: &Value) -> Vec<String> {
        (self.check)(schema, value)
    }

    /// Answers a question; one that is gone is passed over.
    pub fn answer(&self, id: QuestionId, reply: QuestionReply) {
        let taken = {
            let mut inner = self.inner();
            let at = inner.open.iter().position(|it| it.question.id == id);
            at.map(|at| inner.open.remove(at))
        };
        if let Some(open) = taken {
            // Its server may have taken it back meanwhile.
            let _gone = open.reply.send(reply);
            self.tell();
        }
    }

    /// Returns the questions of a server, oldest first.
    pub(super) fn of(&self, server: &ServerName) -> Arc<[Arc<Question>]> {
        let inner = self.inner();
        let open = inner.open.iter().map(|open| &open.question);
        open.filter(|it| it.server == *server).cloned().collect()
    }

    /// Puts a question to the user, and waits for the reply. Dropping the
    /// future takes the question back.
    pub(super) async fn ask(&self, make: impl FnOnce(QuestionId) -> Question) -> QuestionReply {
        let (reply, answered) = oneshot::channel();
        let id = {
            let mut inner = self.inner();
            if inner.open.len() >= MAX_OPEN {
                return QuestionReply::Declined;
            }
            inner.last += 1;
            let id = QuestionId(inner.last);
            let question = Arc::new(make(id));
            inner.open.push(OpenQuestion { question, reply });
            id
        };
        self.tell();
        let _taken_back = TakenBack {
            questions: self,
            id,
        };
        answered.await.unwrap_or(QuestionReply::Cancelled)
    }

    fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a question back when nobody waits for its answer any more.
struct TakenBack<'q> {
    questions: &'q Questions,
    id: QuestionId,
}

impl Drop for TakenBack<'_> {
    fn drop(&mut self) {
        let mut inner = self.questions.inner();
        let before = inner.open.len();
        inner.open.retain(|open| open.question.id != self.id);
        let is_changed = inner.open.len() != before;
        drop(inner);
        if is_changed {
            self.questions.tell();
        }
    }
}
