//! State that the handles on a store share: its calls, their attempts, and the
//! order of their lines.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Instant;

use super::attachments::Attachments;
use super::attempt::Attempt;
use super::line_index::LineIndex;
use super::spiller::Spiller;
use super::storage_budget::StorageBudget;
use super::{Bounds, Stream};
use crate::model::{AttemptNo, CallId};

/// State that all handles share.
#[derive(Debug)]
pub(super) struct Shared {
    folder: Option<Arc<Path>>,
    pub(super) budget: Arc<StorageBudget>,
    pub(super) spiller: Option<Spiller>,
    pub(super) started: Instant,
    calls: RwLock<BTreeMap<CallId, Arc<CallAttempts>>>,
    changed: Mutex<Vec<CallId>>,
    attachments: Mutex<Attachments>,
    pub(super) line_index: Mutex<LineIndex>,
}

/// The output of one call: its attempts, the last one last.
#[derive(Debug)]
pub(super) struct CallAttempts {
    call: CallId,
    budget: Arc<StorageBudget>,
    attempts: Mutex<Vec<KeptAttempt>>,
    pub(super) generation: AtomicU64,
    is_listed: AtomicBool,
    disk: Arc<AtomicU64>,
    pub(super) last_line: Mutex<(u64, Arc<str>)>,
}

/// One attempt of a call.
#[derive(Debug)]
enum KeptAttempt {
    /// It printed something, or still may.
    Streams(Arc<Attempt>),
    /// It ended and printed nothing: there is nothing to keep but its number.
    Silent(AttemptNo),
}

impl KeptAttempt {
    fn number(&self) -> AttemptNo {
        match self {
            Self::Streams(attempt) => attempt.number,
            Self::Silent(number) => *number,
        }
    }
}

impl CallAttempts {
    fn new(call: CallId, budget: &Arc<StorageBudget>) -> Self {
        Self {
            call,
            budget: Arc::clone(budget),
            attempts: Mutex::default(),
            generation: AtomicU64::default(),
            is_listed: AtomicBool::default(),
            disk: Arc::default(),
            last_line: Mutex::default(),
        }
    }

    /// One attempt, or the last one.
    pub(super) fn attempt(&self, number: Option<AttemptNo>) -> Option<Arc<Attempt>> {
        let attempts = self.lock();
        let kept = match number {
            None => attempts.last(),
            Some(number) => attempts.iter().find(|one| one.number() == number),
        };
        Some(match kept? {
            KeptAttempt::Streams(attempt) => Arc::clone(attempt),
            KeptAttempt::Silent(number) => Arc::new(self.new_attempt(*number, Vec::new(), None)),
        })
    }

    /// The attempts that can be read, oldest first.
    pub(super) fn numbers(&self) -> Vec<AttemptNo> {
        self.lock().iter().map(KeptAttempt::number).collect()
    }

    /// Keeps no more of an attempt that has ended than that it printed nothing.
    pub(super) fn keep_silent(&self, number: AttemptNo) {
        let mut attempts = self.lock();
        let kept = attempts.iter_mut().find(|one| one.number() == number);
        if let Some(kept) = kept {
            *kept = KeptAttempt::Silent(number);
        }
    }

    fn new_attempt(
        &self,
        number: AttemptNo,
        earlier: Vec<Weak<Attempt>>,
        folder: Option<&Arc<Path>>,
    ) -> Attempt {
        let (disk, budget) = (Arc::clone(&self.disk), Arc::clone(&self.budget));
        Attempt::new(self.call, number, disk, earlier, budget, folder)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<KeptAttempt>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    pub(super) fn new(folder: Option<PathBuf>, bounds: Bounds) -> Self {
        let budget = Arc::new(StorageBudget::new(bounds));
        let spiller = Spiller::start(Arc::clone(&budget))
            .map_err(|error| budget.note_problem(error.to_string()))
            .ok();
        Self {
            folder: folder.filter(|_| spiller.is_some()).map(Arc::from),
            budget,
            spiller,
            started: Instant::now(),
            calls: RwLock::default(),
            changed: Mutex::default(),
            attachments: Mutex::default(),
            line_index: Mutex::default(),
        }
    }

    /// Adds an attempt to those of a call; the oldest beyond the bound is
    /// forgotten.
    pub(super) fn add_attempt(&self, output: &CallAttempts, number: AttemptNo) -> Arc<Attempt> {
        let mut attempts = output.lock();
        let earlier = attempts.iter().filter_map(|kept| match kept {
            KeptAttempt::Streams(attempt) => Some(Arc::downgrade(attempt)),
            KeptAttempt::Silent(_) => None,
        });
        let earlier = earlier.collect();
        let fresh = Arc::new(output.new_attempt(number, earlier, self.folder.as_ref()));
        // Most calls have one attempt.
        attempts.reserve_exact(1);
        attempts.push(KeptAttempt::Streams(Arc::clone(&fresh)));
        if attempts.len() > self.budget.bounds.attempts {
            attempts.remove(0);
        }
        fresh
    }

    pub(super) fn output(&self, call: CallId) -> Option<Arc<CallAttempts>> {
        let calls = self.calls.read().unwrap_or_else(PoisonError::into_inner);
        calls.get(&call).cloned()
    }

    pub(super) fn output_or_new(&self, call: CallId) -> Arc<CallAttempts> {
        let mut calls = self.calls.write().unwrap_or_else(PoisonError::into_inner);
        let output = calls.entry(call);
        Arc::clone(output.or_insert_with(|| Arc::new(CallAttempts::new(call, &self.budget))))
    }

    pub(super) fn forget(&self, call: CallId) {
        let mut calls = self.calls.write().unwrap_or_else(PoisonError::into_inner);
        calls.remove(&call);
        drop(calls);
        self.attachments().forget(call);
    }

    /// Things that calls handed over beside their text.
    pub(super) fn attachments(&self) -> MutexGuard<'_, Attachments> {
        self.attachments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Empties the list of calls that printed something.
    pub(super) fn take_changed(&self) -> Vec<CallId> {
        let taken = std::mem::take(&mut *self.lock_changed());
        for call in &taken {
            if let Some(output) = self.output(*call) {
                output.is_listed.store(false, Ordering::Release);
            }
        }
        taken
    }

    fn lock_changed(&self) -> std::sync::MutexGuard<'_, Vec<CallId>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the lines that a stream completed.
    pub(super) fn note_lines(&self, attempt: &Attempt, stream: Stream, lines: Range<u64>) {
        let mut line_index = self
            .line_index
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let whose = (attempt.call, attempt.number);
        line_index.push(whose, stream, lines.start, lines.end - lines.start);
    }

    /// Lists a call as changed; each stands in the list once.
    pub(super) fn note_changed(&self, call: CallId, output: &CallAttempts) {
        output.generation.fetch_add(1, Ordering::AcqRel);
        if !output.is_listed.swap(true, Ordering::AcqRel) {
            self.lock_changed().push(call);
        }
    }
}
