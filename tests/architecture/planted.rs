//! Each law finds a violation that is planted for it, and leaves alone what
//! only looks like one.

use crate::circles::Uses;
use crate::source::{Source, Violation};
use crate::{laws, rooms, shape, words};

/// How often a law is broken by a file.
fn found(law: fn(&Source) -> Vec<Violation>, path: &str, text: &str) -> usize {
    law(&Source::new(path, text)).len()
}

#[test]
fn uses_of_rooms_are_found_however_they_are_written() {
    let count = |path: &str, text: &str| found(rooms::used_rooms, path, text);
    let tui = "src/tui/views/lanes.rs";
    assert_eq!(count(tui, "use crate::sched::Scheduler;"), 1);
    assert_eq!(
        count(
            tui,
            "use crate::{model::CallId, exec, probe::{self, Probe}};"
        ),
        3
    );
    assert_eq!(count(tui, "use super::super::super::sched;"), 1);
    assert_eq!(
        count(tui, "use super::{super::super::sched::Input, Row};"),
        1
    );
    assert_eq!(
        count(
            tui,
            "use self::super::super::super::{theme, exec::Spawner};"
        ),
        1
    );
    assert_eq!(
        count(tui, "fn f() { let x = crate::sched::Scheduler::new(); }"),
        1
    );
    assert_eq!(
        count(
            tui,
            "mod tests { use super::super::super::super::exec::A; }"
        ),
        1
    );
    assert_eq!(count(tui, "use fanout::sched::Input;"), 1);
    assert_eq!(count(tui, "use crate::*;"), 1);
    assert_eq!(count(tui, "use crate as root;"), 1);
    assert_eq!(count(tui, "extern crate self as root;"), 1);
    assert_eq!(count(tui, "#[path = \"../sched/mod.rs\"] mod planner;"), 1);
    assert_eq!(count(tui, "use crate::engine::{EngineHandle, Rows};"), 1);
    assert_eq!(count(tui, "fn f() { vec![crate::exec::spawn()]; }"), 1);
    assert_eq!(
        count(tui, "#[arg(value_parser = crate::exec::read)] struct A;"),
        1
    );
    assert_eq!(
        count(tui, "macro_rules! a { () => { $crate::exec::spawn() } }"),
        1
    );
    assert_eq!(
        count(
            "src/app/mod.rs",
            "use crate::tui::run; use crate::cli::Run;"
        ),
        2
    );
    assert_eq!(count("src/record/mod.rs", "use crate::app::Session;"), 1);
    assert_eq!(count("src/model/call.rs", "use crate::sched::A;"), 1);
    assert_eq!(count("src/engine/run.rs", "use crate::record::A;"), 1);
    assert_eq!(count("src/plan/mod.rs", "use super::engine::Handle;"), 1);
    assert_eq!(count("src/exec/mcp/a.rs", "use crate::sched::A;"), 1);
    assert_eq!(count("src/exec/proxy/a.rs", "use crate::engine::A;"), 1);
    assert_eq!(count("src/main.rs", "use fanout::tui;"), 1);
    assert_eq!(count("src/cellar/mod.rs", ""), 1);
    assert_eq!(
        count("sample-tools/tool/voice.rs", "use crate::model::CallId;"),
        1
    );
    assert_eq!(
        count("sample-tools/tool/voice.rs", "use super::super::model::A;"),
        1
    );
    assert_eq!(
        count("src/record/plain.rs", "use crate::sample_tool::run;"),
        1
    );
}

#[test]
fn uses_that_are_allowed_are_left_alone() {
    let count = |path: &str, text: &str| found(rooms::used_rooms, path, text);
    let tui = "src/tui/views/lanes.rs";
    assert_eq!(
        count(tui, "use crate::{model::{CallId, Cap}, theme::Role};"),
        0
    );
    assert_eq!(
        count(tui, "use super::super::state::State; use super::Row;"),
        0
    );
    assert_eq!(
        count(tui, "mod tests { use super::super::super::state::A; }"),
        0
    );
    assert_eq!(
        count(tui, "mod tests { use super::*; } use super::super::state;"),
        0
    );
    assert_eq!(
        count(tui, "// use crate::sched::A;\nlet a = \"crate::exec::B\";"),
        0
    );
    assert_eq!(
        count(
            tui,
            "use std::{exec::A, sched}; use crate::engine::EngineHandle;"
        ),
        0
    );
    assert_eq!(count(tui, "use crate::model::RunEvent as sched;"), 0);
    assert_eq!(count("src/exec/proxy/a.rs", "use crate::sched::A;"), 0);
    assert_eq!(count("src/cli/run.rs", "use crate::tui::run;"), 0);
    assert_eq!(count("src/main.rs", "fn main() { fanout::cli::main() }"), 0);
    assert_eq!(count("tests/cli.rs", "use fanout::sched::Scheduler;"), 0);
    assert_eq!(
        count("sample-tools/tool/voice.rs", "use super::Arguments;"),
        0
    );
}

#[test]
fn handing_on_and_libraries_are_found() {
    let handed = |path: &str, text: &str| found(rooms::handed_on, path, text);
    assert_eq!(
        handed("src/engine/mod.rs", "pub use crate::sched::Input;"),
        1
    );
    assert_eq!(
        handed(
            "src/engine/mod.rs",
            "pub use crate::{sched::Input, exec::Spawner};"
        ),
        2
    );
    assert_eq!(handed("src/lib.rs", "pub use self::tui::run;"), 1);
    assert_eq!(
        handed(
            "src/engine/mod.rs",
            "pub use handle::Handle; use crate::sched::A;"
        ),
        0
    );
    assert_eq!(
        handed("src/engine/a.rs", "pub use crate::engine::handle::Handle;"),
        0
    );
    assert_eq!(
        handed("src/output/mod.rs", "pub use crate::model::Stream;"),
        0
    );
    let libraries = |path: &str, text: &str| found(rooms::used_libraries, path, text);
    assert_eq!(
        libraries("src/record/plain.rs", "use ratatui::style::Style;"),
        1
    );
    assert_eq!(
        libraries("src/plan/mod.rs", "fn f() { tokio::spawn(x) }"),
        1
    );
    assert_eq!(
        libraries("src/exec/proxy/relay.rs", "use rmcp::model::Tool;"),
        1
    );
    assert_eq!(
        libraries("src/exec/mcp/decode.rs", "use rmcp::model::Tool;"),
        0
    );
    assert_eq!(
        libraries("src/theme/mod.rs", "use ratatui::style::Style;"),
        0
    );
}

#[test]
fn impurity_is_found_in_the_scheduler_only() {
    let count = |path: &str, text: &str| found(laws::impure_words, path, text);
    assert_eq!(
        count("src/sched/queue.rs", "use std::collections::HashMap;"),
        1
    );
    assert_eq!(count("src/sched/queue.rs", "let now = Instant::now();"), 1);
    assert_eq!(count("src/sched/queue.rs", "// tokio owns this"), 1);
    assert_eq!(count("src/sched/queue.rs", "pub async fn step() {}"), 1);
    assert_eq!(
        count("src/sched/queue.rs", "use std::collections::BTreeMap;"),
        0
    );
    assert_eq!(count("src/engine/run.rs", "use tokio::sync::mpsc;"), 0);
}

#[test]
fn prints_allowances_and_channels_are_found() {
    assert_eq!(
        found(
            laws::prints,
            "src/cli/run.rs",
            "println!(\"a\"); eprint!(\"b\");"
        ),
        2
    );
    assert_eq!(
        found(
            laws::prints,
            "src/cli/run.rs",
            "writeln!(out, \"println!\");"
        ),
        0
    );
    assert_eq!(found(laws::prints, "tests/cli.rs", "println!(\"a\");"), 0);
    let allowances = |text: &str| found(laws::allowed_lints, "tests/cli.rs", text);
    assert_eq!(allowances("#[allow(dead_code)]\n#![allow(unused)]"), 2);
    assert_eq!(
        allowances("#[expect(dead_code, reason = \"a\")] // #[allow("),
        0
    );
    let channels = |text: &str| found(laws::unbounded_channels, "src/engine/run.rs", text);
    assert_eq!(channels("let (a, b) = mpsc::unbounded_channel();"), 1);
    assert_eq!(channels("let (a, b) = std::sync::mpsc::channel();"), 1);
    assert_eq!(channels("let (a, b) = channel::<Vec<u8>>();"), 1);
    assert_eq!(channels("let (a, b) = oneshot::channel();"), 0);
    assert_eq!(
        channels("mpsc::channel(8); mpsc::channel::<u8>(8); sync_channel(1);"),
        0
    );
}

#[test]
fn unsafe_code_is_found() {
    let count = |path: &str, text: &str| found(laws::unsafe_code, path, text);
    assert_eq!(
        count("src/output/ring.rs", "// SAFETY: no\nunsafe { a() }"),
        1
    );
    assert_eq!(count("src/exec/unix.rs", "let a = 1;\nunsafe { a() }"), 1);
    assert_eq!(
        count("src/exec/unix.rs", "// SAFETY: a is b.\nunsafe { a() }"),
        0
    );
    assert_eq!(
        count("src/exec/mod.rs", "#![expect(unsafe_code)] // unsafe"),
        0
    );
}

#[test]
fn what_is_put_off_and_foreign_words_are_found() {
    let later = |text: &str| found(laws::left_for_later, "tests/cli.rs", text);
    assert_eq!(
        later("#[ignore = \"slow\"] fn a() { todo!() } // FIXME later"),
        3
    );
    assert_eq!(later("let a = \"// TODO in a text\"; // a note"), 0);
    let names = |text: &str| found(laws::foreign_words, "src/engine/run.rs", text);
    assert_eq!(
        names("struct JobQueue; fn spawn_worker() {} let mut task = 1;"),
        3
    );
    assert_eq!(
        names("use tokio::task; builder.worker_threads(2); fn multitask() {}"),
        0
    );
}

#[test]
fn length_purpose_and_strangers_are_found() {
    let long = "//! a\n".repeat(501);
    assert_eq!(found(shape::long_files, "src/a.rs", &long), 1);
    assert_eq!(
        found(shape::long_files, "src/a.rs", &"//! a\n".repeat(500)),
        0
    );
    let tested = format!("{}#[cfg(test)]\nmod tests {{}}\n", "//! a\n".repeat(500));
    assert_eq!(found(shape::long_files, "src/a.rs", &tested), 0);
    let function = |lines: usize| format!("fn a() {{\n{}}}\n", "b();\n".repeat(lines - 2));
    assert_eq!(found(shape::long_functions, "src/a.rs", &function(120)), 0);
    let rare = |count: usize| {
        let long = function(61).repeat(count);
        shape::rare_functions(&[Source::new("src/a.rs", &long)]).len()
    };
    assert_eq!([shape::MOST_LONG, shape::MOST_LONG + 1].map(rare), [0, 1]);
    assert_eq!(found(shape::long_functions, "src/a.rs", &function(121)), 1);
    let declared = format!("trait A {{ fn a(); }}\n{}", "b!();\n".repeat(80));
    assert_eq!(found(shape::long_functions, "src/a.rs", &declared), 0);
    assert_eq!(found(shape::missing_purpose, "src/a.rs", "use a::b;"), 1);
    let files = |lines: usize| [lines, lines, 1].map(|n| Source::new("src/a.rs", &"a\n".repeat(n)));
    assert_eq!(shape::long_median(&files(151)).len(), 1);
    assert_eq!(shape::long_median(&files(150)).len(), 0);
    let names = ["src", "docs", "justfile"].map(str::to_owned);
    assert_eq!(shape::strangers(&names).len(), 2);
}

/// The violations of files that use each other.
fn among(files: &[(&str, &str)]) -> Uses {
    let sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| Source::new(path, text))
        .collect();
    Uses::of(&sources)
}

#[test]
fn circles_of_files_are_found_also_through_names_handed_on() {
    let root = ("src/lab/mod.rs", "mod a; mod b; mod c; pub use b::B;");
    let circle = among(&[
        root,
        ("src/lab/a.rs", "use super::B; struct A;"),
        ("src/lab/b.rs", "fn b() { super::c::c() }"),
        ("src/lab/c.rs", "use crate::lab::a::A;"),
    ]);
    assert_eq!(circle.circles(), [["lab/a", "lab/b", "lab/c"]]);
    assert_eq!(circle.new_circles(&[]).len(), 1);
    assert_eq!(circle.new_circles(&[&["lab/a", "lab/b", "lab/c"]]).len(), 0);
    let stale = circle.new_circles(&[&["lab/a", "lab/b", "lab/c", "lab/d"]]);
    assert_eq!(stale.len(), 1, "lab/d is in no circle");
    let line = among(&[
        root,
        ("src/lab/a.rs", "use super::B; struct A;"),
        ("src/lab/b.rs", "fn b() { super::c::c() }"),
        (
            "src/lab/c.rs",
            "#[cfg(test)] mod tests { use crate::lab::a::A; }",
        ),
    ]);
    assert!(line.circles().is_empty(), "tests are left out");
    let family = among(&[
        ("src/lab/mod.rs", "mod a; use a::A; pub struct B;"),
        ("src/lab/a.rs", "use super::B;"),
    ]);
    assert_eq!(family.circles(), [["lab", "lab/a"]]);
}

#[test]
fn uses_of_a_higher_floor_of_the_dashboard_are_found() {
    let files = [
        ("src/tui/state/mod.rs", "use crate::tui::views::draw;"),
        ("src/tui/views/mod.rs", "use crate::tui::state::State;"),
        ("src/tui/deps.rs", "use super::views::draw;"),
    ];
    let uses = among(&files);
    assert_eq!(uses.upward(&[]).len(), 1);
    assert_eq!(uses.upward(&[("tui/state", "tui/views")]).len(), 0);
    let stale = [("tui/state", "tui/views"), ("tui/text", "tui/views")];
    assert_eq!(uses.upward(&stale).len(), 1);
}

#[test]
fn openers_paths_on_screens_and_numbers_are_found() {
    let openers = |text: &str| found(words::openers, "src/exec/mod.rs", text);
    assert_eq!(
        openers("//! What it is.\n    /// Who asks.\n/// Whether what it is.\n"),
        3
    );
    assert_eq!(openers("/// Whatever.\n// What.\n/// Tells what.\n"), 0);
    let shown = |text: &str| words::rust_paths("tests/a.snap", text).len();
    assert_eq!(shown("failed: fanout::exec::Spawner is gone\n"), 2);
    assert_eq!(shown("time ::1 a:: :: 12::34 [::1]:80\n"), 0);
    let tests = [Source::new(
        "tests/a.rs",
        "fn torture_07_a() {} fn torture_12_to_14_b() {} fn torture_20_and_22() {}",
    )];
    assert_eq!(
        words::torture_numbers(&tests),
        [7, 12, 13, 14, 20, 22].into()
    );
    let list = "| no | what |\n|---|---|\n| 7 | a |\n| 12 | b |\n";
    assert_eq!(words::listed_numbers(list), [7, 12].into());
}
