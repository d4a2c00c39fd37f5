//! The pictures and the table of keys that the README shows.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use fanout::tui::action::{Context, TABLE};
use fanout::tui::keymap::{Keymap, written};

/// How all of them are brought up to date.
const MEND: &str = "INSTA_UPDATE=always cargo test --test views";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares a file with what it should be, or writes it.
fn hold(name: &str, wanted: &str) {
    if std::env::var("INSTA_UPDATE").is_ok_and(|it| it == "always") {
        std::fs::write(path(name), wanted).expect("the file can be written");
        return;
    }
    let found = std::fs::read_to_string(path(name)).unwrap_or_default();
    assert!(
        found == wanted,
        "{name} is not what the program shows now; if that is meant, run: {MEND}"
    );
}

/// Holds a picture against what the program draws with these words.
fn hold_picture(name: &str, words: &[&str]) {
    hold(name, &drawn(words));
}

fn drawn(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_fanout"))
        .arg("screenshot")
        .args(words)
        // Nothing of whoever runs the test may be seen.
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .output()
        .expect("it can be run");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_pictures_are_what_the_program_shows() {
    for screen in [
        "lanes",
        "queue",
        "catalogue",
        "timeline",
        "experiments",
        "agents",
    ] {
        let words = ["--screen", screen, "--size", "120x36"];
        hold_picture(&format!("tests/snapshots/{screen}.svg"), &words);
    }
}

#[test]
fn the_film_is_what_the_program_shows() {
    hold_picture("tests/snapshots/demo.svg", &["--film", "--size", "100x28"]);
}

#[test]
fn the_table_of_keys_is_that_of_the_program() {
    const BEGIN: &str = "<!-- keys -->\n";
    const END: &str = "<!-- end of keys -->";
    let readme = std::fs::read_to_string(path("README.md")).expect("the README");
    let (before, rest) = readme.split_once(BEGIN).expect("a place for the keys");
    let (_, after) = rest.split_once(END).expect("an end of the keys");
    hold(
        "README.md",
        &format!("{before}{BEGIN}{}{END}{after}", table()),
    );
}

/// Every action by the place where its keys are heard.
fn table() -> String {
    let keymap = Keymap::standard();
    let mut text = String::from("| keys | action | what it does |\n|---|---|---|\n");
    for context in Context::ALL {
        let here = TABLE.iter().filter(|it| it.contexts.contains(&context));
        let here: Vec<_> = here.collect();
        if !here.is_empty() {
            writeln!(text, "| **{}** | | |", context.name()).expect("a string takes all");
        }
        for entry in here {
            let bound = keymap.bindings().iter();
            let own = bound.filter(|it| it.context == context && it.action == entry.action);
            let keys: Vec<String> = own.map(|it| format!("`{}`", written(&it.keys))).collect();
            let keys = keys.join(" ").replace('|', "\\|");
            writeln!(text, "| {keys} | `{}` | {} |", entry.id, entry.help)
                .expect("a string takes all");
        }
    }
    text
}
