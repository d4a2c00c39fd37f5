//! News of the calls of a load, for whoever measures it.

use std::sync::Arc;
use std::time::Duration;

use super::{CallId, CallRow};

/// Something that happened to a call of a load.
#[derive(Debug, Clone)]
pub enum LoadNews {
    /// Its attempt was launched.
    Started {
        /// The call.
        call: CallId,
        /// When, on the run's clock.
        at: Duration,
    },
    /// It has ended.
    Ended(Arc<CallRow>),
}
