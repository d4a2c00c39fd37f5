//! The limit on open files: raised for this program, which holds the pipes of
//! all calls, and passed on to tools unchanged.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::model::Cap;

/// Descriptors that one call needs at most: the supervisor's socket, three
/// pipes with the tool's ends while it starts, two spill files.
const PER_CALL: u64 = 9;

/// Descriptors that the program needs beside its calls.
const BESIDE: u64 = 20;

/// The program's limit on open files.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenFiles {
    /// Soft limit that the program was started with; `None` is no limit.
    pub(super) before: Option<u64>,
    /// Soft limit now; `None` is no limit.
    now: Option<u64>,
}

impl OpenFiles {
    /// Raises the soft limit as far as the hard one allows.
    pub(super) fn raise() -> Self {
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        let is_raised = setrlimit(Resource::Nofile, raised).is_ok();
        Self {
            before: limit.current,
            now: if is_raised {
                limit.maximum
            } else {
                limit.current
            },
        }
    }

    /// Reads the limit and leaves it.
    pub(super) fn as_it_is() -> Self {
        let limit = getrlimit(Resource::Nofile).current;
        Self {
            before: limit,
            now: limit,
        }
    }

    /// Returns the number of lanes that there are descriptors for, at least one.
    pub(super) fn most_lanes(self) -> Cap {
        let free = self.now.map(|limit| limit.saturating_sub(BESIDE));
        let lanes = free.map_or(u64::from(Cap::MAX), |free| free / PER_CALL);
        Cap::new(u32::try_from(lanes).unwrap_or(Cap::MAX)).unwrap_or(Cap::ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn torture_51_few_descriptors_are_few_lanes() {
        let lanes = |now| OpenFiles { before: None, now }.most_lanes().get();
        assert_eq!(lanes(Some(40)), 2);
        assert_eq!(lanes(Some(10)), 1);
        assert_eq!(lanes(Some(1024)), 111);
        assert_eq!(lanes(Some(1_000_000)), Cap::MAX);
        assert_eq!(lanes(None), Cap::MAX);
    }
}
