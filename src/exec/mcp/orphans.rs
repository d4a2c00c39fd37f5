//! Answers whose id is not legible: each belongs to one of the requests that
//! were open when it came.

use std::collections::HashSet;

use rmcp::model::RequestId;
use tokio::time::Instant;

use super::answer::AnswerFailure;
use super::decode::DecodeError;
use super::id_scan::AnswerId;

/// Answers that are remembered.
const MAX_ORPHANS: usize = 64;

/// Answers that belong to no request for certain.
#[derive(Debug, Default)]
pub(super) struct Orphans(Vec<Orphan>);

/// Answer whose id is not legible.
#[derive(Debug)]
pub(super) struct Orphan {
    /// Requests that it may belong to.
    pub(super) candidates: HashSet<RequestId>,
    /// Id that stands in it.
    pub(super) id: AnswerId,
    /// Fault of it.
    pub(super) answer: OrphanAnswer,
    /// Its text, without secrets.
    pub(super) text: String,
    /// When it may end a request.
    pub(super) due: Instant,
}

/// Fault of such an answer.
#[derive(Debug, Clone)]
pub(super) enum OrphanAnswer {
    /// It is not understood.
    Undecodable(DecodeError),
    /// It is understood; the words of its error, if it is one.
    WrongId(Option<String>),
}

impl Orphan {
    /// Returns what the request fails with that it belongs to.
    pub(super) fn failure(&self, request: &RequestId) -> AnswerFailure {
        match &self.answer {
            OrphanAnswer::Undecodable(error) => error.clone().into(),
            OrphanAnswer::WrongId(said) => AnswerFailure::WrongId {
                expected: request.clone(),
                found: self.id.clone(),
                said: said.clone(),
            },
        }
    }
}

impl Orphans {
    /// Remembers an answer; whether there was room.
    pub(super) fn add(&mut self, orphan: Orphan) -> bool {
        let has_room = self.0.len() < MAX_ORPHANS;
        if has_room {
            self.0.push(orphan);
        }
        has_room
    }

    /// Drops those whose candidates have all ended; returns how many.
    pub(super) fn retain_open(&mut self, is_open: impl Fn(&RequestId) -> bool) -> usize {
        for orphan in &mut self.0 {
            orphan.candidates.retain(&is_open);
        }
        let before = self.0.len();
        self.0.retain(|orphan| !orphan.candidates.is_empty());
        before - self.0.len()
    }

    /// Takes an answer that certainly ends the request with it: there are as
    /// many such answers as requests are left for them.
    pub(super) fn take_certain(&mut self) -> Option<(RequestId, Orphan)> {
        let now = Instant::now();
        let certain = self.0.iter().position(|orphan| {
            let is_within = |other: &&Orphan| {
                other.due <= now && other.candidates.is_subset(&orphan.candidates)
            };
            orphan.due <= now && self.0.iter().filter(is_within).count() >= orphan.candidates.len()
        })?;
        let orphan = self.0.remove(certain);
        let id = orphan.candidates.iter().min_by_key(ToString::to_string)?;
        Some((id.clone(), orphan))
    }

    /// Returns when the next of them may end a request.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let now = Instant::now();
        let due = self.0.iter().map(|orphan| orphan.due);
        due.filter(|due| *due > now).min()
    }
}
