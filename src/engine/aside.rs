//! Work that may have to read the disk, done away from the loop: what comes of
//! it is news. A panic in it is news as well, so that no call waits for ever.

use std::sync::Arc;

use super::launcher::{CallNames, Refused};
use super::outputs;
use super::run::{Completion, EngineLoop};
use crate::model::{Call, CallId, Ending, Epoch};

/// What a call fails with whose part of this panicked.
const INTERNAL: &str = "an internal error ended it: reading outputs panicked";

impl EngineLoop {
    /// Resolves the arguments of a start.
    pub(super) fn resolve_args_aside(&self, id: CallId, epoch: Epoch) {
        let Some(call) = self.calls.get(id.index()).cloned() else {
            return;
        };
        let parents = self.parents_of(&call);
        let launcher = Arc::clone(&self.launcher);
        let news = move |args| Completion::Resolved {
            call: id,
            epoch,
            args,
        };
        self.spawn_aside(
            move || news(launcher.resolve(&call, &parents)),
            move || news(Err(Refused(INTERNAL.to_owned()))),
        );
    }

    /// Looks at the output of a success whose tool promised JSON.
    pub(super) fn check_output_aside(&self, call: &Call, epoch: Epoch, ending: Ending) {
        let (id, tool) = (call.id, call.tool.clone());
        let launcher = Arc::clone(&self.launcher);
        let news = move |ending| Completion::Settled {
            call: id,
            epoch,
            ending,
        };
        self.spawn_aside(
            move || {
                news(outputs::check_json_output(
                    &launcher.store,
                    id,
                    ending,
                    &|output| launcher.catalogue.validate_output(&tool, output),
                ))
            },
            move || news(Ending::refused(INTERNAL)),
        );
    }

    fn spawn_aside(
        &self,
        work: impl FnOnce() -> Completion + Send + 'static,
        panicked: impl FnOnce() -> Completion + Send + 'static,
    ) {
        let sender = self.news_sender.clone();
        tokio::spawn(async move {
            let done = tokio::task::spawn_blocking(work).await;
            let news = done.unwrap_or_else(|_panic| panicked());
            // The loop has ended: nobody waits for this any more.
            let _ = sender.send(news).await;
        });
    }

    /// The calls that a call may refer to, by name.
    fn parents_of(&self, call: &Call) -> CallNames {
        let is_parent = |id: CallId| call.after.iter().any(|edge| edge.call == id);
        let parents = self.names.iter();
        parents
            .filter(|(_, parent)| is_parent(parent.call))
            .map(|(name, parent)| (name.clone(), *parent))
            .collect()
    }
}
