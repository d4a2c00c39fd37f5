//! A fanout under limits, run by a shell as a user of its own.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::geteuid;

use crate::living::Living;

/// First of the users that the tests run as; no machine knows them. Each run
/// has its own: the limit on processes counts all of a user's.
const FIRST_USER: u32 = 540_000;

static USERS: AtomicU32 = AtomicU32::new(0);

/// A run to be confined.
pub(crate) struct Confined<'c> {
    /// Option of `prlimit`, such as `--nofile=40`.
    pub(crate) limit: &'c str,
    /// Commands by the superuser before that, such as entering a control group.
    pub(crate) before: &'c str,
    pub(crate) cap: &'c str,
    /// The script of the only tool, for `sh`.
    pub(crate) tool: &'c str,
    /// Number of calls.
    pub(crate) calls: usize,
    /// Further lines of every call but the first.
    pub(crate) later: &'c str,
    /// Redirection of fanout, such as `> out.txt`.
    pub(crate) redirection: &'c str,
}

/// The end of a confined run.
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
    report: Option<serde_json::Value>,
}

impl Default for Confined<'_> {
    fn default() -> Self {
        Self {
            limit: "",
            before: "",
            cap: "4",
            tool: "true",
            calls: 10,
            later: "",
            redirection: "",
        }
    }
}

impl Confined<'_> {
    /// Runs it, and checks that no process of it is left.
    pub(crate) fn run(&self) -> Answer {
        let living = Living::new();
        let answer = self.run_in(&living);
        living.wait_for_count(0, crate::attempt::PATIENCE);
        answer
    }

    /// Runs it in a folder that the caller keeps.
    pub(crate) fn run_in(&self, living: &Living) -> Answer {
        self.write_files(living.folder());
        let since = Instant::now();
        let output = self.command(living.folder());
        let took = since.elapsed();
        let report = fs::read(living.folder().join("report.json")).ok();
        Answer {
            code: output.status.code(),
            signal: output.status.signal(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            took,
            report: report.and_then(|text| serde_json::from_slice(&text).ok()),
        }
    }

    fn write_files(&self, folder: &Path) {
        let catalogue = format!(
            "[[tool]]\nname = \"t\"\ndescription = \"does as it is told\"\n\
             command = [\"sh\", \"-c\", '''{}''']\n",
            self.tool
        );
        fs::write(folder.join("tools.toml"), catalogue).expect("a catalogue");
        let calls = (0..self.calls).map(|call| {
            let later = if call == 0 { "" } else { self.later };
            format!("[[call]]\ntool = \"t\"\n{later}\n")
        });
        let plan: String = calls.collect();
        fs::write(folder.join("plan.toml"), plan).expect("a plan");
        let program = folder.join("program");
        fs::copy(env!("CARGO_BIN_EXE_fanout"), program).expect("a copy");
    }

    fn command(&self, folder: &Path) -> Output {
        let run = format!(
            "exec prlimit {} ./program run plan.toml --plain \
             --catalogue tools.toml --cap {} --report report.json {}",
            self.limit, self.cap, self.redirection
        );
        // A limit on processes does not bind the superuser.
        let text = if geteuid().is_root() {
            let user = FIRST_USER + USERS.fetch_add(1, Ordering::Relaxed);
            let own = Command::new("chown")
                .args(["-R", &user.to_string()])
                .arg(folder)
                .status();
            assert!(own.expect("chown runs").success());
            format!(
                "{} exec timeout -k 5 100 setpriv --reuid={user} --regid={user} --clear-groups \
                 sh -c '{run}'",
                self.before
            )
        } else {
            run
        };
        Command::new("sh")
            .args(["-c", &text])
            .current_dir(folder)
            .env("HOME", folder)
            .env("XDG_STATE_HOME", folder)
            .env("TMPDIR", folder)
            .output()
            .expect("sh runs")
    }
}

impl Answer {
    /// A field of every call of the report, as text.
    pub(crate) fn field(&self, name: &str) -> Vec<String> {
        let report = self.report.as_ref();
        let calls = report.and_then(|report| report["calls"].as_array());
        let calls = calls.unwrap_or_else(|| panic!("a report, after {}", self.stderr));
        let text = |call: &serde_json::Value| match &call[name] {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        calls.iter().map(text).collect()
    }
}
