//! Tests of the history: its contents, its permissions, its bounds.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Arc;

use super::*;
use crate::model::{CallState, Cap, Outcome, Snapshot};
use crate::record::fixture;

fn calls(run: &Snapshot) -> Vec<Arc<Call>> {
    run.calls.iter().map(|row| Arc::clone(&row.call)).collect()
}

fn path_of(history: &HistoryStore, calls: &[Arc<Call>]) -> std::path::PathBuf {
    let folder = history.runs.create().expect("a folder");
    folder.path().join(file_name(calls, 1.0))
}

/// A run and the history in a folder that is not there yet.
fn fresh() -> (Snapshot, HistoryStore, tempfile::TempDir) {
    let home = tempfile::tempdir().expect("a folder");
    let history = HistoryStore::at(&home.path().join("state/fanout"));
    (fixture::last(), history, home)
}

#[test]
fn the_last_run_of_a_plan_is_read_back() {
    let (last, history, home) = fresh();
    let calls = calls(&last);
    assert_eq!(history.past_runs(&calls, 1.0).expect("no error"), []);
    let run = PastRun::of(&last, calls.len()).expect("it has ended");
    assert_eq!(run.cap, last.highest_cap);
    assert_eq!(run.attempts.len(), 4);
    let mut latest = run.clone();
    latest.cap = Cap::ONE;
    history
        .keep_run(&calls, 1.0, &run)
        .expect("it can be written");
    history.keep_run(&calls, 1.0, &latest).expect("and again");
    assert_eq!(
        history.past_runs(&calls, 1.0).expect("no error"),
        [latest, run]
    );
    assert_eq!(history.past_runs(&calls[1..], 1.0).expect("no error"), []);
    assert_eq!(history.past_runs(&calls, 0.5).expect("no error"), []);
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
    let row = row_of(&mut last, count - 1);
    row.state = CallState::Ended(Outcome::Cancelled);
    assert_eq!(PastRun::of(&last, count), None, "it never started");
    assert!(PastRun::of(&last, count - 1).is_some());
    row_of(&mut last, 0).ended = None;
    assert_eq!(PastRun::of(&last, count - 1), None, "it has not ended");
}

fn row_of(last: &mut Snapshot, index: usize) -> &mut crate::model::CallRow {
    Arc::make_mut(last.calls.get_mut(index).expect("a call"))
}

#[test]
fn what_is_not_of_this_version_is_an_error_that_names_the_file() {
    let (last, history, _home) = fresh();
    let calls = calls(&last);
    let run = PastRun::of(&last, calls.len()).expect("it has ended");
    history
        .keep_run(&calls, 1.0, &run)
        .expect("it can be written");
    let path = path_of(&history, &calls);
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
        let error = history.past_runs(&calls, 1.0).expect_err("an error");
        assert!(matches!(&error, HistoryError::Malformed { path: named, .. } if *named == path));
    }
    history
        .keep_run(&calls, 1.0, &run)
        .expect("it is written anew");
    assert_eq!(history.past_runs(&calls, 1.0).expect("no error"), [run]);
}

#[test]
fn only_so_many_runs_of_a_plan_are_kept() {
    let (last, history, _home) = fresh();
    let calls = calls(&last);
    let mut run = PastRun::of(&last, calls.len()).expect("it has ended");
    for cap in 1..=12 {
        run.cap = Cap::new(cap).expect("a cap");
        history
            .keep_run(&calls, 1.0, &run)
            .expect("it can be written");
    }
    let kept = history.past_runs(&calls, 1.0).expect("no error");
    let caps: Vec<u32> = kept.iter().map(|run| run.cap.get()).collect();
    assert_eq!(caps, [12, 11, 10, 9, 8, 7, 6, 5]);
}

#[test]
fn a_link_is_not_followed() {
    let (last, history, home) = fresh();
    let calls = calls(&last);
    history.runs.create().expect("a folder");
    let elsewhere = home.path().join("elsewhere");
    std::fs::write(&elsewhere, "{}").expect("a file");
    symlink(&elsewhere, path_of(&history, &calls)).expect("a link");
    let error = history.past_runs(&calls, 1.0).expect_err("an error");
    assert!(matches!(error, HistoryError::File(_)), "{error}");
}

#[test]
fn files_of_others_are_never_pruned_and_folders_of_others_never_used() {
    let (last, history, home) = fresh();
    let calls = calls(&last);
    let run = PastRun::of(&last, calls.len()).expect("it has ended");
    history.keep_run(&calls, 1.0, &run).expect("written");
    let runs = home.path().join("state/fanout/runs");
    for number in 0..60 {
        let names = [format!("photo-{number}.jpg"), format!("{number:020x}.json")];
        for name in names {
            std::fs::write(runs.join(name), "").expect("written");
        }
    }
    history.keep_run(&calls, 1.0, &run).expect("written");
    let count = |end: &str| {
        let files = std::fs::read_dir(&runs).expect("a folder");
        let names = files.map(|file| file.expect("a file").file_name());
        names
            .filter(|it| it.to_string_lossy().ends_with(end))
            .count()
    };
    assert_eq!((count(".jpg"), count(".json")), (60, MOST_PLANS));

    let elsewhere = home.path().join("elsewhere");
    std::fs::rename(&runs, &elsewhere).expect("moved");
    symlink(&elsewhere, &runs).expect("a link");
    history.keep_run(&calls, 1.0, &run).expect_err("a link");
    std::fs::remove_file(&runs).expect("removed");
    std::fs::rename(&elsewhere, &runs).expect("moved back");
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(home.path().join("state/fanout"), open).expect("set");
    let error = history
        .keep_run(&calls, 1.0, &run)
        .expect_err("not private");
    assert!(
        error.to_string().contains("can be written by others"),
        "{error}"
    );
    history.past_runs(&calls, 1.0).expect_err("nor is it read");
}

#[test]
fn a_history_file_that_is_no_text_is_set_aside_and_written_anew() {
    let (last, history, home) = fresh();
    let calls = calls(&last);
    let run = PastRun::of(&last, calls.len()).expect("it has ended");
    history.keep_run(&calls, 1.0, &run).expect("written");
    let path = home
        .path()
        .join("state/fanout/runs")
        .join(file_name(&calls, 1.0));
    std::fs::write(&path, b"\xff\xfe").expect("written");
    history.past_runs(&calls, 1.0).expect_err("no text");
    history.keep_run(&calls, 1.0, &run).expect("anew");
    assert_eq!(history.past_runs(&calls, 1.0).expect("read"), [run]);
    assert!(path.with_extension("json.unreadable").exists());
}

#[test]
fn runs_that_end_at_the_same_time_are_all_kept() {
    let (last, history, _home) = fresh();
    let calls = calls(&last);
    let run = PastRun::of(&last, calls.len()).expect("it has ended");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| history.keep_run(&calls, 1.0, &run).expect("written"));
        }
    });
    let kept = history.past_runs(&calls, 1.0).expect("no error");
    assert_eq!(kept.len(), 4);
}
