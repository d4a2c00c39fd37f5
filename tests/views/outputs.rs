//! The output pane: following, wrapping, searching, filtering, its forms and
//! whose output it shows.

use std::sync::Arc;
use std::time::Duration;

use fanout::model::{AttemptNo, Ending, Outcome, Snapshot};
use fanout::output::{Bounds, Store, Stream};
use fanout::theme::{Depth, builtin};
use fanout::tui::dialogs::Layers;
use fanout::tui::event_loop::reading::PaneReader;
use fanout::tui::state::{OutputForm, Pane, Scope, State};
use fanout::tui::text::glyphs::Glyphs;
use fanout::tui::update::{Msg, update};
use ratatui::layout::Size;

use crate::fixtures::{self, id};
use crate::stage::{Stage, play};
use crate::{dump, looks};

const SIZE: (u16, u16) = (120, 36);

/// What the calls of the fixtures print.
fn printed() -> Store {
    let store = Store::new(None, Bounds::default());
    let sink = store.sink(id(10), AttemptNo(1));
    for line in 0..60 {
        let text = format!(
            "src/net/pool.rs:{}: // TO-DO number {line} of the retries\n",
            line * 7
        );
        sink.write(Stream::Stdout, text.as_bytes());
    }
    sink.write(
        Stream::Stderr,
        b"warning: \x1b[31mskipped\x1b[0m a binary file\n",
    );
    let long =
        "a line that is longer than the pane is wide, and therefore wrapped or cut, ".repeat(4);
    sink.write(Stream::Stdout, format!("{long}\n10%\r100%\n").as_bytes());
    sink.finish();
    let sink = store.sink(id(1), AttemptNo(1));
    let json = r#"{"files": [{"path": "a.rs", "lines": 12}, {"path": "b\u001b.rs"}], "ok": true}"#;
    sink.write(Stream::Stdout, json.as_bytes());
    sink.finish();
    store
}

/// The run after its calls printed.
fn run() -> Arc<Snapshot> {
    let run = fixtures::after_output(&fixtures::everything(), id(10));
    fixtures::after_output(&run, id(1))
}

/// Reads all that a state wants.
fn read(state: &mut State, store: &Store) {
    let (reader, mut reading) = (store.reader(), PaneReader::default());
    for _ in 0..100 {
        let news = reading.serve(&reader, state);
        if news.is_empty() {
            return;
        }
        for news in news {
            let now = state.now;
            update(state, &mut Layers::default(), now, Msg::Read(news));
        }
    }
    panic!("there is always more to read");
}

/// Has the calls print.
async fn print(stage: &mut Stage) {
    let sink = stage.outputs.sink(id(10), AttemptNo(1));
    for line in 0..100 {
        sink.write(Stream::Stdout, format!("line {line}\n").as_bytes());
    }
    stage.publish(run()).await;
    stage.keys("<ret>").await;
}

#[test]
fn the_output_at_every_size() {
    let store = printed();
    for (width, height) in looks::SIZES {
        let mut state = fixtures::state(run(), Size { width, height });
        state.focus_on(Pane::Output);
        state.output.is_wrapped = true;
        state.output.has_times = true;
        read(&mut state, &store);
        // When lines came is no matter of the picture.
        state.output.has_times = false;
        read(&mut state, &store);
        let text = dump::with_styles(&looks::draw(&state));
        insta::assert_snapshot!(format!("output-{width}x{height}"), text);
        state.find("to-do number [34]");
        read(&mut state, &store);
        let text = dump::with_styles(&looks::draw(&state));
        insta::assert_snapshot!(format!("search-{width}x{height}"), text);
    }
}

#[test]
fn the_output_without_colours_and_in_ascii() {
    let theme = builtin("mono", Depth::Mono).expect("a built-in theme");
    let store = printed();
    for (name, glyphs) in [("unicode", Glyphs::Unicode), ("ascii", Glyphs::Ascii)] {
        let mut state = fixtures::state(run(), Size::new(80, 24));
        state.focus_on(Pane::Output);
        state.find("to-do number 5");
        read(&mut state, &store);
        let text = dump::with_styles(&looks::draw_with(&state, &theme, glyphs));
        assert!(glyphs == Glyphs::Unicode || text.is_ascii(), "{text}");
        insta::assert_snapshot!(format!("output-mono-{name}"), text);
    }
}

#[test]
fn all_outputs_and_every_form() {
    let store = printed();
    let size = Size {
        width: 120,
        height: 36,
    };
    for (name, scope) in [("combined", Scope::Combined), ("live", Scope::Live)] {
        let mut state = fixtures::state(run(), size);
        state.focus_on(Pane::Output);
        state.is_zoomed = true;
        state.output.scope = scope;
        read(&mut state, &store);
        insta::assert_snapshot!(name, dump::with_styles(&looks::draw(&state)));
    }
    for (name, form) in [("tree", OutputForm::Tree), ("raw", OutputForm::Raw)] {
        let mut state = fixtures::state(run(), size);
        state.selection = fanout::tui::state::Selection::Chosen(id(1));
        state.settle();
        state.focus_on(Pane::Output);
        state.output.form = form;
        read(&mut state, &store);
        insta::assert_snapshot!(name, dump::with_styles(&looks::draw(&state)));
    }
}

#[test]
fn scrolling_up_pauses_and_the_end_follows() {
    play(fixtures::everything(), SIZE, async |stage| {
        print(stage).await;
        assert!(stage.text().contains("FOLLOW"), "{}", stage.text());
        stage.keys("k").await;
        assert!(stage.text().contains("HELD"), "{}", stage.text());
        let sink = stage.outputs.sink(id(10), AttemptNo(2));
        for line in 0..137 {
            sink.write(Stream::Stdout, format!("again {line}\n").as_bytes());
        }
        let next = fixtures::after_output(&run(), id(10));
        stage.publish(next).await;
        assert!(stage.text().contains("+37 new ↓ G"), "{}", stage.text());
        stage.keys("G").await;
        assert!(stage.text().contains("FOLLOW"), "{}", stage.text());
        stage.keys("kkkjjj").await;
        assert!(stage.text().contains("FOLLOW"), "the bottom is the end");
        stage.keys("f").await;
        assert!(stage.text().contains("HELD"), "{}", stage.text());
    });
}

#[test]
fn long_lines_are_scrolled_by_rows_of_the_screen() {
    play(fixtures::everything(), (80, 24), async |stage| {
        let sink = stage.outputs.sink(id(10), AttemptNo(1));
        let marks: Vec<String> = (0..400).map(|at| format!("<{at:03}>")).collect();
        let long = marks.concat();
        sink.write(Stream::Stdout, format!("{long}\nend\n").as_bytes());
        stage.publish(run()).await;
        stage.keys("<ret>wgg").await;
        assert!(stage.text().contains("<000>"), "{}", stage.text());
        stage.keys("jj").await;
        let text = stage.text();
        assert!(!text.contains("<000>") && text.contains("<040>"), "{text}");
        stage.keys("kG").await;
        let text = stage.text();
        assert!(text.contains("<399>") && text.contains("end"), "{text}");
        stage.keys("w<right><right>").await;
        let text = stage.text();
        assert!(text.contains("│ 003><004>"), "{text}");
    });
}

#[test]
fn a_search_goes_as_it_is_typed_and_on_around_the_end() {
    play(fixtures::everything(), SIZE, async |stage| {
        print(stage).await;
        stage.keys("gg/line [1-3]5$").await;
        let text = stage.text();
        assert!(text.contains("search: line [1-3]5$"), "{text}");
        assert!(text.contains("1/3"), "{text}");
        stage.keys("<ret>n").await;
        assert!(stage.text().contains("2/3"), "{}", stage.text());
        stage.keys("nn").await;
        let text = stage.text();
        assert!(
            text.contains("1/3") && text.contains("wrapped to the top"),
            "{text}"
        );
        stage.keys("N").await;
        assert!(stage.text().contains("3/3"), "{}", stage.text());
        stage.keys("&").await;
        let text = stage.text();
        assert!(
            text.contains("line 15") && !text.contains("line 16"),
            "{text}"
        );
        stage.keys("&/line (<ret>").await;
        assert!(stage.text().contains("not a pattern"), "{}", stage.text());
        stage.keys("/<esc>").await;
        assert!(!stage.text().contains("not a pattern"), "{}", stage.text());
        stage.keys("/line 5$<ret>").await;
        assert!(stage.text().contains("/ line 5$"), "{}", stage.text());
        stage.keys("<esc>").await;
        let text = stage.text();
        assert!(
            !text.contains("/ line 5$") && text.contains("│ line 5 "),
            "the pane stays: {text}"
        );
        stage.keys("&99<ret>").await;
        let text = stage.text();
        assert!(
            text.contains("│ line 99") && !text.contains("line 98"),
            "{text}"
        );
    });
}

#[test]
fn all_outputs_are_searched_in_both_orders() {
    play(fixtures::everything(), SIZE, async |stage| {
        let sink = stage.outputs.sink(id(1), AttemptNo(1));
        sink.write(Stream::Stdout, b"first needle\n");
        print(stage).await;
        let sink = stage.outputs.sink(id(11), AttemptNo(1));
        sink.write(Stream::Stdout, b"last needle\n");
        stage.publish(fixtures::after_output(&run(), id(11))).await;
        for (name, search) in [("in plan order", "gg/needle<ret>"), ("as it comes", "ggn")] {
            stage.keys("c").await;
            assert!(stage.text().contains(name), "{}", stage.text());
            stage.keys(search).await;
            assert!(stage.text().contains("first needle"), "{}", stage.text());
            stage.keys("n").await;
            assert!(stage.text().contains("last needle"), "{}", stage.text());
            stage.keys("n").await;
            assert!(stage.text().contains("first needle"), "{}", stage.text());
            stage.keys("NN").await;
            assert!(stage.text().contains("first needle"), "{}", stage.text());
        }
        stage.keys("&").await;
        assert!(stage.text().contains("only the lines of one call"));
        stage.keys("c").await;
        assert!(stage.text().contains("Output #10"), "{}", stage.text());
    });
}

#[test]
fn a_document_is_walked_as_a_tree() {
    play(fixtures::everything(), SIZE, async |stage| {
        let sink = stage.outputs.sink(id(10), AttemptNo(1));
        sink.write(Stream::Stdout, br#"{"a": {"b": [1, 2]}, "c": "x"}"#);
        stage.publish(run()).await;
        stage.keys("<ret>F").await;
        let text = stage.text();
        assert!(
            text.contains(r#""a": {1}"#) && text.contains("1: 2"),
            "{text}"
        );
        stage.keys("j<left>").await;
        assert!(!stage.text().contains("1: 2"), "{}", stage.text());
        stage.keys("<right><ret>").await;
        assert!(!stage.text().contains("1: 2"), "{}", stage.text());
        stage.keys("F").await;
        assert!(stage.text().contains("raw"), "{}", stage.text());
    });
}

#[test]
fn copying_takes_the_text_alone_and_changes_nothing() {
    play(fixtures::everything(), SIZE, async |stage| {
        print(stage).await;
        stage.keys("y").await;
        assert!(stage.clipboard().starts_with("line 0\nline 1\n"));
        assert!(stage.clipboard().ends_with("line 99\n"));
        let text = stage.text();
        assert!(
            text.contains("100 lines") && text.contains("OSC 52"),
            "{text}"
        );
        assert!(text.contains("FOLLOW"), "{text}");
        stage.keys("cy").await;
        assert!(stage.clipboard().starts_with("== read-file (succeeded)\n"));
        let sink = stage.outputs.sink(id(10), AttemptNo(2));
        sink.write(Stream::Stdout, "x".repeat(70_000).as_bytes());
        stage.publish(fixtures::after_output(&run(), id(10))).await;
        stage.keys("ccy").await;
        assert!(stage.text().contains("More than 64K"), "{}", stage.text());
        stage.keys("<ret>").await;
        assert!(!stage.text().contains("More than 64K"), "{}", stage.text());
    });
}

#[test]
fn what_is_shown_is_opened_in_the_editor_and_the_pager() {
    let mut played = false;
    play(run(), SIZE, async |stage| {
        print(stage).await;
        stage.keys("/9$<ret>&e").await;
        let (program, text) = stage.handed();
        assert_eq!(program, "vi");
        let nines = (0..10).map(|ten| format!("line {ten}9\n"));
        let nines = nines.collect::<String>().replace("line 09", "line 9");
        assert_eq!(text, nines, "only the lines that match");
        stage.keys("y").await;
        assert_eq!(stage.clipboard(), nines);
        let sink = stage.outputs.sink(id(10), AttemptNo(2));
        sink.write(Stream::Stdout, b"\x1b[31mred\x1b[0m\x1b]0;title\x07\n");
        stage.publish(fixtures::after_output(&run(), id(10))).await;
        stage.keys("<esc>FFe").await;
        let (_, raw) = stage.handed();
        assert_eq!(raw, "\x1b[31mred\x1b[0m\x1b]0;title\x07\n");
        stage.keys("v").await;
        let (program, safe) = stage.handed();
        assert_eq!(program, "less");
        assert!(safe.contains("\x1b[") && safe.contains("red"), "{safe:?}");
        assert!(!safe.contains("\x1b]"), "{safe:?}");
        played = true;
    });
    assert!(played);
}

#[test]
fn all_outputs_as_they_came_are_copied_behind_their_calls() {
    play(run(), SIZE, async |stage| {
        print(stage).await;
        let sink = stage.outputs.sink(id(1), AttemptNo(1));
        sink.write(Stream::Stdout, b"late\n");
        stage.keys("ccy").await;
        let copied = stage.clipboard();
        assert!(copied.ends_with("line 99\nread-file: late\n"), "{copied}");
    });
}

#[test]
fn a_call_is_copied_as_text_as_json_and_as_a_line_for_a_shell() {
    play(run(), SIZE, async |stage| {
        let sink = stage.outputs.sink(id(1), AttemptNo(1));
        sink.write(Stream::Stdout, br#"{"ok":true}"#);
        stage.publish(run()).await;
        stage.keys("2Ogg").await;
        stage.keys("Y").await;
        let text = stage.text();
        assert!(
            text.contains("Copy") && text.contains("output as JSON"),
            "{text}"
        );
        stage.keys("<ret>").await;
        assert_eq!(stage.clipboard(), "{\"ok\":true}");
        stage.keys("Y<down><ret>").await;
        assert_eq!(stage.clipboard(), "{\n  \"ok\": true\n}");
        stage.keys("Yshell<ret>").await;
        let line = stage.clipboard();
        assert_eq!(line, "fanout call read-file");
        stage.keys("Yarguments<ret>").await;
        assert_eq!(stage.clipboard(), "{}");
    });
}

#[test]
fn the_output_of_earlier_attempts_stays_above_a_rule() {
    let mut run = Snapshot::clone(&run());
    let row = run.calls.get_mut(id(10).index()).expect("the call");
    let row = Arc::make_mut(row);
    let mut first = row.attempts[0].clone();
    first.outcome = Some(Outcome::Failed);
    first.ended = Some(first.started + Duration::from_millis(200));
    first.ending = Some(Ending {
        reason: Some("exit code 7".to_owned()),
        ..Ending::plain(Outcome::Failed)
    });
    row.attempts[0].attempt = AttemptNo(2);
    row.attempts.insert(0, first);
    row.output.generation = 9;
    let run = Arc::new(run);
    play(Arc::clone(&run), SIZE, async |stage| {
        let outputs = &stage.outputs;
        let sink = outputs.sink(id(10), AttemptNo(1));
        sink.write(Stream::Stderr, b"no route to host\n");
        sink.finish();
        outputs
            .sink(id(10), AttemptNo(2))
            .write(Stream::Stdout, b"at last");
        stage.publish(fixtures::after_output(&run, id(10))).await;
        stage.keys("<ret>").await;
        let text = stage.text();
        for part in [
            "attempt 1/2",
            "failed: exit code 7",
            "┃no route to host",
            "attempt 2/2",
            "at last",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        stage.keys("/route<ret>n").await;
        assert!(stage.text().contains("wrapped"), "{}", stage.text());
        stage.keys("<esc>y").await;
        let copied = stage.clipboard();
        assert!(
            copied.contains(" attempt 1\nno route to host\n== "),
            "{copied}"
        );
        assert!(copied.ends_with(" attempt 2\nat last"), "{copied}");
    });
}
