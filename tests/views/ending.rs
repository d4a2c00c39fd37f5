//! The sum of a run in the place of its lanes, what can be done then, and what
//! is told of a call that hangs.

use std::sync::Arc;
use std::time::Duration;

use fanout::engine::Command;
use fanout::lab::{RunSummary, SummaryContext};
use fanout::model::{
    CallId, CapCause, CapChange, CapStep, Ending, History, InspectedProcess, Inspection, Launch,
    MeasureSource, Measured, Outcome, Pace, Snapshot, Stdin,
};
use fanout::theme::{Depth, builtin};
use fanout::tui::state::{Pane, Screen, Selection};
use fanout::tui::text::glyphs::Glyphs;
use ratatui::layout::Size;

use crate::fixtures::{self, id, ms, tools};
use crate::stage::play;
use crate::{dump, looks};

/// Changes the row of a call.
fn edit(run: &mut Snapshot, call: CallId, change: impl FnOnce(&mut fanout::model::CallRow)) {
    let row = run.calls.get_mut(call.index()).expect("a call");
    change(Arc::make_mut(row));
}

/// A run of six calls that has ended: one failed as planned, one did not.
fn ended() -> Arc<Snapshot> {
    let run = fixtures::Run::new(4)
        .ended("fetch-1", Outcome::Succeeded, 12_000, None)
        .ended("fetch-2", Outcome::Succeeded, 9_000, None)
        .ended("deploy", Outcome::Failed, 3_000, Some("exit code 22"))
        .ended("smoke", Outcome::Skipped, 0, Some("deploy failed"))
        .ended("lint", Outcome::Failed, 1_500, Some("exit code 1"))
        .ended("notes", Outcome::Succeeded, 400, None)
        .publish();
    let mut run = (*run).clone();
    run.planned = Arc::new([id(3), id(4)].into());
    edit(&mut run, id(3), |row| {
        row.output.first_error = "curl: (22) not found".into();
    });
    edit(&mut run, id(5), |row| {
        row.output.first_error = "Traceback (most recent call last):".into();
        row.output.last_line = "KeyError: 'customer'".into();
    });
    Arc::new(run)
}

fn summary(run: &Snapshot, one_lane: Option<Duration>) -> RunSummary {
    let context = SummaryContext {
        one_lane,
        time_scale: 1.0,
    };
    RunSummary::of(run, tools().tools(), context).expect("the run has ended")
}

#[test]
fn the_end_of_a_run_at_every_size() {
    for (width, height) in [(200, 60), (120, 36), (100, 30), (80, 24), (60, 12), (40, 8)] {
        let state = fixtures::state(ended(), Size { width, height });
        let text = dump::with_styles(&looks::draw(&state));
        insta::assert_snapshot!(format!("ended-{width}x{height}"), text);
    }
    let theme = builtin("mono", Depth::Mono).expect("a built-in theme");
    let state = fixtures::state(ended(), Size::new(120, 36));
    let text = dump::text(&looks::draw_with(&state, &theme, Glyphs::Ascii));
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("ended-mono-ascii", text);
}

#[test]
fn the_end_tells_what_failed_why_and_whether_that_was_planned() {
    play(ended(), (120, 60), async |stage| {
        let text = stage.text();
        for said in [
            "6 calls in 60.0 s",
            "3 succeeded",
            "2 failed, 1 of them as planned",
            "exit code 22: curl: (22) not found",
            "exit code 1: KeyError: 'customer'",
            "#1 fetch-1",
            "lanes, ~0.4 times as fast as one",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("Every call has ended"), "{text}");
    });
}

#[test]
fn the_marked_choice_is_done() {
    play(ended(), (120, 36), async |stage| {
        stage.commands();
        stage.keys("<ret>").await;
        let calls: Vec<CallId> = (1..=6).map(id).collect();
        assert_eq!(stage.commands(), [Command::Rerun(calls)]);
        stage.keys("jj<ret>").await;
        let text = stage.text();
        assert!(text.contains("Timeline by lane"), "{text}");
        stage.keys("1j<ret>").await;
        assert!(stage.text().contains("Experiments"), "{}", stage.text());
    });
}

#[test]
fn a_measured_run_in_one_lane_is_no_estimate() {
    let run = ended();
    let estimated = summary(&run, None);
    assert!(estimated.one_lane_words().contains("would take ~25.9 s"));
    let measured = summary(&run, Some(Duration::from_mins(2)));
    assert_eq!(measured.speed_up(), Some(2.0));
    assert!(
        measured
            .verdict
            .starts_with("4 lanes, 2.0 times as fast as one:"),
        "{}",
        measured.verdict
    );
    assert_eq!(measured.one_lane_words(), "one lane took 120.0 s, measured");
}

#[test]
fn calls_added_by_hand_are_not_measured_against_one_lane() {
    let mut run = (*ended()).clone();
    let last = run.calls.iter().filter_map(|row| row.ended).max();
    let added = last.expect("it ended") + Duration::from_secs(40);
    edit(&mut run, id(6), |row| {
        row.queued = added;
        row.ended = Some(added + ms(400));
    });
    let by_hand = summary(&run, None);
    assert_eq!(by_hand.pauses, Duration::from_secs(40));
    assert_eq!((by_hand.speed_up(), by_hand.measures().len()), (None, 0));
    let expected = "6 calls, added by hand with 40.0 s between them";
    assert_eq!(by_hand.verdict, expected);
}

#[test]
fn full_cores_are_named_as_what_binds() {
    let mut run = (*ended()).clone();
    for (call, cpu) in [(1, 100_000), (2, 18_000)] {
        edit(&mut run, id(call), |row| {
            let ending = row.attempts[0]
                .ending
                .get_or_insert_with(|| Ending::plain(Outcome::Succeeded));
            ending.cpu_ms = Some(Measured {
                value: cpu,
                source: MeasureSource::Exact,
            });
        });
    }
    let verdict = summary(&run, Some(Duration::from_mins(4))).verdict;
    let expected =
        "4 lanes, 4.0 times as fast as one: two cores were full; more lanes would not help";
    assert_eq!(verdict, expected);
}

#[test]
fn percentiles_are_times_that_were_measured() {
    let summary = summary(&ended(), None);
    let names: Vec<&str> = summary.tools.iter().map(|it| it.tool.as_str()).collect();
    assert!(names.contains(&"fetch-1"), "{names:?}");
    let fetch = &summary.tools[names.iter().position(|it| *it == "fetch-1").expect("it")];
    assert_eq!(
        (fetch.calls, fetch.run.p50, fetch.run.p99),
        (1, ms(12_000), ms(12_000))
    );
    assert!(fetch.from_ready.p50 >= fetch.run.p50);
    assert_eq!(fetch.in_flight.most, 1);
    let together = summary.in_flight;
    assert!(
        together.most > 1 && together.mean <= together.most as f64,
        "{together:?}"
    );
}

#[test]
fn small_screens_keep_lanes_calls_and_output_in_sight() {
    for size in [(80, 24), (100, 30), (60, 20)] {
        play(fixtures::everything(), size, async |stage| {
            let text = stage.text();
            for said in [
                "#10 grep",
                "finished 9",
                "#15 ",
                "held by #11",
                "Output #10",
            ] {
                assert!(text.contains(said), "{size:?} {said}: {text}");
            }
            // The list goes on with the calls that have ended.
            stage.keys("<tab>jjjj").await;
            let text = stage.text();
            assert!(text.contains("orphan"), "{size:?}: {text}");
            stage.keys("<tab>").await;
            assert!(stage.text().contains("Output #9"), "{}", stage.text());
        });
    }
}

#[test]
fn a_call_that_hangs_tells_what_it_is_and_does() {
    let mut run = (*fixtures::everything()).clone();
    edit(&mut run, id(10), |row| {
        row.attempts[0].argv = Some(["grep".to_owned(), "TODO list".to_owned()][..].into());
        row.printed = Some(fixtures::NOW.saturating_sub(ms(10_200)));
        let elapsed = row.elapsed(fixtures::NOW).expect("it runs");
        Arc::make_mut(&mut row.call).estimate = Some(elapsed.mul_f64(0.0119));
        row.launch = Some(Arc::new(Launch {
            cwd: "/home/me/src".into(),
            env: [("PATH", "/bin"), ("API_TOKEN", "s3cret")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            stdin: Stdin::Empty,
            pid: Some(4_711),
        }));
    });
    let process = |pid, parent, command: &str| InspectedProcess {
        pid,
        parent,
        state: 'S',
        command: command.to_owned(),
        threads: 1,
        open_files: Some(5),
        waits_in: "pipe_read".to_owned(),
    };
    run.inspection = Some(Arc::new(Inspection {
        call: id(10),
        processes: vec![process(4_711, 1, "grep"), process(4_712, 4_711, "cat")],
        further: 0,
    }));
    play(Arc::new(run), (200, 60), async |stage| {
        stage.keys("%%").await;
        let asked = stage.every_command();
        assert!(asked.contains(&Command::Inspect(Some(id(10)))), "{asked:?}");
        let text = stage.text();
        for said in [
            "silent for  11 s",
            "84× as long as expected",
            "  84×",
            "grep 'TODO list'",
            "/home/me/src",
            "API_TOKEN PATH",
            "4711 sleeps in pipe_read, 5 open files: grep",
            "4712 sleeps",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("s3cret"), "{text}");
        stage.keys("Yran<ret>").await;
        let expected = "cd /home/me/src && env -i API_TOKEN=\"$API_TOKEN\" PATH=/bin \
                        grep 'TODO list' < /dev/null";
        assert_eq!(stage.clipboard(), expected);
    });
}

#[test]
fn a_change_of_the_cap_is_told_with_the_pace_before_and_after() {
    let mut run = (*fixtures::everything()).clone();
    let cap = |lanes| fanout::model::Cap::new(lanes).expect("a cap");
    let pace = |ended, median| Pace {
        ended,
        time: Duration::from_secs(10),
        median: Some(ms(median)),
    };
    let mut changes = History::new(4);
    changes.push(Some(CapChange {
        at: ms(100_000),
        step: CapStep {
            before: cap(4),
            cap: cap(8),
            cause: CapCause::User,
            auto: None,
            service: None,
        },
        before: pace(59, 410),
        after: pace(118, 630),
    }));
    run.cap_changes = Arc::new(changes);
    let mut load = History::new(8);
    for at in [59, 60, 61] {
        load.push(Some(fanout::model::LoadSample {
            at: Duration::from_secs(at),
            cap: cap(8),
            running: 4,
            queued: 3,
            pressure: None,
            pace: pace(118, 630),
        }));
    }
    run.load_samples = Arc::new(load);
    let mut state = fixtures::state(Arc::new(run), Size::new(120, 36));
    state.show(Screen::Experiments);
    let text = dump::text(&looks::draw(&state));
    let said = "4 → 8 lanes: 5.9 → 11.8/s, median 0.41 → 0.63 s";
    assert!(text.contains(said), "{text}");
    assert!(text.contains("ended 11.8/s"), "{text}");
    state.show(Screen::Lanes);
    state.selection = Selection::Chosen(id(10));
    state.focus_on(Pane::Lanes);
    state.size = Size::new(200, 60);
    state.settle();
    let text = dump::text(&looks::draw(&state));
    assert!(text.contains(said), "beside the lanes: {text}");
}
