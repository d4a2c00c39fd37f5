//! Themes and keys of the user, in the running dashboard.

use std::time::Duration;

use crossterm::event::Event;
use fanout::theme::{Depth, Library, Role, Theme};
use fanout::tui::keymap::UserKeys;
use fanout::tui::{DashboardSettings, SavedSession};
use ratatui::style::Color;
use tokio::sync::watch;

use crate::fixtures;
use crate::stage::{Stage, play, play_with};

const SIZE: (u16, u16) = (80, 24);

/// The background of the first cell.
fn ground(stage: &Stage) -> Color {
    stage.screen().content[0].bg
}

fn theme(name: &str) -> Theme {
    let loaded = Library::built_in().load(name, Depth::Ansi);
    loaded.expect("a built-in theme").0
}

#[test]
fn a_theme_is_seen_while_it_is_picked_and_esc_restores_the_one_before() {
    let light = theme("solarized-light")
        .style(Role::Bg)
        .bg
        .expect("it has one");
    play(fixtures::everything(), SIZE, async |stage| {
        let before = ground(stage);
        assert_ne!(before, light);
        stage.keys("Tsolarized-light").await;
        assert!(stage.text().contains("solarized-light"), "{}", stage.text());
        assert_eq!(ground(stage), light);
        stage.keys("<esc>").await;
        assert_eq!(ground(stage), before);
        stage.keys("Tsolarized-light<ret>").await;
        assert_eq!(ground(stage), light);
        stage.keys("<esc>T<esc>Tterminal<ret>T").await;
        let paste = Event::Paste("solarized-light".to_owned());
        stage.event(paste).await;
        assert_eq!(ground(stage), light, "a paste is seen as well");
        stage.keys("<ret>").await;
        stage.keys("T<down><esc>").await;
        assert_eq!(ground(stage), light, "Esc restores what was kept");
    });
}

#[test]
fn an_edited_theme_is_repainted_and_a_broken_one_is_not_put_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    let write = |text: &str| std::fs::write(&path, text).expect("written");
    write("[roles]\nbg = 'blue'\n");
    let (changed, theme_changes) = watch::channel(());
    let settings = DashboardSettings {
        themes: Library::new(folder.path().to_owned()),
        theme_changes: Some(theme_changes),
        ..DashboardSettings::default()
    };
    play_with(
        settings,
        SavedSession::default(),
        fixtures::everything(),
        SIZE,
        async |stage| {
            stage.keys("Tmine<ret>").await;
            assert_eq!(ground(stage), Color::Blue);
            write("[roles]\nbg = 'green'\n");
            changed.send_replace(());
            stage.pass(Duration::from_millis(50)).await;
            assert_eq!(ground(stage), Color::Green);
            write("[roles]\nbgg = 'red'\nbg = 'red'\n");
            changed.send_replace(());
            stage.pass(Duration::from_millis(50)).await;
            assert_eq!(ground(stage), Color::Green, "the last good one stays");
            assert!(
                stage.text().contains("mine.toml:2:1: unknown"),
                "{}",
                stage.text()
            );
        },
    );
}

#[test]
fn keys_of_the_user_are_heard_and_shown() {
    let keys = UserKeys::read("keys.toml", "[keys.global]\n\"app.help\" = [\"F3\"]\n");
    let settings = DashboardSettings {
        keymap: keys.keymap,
        notices: vec!["keys.toml:1:1: something is wrong".to_owned()],
        ..DashboardSettings::default()
    };
    play_with(
        settings,
        SavedSession::default(),
        fixtures::everything(),
        SIZE,
        async |stage| {
            assert!(
                stage.text().contains("something is wrong"),
                "{}",
                stage.text()
            );
            assert!(stage.text().contains("F3 help"), "{}", stage.text());
            stage.keys("?").await;
            assert!(!stage.text().contains("app.help") && !stage.text().contains("signs"));
        },
    );
}
