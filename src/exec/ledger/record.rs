//! The form of one ledger file.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use crate::exec::table::{self, Entry};

/// First line: a file of another form is not ours to understand.
const HEADING: &str = "fanout ledger 1";

/// A process named for good: a pid is used again, with another start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::exec) struct ProcessIdentity {
    pub(in crate::exec) pid: u32,
    /// In ticks since the machine was started.
    pub(in crate::exec) started: u64,
}

impl ProcessIdentity {
    /// The process with this pid, as it is now.
    pub(in crate::exec) fn now(pid: u32) -> Option<Self> {
        Entry::read(pid).map(|entry| Self::of(&entry))
    }

    pub(in crate::exec) fn of(entry: &Entry) -> Self {
        Self {
            pid: entry.pid,
            started: entry.started,
        }
    }

    /// Whether that very process lives.
    pub(in crate::exec) fn is_alive(self) -> bool {
        Entry::read(self.pid).is_some_and(|entry| entry.started == self.started && entry.is_alive())
    }
}

/// Where process ids and start times mean what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exec) struct PidScope {
    /// Names this start of the machine.
    pub(in crate::exec) boot: String,
    /// Names the set of processes that is seen from here.
    pub(in crate::exec) namespace: String,
}

impl PidScope {
    /// Here and now; `None` where the system does not tell.
    pub(in crate::exec) fn here() -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
        Some(Self {
            boot: boot.trim().to_owned(),
            namespace: namespace.to_str()?.to_owned(),
        })
    }
}

/// What a supervisor wrote down last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LedgerRecord {
    pub(super) place: PidScope,
    pub(super) runner: ProcessIdentity,
    pub(super) supervisor: ProcessIdentity,
    /// When this was written, in ticks: processes were in order until then.
    pub(super) written: u64,
    /// The cgroup that holds the warden and everything under it.
    pub(super) cgroup: Option<PathBuf>,
    /// A variable, with its value, that is in the environment of the call's
    /// processes and of no others.
    pub(super) token: Option<String>,
    /// Processes of the call's tree; its main process first.
    pub(super) processes: Vec<ProcessIdentity>,
}

impl LedgerRecord {
    /// An empty one, of a supervisor that begins.
    pub(super) fn new(
        place: PidScope,
        runner: ProcessIdentity,
        supervisor: ProcessIdentity,
    ) -> Self {
        Self {
            place,
            runner,
            supervisor,
            written: table::now(),
            cgroup: None,
            token: None,
            processes: Vec::new(),
        }
    }

    /// The file's text.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{HEADING}\nboot {}\nnamespace {}\nrunner {} {}\nsupervisor {} {}\nwritten {}\n",
            self.place.boot,
            self.place.namespace,
            self.runner.pid,
            self.runner.started,
            self.supervisor.pid,
            self.supervisor.started,
            self.written,
        );
        let cgroup = self.cgroup.as_deref().and_then(|path| path.to_str());
        for (key, value) in [("cgroup", cgroup), ("token", self.token.as_deref())] {
            // A line break would be read as another entry.
            if let Some(value) = value.filter(|value| !value.contains('\n')) {
                let _infallible = writeln!(text, "{key} {value}");
            }
        }
        for ProcessIdentity { pid, started } in &self.processes {
            let _infallible = writeln!(text, "process {pid} {started}");
        }
        text.push_str("end\n");
        text
    }

    /// Reads a file's text; what stands after the last line is of an older,
    /// longer text. `None` if it is not of this form or not whole.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        (lines.next()? == HEADING).then_some(())?;
        let mut next = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        let place = PidScope {
            boot: next("boot")?.to_owned(),
            namespace: next("namespace")?.to_owned(),
        };
        let runner = known(next("runner")?)?;
        let supervisor = known(next("supervisor")?)?;
        let written = next("written")?.parse().ok()?;
        let mut record = Self {
            written,
            ..Self::new(place, runner, supervisor)
        };
        for line in lines {
            match line.split_once(' ') {
                Some(("cgroup", path)) => record.cgroup = Some(PathBuf::from(path)),
                Some(("token", token)) => record.token = Some(token.to_owned()),
                Some(("process", process)) => record.processes.push(known(process)?),
                None if line == "end" => return Some(record),
                _ => return None,
            }
        }
        None
    }
}

fn known(text: &str) -> Option<ProcessIdentity> {
    let (pid, started) = text.split_once(' ')?;
    Some(ProcessIdentity {
        pid: pid.parse().ok()?,
        started: started.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> LedgerRecord {
        LedgerRecord {
            place: PidScope {
                boot: "b0".to_owned(),
                namespace: "pid:[1]".to_owned(),
            },
            runner: ProcessIdentity { pid: 1, started: 2 },
            supervisor: ProcessIdentity { pid: 3, started: 4 },
            written: 5,
            cgroup: Some(PathBuf::from("/sys/fs/cgroup/a b")),
            token: Some("FANOUT_RUN_DIR=/tmp/x y".to_owned()),
            processes: vec![
                ProcessIdentity { pid: 6, started: 7 },
                ProcessIdentity { pid: 8, started: 9 },
            ],
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
