//! Processes as sysinfo describes them, for systems without `/proc`.

use std::time::{SystemTime, UNIX_EPOCH};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::process::{Process, Processes};

/// Asks sysinfo, for single processes where it can.
#[derive(Debug)]
pub(super) struct Library {
    system: Option<System>,
}

impl Library {
    pub(super) fn new() -> Self {
        Self {
            system: System::new().ok(),
        }
    }

    fn refresh(&mut self, which: ProcessesToUpdate<'_>) -> Option<&System> {
        let kind = ProcessRefreshKind::nothing()
            .with_cpu()
            .with_memory()
            .with_disk_usage()
            .without_tasks();
        let system = self.system.as_mut()?;
        system.refresh_processes_specifics(which, true, kind);
        Some(system)
    }
}

fn describe(process: &sysinfo::Process) -> Process {
    let disk = process.disk_usage();
    let session = process.session_id().map_or(0, Pid::as_u32);
    Process {
        pid: process.pid().as_u32(),
        start: process.start_time(),
        parent: process.parent().map_or(0, Pid::as_u32),
        // sysinfo does not tell groups; sessions are told where they exist.
        group: session,
        session,
        cpu_ms: process.accumulated_cpu_time(),
        rss_bytes: process.memory(),
        turns: None,
        disk_bytes: Some(disk.total_read_bytes + disk.total_written_bytes),
    }
}

impl Processes for Library {
    fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }

    fn read(&mut self, pid: u32) -> Option<Process> {
        let pid = Pid::from_u32(pid);
        let system = self.refresh(ProcessesToUpdate::Some(&[pid]))?;
        system.process(pid).map(describe)
    }

    fn children(&mut self, _pid: u32) -> Option<Vec<u32>> {
        None
    }

    fn all(&mut self) -> Vec<Process> {
        let system = self.refresh(ProcessesToUpdate::All);
        let processes = system.map(System::processes).into_iter().flatten();
        processes.map(|(_, process)| describe(process)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_can_be_read() {
        let mut library = Library::new();
        let me = library.read(std::process::id()).expect("this process runs");
        assert!(me.rss_bytes > 0 && me.start <= library.now());
        assert!(library.all().iter().any(|process| process.pid == me.pid));
    }
}
