//! Tests of the lines and the report, and of unknown values in them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::fixture::{last, ms, output, running};
use super::fixture_events::events;
use super::{Bounds, EventLines, PlainLines, Report, ReportState, TextTail, write_outputs};
use crate::model::Snapshot;
use crate::output::Printed;

fn report(last: &Snapshot) -> String {
    let report = Report {
        state: ReportState::Ended,
        last,
        bounds: Bounds {
            critical_path: Some(ms(400)),
            lower_bound: Some(Duration::from_micros(450_125)),
            binding: Some("slots".to_owned()),
            summary: None,
        },
        outputs: &output,
    };
    let mut text = Vec::new();
    report.write(&mut text).expect("memory takes anything");
    String::from_utf8(text).expect("JSON is UTF-8")
}

fn parsed(last: &Snapshot) -> Value {
    serde_json::from_str(&report(last)).expect("a report is JSON")
}

#[test]
fn the_report_has_the_form_of_the_contract() {
    let text = report(&last());
    let os = format!("\"os\": \"{}\"", std::env::consts::OS);
    let arch = format!("\"arch\": \"{}\"", std::env::consts::ARCH);
    insta::assert_snapshot!(text.replace(&os, "\"os\": _").replace(&arch, "\"arch\": _"));
}

#[test]
fn wall_time_runs_from_the_first_admissible_call_to_the_last_end() {
    let report = parsed(&last());
    assert_eq!(report["wall_ms"], 900.25);
    assert_eq!(report["sum_run_ms"], 530.25);
    assert_eq!(report["efficiency"], 0.450_125 / 0.900_25);
}

#[test]
fn what_is_unknown_is_null() {
    let mut last = last();
    let row = Arc::make_mut(last.calls.get_mut(0).expect("a call"));
    row.state = running();
    row.ended = None;
    row.attempts.iter_mut().for_each(|attempt| {
        attempt.ended = None;
        attempt.ending = None;
        attempt.outcome = None;
    });
    let report = parsed(&last);
    for name in ["wall_ms", "sum_run_ms", "efficiency"] {
        assert_eq!(report[name], Value::Null, "{name}");
    }
    let call = &report["calls"][0];
    for name in [
        "outcome",
        "ended_ms",
        "cpu_ms",
        "cpu_ms_source",
        "peak_rss_bytes",
    ] {
        assert_eq!(call[name], Value::Null, "{name}");
    }
    assert_eq!(call["attempts"][0]["exit_code"], Value::Null);
}

#[test]
fn readings_are_never_passed_off_as_exact() {
    let report = parsed(&last());
    let figures = |index: usize| {
        let call = &report["calls"][index];
        let names = [
            "cpu_ms",
            "cpu_ms_source",
            "peak_rss_bytes",
            "peak_rss_bytes_source",
        ];
        names.map(|name| call[name].to_string()).join(" ")
    };
    assert_eq!(figures(0), r#"80 "exact" 4096000 "exact""#);
    // Of two attempts only the last was read, so the CPU time is unknown.
    assert_eq!(figures(1), r#"null null 1000000 "sampled""#);
    assert_eq!(figures(2), r#"7 "sampled" null null"#);
}

#[test]
fn every_event_is_one_line_of_json() {
    let mut lines = EventLines::default();
    let mut text = Vec::new();
    for event in events() {
        lines
            .write(&event, &mut text)
            .expect("memory takes anything");
    }
    let text = String::from_utf8(text).expect("JSON is UTF-8");
    assert_eq!(text.lines().count(), events().len());
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(
            line["t_ms"].is_number() && line["event"].is_string(),
            "{line}"
        );
    }
    insta::assert_snapshot!(text);
}

#[test]
fn plain_lines_name_starts_ends_and_the_combined_output() {
    let mut lines = PlainLines::default();
    let mut text = Vec::new();
    for event in events() {
        lines
            .write(&event, &mut text)
            .expect("memory takes anything");
    }
    write_outputs(&last(), &output, &mut text).expect("memory takes anything");
    insta::assert_snapshot!(String::from_utf8(text).expect("all of it is UTF-8"));
}

#[test]
fn the_end_of_a_stream_says_what_was_cut_and_what_was_replaced() {
    let tail = |bytes: &[u8], is_truncated| {
        let printed = Printed {
            bytes: bytes.to_vec(),
            is_truncated,
            ..Printed::default()
        };
        let tail = TextTail::from(printed);
        (tail.text, tail.is_truncated, tail.is_lossy)
    };
    assert_eq!(
        tail("a\u{e9}".as_bytes(), false),
        ("a\u{e9}".to_owned(), false, false)
    );
    assert_eq!(
        tail(b"\xa9b", true),
        ("b".to_owned(), true, false),
        "half a character"
    );
    assert_eq!(tail(b"\xa9b", false), ("\u{fffd}b".to_owned(), false, true));
    assert_eq!(tail(b"b\xff", true), ("b\u{fffd}".to_owned(), true, true));
}
