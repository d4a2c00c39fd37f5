//! A long run in 64 lanes: memory, descriptors and zombies do not grow with its
//! length, and every output is exact.
//!
//! `FANOUT_TEST_SCALE` multiplies its length: a few seconds by default, about
//! ten minutes with 260 on two cores. Its figures are printed (`--nocapture`).

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::time::Duration;

use crate::attempt::PATIENCE;
use crate::living::Living;
use crate::runner::{Runner, children_of, stat_field};

/// Calls of a run of scale 1.
const CALLS: f64 = 400.0;

/// Longest output of a call in bytes.
const LONGEST: usize = 2000;

/// Time between two samples of the processes.
const PERIOD: Duration = Duration::from_millis(100);

/// Samples in a row in which a dead process may be seen before it counts as not
/// reaped.
const MOST_LOOKS: u32 = 20;

/// Memory that a run may keep of each call, in bytes: its row, its arguments
/// and its output.
const BYTES_A_CALL: u64 = 24 << 10;

/// Memory in bytes by which a run may grow whatever its length.
const SLACK_BYTES: u64 = 64 << 20;

/// The part of a report that is looked at.
#[derive(serde::Deserialize)]
struct Report {
    calls: Vec<CallReport>,
}

/// The part of a call's report that is looked at.
#[derive(Debug, serde::Deserialize)]
struct CallReport {
    outcome: String,
    output: Option<String>,
}

/// The use of a runner at one moment.
#[derive(Debug, Clone, Copy)]
struct Usage {
    rss_bytes: u64,
    descriptors: usize,
}

fn scale() -> f64 {
    let text = std::env::var("FANOUT_TEST_SCALE").unwrap_or_default();
    text.parse().unwrap_or(1.0)
}

/// Length of the output of a call.
fn length(call: usize) -> usize {
    1 + call * 7919 % LONGEST
}

fn files(calls: usize) -> (String, String) {
    let catalogue = "[[tool]]\nname = \"zeros\"\ndescription = \"prints that many zeros\"\n\
                     command = [\"sh\", \"-c\", 'sleep 0.2; printf \"%0${1}d\" 0', \"sh\", \"{{n}}\"]\n\
                     output = \"text\"\n";
    let mut plan = String::from("cap = 64\n");
    for call in 0..calls {
        plan.push_str("[[call]]\ntool = \"zeros\"\nargs = { n = \"");
        plan.push_str(&length(call).to_string());
        plan.push_str("\" }\n");
    }
    (catalogue.to_owned(), plan)
}

fn usage(pid: u32) -> Option<Usage> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let rss = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = rss.trim().trim_end_matches(" kB").parse().ok()?;
    Some(Usage {
        rss_bytes: kilobytes * 1024,
        descriptors: fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count(),
    })
}

/// Every process under a process.
fn descendants(pid: u32) -> Vec<u32> {
    let mut found = children_of(pid);
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(children_of(parent));
        next += 1;
    }
    found
}

#[test]
fn a_long_run_leaves_no_zombie_and_keeps_its_descriptors_and_outputs() {
    let calls = (CALLS * scale()).max(CALLS) as usize;
    let mut runner = Runner::with(|_: &Living| files(calls));
    let pid = runner.runner();
    let mut usages = Vec::new();
    let mut dead_for: BTreeMap<u32, u32> = BTreeMap::new();
    while !runner.has_ended() {
        usages.extend(usage(pid));
        let under = descendants(pid);
        let is_zombie = |it: &u32| stat_field(*it, 0).as_deref() == Some("Z");
        let zombies: Vec<u32> = under.into_iter().filter(is_zombie).collect();
        dead_for.retain(|zombie, _| zombies.contains(zombie));
        for zombie in zombies {
            let looks = dead_for.entry(zombie).or_default();
            *looks += 1;
            assert!(*looks < MOST_LOOKS, "{zombie} is not reaped");
        }
        std::thread::sleep(PERIOD);
    }
    assert_outputs(&runner.wait().report, calls);
    runner.assert_nothing_is_left(PATIENCE);
    assert_flat(&usages, calls as u64);
}

fn assert_outputs(report: &str, calls: usize) {
    let report: Report = serde_json::from_str(report).expect("a report");
    assert_eq!(report.calls.len(), calls);
    for (number, call) in report.calls.iter().enumerate() {
        let output = call.output.as_deref().unwrap_or_default();
        let is_exact = output.len() == length(number) && output.bytes().all(|byte| byte == b'0');
        assert!(
            is_exact && call.outcome == "succeeded",
            "call {number}: {call:?}"
        );
    }
}

/// Compares the second half of a run, in which its lanes are all in use, with
/// its first half.
fn assert_flat(usages: &[Usage], calls: u64) {
    let (first, second) = usages.split_at(usages.len() / 2);
    let most = |usages: &[Usage], of: fn(&Usage) -> u64| usages.iter().map(of).max().unwrap_or(0);
    let rss = |usages: &[Usage]| most(usages, |it| it.rss_bytes);
    let grown = rss(second).saturating_sub(rss(first));
    let allowed = calls / 2 * BYTES_A_CALL + SLACK_BYTES;
    assert!(grown <= allowed, "{grown} bytes more, {allowed} allowed");
    let descriptors = |usages: &[Usage]| most(usages, |it| it.descriptors as u64);
    let (before, after) = (descriptors(first), descriptors(second));
    // The figures of a long run by hand; not captured, so that they are seen.
    let figures = format!(
        "{calls} calls: {} bytes a call in the second half, {after} descriptors after {before}\n",
        grown / (calls / 2)
    );
    std::io::stderr()
        .write_all(figures.as_bytes())
        .expect("standard error");
    assert!(after <= before + 16, "{after} descriptors after {before}");
}
