//! What lies around the screens: the palette, the messages, the box of keys
//! that go on.

use std::time::Duration;

use fanout::engine::Command;
use fanout::tui::{DashboardSettings, Leave, Offer, SavedSession};

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

#[test]
fn the_help_begins_with_this_screen_says_its_place_and_is_searched() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("8?").await;
        let text = stage.text();
        let here = text.find("server (here)").expect("the keys of this screen");
        assert!(here < text.find("global (here)").unwrap_or(usize::MAX));
        assert!(
            text.contains("Help 1-") && text.contains("/ finds"),
            "{text}"
        );
        stage.keys("/clipboard<ret>").await;
        let text = stage.text();
        assert!(
            text.contains("Copy the output") && !text.contains("Start the server"),
            "{text}"
        );
        stage.keys("<esc>").await;
        assert!(
            stage.text().contains("Start the server"),
            "{}",
            stage.text()
        );
        stage.keys("/nosuchword<ret>").await;
        assert!(
            stage.text().contains("No key and no sign"),
            "{}",
            stage.text()
        );
        stage.keys("<esc><esc>").await;
        assert!(!stage.text().contains("Help "), "{}", stage.text());
    });
}

#[test]
fn the_palette_takes_a_word_and_opens_what_is_near() {
    let left = play(fixtures::over(), SIZE, async |stage| {
        stage.keys(":cap 8<ret>").await;
        let cap = fanout::model::Cap::new(8).expect("a cap");
        assert_eq!(stage.commands(), [Command::SetCap(cap)]);
        stage.keys(":demo").await;
        let text = stage.text();
        assert!(text.contains("run the demo"), "{text}");
        stage.keys("<ret>").await;
    });
    assert_eq!(left, Some(Leave::Open(Offer::Demo)));
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("L<ret>").await;
        let text = stage.text();
        assert!(text.contains("run the demo: calls run or wait"), "{text}");
    });
}

#[test]
fn other_words_lead_to_a_command() {
    play(fixtures::over(), SIZE, async |stage| {
        for (typed, label) in [
            ("kill", "kill "),
            ("rpc", "servers "),
            ("parallel", "cap "),
            ("gantt", "timeline "),
            ("abort", "cancel "),
            ("clipboard", "copy "),
            ("demo", "run the demo"),
            ("cap 8", "cap 8 "),
            ("cap auto:3", "cap auto:3"),
        ] {
            stage.keys(&format!(":{typed}")).await;
            let text = stage.text();
            assert!(text.contains(&format!("▌{label}")), "{typed}: {text}");
            stage.keys("<esc>").await;
        }
    });
}
