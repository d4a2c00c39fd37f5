//! Who of a test's processes lives, read from `/proc`.
//!
//! Every process of a test runs in the test's own folder and carries its
//! marker in the environment. Either is enough to be found, so neither a
//! cleared environment nor a changed directory alone hides one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tempfile::TempDir;

/// The folder and the marker of one test. Dropped, it kills what still lives.
pub(crate) struct Living {
    folder: TempDir,
    marker: String,
}

/// Name of the variable that carries the marker.
pub(crate) const MARKER: &str = "LIVING_TEST_MARKER";

impl Living {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("fanout-test-")
            .tempdir()
            .expect("a folder for the test");
        let marker = folder.path().display().to_string();
        Self { folder, marker }
    }

    /// The folder that the test's processes run in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The value of [`MARKER`] that the test's processes carry.
    pub(crate) fn marker(&self) -> &str {
        &self.marker
    }

    /// Pid and name of every process of this test that lives.
    pub(crate) fn processes(&self) -> Vec<(u32, String)> {
        let entries = fs::read_dir("/proc").expect("a process table");
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid| *pid != std::process::id() && self.is_ours(*pid))
            .filter_map(|pid| Some((pid, living_name(pid)?)))
            .collect()
    }

    /// Waits until as many processes live as asked for.
    pub(crate) fn wait_for_count(&self, count: usize, patience: Duration) {
        let deadline = Instant::now() + patience;
        loop {
            let processes = self.processes();
            if processes.len() == count {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "waited {patience:?} for {count} processes, there are {processes:?}"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn is_ours(&self, pid: u32) -> bool {
        let folder = fs::read_link(format!("/proc/{pid}/cwd"));
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let entry = format!("{MARKER}={}", self.marker);
        folder.is_ok_and(|folder| folder == self.folder.path())
            || environment
                .split(|byte| *byte == 0)
                .any(|it| it == entry.as_bytes())
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        // A process may fork between two looks; the number of looks is bounded.
        for _look in 0..100 {
            let processes = self.processes();
            if processes.is_empty() {
                break;
            }
            for (pid, _) in processes {
                kill(pid, || self.is_ours(pid));
            }
        }
    }
}

/// The process's name, unless it is dead or a zombie.
pub(crate) fn living_name(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, tail) = stat.rsplit_once(") ")?;
    let is_dead = tail.starts_with(['Z', 'X']);
    let (_, name) = head.split_once('(')?;
    (!is_dead).then(|| name.to_owned())
}

/// Kills through a pidfd, so that the process asked about is the one hit.
fn kill(pid: u32, is_it: impl Fn() -> bool) {
    let Some(raw) = Pid::from_raw(pid.cast_signed()) else {
        return;
    };
    if let Ok(pidfd) = pidfd_open(raw, PidfdFlags::empty())
        && is_it()
    {
        let _gone = pidfd_send_signal(pidfd, Signal::KILL);
    }
}
