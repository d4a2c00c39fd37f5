//! Lanes of calls that run without the scheduler.

use crate::engine::run::EngineLoop;
use crate::model::{CallId, CallState, LaneId};

impl EngineLoop {
    /// Finds the first lane that neither the scheduler nor a watched call has,
    /// and gives it to a call.
    pub(super) fn free_lane(&mut self, id: CallId) -> LaneId {
        let scheduled = self.scheduler.lanes();
        let is_free = |lane: &LaneId| {
            let busy = scheduled.get(lane.0 as usize).is_some_and(Option::is_some);
            !busy && self.agents.lanes.values().all(|taken| taken != lane)
        };
        let lanes = (0..u32::MAX).map(LaneId);
        let lane = lanes.into_iter().find(is_free).unwrap_or(LaneId(0));
        self.agents.lanes.insert(id, lane);
        lane
    }

    /// The call in each lane. Where the scheduler took the lane of a watched
    /// call, that one moves to another.
    pub(in crate::engine) fn lanes(&mut self) -> Vec<Option<CallId>> {
        let mut lanes = self.scheduler.lanes().to_vec();
        let watched: Vec<(CallId, LaneId)> = self
            .agents
            .lanes
            .iter()
            .map(|(id, lane)| (*id, *lane))
            .collect();
        for (id, lane) in watched {
            let mut place = lane.0 as usize;
            if lanes.get(place).is_some_and(Option::is_some) {
                let free = lanes.iter().position(Option::is_none);
                place = free.unwrap_or(lanes.len());
                self.move_to_lane(id, LaneId(place as u32));
            }
            if place >= lanes.len() {
                lanes.resize(place + 1, None);
            }
            lanes[place] = Some(id);
        }
        lanes
    }

    fn move_to_lane(&mut self, id: CallId, to: LaneId) {
        self.agents.lanes.insert(id, to);
        let now = self.clock.now();
        let state = match self.rows.get(id).map(|row| row.state) {
            Some(CallState::Running { epoch, .. }) => CallState::Running { lane: to, epoch },
            Some(CallState::Starting { epoch, .. }) => CallState::Starting { lane: to, epoch },
            Some(CallState::Stopping {
                epoch, step, cause, ..
            }) => CallState::Stopping {
                lane: to,
                epoch,
                step,
                cause,
            },
            _ => return,
        };
        self.rows.set_state(id, state, now);
        if let Some(attempt) = self.rows.edit(id).and_then(|row| row.attempts.last_mut()) {
            attempt.lane = to;
        }
    }
}
