//! The laws of the architecture, enforced by reading the sources: who may use
//! whom, what the pure scheduler must not know, what may not grow, how long a
//! file may be. Each law is shown to find a planted violation.

mod circles;
mod laws;
mod paths;
mod planted;
mod rooms;
mod shape;
mod source;
mod tokens;
mod words;

use std::fs;

use circles::Uses;
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
    for source in source::ours() {
        assert!(source.is_whole, "{} cannot be read", source.path);
    }
}

#[test]
fn the_table_of_the_documentation_names_every_room() {
    let documented = rooms::names();
    for source in source::ours() {
        let room = source.room().unwrap_or_else(|| "lib".to_owned());
        assert!(documented.contains(&room.as_str()), "{room}");
    }
    let is_used = |name: &str| {
        let mut sources = source::ours().iter();
        sources.any(|source| source.room().is_some_and(|room| room == name))
    };
    let unused: Vec<&str> = documented
        .into_iter()
        .filter(|name| !is_used(name))
        .collect();
    assert_eq!(unused, Vec::<&str>::new(), "rooms that there are not");
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
fn no_files_of_a_room_need_each_other() {
    assert_kept(&Uses::of(source::ours()).new_circles(circles::CIRCLES));
}

#[test]
fn files_of_the_dashboard_use_those_below_them() {
    assert_kept(&Uses::of(source::ours()).upward(circles::UPWARD));
}

#[test]
fn documentation_begins_with_a_noun_or_a_verb() {
    let found: Vec<Violation> = source::ours().iter().flat_map(words::openers).collect();
    if found.len() > words::MOST_OPENERS {
        assert_kept(&found);
    }
}

#[test]
fn no_screen_shows_a_path_of_the_code() {
    let snapshots = words::snapshots();
    assert!(snapshots.len() > 100, "{} snapshots", snapshots.len());
    let shown = snapshots.iter();
    let found: Vec<Violation> = shown
        .flat_map(|(path, text)| words::rust_paths(path, text))
        .collect();
    assert_kept(&found);
}

#[test]
fn torture_numbers_stand_in_their_list() {
    let list = fs::read_to_string(source::package().join("tests/torture.md")).expect("the list");
    let used = words::torture_numbers(source::ours());
    assert_eq!(used, words::listed_numbers(&list), "of tests, of the list");
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
    assert_kept(&shape::rare_functions(source::ours()));
    assert_kept(&shape::long_median(source::ours()));
}

#[test]
fn the_top_level_has_only_what_the_design_names() {
    assert_kept(&shape::strangers(&source::top_level()));
}

#[test]
fn puzzling_sentences_do_not_come_back() {
    let readme = fs::read_to_string(source::package().join("README.md")).expect("README.md");
    let mut found = words::puzzling("README.md", &readme);
    for source in source::ours()
        .iter()
        .filter(|it| it.path.starts_with("src/"))
    {
        found.extend(words::puzzling(&source.path, &source.text));
    }
    for (path, text) in words::snapshots() {
        found.extend(words::puzzling(&path, &text));
    }
    assert_kept(&found);
    let planted = words::puzzling("README.md", "It shows it no more.");
    assert_eq!(planted.len(), 1, "a planted one is found");
}
