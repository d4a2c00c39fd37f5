//! Ranks: how long the longest chain of a call and its dependents is expected
//! to take.
//!
//! `rank(i) = d(i) + max rank(children)`, the upward rank of HEFT on one
//! machine (H. Topcuoglu, S. Hariri, M. Wu, 2002). A call without an estimate
//! counts one second.

use super::Scheduler;
use crate::model::CallId;
use crate::sched::call_record::CallStage;

impl Scheduler {
    /// Ranks the calls from index `batch` on, and corrects the ranks of older
    /// ones that they depend on.
    pub(super) fn rank(&mut self, batch: usize) {
        let mut unranked = vec![0u32; self.calls.len() - batch];
        let mut ranked = Vec::new();
        for index in batch..self.calls.len() {
            let mut edge = self.graph.first(CallId::from_index(index));
            while let Some((_, _, next)) = self.graph.edge(edge) {
                unranked[index - batch] += 1;
                edge = next;
            }
            if unranked[index - batch] == 0 {
                ranked.push(CallId::from_index(index));
            }
        }
        let mut raised = Vec::new();
        while let Some(child) = ranked.pop() {
            let behind = self.calls[child].rank;
            for edge in self.graph.parents(child) {
                let index = edge.call.index();
                if index < batch {
                    raised.push((edge.call, behind));
                    continue;
                }
                let parent = &mut self.calls[edge.call];
                parent.rank = parent.rank.max(parent.estimate.saturating_add(behind));
                unranked[index - batch] -= 1;
                if unranked[index - batch] == 0 {
                    ranked.push(edge.call);
                }
            }
        }
        self.raise(raised);
    }

    /// Raises the ranks of calls that got a longer chain behind them, and of
    /// those before them.
    fn raise(&mut self, mut raised: Vec<(CallId, u64)>) {
        while let Some((id, behind)) = raised.pop() {
            let record = &self.calls[id];
            let rank = record.estimate.saturating_add(behind);
            if rank > record.rank {
                let is_ready = record.stage == CallStage::Ready;
                if is_ready {
                    self.dequeue(id);
                }
                self.calls[id].rank = rank;
                if is_ready {
                    self.enqueue(id);
                }
                let parents = self.graph.parents(id);
                raised.extend(parents.map(|edge| (edge.call, rank)));
            }
        }
    }
}
