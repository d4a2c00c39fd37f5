//! The format of one ledger file.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use crate::probe::procfs::{self, ProcessIdentity};

/// First line: a file of another form is not ours to understand.
const HEADING: &str = "fanout ledger 1";

/// The boot and the pid namespace in which pids and start times are valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exec) struct PidScope {
    /// Boot id of the machine.
    pub(in crate::exec) boot: String,
    /// Link text of the pid namespace.
    pub(in crate::exec) namespace: String,
}

impl PidScope {
    /// Returns the scope of this process; `None` where the system does not tell.
    pub(in crate::exec) fn here() -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
        Some(Self {
            boot: boot.trim().to_owned(),
            namespace: namespace.to_str()?.to_owned(),
        })
    }
}

/// Contents of a supervisor's ledger file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LedgerRecord {
    pub(super) scope: PidScope,
    pub(super) runner: ProcessIdentity,
    pub(super) supervisor: ProcessIdentity,
    /// Time of writing, in clock ticks since the machine was started. Until then
    /// the supervisor was in charge of its processes.
    pub(super) written_ticks: u64,
    /// Control group of the warden and everything under it.
    pub(super) cgroup: Option<PathBuf>,
    /// `NAME=value` of a variable that is in the environment of the run's
    /// processes and of no others.
    pub(super) token: Option<String>,
    /// Processes of the call's tree; its main process first.
    pub(super) processes: Vec<ProcessIdentity>,
}

impl LedgerRecord {
    /// Returns the record of a supervisor without a call.
    pub(super) fn new(
        scope: PidScope,
        runner: ProcessIdentity,
        supervisor: ProcessIdentity,
    ) -> Self {
        Self {
            scope,
            runner,
            supervisor,
            written_ticks: procfs::now_ticks(),
            cgroup: None,
            token: None,
            processes: Vec::new(),
        }
    }

    /// Returns the text of the file.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{HEADING}\nboot {}\nnamespace {}\nrunner {} {}\nsupervisor {} {}\nwritten {}\n",
            self.scope.boot,
            self.scope.namespace,
            self.runner.pid,
            self.runner.started_ticks,
            self.supervisor.pid,
            self.supervisor.started_ticks,
            self.written_ticks,
        );
        let cgroup = self.cgroup.as_deref().and_then(|path| path.to_str());
        for (key, value) in [("cgroup", cgroup), ("token", self.token.as_deref())] {
            // A line break would be read as another entry.
            if let Some(value) = value.filter(|value| !value.contains('\n')) {
                let _infallible = writeln!(text, "{key} {value}");
            }
        }
        for process in &self.processes {
            let _infallible = writeln!(text, "process {} {}", process.pid, process.started_ticks);
        }
        text.push_str("end\n");
        text
    }

    /// Parses the text of a file. Text after the last line is the rest of an
    /// older, longer one. `None` if the text is malformed or not whole.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        (lines.next()? == HEADING).then_some(())?;
        let mut next = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        let scope = PidScope {
            boot: next("boot")?.to_owned(),
            namespace: next("namespace")?.to_owned(),
        };
        let runner = parse_identity(next("runner")?)?;
        let supervisor = parse_identity(next("supervisor")?)?;
        let written_ticks = next("written")?.parse().ok()?;
        let mut record = Self {
            written_ticks,
            ..Self::new(scope, runner, supervisor)
        };
        for line in lines {
            match line.split_once(' ') {
                Some(("cgroup", path)) => record.cgroup = Some(PathBuf::from(path)),
                Some(("token", token)) => record.token = Some(token.to_owned()),
                Some(("process", process)) => record.processes.push(parse_identity(process)?),
                None if line == "end" => return Some(record),
                _ => return None,
            }
        }
        None
    }
}

fn parse_identity(text: &str) -> Option<ProcessIdentity> {
    let (pid, started_ticks) = text.split_once(' ')?;
    Some(ProcessIdentity {
        pid: pid.parse().ok()?,
        started_ticks: started_ticks.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(pid: u32, started_ticks: u64) -> ProcessIdentity {
        ProcessIdentity { pid, started_ticks }
    }

    fn record() -> LedgerRecord {
        LedgerRecord {
            scope: PidScope {
                boot: "b0".to_owned(),
                namespace: "pid:[1]".to_owned(),
            },
            runner: identity(1, 2),
            supervisor: identity(3, 4),
            written_ticks: 5,
            cgroup: Some(PathBuf::from("/sys/fs/cgroup/a b")),
            token: Some("FANOUT_RUN_DIR=/tmp/x y".to_owned()),
            processes: vec![identity(6, 7), identity(8, 9)],
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let text = record().text();
        assert_eq!(LedgerRecord::parse(&text), Some(record()));
        let over_a_longer_one = format!("{text}process 10 11\nend\n");
        assert_eq!(LedgerRecord::parse(&over_a_longer_one), Some(record()));
    }

    #[test]
    fn a_torn_or_foreign_file_says_nothing() {
        let text = record().text();
        let torn = text.strip_suffix("end\n").expect("its last line");
        assert_eq!(LedgerRecord::parse(torn), None);
        assert_eq!(LedgerRecord::parse("something else\n"), None);
        assert_eq!(LedgerRecord::parse(""), None);
    }

    #[test]
    fn a_line_break_in_a_value_adds_no_entry() {
        let mut forged = record();
        forged.token = Some("A=b\nprocess 1 1".to_owned());
        let read = LedgerRecord::parse(&forged.text()).expect("a record");
        assert_eq!(read.token, None);
        assert_eq!(read.processes, record().processes);
    }
}
