//! A load under way: what its steps share.

use super::same::Answers;
use super::{LoadCalls, LoadFindings, LoadObserver, LoadRequest, LoadTarget};

/// A load under way.
pub(super) struct Load<'a> {
    pub(super) calls: &'a dyn LoadCalls,
    pub(super) target: &'a mut dyn LoadTarget,
    pub(super) observer: &'a mut dyn LoadObserver,
    pub(super) findings: LoadFindings,
    /// The outputs that are compared.
    pub(super) answers: Option<Answers>,
}

impl Load<'_> {
    /// Returns the request.
    pub(super) fn request(&self) -> &LoadRequest {
        &self.findings.request
    }

    /// Publishes the findings.
    pub(super) fn publish(&mut self) {
        self.observer.updated(&self.findings);
    }
}
