//! Readings of CPU and memory, and the bounded histories behind sparklines.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Where a figure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MeasureSource {
    /// The operating system's accounting at the end.
    Exact,
    /// Readings taken now and then: a short peak may have been missed.
    Sampled,
}

/// A figure together with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// The figure, in the unit the field that holds it names.
    pub value: u64,
    /// Where it comes from.
    pub source: MeasureSource,
}

/// One reading of a call's whole process tree.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CallSample {
    /// Cores in use since the last reading (2.12 is 212 %); `None` where there
    /// was no earlier reading to compare with.
    pub cpu_cores: Option<f32>,
    /// Resident memory of the tree, in bytes.
    pub rss_bytes: u64,
    /// CPU time of the tree so far, in milliseconds, as far as it was seen.
    pub cpu_ms: u64,
    /// Bytes read from and written to disks by the tree so far, where known.
    pub disk_bytes: Option<u64>,
    /// Processes in the tree.
    pub processes: u32,
    /// Time in which its threads could run and waited for a core so far, summed
    /// up, in milliseconds; `None` where it was not seen.
    #[serde(default)]
    pub waited_ms: Option<u64>,
}

/// One reading of the machine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MachineSample {
    /// Cores in use on the whole machine; `None` at the first reading.
    pub cpu_cores: Option<f32>,
    /// Use of each core, 0 to 1; empty at the first reading.
    pub per_core: Vec<f32>,
    /// Memory in use, in bytes.
    pub memory_used_bytes: u64,
    /// Memory there is, in bytes.
    pub memory_total_bytes: u64,
    /// Whose memory the two figures are.
    pub memory_scope: MemoryScope,
    /// Swap in use, in bytes.
    pub swap_used_bytes: u64,
    /// Swap of the machine, in bytes.
    pub swap_total_bytes: u64,
    /// Load average over one minute.
    pub load_one: f64,
    /// How much is waited for cores and memory; `None` where this system tells
    /// nothing of it, and at the first reading.
    pub pressure: Option<Pressure>,
    /// Bytes that the network devices receive and send; `None` where the system
    /// has no such counters, and at the first reading.
    #[serde(default)]
    pub network: Option<Flow>,
    /// Bytes that the disks read and write; `None` as for `network`.
    #[serde(default)]
    pub disks: Option<Flow>,
    /// Cores in use by the calls and their servers; `None` where it was not
    /// read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_cores: Option<f32>,
    /// Resident memory of the calls and their servers, in bytes; `None` where it
    /// was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_rss_bytes: Option<u64>,
}

/// Bytes in and out since the last reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Flow {
    /// Received, or read: bytes a second.
    pub in_bytes_per_second: u64,
    /// Sent, or written: bytes a second.
    pub out_bytes_per_second: u64,
}

/// How much was waited for cores and memory since the last reading.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pressure {
    /// Share of the time in which something that could run waited for a core,
    /// 0 to 1: about the processes that could run beyond the cores, by core.
    pub cpu: f32,
    /// Share of the time in which nothing could go on because of memory, 0 to
    /// 1; `None` where it is unknown.
    pub memory_full: Option<f32>,
    /// Where the figures come from.
    pub source: PressureSource,
}

/// Where a pressure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PressureSource {
    /// The system's account of stalls.
    Measured,
    /// Derived from other readings: runnable processes, busy cores.
    #[default]
    Estimated,
}

/// Scope of a reading of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryScope {
    /// The machine's.
    #[default]
    Machine,
    /// That of the control group this process is in, which may use less than
    /// the machine has.
    ControlGroup,
}

/// A bounded history of readings, oldest first. A reading that was missed is a
/// `None`: a gap, never a zero.
#[derive(Debug, Clone, PartialEq)]
pub struct History<T> {
    limit: usize,
    readings: VecDeque<Option<T>>,
}

impl<T> History<T> {
    /// An empty history of at most `limit` readings.
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            readings: VecDeque::new(),
        }
    }

    /// Adds a reading, or a gap, and forgets the oldest beyond the limit.
    pub fn push(&mut self, reading: Option<T>) {
        while self.readings.len() >= self.limit {
            self.readings.pop_front();
        }
        self.readings.push_back(reading);
    }

    /// The readings, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Option<&T>> + ExactSizeIterator {
        self.readings.iter().map(Option::as_ref)
    }

    /// The latest reading; `None` where it is missing.
    pub fn latest(&self) -> Option<&T> {
        self.readings.back().and_then(Option::as_ref)
    }

    /// The latest reading, to be changed; `None` where it is missing.
    pub fn latest_mut(&mut self) -> Option<&mut T> {
        self.readings.back_mut().and_then(Option::as_mut)
    }

    /// How many readings and gaps are kept.
    pub fn len(&self) -> usize {
        self.readings.len()
    }

    /// Whether nothing has been read yet.
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty()
    }
}

/// How often the machine and the calls are read by default.
pub const DEFAULT_PERIOD: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_is_bounded_and_keeps_gaps() {
        let mut history = History::new(2);
        history.push(Some(1));
        history.push(None);
        history.push(Some(3));
        assert_eq!(history.iter().collect::<Vec<_>>(), [None, Some(&3)]);
        assert_eq!(history.latest(), Some(&3));
    }
}
