//! The probe, over real processes.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use fanout::model::{CallId, CallSample, Epoch};
use fanout::probe::{self, Probe, ProbeReading, Subject, Target};

const PERIOD: Duration = Duration::from_millis(250);
const LONG: Duration = Duration::from_secs(20);

/// A process that ends with its guard, and its children with it.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // It may have ended by itself, and its children with it.
        if let Some(group) = Pid::from_raw(self.0.id().cast_signed()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

fn sh(script: &str) -> Guard {
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .process_group(0);
    Guard(command.spawn().expect("sh runs"))
}

fn target(child: &Guard) -> Target {
    Target {
        subject: Subject::Call(CallId::from_index(0), Epoch(1)),
        pid: child.0.id(),
    }
}

/// Waits for a reading that fits.
fn until(probe: &Probe, what: &str, mut fits: impl FnMut(&ProbeReading) -> bool) {
    let deadline = Instant::now() + LONG;
    let mut readings = probe.readings();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime can be built");
    runtime.block_on(async {
        loop {
            if fits(&readings.borrow_and_update()) {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let news = tokio::time::timeout(left, readings.changed()).await;
            assert!(
                news.is_ok_and(|news| news.is_ok()),
                "not within 20 s: {what}"
            );
        }
    });
}

fn sample(reading: &ProbeReading) -> Option<&CallSample> {
    reading.trees.first()?.sample.as_ref()
}

#[test]
fn the_machine_is_read_and_its_first_cpu_reading_is_unknown() {
    let probe = probe::start(PERIOD).expect("a thread can be started");
    until(&probe, "a first reading", |reading| {
        let Some(machine) = reading.machine.as_ref().filter(|_| reading.taken == 1) else {
            return reading.taken > 1;
        };
        assert_eq!((machine.cpu_cores, machine.per_core.len()), (None, 0));
        assert!(machine.memory_used_bytes > 0);
        assert!(machine.memory_total_bytes >= machine.memory_used_bytes);
        true
    });
    until(&probe, "a reading of every core", |reading| {
        let machine = reading.machine.as_ref();
        machine.is_some_and(|machine| machine.cpu_cores.is_some() && !machine.per_core.is_empty())
    });
}

#[test]
fn a_busy_child_of_a_child_is_seen() {
    let child = sh("sh -c 'while :; do :; done' & read line; kill $!");
    let probe = probe::start(PERIOD).expect("a thread can be started");
    probe.set_targets(vec![target(&child)]);
    let mut first = None;
    until(&probe, "two processes that use a core", |reading| {
        if let Some(sample) = sample(reading) {
            first.get_or_insert(sample.cpu_cores);
            return sample.processes == 2
                && sample.cpu_ms > 0
                && sample.cpu_cores > Some(0.05)
                && sample.rss_bytes > 0;
        }
        false
    });
    assert_eq!(first, Some(None), "the first CPU reading is unknown");
    let mut child = child;
    drop(child.0.stdin.take());
    assert!(child.0.wait().is_ok());
    until(&probe, "a gap once it has ended", |reading| {
        !reading.trees.is_empty() && sample(reading).is_none()
    });
}

#[test]
fn short_commands_of_a_shell_count() {
    // Each lasts far less than a period; their time is in the shell's account.
    let child = sh("while :; do /bin/ls / >/dev/null; done");
    let probe = probe::start(PERIOD).expect("a thread can be started");
    probe.set_targets(vec![target(&child)]);
    let mut last = 0;
    let mut risen = 0;
    until(&probe, "time of children that have ended", |reading| {
        let cpu_ms = sample(reading).map_or(last, |sample| sample.cpu_ms);
        assert!(cpu_ms >= last, "{cpu_ms} after {last}");
        risen += u32::from(cpu_ms > last);
        last = cpu_ms;
        risen >= 4
    });
}

#[test]
fn a_probe_ends_at_once() {
    let probe = probe::start(Duration::from_hours(1)).expect("a thread can be started");
    until(&probe, "a first reading", |reading| reading.taken == 1);
    let start = Instant::now();
    drop(probe);
    assert!(start.elapsed() < Duration::from_secs(10));
}
