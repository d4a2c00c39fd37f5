//! Calls that change something on one server at the same time because the user
//! allows it: the effect of each of them is uncertain.

use std::collections::BTreeMap;

use crate::model::{Access, CallId, OverlapHazard, ServerName};

/// Calls that servers work on, and the overlaps found so far.
#[derive(Debug, Default)]
pub(super) struct OverlapDetector {
    at_work: BTreeMap<CallId, (ServerName, Access)>,
    found: BTreeMap<ServerName, OverlapHazard>,
}

impl OverlapDetector {
    /// Notes that a call starts. Returns the calls it overlaps with: only pairs of
    /// which one was relaxed by the user are hazards, since what the user
    /// keyed otherwise is meant to overlap.
    pub(super) fn began(
        &mut self,
        call: CallId,
        server: &ServerName,
        access: Access,
    ) -> Vec<CallId> {
        if !matches!(access, Access::Relaxed | Access::Keyed) {
            return Vec::new();
        }
        let at_work = self.at_work.iter();
        let others: Vec<CallId> = at_work
            .filter(|(_, (its, _))| its == server)
            .filter(|(_, (_, its))| access == Access::Relaxed || *its == Access::Relaxed)
            .map(|(other, _)| *other)
            .collect();
        self.at_work.insert(call, (server.clone(), access));
        if !others.is_empty() {
            let hazard = self
                .found
                .entry(server.clone())
                .or_insert_with(|| OverlapHazard::on(server.clone()));
            hazard.add(call, &others);
        }
        others
    }

    /// Notes that a call has ended.
    pub(super) fn ended(&mut self, call: CallId) {
        self.at_work.remove(&call);
    }

    /// Returns the overlaps found so far, one entry a server.
    pub(super) fn found(&self) -> Vec<OverlapHazard> {
        self.found.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(index: usize) -> CallId {
        CallId::from_index(index)
    }

    #[test]
    fn only_what_was_relaxed_and_overlaps_is_a_hazard() {
        let (one, other) = (ServerName::new("a"), ServerName::new("b"));
        let mut hazards = OverlapDetector::default();
        assert!(hazards.began(call(0), &one, Access::Relaxed).is_empty());
        assert!(hazards.began(call(1), &other, Access::Relaxed).is_empty());
        assert!(hazards.began(call(2), &one, Access::ReadOnly).is_empty());
        assert_eq!(hazards.began(call(3), &one, Access::Keyed), [call(0)]);
        hazards.ended(call(0));
        assert!(hazards.began(call(4), &one, Access::Keyed).is_empty());
        let found = hazards.found();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].calls, [call(0), call(3)]);
        assert_eq!(found[0].overlaps, 1);
    }
}
