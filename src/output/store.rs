//! The store of all output of a run.

use std::path::PathBuf;
use std::sync::Arc;

use super::attachments::Attachment;
use super::shared::Shared;
use super::{Bounds, Sink};
use crate::model::{AttemptNo, CallId};

/// Everything the calls of a run print; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) shared: Arc<Shared>,
}

impl Store {
    /// A store that spills to files in `folder`, which is made (0700) when the
    /// first file is needed. Without a folder, or where no thread can be
    /// started, what does not fit into memory is dropped and counted.
    pub fn new(folder: Option<PathBuf>, bounds: Bounds) -> Self {
        Self {
            shared: Arc::new(Shared::new(folder, bounds)),
        }
    }

    /// Creates the sink of one attempt. Earlier attempts of the call are kept
    /// beside it.
    pub fn sink(&self, call: CallId, attempt: AttemptNo) -> Sink {
        self.shared.attachments().forget(call);
        let output = self.shared.output_or_new(call);
        let fresh = self.shared.add_attempt(&output, attempt);
        self.shared.note_changed(call, &output);
        Sink::new(Arc::clone(&self.shared), output, fresh)
    }

    /// Returns what a call handed over beside its text.
    pub fn attachments(&self, call: CallId) -> Vec<Attachment> {
        self.shared.attachments().of(call).to_vec()
    }

    /// Forgets what a call printed, whose number another one takes.
    pub fn forget(&self, call: CallId) {
        self.shared.forget(call);
    }

    /// The calls that printed something since this was last asked.
    pub fn take_changed(&self) -> Vec<CallId> {
        self.shared.take_changed()
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
