//! The laws of the architecture, enforced by reading the sources: who may use
//! whom, what the pure scheduler must not know, what may not grow, how long a
//! file may be. Each law is shown to find a planted violation.

mod laws;
mod paths;
mod planted;
mod rooms;
mod shape;
mod source;
mod tokens;

use source::{Source, Violation};

/// Fails with every violation on a line of its own.
fn assert_kept(violations: &[Violation]) {
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

fn check(law: fn(&Source) -> Vec<Violation>) {
    let violations: Vec<Violation> = source::ours().iter().flat_map(law).collect();
    assert_kept(&violations);
}

#[test]
fn the_sources_are_found() {
    let paths: Vec<&str> = source::ours()
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    for expected in [
        "src/main.rs",
        "src/model/mod.rs",
        "sample-tools/tool/mod.rs",
        "tests/architecture/main.rs",
    ] {
        assert!(paths.contains(&expected), "{expected}");
    }
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    check(rooms::used_rooms);
}

#[test]
fn no_room_hands_on_what_belongs_to_another() {
    check(rooms::handed_on);
}

#[test]
fn libraries_of_the_terminal_and_of_the_runtime_stay_in_their_rooms() {
    check(rooms::used_libraries);
}

#[test]
fn the_scheduler_is_pure() {
    check(laws::impure_words);
}

#[test]
fn nothing_prints_past_the_terminal() {
    check(laws::prints);
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    check(laws::allowed_lints);
}

#[test]
fn no_channel_is_unbounded() {
    check(laws::unbounded_channels);
}

#[test]
fn unsafe_code_stays_in_exec_and_says_why_it_is_safe() {
    check(laws::unsafe_code);
}

#[test]
fn nothing_is_left_for_later() {
    check(laws::left_for_later);
}

#[test]
fn names_use_the_words_of_the_glossary() {
    check(laws::foreign_words);
}

#[test]
fn modules_begin_with_what_they_are_for() {
    check(shape::missing_purpose);
}

#[test]
fn files_and_functions_are_short() {
    check(shape::long_files);
    check(shape::long_functions);
    assert_kept(&shape::long_median(source::ours()));
}

#[test]
fn the_top_level_has_only_what_the_design_names() {
    assert_kept(&shape::strangers(&source::top_level()));
}
