//! Sizes that no terminal should have, and many of them.

use crate::SIZE;
use crate::harness::OnTerminal;

#[test]
fn it_follows_the_size_of_the_terminal() {
    let mut fanout = OnTerminal::fanout(&[], SIZE, &[]);
    // The first start of all shows a card; Esc only closes it.
    fanout.wait_for("Welcome");
    fanout.keys("\u{1b}");
    fanout.wait_until("no card", |screen, _| {
        let text = screen.contents();
        text.contains("Lanes 0/4") && !text.contains("Welcome")
    });
    fanout.resize((60, 12));
    fanout.wait_until("the narrow screen", |screen, _| {
        screen.contents().contains("cap 4") && !screen.contents().contains("┌")
    });
    fanout.resize((38, 7));
    fanout.wait_for("terminal 38×7; need 40×8");
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
}

#[test]
fn torture_45_no_size_ends_it() {
    let mut fanout = OnTerminal::fanout(&["demo"], (1, 1), &[]);
    fanout.wait_until("modes", |screen, _| screen.alternate_screen());
    for size in [(0, 0), (500, 200), (2, 1), (1, 200), (500, 1), (0, 24)] {
        let written = fanout.written();
        fanout.resize(size);
        // Where there is no cell, there is nothing to write either.
        if size.0 > 0 {
            fanout.wait_until("a frame", |_, bytes| bytes.len() > written);
        }
    }
    fanout.resize(SIZE);
    fanout.wait_for("Lanes");
    fanout.keys("\u{3}\u{3}\u{3}");
    assert_eq!(fanout.exit_code(), 130);
    fanout.assert_restored();
}

#[test]
fn torture_46_after_a_thousand_sizes_the_last_one_is_drawn() {
    let mut fanout = OnTerminal::fanout(&[], SIZE, &[]);
    fanout.wait_for("Lanes 0/4");
    for step in 0..1000 {
        fanout.resize((40 + step % 100, 8 + step % 40));
    }
    let last = (100, 30);
    fanout.resize(last);
    fanout.keys("?");
    fanout.wait_for("Help");
    fanout.keys("\u{1b}");
    fanout.wait_until("the last size", |screen, _| {
        let text = screen.contents();
        let rows: Vec<&str> = text.lines().collect();
        let is_whole = |row: &&str| row.trim_end().chars().count() <= usize::from(last.0);
        text.contains("Lanes 0/4") && rows.len() == usize::from(last.1) && rows.iter().all(is_whole)
    });
    let drawn = fanout.contents();
    // Drawn anew, it looks the same: nothing of another size was left.
    fanout.keys("\u{c}");
    fanout.wait_until("a whole frame", |_, bytes| {
        let text = String::from_utf8_lossy(bytes);
        text.rsplit_once("\u{1b}[2J")
            .is_some_and(|(_, frame)| frame.contains("Lanes"))
    });
    let steady = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.contains('%'));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(steady(&fanout.contents()), steady(&drawn));
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
    fanout.assert_restored();
}
