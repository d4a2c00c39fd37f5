//! The picture of a run that snapshots carry.

use std::sync::Arc;

use super::run::EngineLoop;
use crate::model::{CallId, OverlapHazard, Snapshot};

impl EngineLoop {
    /// The picture before anything has started.
    pub(super) fn first_snapshot(&mut self) -> Arc<Snapshot> {
        self.sync_servers();
        Arc::new(self.build_snapshot())
    }

    /// The picture now, with every waiting call's reason up to date.
    pub(super) fn snapshot(&mut self) -> Snapshot {
        self.refresh_waits(self.clock.now());
        self.sync_servers();
        self.build_snapshot()
    }

    fn build_snapshot(&mut self) -> Snapshot {
        self.cap_log.auto = self.scheduler.auto_cap();
        renew(&mut self.lists.lanes, self.scheduler.lanes().to_vec());
        renew(&mut self.lists.queue, self.scheduler.queue());
        renew(&mut self.lists.finished, self.rows.finished());
        renew(&mut self.lists.hazards, self.hazards.found());
        let now = self.clock.now();
        Snapshot {
            revision: self.revision,
            now,
            run: self.id.clone(),
            plan: Arc::clone(&self.plan_name),
            started_at: self.started_at,
            phase: self.scheduler.phase(),
            is_suspended: self.clock.is_suspended(),
            suspended_for: self.clock.suspended_for(),
            policy: self.policy,
            highest_cap: self.cap_log.highest,
            auto: self.cap_log.auto,
            cap_changes: Arc::clone(&self.cap_log.changes),
            learned: Arc::default(),
            load_samples: Arc::clone(&self.cap_log.load_samples),
            counts: self.rows.counts(),
            calls: self.rows.shared(),
            lanes: Arc::clone(&self.lists.lanes),
            lane_time: self.lane_time.at(now),
            queue: Arc::clone(&self.lists.queue),
            finished: Arc::clone(&self.lists.finished),
            machine: Arc::clone(&self.machine),
            cores: self.cores,
            missed_samples: self.missed_samples,
            hazards: Arc::clone(&self.lists.hazards),
            servers: self.servers.rows(),
            server_gauges: self.servers.gauges(),
            notice: self.notice.clone(),
        }
    }
}

/// The lists of the last picture; the same ones go out again where nothing in
/// them has changed.
#[derive(Debug, Default)]
pub(super) struct Lists {
    lanes: Arc<Vec<Option<CallId>>>,
    queue: Arc<Vec<CallId>>,
    finished: Arc<Vec<CallId>>,
    hazards: Arc<Vec<OverlapHazard>>,
}

fn renew<T: PartialEq>(list: &mut Arc<Vec<T>>, now: Vec<T>) {
    if **list != now {
        *list = Arc::new(now);
    }
}
