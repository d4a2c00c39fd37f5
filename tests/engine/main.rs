//! The engine with a spawner that starts nothing, in time that stands still
//! unless everything waits.

mod agents;
mod agents_and_control;
mod live_agents;
mod office;
mod questions;
#[path = "../support/scripted.rs"]
mod scripted;
#[path = "../support/shim.rs"]
mod shim;
mod slow;
mod trial;

use std::sync::Arc;
use std::time::Duration;

use fanout::engine::{Command, EventDetail, Lifetime, Recorder};
use fanout::model;
use fanout::model::{CallState, Cap, Ending, EventKind, Outcome, RunEvent, Snapshot, WaitReason};
use fanout::output::{Bounds, Store};
use fanout::plan::Draft;
use fanout::sched::Replay;
use scripted::id;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;
use trial::{PATIENCE, Trial, reason, recorded_trial, state, stored_trial, taped_trial, trial};

#[tokio::test(start_paused = true)]
async fn outputs_become_arguments() {
    let trial = trial(
        r#"
        [[call]]
        id = "a"
        tool = "count"
        [[call]]
        id = "b"
        tool = "say"
        args = { text = "{{a.output.words.1}} words; {{{{kept}}" }
        "#,
        4,
        Lifetime::UntilEnded,
    );
    trial.until_starting(1).await;
    trial
        .spawner
        .succeeds(1, r#"{"words": [1, "{{a.output}}"]}"#)
        .await;
    trial.until_starting(2).await;
    let launch = trial.spawner.launches().pop().expect("a launch");
    assert_eq!(launch.argv, ["say", "{{a.output}} words; {{kept}}"]);
    assert_eq!(launch.env["FANOUT_CALL_ID"], "b");
    trial.spawner.succeeds(2, "done").await;
    let last = trial.last().await;
    assert_eq!(last.counts.succeeded, 2);
    assert_eq!(
        *last.row(id(2)).expect("a row").args,
        json!({"text": "{{a.output}} words; {{kept}}"})
    );
}

#[tokio::test(start_paused = true)]
async fn output_of_the_wrong_form_is_a_failure_before_dependents_start() {
    let trial = trial(
        r#"
        [[call]]
        id = "a"
        tool = "count"
        [[call]]
        tool = "say"
        args = { text = "{{a.output}}" }
        "#,
        4,
        Lifetime::UntilEnded,
    );
    trial.until_starting(1).await;
    trial.spawner.succeeds(1, "not json").await;
    let last = trial.last().await;
    assert_eq!(state(&last, 1), CallState::Ended(Outcome::Failed));
    assert!(reason(&last, 1).starts_with("output is not one JSON document"));
    assert_eq!(state(&last, 2), CallState::Ended(Outcome::Skipped));
    assert_eq!(reason(&last, 2), "a failed");
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_leads_nowhere_fails_without_a_process() {
    let trial = trial(
        r#"
        [[call]]
        id = "a"
        tool = "count"
        [[call]]
        tool = "say"
        args = { text = "{{a.output.missing}}" }
        "#,
        4,
        Lifetime::UntilEnded,
    );
    trial.until_starting(1).await;
    trial.spawner.succeeds(1, "{}").await;
    let spawner = trial.spawner.clone();
    let last = trial.last().await;
    assert_eq!(state(&last, 2), CallState::Ended(Outcome::Failed));
    assert!(reason(&last, 2).contains("missing"), "{}", reason(&last, 2));
    assert_eq!(spawner.launches().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_between_start_and_spawn_stops_the_process_once_it_runs() {
    let trial = trial("[[call]]\ntool = \"say\"", 1, Lifetime::UntilEnded);
    trial.until_starting(1).await;
    trial.send(Command::Cancel(vec![id(1)]));
    let stops = trial.spawner.stops(1).expect("a start");
    trial.spawner.runs(1).await;
    timeout(PATIENCE, stops.soft.cancelled())
        .await
        .expect("a soft stop");
    timeout(PATIENCE, stops.hard.cancelled())
        .await
        .expect("a hard stop after the grace");
    trial
        .spawner
        .ends(1, "", Ending::plain(Outcome::Failed))
        .await;
    let last = trial.last().await;
    assert_eq!(state(&last, 1), CallState::Ended(Outcome::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn raising_the_cap_admits_and_lowering_it_drains() {
    let calls = "[[call]]\ntool = \"say\"\n".repeat(4);
    let trial = trial(&calls, 1, Lifetime::UntilEnded);
    trial.until_starting(1).await;
    trial.send(Command::SetCap(Cap::new(3).expect("a cap")));
    trial.until_starting(3).await;
    trial.send(Command::SetCap(Cap::new(1).expect("a cap")));
    let snapshot = trial.until(|snapshot| snapshot.policy.cap.get() == 1).await;
    assert_eq!(snapshot.counts.busy(), 3);
    for call in 1..=3 {
        assert!(
            !trial
                .spawner
                .stops(call)
                .expect("running")
                .soft
                .is_cancelled()
        );
        trial.spawner.succeeds(call, "").await;
    }
    trial.until_starting(4).await;
    trial.spawner.succeeds(4, "").await;
    let last = trial.last().await;
    assert_eq!((last.counts.succeeded, last.highest_cap.get()), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn locks_named_by_an_output_hold_calls_apart() {
    let trial = trial(
        r#"
        [[call]]
        id = "a"
        tool = "count"
        [[call]]
        id = "b"
        tool = "write"
        args = { path = "{{a.output.path}}" }
        [[call]]
        id = "c"
        tool = "write"
        args = { path = "x/y" }
        after = ["a"]
        "#,
        4,
        Lifetime::UntilEnded,
    );
    trial.until_starting(1).await;
    trial.spawner.succeeds(1, r#"{"path": "x"}"#).await;
    // The file that the second locks is identified aside: the third, whose lock
    // is known, does not wait for that.
    trial.until_starting(3).await;
    let is_held = |snapshot: &Snapshot| {
        let row = snapshot.row(id(2)).expect("a row");
        matches!(&row.wait, Some(WaitReason::Lock { key, holder })
            if key.as_str() == "file:x" && *holder == id(3))
    };
    trial.until(is_held).await;
    tokio::time::advance(Duration::from_secs(3)).await;
    trial.spawner.succeeds(3, "").await;
    trial.until_starting(2).await;
    trial.spawner.succeeds(2, "").await;
    let last = trial.last().await;
    let waited = &last.row(id(2)).expect("a row").waited;
    assert!(waited.under("lock") >= Duration::from_secs(3), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_runs_again_with_the_arguments_it_had() {
    let trial = trial(
        "[[call]]\nid = \"a\"\ntool = \"say\"\nargs = { text = \"{{{{x\" }",
        1,
        Lifetime::UntilAsked,
    );
    trial.until_starting(1).await;
    trial.spawner.succeeds(1, "").await;
    trial.until_ended(1, Outcome::Succeeded).await;
    trial.send(Command::Rerun(vec![id(1)]));
    trial.until_starting(2).await;
    let launches = trial.spawner.launches();
    assert_eq!(launches[0].argv, launches[1].argv);
    assert_eq!(launches[1].argv, ["say", "{{x"]);
    let rows = trial.handle.latest();
    let args = |call| std::sync::Arc::clone(&rows.row(id(call)).expect("a row").call.args);
    let run_with = &rows.row(id(1)).expect("a row").args;
    assert!(
        std::sync::Arc::ptr_eq(run_with, &args(2)),
        "shared, not copied"
    );
    trial.spawner.succeeds(2, "").await;
    trial.until_ended(2, Outcome::Succeeded).await;
    trial.send(Command::Shutdown);
    let last = trial.last().await;
    let again = last.row(id(2)).expect("a row");
    assert_eq!(again.name.as_str(), "a-r2");
    assert_eq!(again.call.origin, model::CallOrigin::Again(id(1)));
}

#[tokio::test(start_paused = true)]
async fn a_plan_runs_again_with_references_to_its_new_calls() {
    let plan = "[[call]]\nid = \"a\"\ntool = \"count\"\n\
                [[call]]\nid = \"b\"\ntool = \"say\"\nargs = { text = \"{{a.output.words}}\" }";
    let trial = trial(plan, 4, Lifetime::UntilAsked);
    for (round, words) in [(0, "one"), (2, "two")] {
        trial.until_starting(round + 1).await;
        let output = format!("{{\"words\": \"{words}\"}}");
        trial.spawner.succeeds(round + 1, &output).await;
        trial.until_starting(round + 2).await;
        let launch = trial.spawner.launches().pop().expect("a launch");
        assert_eq!(launch.argv, ["say", words]);
        trial.spawner.succeeds(round + 2, words).await;
        let run = trial.until_ended(round + 2, Outcome::Succeeded).await;
        assert_eq!(run.round, round as usize);
        assert_eq!(run.round_rows().count(), 2);
        if round == 0 {
            trial.send(Command::RerunPlan);
        }
    }
    trial.send(Command::Shutdown);
    let last = trial.last().await;
    assert_eq!(last.row(id(4)).expect("a row").name.as_str(), "b-r2");
}

#[tokio::test(start_paused = true)]
async fn a_failure_keeps_the_first_line_of_standard_error_and_how_it_was_started() {
    let trial = trial(
        "[[call]]\nid = \"a\"\ntool = \"count\"",
        1,
        Lifetime::UntilAsked,
    );
    trial.until_starting(1).await;
    let row = trial.handle.latest();
    let launch = row.row(id(1)).expect("a row").launch.clone();
    let launch = launch.expect("how it was started");
    assert!(launch.env.contains_key("FANOUT_CALL_ID"));
    trial.spawner.prints_error(1, "\n first\nsecond\n");
    trial.spawner.succeeds(1, r#"{"words": 1}"#).await;
    let run = trial.until_ended(1, Outcome::Succeeded).await;
    let row = run.row(id(1)).expect("a row");
    assert_eq!(row.error_line(), Some("first"));
    assert!(row.launch.is_some());
    trial.send(Command::Shutdown);
    trial.last().await;
}

#[tokio::test(start_paused = true)]
async fn calls_are_added_or_refused_while_the_run_is_on() {
    let trial = trial(
        "[[call]]\nid = \"a\"\ntool = \"count\"",
        2,
        Lifetime::UntilAsked,
    );
    let draft = |tool: &str, text: &str| {
        Command::Add(Box::new(Draft {
            args: json!({ "text": text }),
            ..Draft::new(model::ToolName::new(tool))
        }))
    };
    trial.send(draft("nothing", ""));
    let snapshot = trial.until(|snapshot| snapshot.notice.is_some()).await;
    let (_, notice) = snapshot.notice.clone().expect("a notice");
    assert!(notice.contains("nothing"), "{notice}");
    trial.send(draft("say", "n is {{a.output.n}}"));
    trial.until_starting(1).await;
    trial.spawner.succeeds(1, r#"{"n": 3}"#).await;
    trial.until_starting(2).await;
    assert_eq!(trial.spawner.launches()[1].argv, ["say", "n is 3"]);
    trial.spawner.succeeds(2, "").await;
    trial.until_ended(2, Outcome::Succeeded).await;
    trial.send(Command::Drain);
    assert_eq!(trial.last().await.counts.succeeded, 2);
}

#[tokio::test(start_paused = true)]
async fn a_slow_recorder_loses_nothing() {
    let (sender, mut events) = mpsc::channel::<RunEvent>(1);
    let recorder = Recorder {
        events: sender,
        detail: EventDetail::Everything,
    };
    let calls = "[[call]]\ntool = \"say\"\n".repeat(50);
    let trial = recorded_trial(&calls, 50, Lifetime::UntilEnded, Some(recorder));
    trial.until_starting(50).await;
    for call in 1..=50 {
        trial.spawner.succeeds(call, "words\n").await;
    }
    let mut ends = vec![0; 50];
    let mut is_over = false;
    while let Ok(Some(event)) = timeout(PATIENCE, events.recv()).await {
        assert!(!is_over, "nothing follows the end");
        match event.what {
            EventKind::CallEnded { call, .. } => ends[call.index()] += 1,
            EventKind::RunEnded { counts, .. } => {
                assert_eq!(counts.succeeded, 50);
                is_over = true;
            }
            _ => {}
        }
    }
    assert!(is_over && ends.iter().all(|count| *count == 1), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn a_recorder_that_stands_still_piles_up_no_output() {
    const CALLS: u32 = 64;
    const TIMES: u32 = 100;
    let (sender, mut events) = mpsc::channel::<RunEvent>(1);
    let recorder = Recorder {
        events: sender,
        detail: EventDetail::Everything,
    };
    let calls = "[[call]]\ntool = \"say\"\n".repeat(CALLS as usize);
    let trial = recorded_trial(&calls, CALLS, Lifetime::UntilEnded, Some(recorder));
    trial.until_starting(CALLS).await;
    for call in 1..=CALLS {
        trial.spawner.runs(call).await;
    }
    for _ in 0..TIMES {
        for call in 1..=CALLS {
            trial.spawner.prints(call, "words\n");
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    for call in 1..=CALLS {
        let ending = Ending::plain(Outcome::Succeeded);
        trial.spawner.ends(call, "last\n", ending).await;
    }
    let (mut pieces, mut told) = (0, 0);
    let mut is_ended = vec![false; CALLS as usize];
    while let Ok(Some(event)) = timeout(PATIENCE, events.recv()).await {
        match event.what {
            EventKind::Output {
                call,
                text,
                left_out_bytes,
                ..
            } => {
                assert!(!is_ended[call.index()], "output after the end of {call}");
                pieces += 1;
                told += text.len() as u64 + left_out_bytes;
            }
            EventKind::CallEnded { call, .. } => is_ended[call.index()] = true,
            _ => {}
        }
    }
    assert!(is_ended.iter().all(|it| *it));
    assert_eq!(told, u64::from(CALLS * (TIMES * 6 + 5)));
    assert!(pieces < 5000, "{pieces} pieces wait in memory");
}

#[tokio::test(start_paused = true)]
async fn what_keeps_output_from_the_disk_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocked = folder.path().join("outputs");
    std::fs::write(&blocked, "a file where the folder should be").expect("it can be written");
    let store = Store::new(Some(blocked), Bounds::default());
    let plan = "[[call]]\ntool = \"say\"";
    let trial = stored_trial(plan, 1, Lifetime::UntilEnded, None, None, store.clone());
    trial.until_starting(1).await;
    trial.spawner.runs(1).await;
    trial.spawner.prints(1, &"words\n".repeat(1 << 20));
    // The disk is another thread's, in real time.
    let deadline = std::time::Instant::now() + Duration::from_mins(1);
    while store.problem().is_none() {
        assert!(std::time::Instant::now() < deadline, "no problem");
        std::thread::yield_now();
    }
    let snapshot = trial.until(|snapshot| snapshot.notice.is_some()).await;
    let (_, notice) = snapshot.notice.clone().expect("a notice");
    assert!(notice.contains("not kept on disk"), "{notice}");
    trial
        .spawner
        .ends(1, "", Ending::plain(Outcome::Succeeded))
        .await;
    trial.last().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_watchers_are_gone_is_shut_down() {
    let Trial {
        mut engine,
        handle,
        spawner,
        folder: _folder,
    } = trial("[[call]]\ntool = \"say\"", 1, Lifetime::UntilAsked);
    let mut snapshots = handle.snapshots();
    let is_busy = |snapshot: &Arc<Snapshot>| snapshot.counts.busy() == 1;
    timeout(PATIENCE, snapshots.wait_for(is_busy))
        .await
        .expect("a start")
        .expect("an engine");
    let stops = spawner.stops(1).expect("a start");
    handle.send(Command::Shutdown).expect("room for a command");
    drop(handle);
    spawner.runs(1).await;
    timeout(PATIENCE, stops.soft.cancelled())
        .await
        .expect("a soft stop");
    spawner.ends(1, "", Ending::plain(Outcome::Failed)).await;
    let last = timeout(PATIENCE, engine.ended()).await;
    let last = last.expect("an end").expect("no panic");
    assert_eq!(last.counts.cancelled, 1);
}

#[tokio::test(start_paused = true)]
async fn suspended_time_counts_for_nothing() {
    let trial = trial(
        "[[call]]\ntool = \"say\"\ntimeout = \"10s\"",
        1,
        Lifetime::UntilEnded,
    );
    trial.until_starting(1).await;
    trial.spawner.runs(1).await;
    trial.until(|snapshot| snapshot.counts.running == 1).await;
    trial.send(Command::Suspend);
    trial.until(|snapshot| snapshot.is_suspended).await;
    tokio::time::advance(Duration::from_hours(1)).await;
    trial.send(Command::Continue);
    let snapshot = trial.until(|snapshot| !snapshot.is_suspended).await;
    assert!(snapshot.now < Duration::from_secs(10), "{:?}", snapshot.now);
    let stops = trial.spawner.stops(1).expect("running");
    assert!(!stops.soft.is_cancelled());
    timeout(PATIENCE, stops.soft.cancelled())
        .await
        .expect("the run timeout, later");
    trial
        .spawner
        .ends(1, "", Ending::plain(Outcome::Failed))
        .await;
    assert_eq!(trial.last().await.counts.timed_out, 1);
}

#[tokio::test(start_paused = true)]
async fn a_taped_run_replays_exactly_and_a_changed_tape_does_not() {
    let (sender, mut steps) = mpsc::channel(1);
    let calls = "[[call]]\ntool = \"say\"\nretries = 3\n".repeat(3);
    let trial = taped_trial(&calls, 3, Lifetime::UntilEnded, None, Some(sender));
    let tape = tokio::spawn(async move {
        let mut lines = Vec::new();
        while let Some(step) = steps.recv().await {
            lines.push(serde_json::to_string(&step).expect("a line"));
        }
        lines
    });
    for call in 1..=3 {
        trial.until_starting(call).await;
        trial.spawner.runs(call).await;
        trial
            .spawner
            .ends(call, "", Ending::plain(Outcome::Failed))
            .await;
        trial.until_starting(call).await;
        trial.spawner.succeeds(call, "").await;
    }
    assert_eq!(trial.last().await.counts.succeeded, 3);
    let lines = tape.await.expect("no panic");
    let parse = |line: &String| serde_json::from_str(line).expect("a step");
    let mut replay = Replay::default();
    for line in &lines {
        replay.step(parse(line)).expect("the same effects");
    }
    assert!(replay.steps() > 9, "{} steps", replay.steps());

    let mut replay = Replay::default();
    let mut changed = lines
        .iter()
        .map(|line| line.replace("\"retries\":3", "\"retries\":0"));
    let outcome = changed.try_for_each(|line| replay.step(parse(&line)));
    assert!(outcome.is_err(), "a tape of another run cannot replay");
}
