//! What lies around the screens: the palette, the messages, the box of keys
//! that go on.

use std::time::Duration;

use fanout::engine::Command;
use fanout::tui::{DashboardSettings, SavedSession};

use crate::dump::with_styles;
use crate::earlier;
use crate::fixtures::{self, id};
use crate::stage::{play, play_with};

const SIZE: (u16, u16) = (120, 36);

#[test]
fn the_palette_finds_an_action_and_does_it() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys(":ktim").await;
        stage.keys("<esc>j:kill").await;
        insta::assert_snapshot!("palette", with_styles(&stage.screen()));
        stage.keys("<ret>").await;
        assert_eq!(stage.commands(), [Command::Kill(vec![id(11)])]);
        stage.keys(":timeline<ret>").await;
        assert!(
            stage.text().contains("Timeline by lane"),
            "{}",
            stage.text()
        );
    });
}

#[test]
fn what_cannot_be_done_is_listed_with_its_reason() {
    play(fixtures::over(), SIZE, async |stage| {
        stage.keys(":cancel all").await;
        let text = stage.text();
        assert!(text.contains("not now: every call has ended"), "{text}");
        stage.keys("<ret>").await;
        let text = stage.text();
        assert!(text.contains("cancel all: every call has ended"), "{text}");
        assert_eq!(stage.commands(), []);
        stage.keys(":wrap").await;
        let text = stage.text();
        assert!(text.contains("not now: in the output pane"), "{text}");
    });
}

#[test]
fn messages_go_from_the_screen_and_stay_in_the_log() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("C0<ret>").await;
        assert!(stage.text().contains("messages !"), "{}", stage.text());
        stage.pass(Duration::from_secs(9)).await;
        assert!(!stage.text().contains("1 to 1024"), "{}", stage.text());
        stage.keys("!").await;
        insta::assert_snapshot!("messages", with_styles(&stage.screen()));
        stage.keys("<esc>").await;
        assert!(!stage.text().contains("1 to 1024"), "{}", stage.text());
    });
}

#[test]
fn a_begun_sequence_shows_how_it_goes_on() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("g").await;
        assert!(stage.text().contains("│ gg top"), "{}", stage.text());
        stage.pass(Duration::from_secs(2)).await;
        assert!(!stage.text().contains("gg top"), "{}", stage.text());
    });
}

#[test]
fn the_machine_is_shown_in_full_when_asked_for() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("U").await;
        insta::assert_snapshot!("machine", with_styles(&stage.screen()));
        stage.keys("<esc>").await;
        assert!(!stage.text().contains("Machine"), "{}", stage.text());
    });
}

#[test]
fn the_last_run_is_shown_in_the_timeline_until_it_is_not_wanted() {
    let run = fixtures::history();
    let recalled = SavedSession {
        runs: vec![earlier::sequential(&run), earlier::parallel(&run)],
        ..SavedSession::default()
    };
    play_with(
        DashboardSettings::default(),
        recalled,
        run,
        SIZE,
        async |stage| {
            stage.keys("4").await;
            assert!(
                stage.text().contains("last run: cap 1, 01:03.5"),
                "{}",
                stage.text()
            );
            stage.keys("b").await;
            assert!(
                stage.text().contains("2 runs ago: cap 1024, 00:03.5"),
                "{}",
                stage.text()
            );
            stage.keys("b").await;
            assert!(!stage.text().contains("last run: "), "{}", stage.text());
            assert!(!stage.text().contains(" ago"), "{}", stage.text());
            stage.keys("bm").await;
            assert!(
                stage.text().contains("last run: cap 1, 01:03.5"),
                "{}",
                stage.text()
            );
        },
    );
    let run = earlier::ended(&fixtures::history());
    let recalled = SavedSession {
        runs: vec![earlier::sequential(&run)],
        ..SavedSession::default()
    };
    play_with(
        DashboardSettings::default(),
        recalled,
        run,
        SIZE,
        async |stage| {
            stage.keys("4").await;
            insta::assert_snapshot!("compared", with_styles(&stage.screen()));
            stage.keys("m").await;
            assert!(stage.text().contains("speed-up 18.14"), "{}", stage.text());
        },
    );
    play(fixtures::history(), SIZE, async |stage| {
        stage.keys("4b").await;
        assert!(
            stage.text().contains("no earlier run of this plan is kept"),
            "{}",
            stage.text()
        );
    });
}
