//! Time that processes lose waiting for cores and memory.
//!
//! Reads the kernel's pressure stall information (`PSI`,
//! `Documentation/accounting/psi.rst`), that of the own control group before
//! that of the machine. Its averages lag too far behind, so the totals are used.
//! Without it, the runnable processes are counted against the cores.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::model::{Pressure, PressureSource};

/// Reads the pressure, as differences between readings.
#[derive(Debug)]
pub(super) struct PressureReader {
    /// The `cpu.pressure` file that is read; `None` where there is none.
    cpu: Option<PathBuf>,
    /// The `memory.pressure` file that is read; `None` where there is none.
    memory: Option<PathBuf>,
    last: Option<StallTotals>,
    /// Number of cores that this process may use.
    cores: f32,
}

/// Stalled time since the start of the machine or group, in microseconds.
#[derive(Debug, Clone, Copy)]
struct StallTotals {
    at: Instant,
    /// Time in which at least one process waited for a core.
    cpu_some: u64,
    /// Time in which every process waited for memory.
    memory_full: Option<u64>,
}

impl PressureReader {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            cpu: pressure_file("cpu", "some"),
            memory: pressure_file("memory", "full"),
            last: None,
            cores: cores as f32,
        }
    }

    /// Returns the pressure since the last reading; `None` at the first, and
    /// where nothing is known.
    pub(super) fn read(&mut self) -> Option<Pressure> {
        let Some(cpu) = &self.cpu else {
            return self.by_runnable();
        };
        let now = StallTotals {
            at: Instant::now(),
            cpu_some: total_of(cpu, "some")?,
            memory_full: self.memory.as_deref().and_then(|it| total_of(it, "full")),
        };
        let last = self.last.replace(now)?;
        let took = now.at.saturating_duration_since(last.at).as_micros();
        let share = |now: u64, before: u64| {
            let stalled = now.saturating_sub(before) as f32;
            (stalled / took.max(1) as f32).clamp(0.0, 1.0)
        };
        let memory = now.memory_full.zip(last.memory_full);
        Some(Pressure {
            cpu: share(now.cpu_some, last.cpu_some),
            memory_full: memory.map(|(now, before)| share(now, before)),
            source: PressureSource::Measured,
        })
    }

    /// Estimates the pressure from the number of runnable processes, this one not
    /// counted.
    fn by_runnable(&self) -> Option<Pressure> {
        let text = std::fs::read_to_string("/proc/stat").ok()?;
        let runnable = runnable(&text)?.saturating_sub(1) as f32;
        Some(Pressure {
            cpu: ((runnable - self.cores) / self.cores).clamp(0.0, 1.0),
            memory_full: None,
            source: PressureSource::Estimated,
        })
    }
}

/// Finds the pressure file closest to the processes that are started from here.
fn pressure_file(resource: &str, kind: &str) -> Option<PathBuf> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"));
    let own = own.map(|own| {
        let folder = Path::new("/sys/fs/cgroup").join(own.trim_start_matches('/'));
        folder.join(format!("{resource}.pressure"))
    });
    let machine = PathBuf::from(format!("/proc/pressure/{resource}"));
    let mut known = own.into_iter().chain([machine]);
    known.find(|path| total_of(path, kind).is_some())
}

fn total_of(path: &Path, kind: &str) -> Option<u64> {
    total(&std::fs::read_to_string(path).ok()?, kind)
}

/// Returns the total of the line of this kind, in microseconds.
fn total(text: &str, kind: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_ascii_whitespace);
    let mut line = lines.find_map(|mut fields| (fields.next() == Some(kind)).then_some(fields))?;
    line.find_map(|field| field.strip_prefix("total=")?.parse().ok())
}

/// Returns the number of runnable processes. Format: `proc_stat(5)`.
fn runnable(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let count = lines.find_map(|line| line.strip_prefix("procs_running "))?;
    count.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_found_by_kind() {
        let text = "some avg10=1.00 avg60=0.00 avg300=0.00 total=7856139444\n\
                    full avg10=0.00 avg60=0.00 avg300=0.00 total=12\n";
        assert_eq!(total(text, "some"), Some(7_856_139_444));
        assert_eq!(total(text, "full"), Some(12));
        assert_eq!(total("some avg10=1.00\n", "some"), None);
    }

    #[test]
    fn what_could_run_is_counted_without_the_reader() {
        assert_eq!(runnable("cpu 1\nprocs_running 7\n"), Some(7));
        let mut stalls = PressureReader {
            cpu: None,
            memory: None,
            last: None,
            cores: 1.0e9,
        };
        let told = stalls.read().map(|it| (it.cpu, it.source));
        // Systems without /proc tell nothing.
        assert!(matches!(
            told,
            None | Some((0.0, PressureSource::Estimated))
        ));
    }

    #[test]
    fn a_share_of_the_time_stalled_is_between_none_and_all() {
        let mut stalls = PressureReader::new();
        stalls.read();
        if let Some(pressure) = stalls.read() {
            assert!((0.0..=1.0).contains(&pressure.cpu), "{pressure:?}");
        }
    }
}
