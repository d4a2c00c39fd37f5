//! What is kept, for whom, and what is not.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Arc;

use super::*;
use crate::model::{CallState, Cap, Outcome, Snapshot};
use crate::record::fixture;

fn calls(run: &Snapshot) -> Vec<Call> {
    run.calls.iter().map(|row| (*row.call).clone()).collect()
}

/// A run and the notebook in a folder that is not there yet.
fn fresh() -> (Snapshot, Notebook, tempfile::TempDir) {
    let home = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::at(&home.path().join("state/fanout"));
    (fixture::last(), notebook, home)
}

#[test]
fn the_last_run_of_a_plan_is_read_back() {
    let (last, notebook, home) = fresh();
    let calls = calls(&last);
    assert_eq!(notebook.previous(&calls, 1.0).expect("no error"), []);
    let run = PastRun::of(&last, calls.len()).expect("it has ended");
    assert_eq!(run.cap, last.highest_cap);
    assert_eq!(run.attempts.len(), 4);
    let mut latest = run.clone();
    latest.cap = Cap::ONE;
    notebook.keep(&calls, 1.0, &run).expect("it can be written");
    notebook.keep(&calls, 1.0, &latest).expect("and again");
    assert_eq!(
        notebook.previous(&calls, 1.0).expect("no error"),
        [latest, run]
    );
    assert_eq!(notebook.previous(&calls[1..], 1.0).expect("no error"), []);
    assert_eq!(notebook.previous(&calls, 0.5).expect("no error"), []);
    let folder = home.path().join("state/fanout/runs");
    let mode = |path: &std::path::Path| {
        let found = std::fs::metadata(path).expect("it is there");
        found.permissions().mode() & 0o777
    };
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder).expect("a folder").collect();
    assert_eq!(files.len(), 1, "{files:?}");
    for file in files {
        assert_eq!(mode(&file.expect("a file").path()), 0o600);
    }
}

#[test]
fn a_run_that_was_broken_off_says_nothing_of_its_plan() {
    let (mut last, ..) = fresh();
    let count = last.calls.len();
    assert_eq!(PastRun::of(&last, count + 1), None, "not the plan's");
    let rows = Arc::make_mut(&mut last.calls);
    let row = Arc::make_mut(rows.last_mut().expect("a call"));
    row.state = CallState::Ended(Outcome::Cancelled);
    assert_eq!(PastRun::of(&last, count), None, "it never started");
    assert!(PastRun::of(&last, count - 1).is_some());
    row_of(&mut last, 0).ended = None;
    assert_eq!(PastRun::of(&last, count - 1), None, "it has not ended");
}

fn row_of(last: &mut Snapshot, index: usize) -> &mut crate::model::CallRow {
    let rows = Arc::make_mut(&mut last.calls);
    Arc::make_mut(rows.get_mut(index).expect("a call"))
}

#[test]
fn what_is_not_of_this_version_is_an_error_that_names_the_file() {
    let (last, notebook, _home) = fresh();
    let calls = calls(&last);
    let run = PastRun::of(&last, calls.len()).expect("it has ended");
    notebook.keep(&calls, 1.0, &run).expect("it can be written");
    let path = notebook.runs.file(&file_of(&calls, 1.0));
    let text = std::fs::read_to_string(&path).expect("a file");
    for (was, is) in [
        ("\"version\":2", "\"version\":3"),
        ("\"calls\":4", "\"calls\":1"),
        ("\"ended\":{\"secs\":", "\"ended\":{\"secs\":99999999"),
        ("\"started\":{\"secs\":", "\"started\":{\"secs\":9999"),
        ("\"attempts\":[", "\"attempts\":[],\"former\":["),
    ] {
        let changed = text.replace(was, is);
        assert_ne!(changed, text);
        std::fs::write(&path, changed).expect("a file");
        let error = notebook.previous(&calls, 1.0).expect_err("an error");
        assert!(matches!(&error, NotebookError::Malformed { path: named, .. } if *named == path));
    }
    notebook
        .keep(&calls, 1.0, &run)
        .expect("it is written anew");
    assert_eq!(notebook.previous(&calls, 1.0).expect("no error"), [run]);
}

#[test]
fn only_so_many_runs_of_a_plan_are_kept() {
    let (last, notebook, _home) = fresh();
    let calls = calls(&last);
    let mut run = PastRun::of(&last, calls.len()).expect("it has ended");
    for cap in 1..=12 {
        run.cap = Cap::new(cap).expect("a cap");
        notebook.keep(&calls, 1.0, &run).expect("it can be written");
    }
    let kept = notebook.previous(&calls, 1.0).expect("no error");
    let caps: Vec<u32> = kept.iter().map(|run| run.cap.get()).collect();
    assert_eq!(caps, [12, 11, 10, 9, 8, 7, 6, 5]);
}

#[test]
fn a_link_is_not_followed() {
    let (last, notebook, home) = fresh();
    let calls = calls(&last);
    notebook.runs.make().expect("a folder");
    let elsewhere = home.path().join("elsewhere");
    std::fs::write(&elsewhere, "{}").expect("a file");
    symlink(&elsewhere, notebook.runs.file(&file_of(&calls, 1.0))).expect("a link");
    let error = notebook.previous(&calls, 1.0).expect_err("an error");
    assert!(matches!(error, NotebookError::Unusable { .. }), "{error}");
}

#[test]
fn the_oldest_go_first() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = Folder::at(home.path().join("runs"));
    for number in 0..5_u64 {
        let name = number.to_string();
        folder.write(&name, "").expect("a file");
        let file = std::fs::File::options()
            .write(true)
            .open(folder.file(&name))
            .expect("a file");
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(10 - number);
        file.set_modified(time).expect("a time");
    }
    folder.prune(2).expect("no error");
    let left = ["0", "1", "2", "3", "4"].map(|name| folder.file(name).exists());
    assert_eq!(left, [true, true, false, false, false]);
}
