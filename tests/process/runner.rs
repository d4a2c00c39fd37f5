//! A running fanout with a hostile call, and the processes it consists of.

use std::fs;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::attempt::PATIENCE;
use crate::living::{Living, MARKER, living_name};

/// Leaves one of each kind behind. All of them end by themselves after a
/// minute, so that not even a broken test leaves anything for good.
const HOSTILE: &str = r#"
printf hostile
# Ignores SIGTERM.
(trap '' TERM; exec sleep 61) &
# In a session of its own.
setsid sleep 62 &
# A daemon: forked twice, in a session of its own.
(setsid sh -c 'sleep 63 &' &)
# Hold standard output, their parent gone, one in a session of its own.
(sleep 64 &)
(setsid sleep 65 &)
# Stands still.
sh -c 'kill -STOP $$; sleep 66' &
# A daemon without any environment.
env -i setsid sleep 67 >/dev/null 2>&1 &
# Forks and exits, again and again, 400 times.
cat > mover.sh <<'END'
[ "$1" -gt 0 ] || exit 0
sleep 0.02
sh mover.sh $(($1 - 1)) &
END
sh mover.sh 400 &
"#;

const CATALOGUE: &str = r#"
[[tool]]
name = "hostile"
description = "leaves things behind"
command = ["/bin/sh", "hostile.sh"]
env = { MARKER = "VALUE" }
[[tool]]
name = "next"
description = "says hello"
command = ["/bin/echo", "hello"]
"#;

/// A sample tool, which does no harm.
const HARMLESS: &str = "[[call]]\nid = \"a\"\ntool = \"echo\"\nargs = { text = \"hello\" }\n";

/// A hostile call, and one that runs whatever becomes of it.
const PLAN: &str = r#"
[[call]]
id = "h"
tool = "hostile"
grace = "200ms"
[[call]]
id = "next"
tool = "next"
after = [{ call = "h", on = "done" }]
"#;

/// Processes that [`HOSTILE`] leaves: seven, the stopped one counted as one,
/// and a mover that may be two at a time, or none between two looks.
pub(crate) const ROLES: usize = 7;

/// One fanout, started by itself in a folder of its own.
pub(crate) struct Runner {
    living: Living,
    child: Child,
}

impl Runner {
    /// Starts a hostile call, whose main process then does `last`, and another
    /// call after it.
    pub(crate) fn hostile(last: &str) -> Self {
        Self::with(|living| {
            let script = living.folder().join("hostile.sh");
            fs::write(script, format!("{HOSTILE}\n{last}\n")).expect("a script");
            let catalogue = CATALOGUE.replace("MARKER", MARKER);
            let catalogue = catalogue.replace("VALUE", living.marker());
            (catalogue, PLAN.to_owned())
        })
    }

    /// Starts a catalogue and a plan.
    pub(crate) fn with(files: impl FnOnce(&Living) -> (String, String)) -> Self {
        let living = Living::new();
        let (catalogue, plan) = files(&living);
        fs::write(living.folder().join("tools.toml"), catalogue).expect("a catalogue");
        fs::write(living.folder().join("plan.toml"), plan).expect("a plan");
        let child = start(&living);
        Self { living, child }
    }

    /// Starts a call that does no harm, in a folder that holds a state.
    pub(crate) fn harmless(living: Living) -> Self {
        fs::write(living.folder().join("plan.toml"), HARMLESS).expect("a plan");
        let child = start(&living);
        Self { living, child }
    }

    /// Waits for the runner's end; the folder stays.
    pub(crate) fn finish(mut self) -> (Living, Ended) {
        let ended = self.wait();
        (self.living, ended)
    }

    /// Waits until the hostile call has left what it leaves.
    pub(crate) fn wait_until_hostile(&self) {
        let flag = self.living.folder().join("ready");
        let deadline = Instant::now() + PATIENCE;
        while !flag.exists() || self.role_count() < ROLES {
            assert!(Instant::now() < deadline, "{:?}", self.living.processes());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until a supervisor runs.
    pub(crate) fn wait_until_started(&self) {
        let deadline = Instant::now() + PATIENCE;
        let is_started = || {
            let wardens = children_named(self.runner(), "lane-warden");
            let of = |warden: &u32| !children_named(*warden, "lane-supervisor").is_empty();
            wardens.iter().any(of)
        };
        while !is_started() {
            assert!(Instant::now() < deadline, "{:?}", self.living.processes());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Tells a hostile call that waits for it to exit.
    pub(crate) fn let_leave(&self) {
        fs::write(self.living.folder().join("leave"), "").expect("a file");
    }

    /// How many processes of the hostile call live that are no movers, and
    /// are what they are to be: sleepers, and one that stands still.
    pub(crate) fn role_count(&self) -> usize {
        let sleepers = [61, 62, 63, 64, 65, 67].map(|seconds| format!("sleep\0{seconds}\0"));
        let processes = self.living.processes();
        let roles = processes.iter().filter(|(pid, _)| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            let stands =
                || line.contains("kill -STOP") && stat_field(*pid, 0).as_deref() == Some("T");
            sleepers.contains(&line) || stands()
        });
        roles.count()
    }

    pub(crate) fn living(&self) -> &Living {
        &self.living
    }

    pub(crate) fn runner(&self) -> u32 {
        self.child.id()
    }

    /// The warden: a child of the runner, by its name.
    pub(crate) fn warden(&self) -> u32 {
        let wardens = children_named(self.runner(), "lane-warden");
        assert_eq!(wardens.len(), 1, "{:?}", self.living.processes());
        wardens[0]
    }

    /// The supervisors: children of the warden.
    pub(crate) fn supervisors(&self) -> Vec<u32> {
        let supervisors = children_named(self.warden(), "lane-supervisor");
        assert!(!supervisors.is_empty(), "{:?}", self.living.processes());
        supervisors
    }

    pub(crate) fn send(pid: u32, signal: Signal) {
        let pid = Pid::from_raw(pid.cast_signed()).expect("a pid");
        kill_process(pid, signal).expect("it lives");
    }

    /// SIGKILL to the runner's process group, which it leads.
    pub(crate) fn kill_group(&self) {
        let group = Pid::from_raw(self.runner().cast_signed()).expect("a pid");
        kill_process_group(group, Signal::KILL).expect("it lives");
    }

    /// Waits for the runner's end, and until nothing of it is left.
    pub(crate) fn assert_nothing_is_left(mut self, patience: Duration) -> Ended {
        let ended = self.wait();
        self.living.wait_for_count(0, patience);
        ended
    }

    /// Whether the runner has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_some()
    }

    /// Waits for the runner's end.
    pub(crate) fn wait(&mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                break status;
            }
            assert!(Instant::now() < deadline, "the runner does not end");
            std::thread::sleep(Duration::from_millis(2));
        };
        let mut stderr = String::new();
        if let Some(pipe) = &mut self.child.stderr {
            let _closed = pipe.read_to_string(&mut stderr);
        }
        let report = fs::read_to_string(self.living.folder().join("report.json"));
        Ended {
            status,
            stderr,
            report: report.unwrap_or_default(),
        }
    }

    /// Starts a harmless plan with the same state.
    pub(crate) fn start_again(self) -> Self {
        fs::remove_file(self.living.folder().join("tools.toml")).expect("a catalogue");
        Self::harmless(self.living)
    }
}

/// How a runner ended.
#[derive(Debug)]
pub(crate) struct Ended {
    status: ExitStatus,
    pub(crate) stderr: String,
    pub(crate) report: String,
}

impl Ended {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub(crate) fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// The outcome of the hostile call.
    pub(crate) fn outcome(&self) -> String {
        self.field(0, "outcome")
    }

    /// A field of a call in the report, as text.
    pub(crate) fn field(&self, call: usize, name: &str) -> String {
        let report: serde_json::Value = serde_json::from_str(&self.report).expect("a report");
        let value = &report["calls"][call][name];
        let text = value.as_str().map(str::to_owned);
        text.unwrap_or_else(|| value.to_string())
    }
}

/// Starts fanout on the plan and the catalogue in the test's folder.
fn start(living: &Living) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fanout"));
    command.args(["run", "plan.toml", "--plain", "--report", "report.json"]);
    if living.folder().join("tools.toml").exists() {
        command.args(["--catalogue", "tools.toml"]);
    }
    command
        .current_dir(living.folder())
        .env(MARKER, living.marker())
        .env("XDG_STATE_HOME", living.folder())
        .env("TMPDIR", living.folder())
        .env_remove("RUST_BACKTRACE")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("fanout starts")
}

/// The children of a process; none once it is gone.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{parent}/task"));
    let lists = threads
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .flat_map(str::parse)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn children_named(parent: u32, name: &str) -> Vec<u32> {
    let mut children = children_of(parent);
    children.retain(|pid| living_name(*pid).as_deref() == Some(name));
    children
}

/// A field of the process's `stat` after its name: 0 is the state.
pub(crate) fn stat_field(pid: u32, index: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, tail) = stat.rsplit_once(") ")?;
    tail.split(' ').nth(index).map(str::to_owned)
}
