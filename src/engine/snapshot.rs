//! Builds the snapshot of a run.
//!
//! A snapshot costs what changed since the last one: rows share their pages,
//! lists go out again as long as they are true, and where many calls wait, their
//! order and reasons are found out again less often.

use std::sync::Arc;
use std::time::Instant;

use super::run::EngineLoop;
use super::snapshot_lists::{FEW, renew};
use crate::model::{CallId, Snapshot};

/// Times as long as it took that the order of more calls is kept.
const QUEUE_SHARE: u32 = 32;

impl EngineLoop {
    /// Returns the snapshot before anything has started.
    pub(super) fn first_snapshot(&mut self) -> Arc<Snapshot> {
        self.sync_servers();
        self.lists.queue = Arc::new(self.scheduler.queue());
        Arc::new(self.build_snapshot())
    }

    /// Returns the snapshot of now.
    pub(super) fn snapshot(&mut self) -> Snapshot {
        self.refresh_queue();
        self.sync_servers();
        self.build_snapshot()
    }

    /// Brings the order and the reasons of waiting calls up to date. Of many
    /// calls the last order is kept for a while, without those that have left
    /// it, so that no more than a small share of the time goes into it.
    fn refresh_queue(&mut self) {
        let departed = self.rows.take_departed();
        let counts = self.rows.counts();
        let begun = Instant::now();
        if counts.queued + counts.retrying > FEW
            && self.lists.queue_due.is_some_and(|due| begun < due)
        {
            self.lists.leave_queue(departed);
            return;
        }
        self.refresh_waits(self.clock.now());
        let mut queue = self.scheduler.queue();
        // Calls that are held, or wait for others than this run's scheduler.
        let is_waiting = |id: &CallId| self.rows.get(*id).is_some_and(|it| it.state.is_waiting());
        queue.extend(self.agents.unscheduled().filter(is_waiting));
        renew(&mut self.lists.queue, queue);
        self.lists.queue_due = Some(begun + begun.elapsed() * QUEUE_SHARE);
    }

    fn build_snapshot(&mut self) -> Snapshot {
        self.cap_log.auto = self.scheduler.auto_cap();
        let lanes = self.lanes();
        renew(&mut self.lists.lanes, lanes);
        if self.lists.finished_count != self.rows.finished_count() {
            self.lists.finished_count = self.rows.finished_count();
            self.lists.finished = Arc::new(self.rows.finished());
        }
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
            calls: self.rows.all(),
            lanes: Arc::clone(&self.lists.lanes),
            lane_time: self.lane_time.at(now),
            queue: Arc::clone(&self.lists.queue),
            finished: Arc::clone(&self.lists.finished),
            machine: self.sampling.machine(),
            cores: self.sampling.cores(),
            missed_samples: self.sampling.missed(),
            hazards: Arc::clone(&self.lists.hazards),
            servers: self.servers.rows(),
            server_gauges: self.servers.gauges(),
            agents: self.agents.shown(),
            round: self.round,
            planned: Arc::clone(&self.planned),
            inspection: self.inspection.clone(),
            notice: self.notice.clone(),
        }
    }
}
