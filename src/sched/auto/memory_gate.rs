//! The memory gate: nothing more starts while memory is short.

use std::time::Duration;

use super::super::input::MachineReading;
use super::super::moment::Moment;
use crate::model::CapCause;

/// Free memory under this share of all is short.
const LOW_SHARE: f64 = 0.10;
/// It is short under this, too, in bytes, but never above
/// [`MOST_LOW_SHARE`] of all.
const LOW: f64 = (1u64 << 30) as f64;
const MOST_LOW_SHARE: f64 = 0.25;
/// It is there again from this factor of what is short on.
const BACK: f64 = 1.5;
/// Share of the time stalled for memory that shows it is short, where not much of
/// it is free: a machine that gives up its file cache stalls, too.
const STALLED: f64 = 0.05;
/// Free memory under this share of all is not much.
const SCARCE: f64 = 0.25;
/// Below this share it is no longer.
const CALM: f64 = 0.01;
/// For so long it has to be there before more starts.
const SETTLE: Duration = Duration::from_secs(5);

/// Whether calls may start, as far as memory goes.
#[derive(Debug, Default)]
pub(super) struct MemoryGate {
    is_shut: bool,
    /// Since when there has been enough, while it is shut.
    enough_since: Option<Moment>,
}

impl MemoryGate {
    pub(super) fn is_shut(&self) -> bool {
        self.is_shut
    }

    /// Takes a reading; why it shut or opened, if it did. Without readings of
    /// memory it stays as it is.
    pub(super) fn read(&mut self, now: Moment, reading: &MachineReading) -> Option<CapCause> {
        let free = reading.memory_available_bytes? as f64;
        let all = reading.memory_total_bytes? as f64;
        let stalled = reading.memory_stalled.unwrap_or(0.0);
        let low = (all * LOW_SHARE).max(LOW.min(all * MOST_LOW_SHARE));
        if free < low || stalled > STALLED && free < all * SCARCE {
            self.enough_since = None;
            let was_open = !std::mem::replace(&mut self.is_shut, true);
            return was_open.then_some(CapCause::MemoryShort);
        }
        if !self.is_shut {
            return None;
        }
        if free < low * BACK || stalled > CALM {
            self.enough_since = None;
            return None;
        }
        let since = *self.enough_since.get_or_insert(now);
        if now.since(since) < SETTLE {
            return None;
        }
        self.is_shut = false;
        self.enough_since = None;
        Some(CapCause::MemoryBack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shuts_at_once_and_opens_once_there_is_plenty_for_a_while() {
        let mut gate = MemoryGate::default();
        let mut read = |second, gib: f64, stalled| {
            let reading = MachineReading {
                memory_available_bytes: Some((gib * LOW) as u64),
                memory_total_bytes: Some(16 << 30),
                memory_stalled: Some(stalled),
                ..MachineReading::default()
            };
            gate.read(Moment::from(Duration::from_secs(second)), &reading)
        };
        assert_eq!(read(0, 8.0, 0.0), None);
        assert_eq!(read(1, 1.5, 0.0), Some(CapCause::MemoryShort));
        assert_eq!(read(2, 1.5, 0.0), None);
        assert_eq!(read(3, 2.0, 0.0), None, "not plenty");
        assert_eq!(read(4, 4.0, 0.0), None, "not for long");
        assert_eq!(read(8, 4.0, 0.02), None, "stalled meanwhile");
        assert_eq!(read(9, 4.0, 0.0), None);
        assert_eq!(read(14, 4.0, 0.0), Some(CapCause::MemoryBack));
        assert_eq!(read(15, 8.0, 0.06), None, "half of it is free");
        assert_eq!(read(16, 3.0, 0.06), Some(CapCause::MemoryShort));
    }

    #[test]
    fn a_small_machine_is_not_shut_for_good() {
        let mut gate = MemoryGate::default();
        let reading = MachineReading {
            memory_available_bytes: Some(600 << 20),
            memory_total_bytes: Some(1 << 30),
            ..MachineReading::default()
        };
        assert_eq!(gate.read(Moment::START, &reading), None);
    }
}
