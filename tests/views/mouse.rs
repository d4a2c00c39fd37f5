//! The mouse on the dashboard: everything is pressed where it is drawn.

use std::time::Duration;

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use fanout::engine::Command;
use fanout::model::{AttemptNo, Cap};
use fanout::output::Stream;

use crate::fixtures::{self, id};
use crate::stage::{Stage, play};

const SIZE: (u16, u16) = (120, 36);

/// Where a text stands on the screen: the cell of its first character.
fn place(stage: &Stage, text: &str) -> (u16, u16) {
    let screen = stage.text();
    let found = screen.lines().enumerate().find_map(|(row, line)| {
        let at = line.find(text)?;
        Some((line.get(..at)?.chars().count() as u16, row as u16))
    });
    found.unwrap_or_else(|| panic!("no {text:?} in\n{screen}"))
}

async fn mouse(stage: &mut Stage, kind: MouseEventKind, (column, row): (u16, u16)) {
    let modifiers = KeyModifiers::NONE;
    let event = MouseEvent {
        kind,
        column,
        row,
        modifiers,
    };
    stage.event(Event::Mouse(event)).await;
}

async fn press(stage: &mut Stage, text: &str) {
    let at = place(stage, text);
    mouse(stage, MouseEventKind::Down(MouseButton::Left), at).await;
}

#[test]
fn tabs_hints_and_the_cap_are_pressed() {
    play(fixtures::everything(), SIZE, async |stage| {
        press(stage, "4 Timeline").await;
        let text = stage.text();
        assert!(text.contains("Timeline by lane"), "{text}");
        press(stage, "1 Lanes").await;
        press(stage, "p pause").await;
        assert_eq!(stage.commands(), [Command::Pause]);
        let cap = |lanes| Command::SetCap(Cap::new(lanes).expect("a cap above 0"));
        let (x, y) = place(stage, "[-/+]");
        let down = MouseEventKind::Down(MouseButton::Left);
        mouse(stage, down, (x + 3, y)).await;
        assert_eq!(stage.commands(), [cap(5)]);
        press(stage, "+ cap").await;
        assert_eq!(stage.commands(), [cap(6)]);
        press(stage, "-/+ cap").await;
        assert_eq!(stage.commands(), [cap(5)]);
    });
}

#[test]
fn a_press_selects_and_two_open() {
    play(fixtures::everything(), SIZE, async |stage| {
        press(stage, "#17").await;
        assert!(stage.text().contains("▌#17"), "{}", stage.text());
        stage.pass(Duration::from_secs(1)).await;
        press(stage, "#8 ").await;
        assert!(stage.text().contains("Output #8"), "{}", stage.text());
        press(stage, "#8 ").await;
        stage.keys("f").await;
        assert!(!stage.text().contains("FOLLOW"), "the output has the keys");
        // The second line of a lane is that lane's.
        press(stage, "└ test").await;
        assert!(stage.text().contains("▌ 2 ▸ #11"), "{}", stage.text());
    });
}

#[test]
fn answers_and_rows_of_pickers_are_pressed() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("q").await;
        press(stage, "Drain and leave").await;
        assert_eq!(stage.commands(), [Command::Drain]);
        stage.keys(":kill").await;
        press(stage, "Kill at once").await;
        assert_eq!(stage.commands(), [Command::Kill(vec![id(10)])]);
        stage.keys("?").await;
        mouse(stage, MouseEventKind::Down(MouseButton::Left), (0, 20)).await;
        assert!(!stage.text().contains("┌ Help"), "{}", stage.text());
        stage.keys("awordc<ret>").await;
        press(stage, " retries").await;
        stage.keys("7").await;
        assert!(stage.text().contains("▌ retries"), "{}", stage.text());
    });
}

#[test]
fn the_wheel_scrolls_what_is_under_it_and_selects_nothing() {
    play(fixtures::many(), SIZE, async |stage| {
        let has_first = |stage: &Stage| stage.text().contains("▌#2009");
        stage.keys("2").await;
        let at = place(stage, "why, or time");
        for _ in 0..40 {
            mouse(stage, MouseEventKind::ScrollDown, (at.0, at.1 + 4)).await;
        }
        assert!(!has_first(stage), "it was scrolled away");
        assert!(stage.text().contains("Output #2009"), "{}", stage.text());
        stage.keys("k").await;
        assert!(has_first(stage), "the selection had stayed");
        let right = SIZE.0 - 1;
        let drag = MouseEventKind::Drag(MouseButton::Left);
        mouse(stage, drag, (right, at.1 + 18)).await;
        assert!(stage.text().contains("#10000"), "the bar was drawn down");
        stage.keys("M").await;
        assert!(stage.text().contains("it selects text"), "{}", stage.text());
    });
}

#[test]
fn lines_that_are_dragged_over_are_copied_without_frames() {
    let run = fixtures::after_output(&fixtures::everything(), id(10));
    play(fixtures::everything(), SIZE, async |stage| {
        let sink = stage.outputs.sink(id(10), AttemptNo(1));
        for line in 0..100 {
            sink.write(Stream::Stdout, format!("line {line}\n").as_bytes());
        }
        stage.publish(run).await;
        stage.keys("<ret>").await;
        let left = MouseButton::Left;
        let (from, to) = (place(stage, "line 93"), place(stage, "line 90"));
        mouse(stage, MouseEventKind::Down(left), from).await;
        mouse(stage, MouseEventKind::Up(left), from).await;
        assert_eq!(stage.clipboard(), "", "a press alone copies nothing");
        mouse(stage, MouseEventKind::Down(left), from).await;
        mouse(stage, MouseEventKind::Drag(left), to).await;
        mouse(stage, MouseEventKind::Up(left), to).await;
        assert_eq!(stage.clipboard(), "line 90\nline 91\nline 92\nline 93\n");
        assert!(stage.text().contains("FOLLOW"), "it still follows");
        // Above the pane it scrolls.
        mouse(stage, MouseEventKind::Down(left), to).await;
        for _ in 0..20 {
            mouse(stage, MouseEventKind::Drag(left), (to.0, 1)).await;
        }
        mouse(stage, MouseEventKind::Up(left), (to.0, 1)).await;
        let copied = stage.clipboard();
        assert!(copied.ends_with("line 89\nline 90\n"), "{copied}");
        assert!(copied.contains("line 70\n"), "{copied}");
    });
}
