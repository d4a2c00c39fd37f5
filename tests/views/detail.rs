//! Everything about a call, in its pane.

use std::sync::Arc;

use fanout::model::{
    CallOrigin, CallSample, Ending, History, Leftover, MeasureSource, Measured, Outcome, Snapshot,
    ToolName,
};
use fanout::theme::{Depth, builtin};
use fanout::tui::state::{Pane, Selection};
use fanout::tui::text::glyphs::Glyphs;
use ratatui::layout::Size;
use serde_json::json;

use crate::fixtures::{self, id, ms};
use crate::stage::play;
use crate::{dump, looks};

/// A run in which call 7 has everything that can be known of a call.
fn run() -> Arc<Snapshot> {
    let mut run = (*fixtures::everything()).clone();
    let mut calls = run.calls.clone();
    let mut row = (**calls.get(6).expect("a call")).clone();
    let mut call = (*row.call).clone();
    call.args = Arc::new(json!({"path": "{{list-dir.output.0}}", "token": "x", "max": 3}));
    row.call = Arc::new(call);
    row.args = Arc::new(json!({"path": "src/deep", "token": "x", "max": 3}));
    row.reason = Some("1 process was left behind".into());
    row.waited.add("slot", ms(1_200));
    row.waited.add("lock", ms(400));
    row.output.stderr_bytes = 99;
    row.peak_rss_bytes = Some(112 << 20);
    let attempt = &mut row.attempts[0];
    let leaked = Leftover {
        pid: 4_711,
        name: "sleep".to_owned(),
        reason: None,
    };
    attempt.ending = Some(Ending {
        leaked: vec![leaked],
        cpu_ms: Some(Measured {
            value: 846,
            source: MeasureSource::Exact,
        }),
        ..Ending::plain(Outcome::Leaked)
    });
    let mut history = History::new(60);
    for at in 0..8_u64 {
        let sample = CallSample {
            cpu_cores: Some(at as f32 / 8.0),
            rss_bytes: at << 24,
            disk_bytes: Some((at * at) << 12),
            ..CallSample::default()
        };
        history.push((at != 3).then_some(sample));
    }
    row.samples = Arc::new(history);
    *calls.get_mut(6).expect("a call") = Arc::new(row);
    run.calls = calls;
    Arc::new(run)
}

#[test]
fn the_detail_without_colours_and_in_ascii() {
    let theme = builtin("mono", Depth::Mono).expect("a built-in theme");
    let size = Size::new(120, 36);
    let mut state = fixtures::state(run(), size);
    state.selection = Selection::Chosen(id(7));
    state.focus_on(Pane::Detail);
    let text = dump::with_styles(&looks::draw_with(&state, &theme, Glyphs::Ascii));
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("detail-mono-ascii", text);
}

#[test]
fn the_detail_at_every_size() {
    for (width, height) in looks::SIZES {
        let mut state = fixtures::state(run(), Size { width, height });
        state.selection = Selection::Chosen(id(7));
        state.focus_on(Pane::Detail);
        let text = dump::with_styles(&looks::draw(&state));
        insta::assert_snapshot!(format!("detail-{width}x{height}"), text);
    }
}

#[test]
fn what_is_known_of_a_call_is_read_to_its_end() {
    play(run(), (120, 46), async |stage| {
        stage.keys("<tab><tab>jjd").await;
        let text = stage.text();
        for said in [
            "Call #7 daemon",
            "from {{list-dir.output.0}} #3",
            "***",
            "sleep, pid 4711",
            "slot 00:01.2",
            "1/1",
            "CPU: 94% of a core, exact",
            "112M, sampled",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("token      x"), "{text}");
        stage.keys("d").await;
        assert!(stage.text().contains("Output #7"), "{}", stage.text());
        stage.keys("d<esc>").await;
        assert!(!stage.text().contains("pid 4711"), "{}", stage.text());
    });
}

#[test]
fn each_argument_names_its_source() {
    let told = |origin: CallOrigin| {
        let mut run = (*fixtures::everything()).clone();
        let mut calls = run.calls.clone();
        let mut row = (**calls.get(6).expect("a call")).clone();
        let mut call = (*row.call).clone();
        call.origin = origin;
        call.args =
            Arc::new(json!({"path": "{{list-dir.output.0}}", "pattern": "TODO", "max": 200}));
        row.call = Arc::new(call);
        Arc::make_mut(&mut row.call).tool = ToolName::new("search");
        row.args = Arc::new(json!({"path": "src/deep", "pattern": "TODO", "max": 200}));
        *calls.get_mut(6).expect("a call") = Arc::new(row);
        let mut original = (**calls.get(2).expect("a call")).clone();
        original.args = Arc::new(json!({"path": "src", "pattern": "FIXME", "max": 200}));
        *calls.get_mut(2).expect("a call") = Arc::new(original);
        run.calls = calls;
        let mut state = fixtures::state(Arc::new(run), Size::new(80, 36));
        state.selection = Selection::Chosen(id(7));
        state.focus_on(Pane::Detail);
        dump::with_styles(&looks::draw(&state))
    };
    let plan = told(CallOrigin::Plan);
    assert!(plan.contains("max       200  plan"), "{plan}");
    assert!(plan.contains("pattern   TODO  plan"), "{plan}");
    assert!(plan.contains("from {{list-dir.output.0}} #3"), "{plan}");
    assert!(
        plan.contains("pause_ms  0  schema default, not sent"),
        "{plan}"
    );
    let user = told(CallOrigin::User);
    assert!(user.contains("max       200  schema default "), "{user}");
    assert!(user.contains("pattern   TODO  typed"), "{user}");
    let again = told(CallOrigin::Again(id(3)));
    assert!(again.contains("pattern   TODO  as in #3"), "{again}");
    let changed = told(CallOrigin::Changed(id(3)));
    assert!(changed.contains("max       200  as in #3"), "{changed}");
    assert!(changed.contains("pattern   TODO  typed"), "{changed}");
}
