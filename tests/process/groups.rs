//! Control groups: those that a test makes, and those that runs leave.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::attempt::PATIENCE;
use crate::confined::Confined;
use crate::living::Living;
use crate::runner::{Runner, stat_field};

/// A control group of a test, removed when dropped.
pub(crate) struct Group(PathBuf);

impl Group {
    /// Makes a group with limits; `None` where that is not possible here.
    pub(crate) fn make(controller: &str, limits: &[(&str, &str)]) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let point = mounts.lines().find_map(|line| {
            let (place, kind) = line.split_once(" - ")?;
            let is_v1 = kind.starts_with("cgroup ")
                && kind
                    .rsplit(' ')
                    .next()?
                    .split(',')
                    .any(|it| it == controller);
            let is_v2 = kind.starts_with("cgroup2 ");
            let point = PathBuf::from(place.split(' ').nth(4)?);
            let enabled = fs::read_to_string(point.join("cgroup.subtree_control"));
            let has_it = enabled.is_ok_and(|it| it.split_whitespace().any(|it| it == controller));
            (is_v1 || is_v2 && has_it).then_some(point)
        })?;
        let number = std::process::id();
        let name = format!("fanout-test-{controller}-{number}");
        let group = Self(point.join(name));
        fs::create_dir(&group.0).ok()?;
        for (file, value) in limits {
            fs::write(group.0.join(file), value).ok()?;
        }
        Some(group)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while fs::remove_dir(&self.0).is_err() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The folder in which runs make their groups; `None` where they make none.
fn folder_of_groups() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
    let mut fields = mount.split(' ').skip(3);
    let (root, point) = (fields.next()?, fields.next()?);
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let folder = Path::new(point).join(Path::new(own).strip_prefix(root).ok()?);
    let trial = folder.join(format!("fanout-try-{}", std::process::id()));
    fs::create_dir(&trial).ok()?;
    fs::remove_dir(&trial).ok()?;
    Some(folder)
}

fn groups_of(runner: u32) -> Vec<PathBuf> {
    let Some(folder) = folder_of_groups() else {
        return Vec::new();
    };
    let prefix = format!("fanout-{runner}-");
    let entries = fs::read_dir(folder).expect("it can be read").flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path())
        .collect()
}

#[test]
fn a_killed_run_leaves_no_control_group() {
    if folder_of_groups().is_none() {
        return;
    }
    let runner = Runner::hostile("sleep 60");
    runner.wait_until_started();
    let pid = runner.runner();
    assert_eq!(groups_of(pid).len(), 1);
    Runner::send(pid, Signal::KILL);
    runner.assert_nothing_is_left(PATIENCE);
    let deadline = Instant::now() + PATIENCE;
    while !groups_of(pid).is_empty() {
        assert!(Instant::now() < deadline, "{:?}", groups_of(pid));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn control_groups_of_dead_runs_are_removed_at_the_next_start() {
    let Some(folder) = folder_of_groups() else {
        return;
    };
    let dead = folder.join("fanout-4000000-17");
    let own = std::process::id();
    let started = stat_field(own, 19).expect("a start time");
    let alive = folder.join(format!("fanout-{own}-{started}"));
    let foreign = folder.join(format!("foreign-{own}"));
    for group in [&dead, &alive, &foreign] {
        let _there = fs::create_dir(group);
    }
    let (_living, ended) = Runner::harmless(Living::new()).finish();
    let left = [&dead, &alive, &foreign].map(|group| group.exists());
    for group in [&alive, &foreign] {
        fs::remove_dir(group).expect("it is empty");
    }
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_eq!(left, [false, true, true]);
}

#[test]
fn the_kernel_takes_a_tool_before_the_runner() {
    let living = Living::new();
    let own = fs::read_to_string("/proc/self/oom_score_adj").expect("a score");
    let own: i32 = own.trim().parse().expect("a number");
    fs::write(
        living.folder().join("tools.toml"),
        "[[tool]]\nname = \"read\"\ndescription = \"reads its score\"\n\
         command = [\"cat\", \"/proc/self/oom_score_adj\"]\n",
    )
    .expect("a catalogue");
    let output = Command::new(env!("CARGO_BIN_EXE_fanout"))
        .args(["call", "read", "--catalogue", "tools.toml"])
        .current_dir(living.folder())
        .env("XDG_STATE_HOME", living.folder())
        .env("TMPDIR", living.folder())
        .stdin(Stdio::null())
        .output()
        .expect("fanout runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(told.trim(), (own + 800).min(1000).to_string());
}

#[test]
fn a_tool_that_eats_all_memory_ends_and_the_run_goes_on() {
    let limits = [("memory.limit_in_bytes", "100663296")];
    let Some(group) = Group::make("memory", &limits).or_else(|| {
        Group::make(
            "memory",
            &[("memory.max", "100663296"), ("memory.swap.max", "0")],
        )
    }) else {
        return;
    };
    let answer = Confined {
        before: &format!("echo $$ > {}/cgroup.procs;", group.path().display()),
        // Doubles a text until there is no room for it.
        tool: "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done",
        calls: 2,
        cap: "1",
        ..Confined::default()
    }
    .run();
    let stderr = &answer.stderr;
    assert_eq!((answer.code, answer.signal), (Some(1), None), "{stderr}");
    for reason in answer.field("reason") {
        assert!(reason.contains("out of memory"), "{reason}");
    }
}
