//! The store of all output of a run.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Instant;

use super::attempt::Attempt;
use super::line_index::LineIndex;
use super::spiller::Spiller;
use super::storage_budget::StorageBudget;
use super::{Bounds, Sink, Stream};
use crate::model::{AttemptNo, CallId};

/// Everything the calls of a run print; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) shared: Arc<Shared>,
}

/// State that all handles share.
#[derive(Debug)]
pub(super) struct Shared {
    folder: Option<PathBuf>,
    pub(super) budget: Arc<StorageBudget>,
    pub(super) spiller: Option<Spiller>,
    pub(super) started: Instant,
    calls: RwLock<BTreeMap<CallId, Arc<CallOutput>>>,
    changed: Mutex<Vec<CallId>>,
    pub(super) line_index: Mutex<LineIndex>,
}

/// The output of one call: its attempts, the last one last.
#[derive(Debug, Default)]
pub(super) struct CallOutput {
    pub(super) attempts: Mutex<Vec<Arc<Attempt>>>,
    pub(super) generation: AtomicU64,
    is_listed: AtomicBool,
    disk: Arc<AtomicU64>,
    pub(super) last_line: Mutex<(u64, Arc<str>)>,
}

impl CallOutput {
    /// One attempt, or the last one.
    pub(super) fn attempt(&self, number: Option<AttemptNo>) -> Option<Arc<Attempt>> {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        match number {
            None => attempts.last().cloned(),
            Some(number) => attempts.iter().find(|one| one.number == number).cloned(),
        }
    }
}

impl CallOutput {
    /// The attempts that can be read, oldest first.
    pub(super) fn numbers(&self) -> Vec<AttemptNo> {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.iter().map(|attempt| attempt.number).collect()
    }
}

impl Store {
    /// A store that spills to files in `folder`, which is made (0700) when the
    /// first file is needed. Without a folder, or where no thread can be
    /// started, what does not fit into memory is dropped and counted.
    pub fn new(folder: Option<PathBuf>, bounds: Bounds) -> Self {
        let budget = Arc::new(StorageBudget::new(bounds));
        let spiller = Spiller::start(Arc::clone(&budget))
            .map_err(|error| budget.note_problem(error.to_string()))
            .ok();
        Self {
            shared: Arc::new(Shared {
                folder: folder.filter(|_| spiller.is_some()),
                budget,
                spiller,
                started: Instant::now(),
                calls: RwLock::default(),
                changed: Mutex::default(),
                line_index: Mutex::default(),
            }),
        }
    }

    /// Creates the sink of one attempt. Earlier attempts of the call are kept
    /// beside it.
    pub fn sink(&self, call: CallId, attempt: AttemptNo) -> Sink {
        let output = self.shared.output_or_new(call);
        let budget = &self.shared.budget;
        let mut attempts = output
            .attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let earlier: Vec<Weak<Attempt>> = attempts.iter().map(Arc::downgrade).collect();
        let fresh = Arc::new(Attempt::new(
            call,
            attempt,
            Arc::clone(&output.disk),
            earlier,
            Arc::clone(budget),
            self.shared.folder.as_ref(),
        ));
        attempts.push(Arc::clone(&fresh));
        if attempts.len() > budget.bounds.attempts {
            attempts.remove(0);
        }
        drop(attempts);
        self.shared.note_changed(call, &output);
        Sink::new(Arc::clone(&self.shared), output, fresh)
    }

    /// The calls that printed something since this was last asked.
    pub fn take_changed(&self) -> Vec<CallId> {
        let mut changed = self.shared.lock_changed();
        let taken = std::mem::take(&mut *changed);
        for call in &taken {
            if let Some(output) = self.shared.output(*call) {
                output.is_listed.store(false, Ordering::Release);
            }
        }
        taken
    }

    /// The first error that kept output from being written to disk.
    pub fn problem(&self) -> Option<String> {
        self.shared.budget.problem()
    }

    /// The limits on what is kept.
    pub fn bounds(&self) -> &Bounds {
        &self.shared.budget.bounds
    }

    /// Bytes of memory that output takes now.
    pub fn memory_bytes(&self) -> u64 {
        self.shared.budget.memory_bytes()
    }

    /// Bytes of disk that output takes now.
    pub fn disk_bytes(&self) -> u64 {
        self.shared.budget.disk_bytes()
    }
}

impl Shared {
    pub(super) fn output(&self, call: CallId) -> Option<Arc<CallOutput>> {
        let calls = self.calls.read().unwrap_or_else(PoisonError::into_inner);
        calls.get(&call).cloned()
    }

    fn output_or_new(&self, call: CallId) -> Arc<CallOutput> {
        let mut calls = self.calls.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(calls.entry(call).or_default())
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
    pub(super) fn note_changed(&self, call: CallId, output: &CallOutput) {
        output.generation.fetch_add(1, Ordering::AcqRel);
        if !output.is_listed.swap(true, Ordering::AcqRel) {
            self.lock_changed().push(call);
        }
    }
}
