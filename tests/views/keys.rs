//! Keys typed into the real loop, and what they lead to.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::Event;
use fanout::engine::Command;
use fanout::model::{AttemptNo, CallId, CallName, Cap, Snapshot};
use fanout::output::Stream;
use fanout::tui::{Leave, Signal};

use crate::fixtures::{self, id};
use crate::stage::play;

const SIZE: (u16, u16) = (120, 36);

#[test]
fn cancelling_takes_two_presses() {
    let left = play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("jx").await;
        assert!(
            stage.text().contains("press x again to cancel #11"),
            "{}",
            stage.text()
        );
        assert_eq!(stage.commands(), []);
        stage.keys("x").await;
        assert_eq!(stage.commands(), [Command::Cancel(vec![id(11)])]);
        stage.keys("x").await;
        stage.pass(Duration::from_secs(4)).await;
        stage.keys("x").await;
        assert_eq!(stage.commands(), [], "the second press came too late");
        stage.keys("jx").await;
        assert!(stage.text().contains("X kills it now"), "{}", stage.text());
        stage.keys("X").await;
        assert_eq!(stage.commands(), [Command::Kill(vec![id(12)])]);
    });
    assert_eq!(left, None);
}

#[test]
fn an_armed_cancellation_does_not_move_to_another_call() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("xjx").await;
        assert_eq!(stage.commands(), []);
    });
}

#[test]
fn the_cap_is_raised_lowered_and_set() {
    play(fixtures::everything(), SIZE, async |stage| {
        let cap = |lanes| Command::SetCap(Cap::new(lanes).expect("a cap above 0"));
        stage.keys("+=").await;
        assert_eq!(stage.commands(), [cap(5), cap(6)]);
        stage.keys("-").await;
        assert_eq!(stage.commands(), [cap(5)]);
        stage.keys("C12<ret>").await;
        assert_eq!(stage.commands(), [cap(12)]);
        stage.keys("C0<ret>").await;
        assert_eq!(stage.commands(), []);
        assert!(stage.text().contains("a number from 1 to 1024"));
        stage.keys("Cq").await;
        stage.keys("<esc>").await;
        assert_eq!(stage.commands(), [], "q was typed, not pressed");
    });
}

#[test]
fn turning_the_cap_shows_what_the_rest_would_take_as_an_estimate() {
    play(fixtures::everything(), SIZE, async |stage| {
        let header = |stage: &crate::stage::Stage| {
            let text = stage.text();
            text.lines().next().unwrap_or_default().to_owned()
        };
        assert!(!header(stage).contains("left at"));
        stage.keys("+").await;
        let shown = header(stage);
        for cap in ["left at 4 ~", ", 5 ~", ", 6 ~"] {
            assert!(shown.contains(cap), "{cap} in {shown}");
        }
        stage.pass(Duration::from_secs(5)).await;
        assert!(!header(stage).contains("left at"));
    });
}

#[test]
fn leaving_asks_while_something_runs() {
    let left = play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("q").await;
        assert!(
            stage.text().contains("4 calls run, 4 wait."),
            "{}",
            stage.text()
        );
        stage.keys("<ret>").await;
        assert_eq!(stage.commands(), [], "the harmless answer was marked");
        stage.keys("q<tab><ret>").await;
        assert_eq!(stage.commands(), [Command::Drain]);
        stage.keys("qy").await;
        assert_eq!(stage.commands(), [Command::Shutdown]);
        stage.end_engine().await;
        unreachable!("the dashboard was left");
    });
    assert_eq!(left, Some(Leave::Quit));
}

#[test]
fn leaving_does_not_ask_when_all_has_ended() {
    let left = play(fixtures::over(), SIZE, async |stage| {
        stage.keys("q").await;
    });
    assert_eq!(left, Some(Leave::Quit));
}

#[test]
fn torture_32_ctrl_c_asks_then_cancels_then_kills() {
    let left = play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("<C-c>").await;
        assert_eq!(stage.commands(), []);
        stage.keys("<C-c>").await;
        assert_eq!(stage.commands(), [Command::Shutdown]);
        stage.keys("<C-c>").await;
        assert_eq!(stage.commands(), [Command::KillAll]);
        stage.end_engine().await;
    });
    assert_eq!(left, Some(Leave::Interrupted));
}

#[test]
fn ctrl_c_twice_slowly_only_asks() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("<C-c>").await;
        stage.pass(Duration::from_secs(3)).await;
        stage.keys("<C-c>").await;
        assert_eq!(stage.commands(), []);
    });
}

#[test]
fn signals_leave_at_once() {
    let left = play(fixtures::everything(), SIZE, async |stage| {
        stage.signal(Signal::Terminate).await;
    });
    assert_eq!(left, Some(Leave::Signalled(Signal::Terminate)));
}

#[test]
fn pausing_and_running_again() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("p").await;
        assert_eq!(stage.commands(), [Command::Pause]);
        stage.keys("r").await;
        assert_eq!(stage.commands(), [], "it has not ended");
        stage.keys("<tab><tab>r").await;
        assert_eq!(stage.commands(), [Command::Rerun(vec![id(9)])]);
        stage.keys("ggGr").await;
        assert_eq!(stage.commands(), [Command::Rerun(vec![id(1)])]);
    });
}

#[test]
fn output_is_followed_held_and_wrapped() {
    play(fixtures::everything(), SIZE, async |stage| {
        let sink = stage.outputs.sink(id(10), AttemptNo(1));
        for line in 0..100 {
            sink.write(Stream::Stdout, format!("line {line}\n").as_bytes());
        }
        sink.write(Stream::Stderr, b"warning: \x1b]0;title\x07 done\n");
        sink.finish();
        let run = fixtures::after_output(&fixtures::everything(), id(10));
        stage.publish(run).await;
        stage.keys("<ret>").await;
        let text = stage.text();
        assert!(
            text.contains("│┃warning: ") && !text.contains('\u{1b}'),
            "{text}"
        );
        assert!(
            text.contains("FOLLOW") && text.contains(" line 99"),
            "{text}"
        );
        stage.keys("kk").await;
        assert!(!stage.text().contains("FOLLOW") && !stage.text().contains("┃warning"));
        stage.keys("gg").await;
        assert!(stage.text().contains("│ line 0 "), "{}", stage.text());
        stage.keys("Gow").await;
        let text = stage.text();
        assert!(
            text.contains("stdout only") && !text.contains("┃warning"),
            "{text}"
        );
        stage.keys("o").await;
        assert!(stage.text().contains("│┃warning"), "{}", stage.text());
    });
}

#[test]
fn help_names_every_key_and_closes() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("?").await;
        assert!(
            stage.text().contains("Cancel by SIGTERM"),
            "{}",
            stage.text()
        );
        stage.keys("G").await;
        assert!(stage.text().contains("unconfirmed"), "{}", stage.text());
        stage.keys("q").await;
        assert!(!stage.text().contains("┌ Help"), "{}", stage.text());
    });
}

#[test]
fn nothing_is_drawn_when_nothing_runs_and_nobody_looks() {
    let run = fixtures::over();
    play(Arc::clone(&run), SIZE, async |stage| {
        stage.pass(Duration::from_secs(31)).await;
        let frames = stage.frames();
        for revision in 0..10 {
            let mut next = (*run).clone();
            next.revision = 100 + revision;
            stage.publish(Arc::new(next)).await;
            stage.pass(Duration::from_millis(500)).await;
        }
        assert_eq!(stage.frames(), frames);
        stage.event(Event::FocusGained).await;
        assert_eq!(stage.frames(), frames + 1, "and then it draws again");
    });
}

#[test]
fn a_small_screen_says_what_it_needs_and_still_hears() {
    let left = play(fixtures::over(), (39, 7), async |stage| {
        assert!(stage.text().starts_with("terminal 39×7; need 40×8"));
        stage.resize(40, 8);
        stage.event(Event::Resize(40, 8)).await;
        assert!(stage.text().contains("✓1"), "{}", stage.text());
        stage.keys("q").await;
    });
    assert_eq!(left, Some(Leave::Quit));
}

#[test]
fn calls_are_filtered_sorted_marked_and_moved() {
    play(fixtures::everything(), SIZE, async |stage| {
        let moved = |call, before| Command::Move {
            call: id(call),
            before,
        };
        stage.keys("2jJ").await;
        assert_eq!(stage.commands(), [moved(15, Some(id(17)))]);
        stage.keys("K").await;
        assert_eq!(stage.commands(), [moved(15, Some(id(14)))]);
        stage.keys("P").await;
        assert_eq!(stage.commands(), [Command::RunNext(id(15))]);
        stage.keys("sJ").await;
        assert_eq!(stage.commands(), [], "sorted by number");
        stage.keys("/wri<ret>").await;
        let text = stage.text();
        assert!(
            text.contains("write-a") && !text.contains("flaky"),
            "{text}"
        );
        stage.keys("<esc>").await;
        assert!(stage.text().contains("flaky"), "{}", stage.text());
        stage.keys("gg<space><space>x").await;
        assert!(stage.text().contains("2 marked calls."), "{}", stage.text());
        stage.keys("y").await;
        assert_eq!(stage.commands(), [Command::Cancel(vec![id(14), id(15)])]);
        stage.keys("O").await;
        assert!(stage.text().contains("All calls 17"), "{}", stage.text());
    });
}

#[test]
fn a_call_is_added_with_checked_arguments() {
    play(fixtures::nothing(), SIZE, async |stage| {
        stage.keys("awordc").await;
        insta::assert_snapshot!("add-pick", crate::dump::with_styles(&stage.screen()));
        stage.keys("<ret><f2>").await;
        insta::assert_snapshot!("add-form", crate::dump::with_styles(&stage.screen()));
        assert_eq!(stage.commands(), [], "an empty path is not taken");
        stage.keys("README.md<f4>").await;
        assert!(
            stage.text().contains(r#""path": "README.md""#),
            "{}",
            stage.text()
        );
        stage.keys("x<f2>").await;
        assert!(stage.text().contains("not JSON"), "{}", stage.text());
        stage.keys("<bs><f4><tab>mine<tab>nobody<f2>").await;
        assert!(
            stage.text().contains("there is no call `nobody`"),
            "{}",
            stage.text()
        );
        stage.keys("<esc>").await;
        assert!(
            stage.text().contains("Discard the form?"),
            "{}",
            stage.text()
        );
        stage.keys("n<bs><bs><bs><bs><bs><bs><f2>").await;
        let commands = stage.commands();
        let [Command::Add(draft)] = commands.as_slice() else {
            panic!("{commands:?}\n{}", stage.text());
        };
        assert_eq!(draft.args, serde_json::json!({"path": "README.md"}));
        assert_eq!(
            draft.name.as_ref().map(fanout::model::CallName::as_str),
            Some("mine")
        );
        assert!(
            stage.text().contains("queued: word-count"),
            "{}",
            stage.text()
        );
        stage.keys("awordc<ret><f2>").await;
        let text = stage.text();
        assert!(
            text.contains("it is required") && text.contains("↑ README.md, as last time"),
            "{text}"
        );
        assert_eq!(stage.commands(), [], "nothing is sent that was not typed");
        stage.keys("<up>").await;
        assert!(stage.text().contains("the next key replaces it"));
        stage.keys("x<f2>").await;
        let commands = stage.commands();
        let [Command::Add(draft)] = commands.as_slice() else {
            panic!("{commands:?}\n{}", stage.text());
        };
        assert_eq!(draft.args, serde_json::json!({"path": "x"}));
    });
}

#[test]
fn a_call_is_edited_and_run_again_and_depends_on_another() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("asearch<ret>").await;
        let json = r#"{"path": "src", "pattern": "{{grep.output}}"}"#;
        stage.event(Event::Paste(json.to_owned())).await;
        assert!(stage.text().contains("Fill the form?"), "{}", stage.text());
        stage.keys("y<f7>line<ret>").await;
        assert!(stage.clipboard().starts_with("fanout call search"));
        stage.keys("<f3>").await;
        let commands = stage.commands();
        let [Command::Add(draft)] = commands.as_slice() else {
            panic!("{commands:?}\n{}", stage.text());
        };
        assert_eq!(draft.settings.priority, 1, "before all others");
        stage.keys("E").await;
        assert!(
            stage.text().contains("not in the catalogue"),
            "{}",
            stage.text()
        );
        let run = fixtures::everything();
        let mut calls = run.calls.clone();
        let mut added = (**calls.get(0).expect("a call")).clone();
        let call = Arc::make_mut(&mut added.call);
        call.id = CallId::from_index(calls.len());
        call.name = CallName::new("added");
        calls.push(Arc::new(added));
        let with_it = Snapshot {
            revision: run.revision + 1,
            calls,
            ..(*run).clone()
        };
        stage.publish(Arc::new(with_it)).await;
        assert!(
            stage.text().contains("added"),
            "what was added is selected\n{}",
            stage.text()
        );
    });
}

#[test]
fn a_tool_is_found_read_about_and_called() {
    play(fixtures::nothing(), SIZE, async |stage| {
        stage.keys("3/hash<ret>").await;
        assert!(stage.text().contains("Tool hash"), "{}", stage.text());
        stage.keys("<tab>G").await;
        assert!(
            stage.text().contains("additionalProperties"),
            "{}",
            stage.text()
        );
        stage.keys("<ret>").await;
        assert!(
            stage.text().contains("Add a call: hash"),
            "{}",
            stage.text()
        );
        stage.keys("<esc><esc>").await;
        assert!(stage.text().contains("word-count"), "{}", stage.text());
    });
}

#[test]
fn the_timeline_is_walked_and_zoomed() {
    play(fixtures::history(), SIZE, async |stage| {
        stage.keys("4").await;
        assert!(
            stage.text().contains("Timeline by lane"),
            "{}",
            stage.text()
        );
        stage.keys(&"<left>".repeat(32)).await;
        assert!(stage.text().contains("ran, "), "{}", stage.text());
        let whole = stage.text();
        stage.keys("]]").await;
        assert_ne!(stage.text(), whole);
        stage.keys("0jm").await;
        assert!(
            stage.text().contains("Timeline by call"),
            "{}",
            stage.text()
        );
    });
}

#[test]
fn a_filter_selects_a_call_that_it_leaves() {
    play(fixtures::everything(), (120, 36), async |stage| {
        stage.keys("2Ogg/crawl<ret>").await;
        let text = stage.text();
        assert!(text.contains("▌#6") && text.contains("Output #6"), "{text}");
    });
}
