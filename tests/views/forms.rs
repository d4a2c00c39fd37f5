//! Forms filled by keys: what a call had of its own, what is remembered, what
//! is chosen from a list, and what a new user sees first.

use std::sync::Arc;
use std::time::Duration;

use fanout::catalogue::Catalogue;
use fanout::engine::Command;
use fanout::model::{Edge, EdgeKind, LockKey, Outcome, Snapshot};
use fanout::record::HistoryStore;
use fanout::tui::{DashboardSettings, SavedSession};
use serde_json::json;

use crate::fixtures::{self, Run};
use crate::stage::{Stage, play, play_on, play_with};

const SIZE: (u16, u16) = (120, 36);

/// A call that has ended and had much of its own.
fn overridden() -> Arc<Snapshot> {
    let run = Run::new(4)
        .ended("before", Outcome::Succeeded, 100, None)
        .ended("echo", Outcome::Succeeded, 100, None)
        .publish();
    let mut run = Snapshot::clone(&run);
    let before = fanout::model::CallId::from_index(0);
    let row = run.calls.get_mut(1).map(Arc::make_mut).expect("a call");
    let call = Arc::make_mut(&mut row.call);
    call.args = Arc::new(json!({"text": "again"}));
    row.args = Arc::clone(&call.args);
    call.after = vec![Edge {
        call: before,
        on: EdgeKind::Done,
    }];
    (call.priority, call.retries) = (-3, 2);
    call.start_after = Some(Duration::from_mins(5));
    call.timeouts.queue = Some(Duration::from_secs(90));
    call.locks.write = vec![LockKey::new("db"), LockKey::new("file:out.txt")];
    call.claims.cpus = Some(1.5);
    call.claims.memory_bytes = Some(256 << 20);
    call.group = Some("turn 3".to_owned());
    Arc::new(run)
}

#[test]
fn a_call_that_is_run_again_keeps_what_it_had_of_its_own() {
    play(overridden(), SIZE, async |stage| {
        stage.keys("2O/echo<ret>E").await;
        let text = stage.text();
        assert!(text.contains("Edit #2 and run it again: echo"), "{text}");
        stage.keys("<f2>").await;
        let commands = stage.commands();
        let [Command::Add(draft)] = commands.as_slice() else {
            panic!("{commands:?}\n{}", stage.text());
        };
        let old = overridden();
        let call = &old.calls.get(1).expect("a call").call;
        assert_eq!(draft.args, *call.args);
        assert_eq!(draft.after, call.after);
        let settings = &draft.settings;
        assert_eq!((settings.priority, settings.retries), (-3, 2));
        assert_eq!(settings.start_after, call.start_after);
        assert_eq!(settings.queue_timeout, call.timeouts.queue);
        let others = (settings.timeout, settings.idle_timeout, settings.grace);
        assert_eq!(others, (None, None, None), "the tool's");
        assert_eq!(
            (&settings.locks, settings.claims),
            (&call.locks, call.claims)
        );
        assert_eq!(settings.group, call.group);
        assert_eq!(settings.estimate, None);
    });
}

#[test]
fn the_last_arguments_are_known_from_one_session_to_the_next() {
    let home = tempfile::tempdir().expect("a folder");
    let history = HistoryStore::at(home.path());
    let recalled = || SavedSession {
        runs: Vec::new(),
        columns: None,
        is_first: false,
        arguments: history.arguments().expect("readable"),
        history: Some(history.clone()),
    };
    let session = async |stage: &mut Stage| {
        stage.keys("awordc<ret>kept.md<f2>").await;
        assert_eq!(stage.commands().len(), 1, "{}", stage.text());
    };
    let settings = DashboardSettings::default();
    play_with(
        settings.clone(),
        recalled(),
        fixtures::nothing(),
        SIZE,
        session,
    );
    let session = async |stage: &mut Stage| {
        stage.keys("awordc<ret>").await;
        let text = stage.text();
        assert!(text.contains("↑ kept.md, as last time"), "{text}");
        stage.keys("<f6>").await;
        let text = stage.text();
        assert!(text.contains("the next key replaces it"), "{text}");
        stage.keys("<bs>").await;
        let text = stage.text();
        assert!(
            text.contains("↑ kept.md, as last time"),
            "the row is empty again: {text}"
        );
    };
    play_with(settings, recalled(), fixtures::nothing(), SIZE, session);
}

#[test]
fn a_form_with_recalled_values_only_is_left_at_once() {
    play(fixtures::nothing(), SIZE, async |stage| {
        stage.keys("awordc<ret>kept.md<f2>").await;
        stage.keys("awordc<ret><f6>").await;
        assert!(stage.text().contains("as last time"), "{}", stage.text());
        stage.keys("<esc>").await;
        let text = stage.text();
        assert!(text.contains("pick a tool"), "nothing was typed: {text}");
        stage.keys("<ret><f6>x<esc>").await;
        let text = stage.text();
        assert!(text.contains("Discard the form?"), "{text}");
    });
}

#[test]
fn chosen_columns_are_known_from_one_session_to_the_next() {
    let home = tempfile::tempdir().expect("a folder");
    let history = HistoryStore::at(home.path());
    let recalled = || SavedSession {
        columns: history.columns().expect("readable"),
        history: Some(history.clone()),
        ..SavedSession::default()
    };
    let settings = DashboardSettings::default;
    let calls = fixtures::everything;
    play_with(settings(), recalled(), calls(), SIZE, async |stage| {
        stage.keys("2").await;
        assert!(!stage.text().contains("waited"), "{}", stage.text());
        stage.keys("|waited<ret><esc>").await;
        assert!(stage.text().contains("waited"), "{}", stage.text());
    });
    play_with(settings(), recalled(), calls(), SIZE, async |stage| {
        stage.keys("2").await;
        assert!(stage.text().contains("waited"), "{}", stage.text());
    });
}

#[test]
fn a_new_user_is_welcomed_and_in_nobodys_way() {
    for (key, then) in [("<esc>", "Lanes 0/4"), ("a", "pick a tool"), ("3", "Tools")] {
        let recalled = SavedSession {
            is_first: true,
            ..SavedSession::default()
        };
        play_with(
            DashboardSettings::default(),
            recalled,
            fixtures::nothing(),
            SIZE,
            async |stage| {
                assert!(stage.text().contains("Welcome"), "{}", stage.text());
                stage.keys(key).await;
                let text = stage.text();
                assert!(!text.contains("Welcome") && text.contains(then), "{text}");
            },
        );
    }
    play(fixtures::nothing(), SIZE, async |stage| {
        assert!(!stage.text().contains("Welcome"), "{}", stage.text());
        stage.keys(":first steps<ret>").await;
        assert!(stage.text().contains("Welcome"), "{}", stage.text());
    });
}

#[test]
fn a_value_of_many_is_found_by_typing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tools.toml");
    let tool = r#"
        [[tool]]
        name = "paint"
        command = ["true"]
        [tool.input_schema]
        properties.colour = { enum = ["red", "dark green", "blue", 7] }
    "#;
    std::fs::write(&path, tool).expect("written");
    let catalogue = Catalogue::load(&[path]).expect("sound");
    let around = (
        DashboardSettings::default(),
        SavedSession::default(),
        Arc::new(catalogue),
    );
    play_on(around, fixtures::nothing(), SIZE, async |stage| {
        stage.keys("apaint<ret>g").await;
        let text = stage.text();
        assert!(text.contains("dark green"), "{text}");
        assert!(!text.contains("blue"), "{text}");
        stage.keys("rn<ret>").await;
        assert!(stage.text().contains("< dark green >"), "{}", stage.text());
        stage.keys("<ret><down><esc>").await;
        assert!(stage.text().contains("< dark green >"), "{}", stage.text());
        stage.keys("<ret><down><down><ret><f2>").await;
        let commands = stage.commands();
        let [Command::Add(draft)] = commands.as_slice() else {
            panic!("{commands:?}\n{}", stage.text());
        };
        assert_eq!(draft.args, json!({"colour": 7}));
    });
}
