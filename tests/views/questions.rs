//! Questions of servers: where they are seen, their forms, and the answers.

use std::sync::Arc;

use fanout::engine::Command;
use fanout::model::{
    Asked, Question, QuestionId, QuestionKind, QuestionReply, RemoteStatus, ServerCommand,
    ServerName, ServerState, Snapshot, WaitReason,
};
use serde_json::{Map, Value, json};

use crate::fixtures;
use crate::servers;
use crate::stage::play;

const WIDE: (u16, u16) = (120, 36);
const NARROW: (u16, u16) = (80, 24);

fn form() -> QuestionKind {
    let schema = json!({
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "description": "Who runs it"},
            "count": {"type": "integer", "default": 3, "maximum": 9},
        },
    });
    QuestionKind::Form {
        schema: Arc::new(schema),
    }
}

/// A run in which the server of a running call asks this.
fn asking(kind: QuestionKind) -> Arc<Snapshot> {
    let mut run = Snapshot::clone(&servers::run());
    let call = fixtures::id(3);
    let question = Question {
        id: QuestionId(7),
        server: ServerName::new("memory"),
        calls: vec![call],
        message: "Who is it for?".to_owned(),
        kind,
    };
    let asks = question.asked();
    let row = run.calls.get_mut(2).map(Arc::make_mut).expect("a call");
    row.wait = Some(WaitReason::Asks { what: asks });
    row.remote = Some(RemoteStatus {
        asks: Some(asks),
        ..RemoteStatus::default()
    });
    let rows = Arc::make_mut(&mut run.servers);
    let row = rows.iter_mut().find(|it| it.name.as_str() == "memory");
    row.expect("the server").questions = Arc::from([Arc::new(question)]);
    Arc::new(run)
}

fn reply(commands: &[Command]) -> &QuestionReply {
    let [Command::AnswerQuestion { question, reply }] = commands else {
        panic!("{commands:?}");
    };
    assert_eq!(*question, QuestionId(7));
    reply
}

#[test]
fn the_row_of_a_call_says_what_its_server_asks() {
    for size in [WIDE, NARROW] {
        play(asking(form()), size, async |stage| {
            let text = stage.text();
            assert!(text.contains("asks you: 2 fields"), "{text}");
            assert!(text.contains("Q answer"), "{text}");
        });
    }
    assert_eq!(Asked::Fields(2).to_string(), "asks you: 2 fields");
}

#[test]
fn a_question_is_answered_by_its_form() {
    for size in [WIDE, NARROW] {
        play(asking(form()), size, async |stage| {
            stage.keys("Q").await;
            let text = stage.text();
            for shown in ["memory asks, for #3", "Who is it for?", "name*", "count"] {
                assert!(text.contains(shown), "{shown}: {text}");
            }
            stage.keys("Ada<tab><bs>12<f2>").await;
            let text = stage.text();
            assert!(text.contains("is greater than the maximum of 9"), "{text}");
            assert!(stage.commands().is_empty());
            stage.keys("<bs><f2>").await;
            let commands = stage.commands();
            let values = json!({"name": "Ada", "count": 1});
            let values: Map<String, Value> = values.as_object().cloned().expect("an object");
            assert_eq!(*reply(&commands), QuestionReply::Accepted(Some(values)));
        });
    }
}

#[test]
fn a_question_is_declined_or_left_and_comes_back_where_it_is_only_closed() {
    for (keys, wanted) in [
        ("Q<f3>", QuestionReply::Declined),
        ("Q<f8>", QuestionReply::Cancelled),
        ("Q<esc>Q<f3>", QuestionReply::Declined),
    ] {
        play(asking(form()), WIDE, async |stage| {
            stage.keys(keys).await;
            let commands = stage.commands();
            assert_eq!(*reply(&commands), wanted, "{keys}");
        });
    }
}

#[test]
fn a_page_is_shown_with_its_whole_address() {
    let url = format!("https://example.org/{}", "a".repeat(150));
    let page = QuestionKind::Page { url: url.clone() };
    play(asking(page), NARROW, async |stage| {
        stage.keys("Q").await;
        let text: String = stage.text().split_whitespace().collect();
        assert!(text.contains("Openitonlyifyoutrust"), "{text}");
        stage.keys("<f7>").await;
        assert_eq!(stage.clipboard(), url);
        stage.keys("<ret>").await;
        let commands = stage.commands();
        assert_eq!(*reply(&commands), QuestionReply::Accepted(None));
    });
}

#[test]
fn nothing_is_answered_where_nothing_is_asked() {
    play(servers::run(), WIDE, async |stage| {
        stage.keys("Q").await;
        let text = stage.text();
        assert!(text.contains("no server asks anything"), "{text}");
        assert!(stage.commands().is_empty());
    });
}

#[test]
fn the_list_of_tools_has_servers_that_do_not_run_and_starts_them() {
    play(servers::run(), WIDE, async |stage| {
        stage.keys("afiles").await;
        let text = stage.text();
        assert!(
            text.contains("Enter starts it and lists its tools"),
            "{text}"
        );
        stage.keys("<ret>").await;
        let commands = stage.commands();
        let [Command::Server { name, order }] = commands.as_slice() else {
            panic!("{commands:?}");
        };
        assert_eq!((name.as_str(), *order), ("files", ServerCommand::Start));
    });
    let mut run = Snapshot::clone(&servers::run());
    let rows = Arc::make_mut(&mut run.servers);
    let row = rows.iter_mut().find(|it| it.name.as_str() == "files");
    let row = row.expect("the server");
    row.state = ServerState::Starting;
    row.last_words = Some("npm: installing 90 packages".into());
    play(Arc::new(run), WIDE, async |stage| {
        stage.keys("afiles").await;
        let text = stage.text();
        assert!(
            text.contains("starts: npm: installing 90 packages"),
            "{text}"
        );
    });
}
