//! Keys that steer agents at work.

use std::sync::Arc;
use std::time::Duration;

use fanout::engine::{AgentCommand, Command};
use fanout::model::{
    AgentMark, AgentMode, History, Intercept, InterceptPattern, ProxiedServer, ProxiedStage,
    ProxyControl, ProxyId, Snapshot,
};
use fanout::output::Side;
use fanout::tui::{DashboardSettings, Leave, SavedSession};
use serde_json::json;

use crate::agents::{MEM, agent, change, run, server, with_call};
use crate::dump;
use crate::fixtures::{self, id, ms, tools};
use crate::stage::{Stage, play_on};

fn play(run: Arc<Snapshot>, script: impl AsyncFnOnce(&mut Stage)) -> Option<Leave> {
    let around = (
        DashboardSettings::default(),
        SavedSession::default(),
        tools(),
    );
    play_on(around, run, (120, 36), script)
}

fn ask(command: AgentCommand) -> Command {
    Command::Agents(command)
}

#[test]
fn many_agents_are_scrolled() {
    let run = change(&run(), |agents| {
        let first = server(MEM, 48);
        agents.agents.clear();
        agents.servers.clear();
        for number in 0..200_u32 {
            let mark = AgentMark::new(format!("oc{number}"));
            let row = agent(mark.as_str(), "opencode", "1.18.33", 5_000 + number);
            agents.agents.push(row);
            agents.servers.push(Arc::new(ProxiedServer {
                proxy: ProxyId(number),
                agent: mark,
                ..first.clone()
            }));
        }
    });
    play(run, async |stage| {
        stage.keys("9G").await;
        let text = stage.text();
        assert!(text.contains("▌ └ mem") && text.contains("oc199"), "{text}");
        stage.keys("k<ret>").await;
        assert!(stage.text().contains("Calls of oc199"), "{}", stage.text());
    });
}

#[test]
fn agents_are_governed_and_watched() {
    play(run(), async |stage| {
        stage.keys("V").await;
        assert_eq!(
            stage.commands(),
            [ask(AgentCommand::SetMode(AgentMode::Watch))]
        );
        let watched = change(&run(), |agents| agents.mode = AgentMode::Watch);
        stage.publish(Arc::clone(&watched)).await;
        assert!(stage.text().contains("watch, 2 held"), "{}", stage.text());
        stage.keys("<C-g>").await;
        assert_eq!(
            stage.commands(),
            [ask(AgentCommand::SetMode(AgentMode::Govern))]
        );
    });
    play(fixtures::everything(), async |stage| {
        stage.keys("V").await;
        assert_eq!(stage.commands(), []);
        assert!(stage.text().contains("no agent is here: `fanout wrap`"));
    });
}

#[test]
fn calls_and_answers_are_held_and_let_go() {
    play(run(), async |stage| {
        // The first lane is a call that was sent: its answer is held.
        stage.keys("h").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::Hold(vec![id(6)]))]);
        let promised = with_call(6, |call| call.holds_answer = true);
        stage.publish(promised).await;
        assert!(
            stage.text().contains("its answer will be held"),
            "{}",
            stage.text()
        );
        stage.keys("h").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::Release(vec![id(6)]))]);
        stage.keys("jjh").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::Release(vec![id(8)]))]);
        stage.keys("jh").await;
        assert_eq!(stage.commands(), []);
        assert!(stage.text().contains("told to stop"), "{}", stage.text());
        stage.keys("jh").await;
        assert!(
            stage.text().contains("no agent made this call"),
            "{}",
            stage.text()
        );
        stage.keys("<tab>ggh").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::Release(vec![id(11)]))]);
        stage.keys("H").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::ReleaseAll)]);
        let none = change(&run(), |agents| agents.held = 0);
        stage.publish(none).await;
        stage.keys("H").await;
        assert_eq!(stage.commands(), []);
        assert!(stage.text().contains("nothing is held"), "{}", stage.text());
    });
}

#[test]
fn calls_that_another_dashboard_controls_are_only_looked_at() {
    let run = change(&run(), |agents| {
        for server in &mut agents.servers {
            let by = "pid 7".into();
            Arc::make_mut(server).control = ProxyControl::Others { by };
        }
    });
    play(run, async |stage| {
        stage.keys("hxV").await;
        assert_eq!(stage.commands(), []);
        let text = stage.text();
        assert!(text.contains("another dashboard controls it"), "{text}");
        stage.keys("9").await;
        assert!(stage.text().contains("pid 7 controls"), "{}", stage.text());
        stage.keys("B").await;
        assert!(stage.text().contains("Take control?"), "{}", stage.text());
        stage.keys("y").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::TakeControl)]);
    });
}

#[test]
fn control_is_asked_for_once_where_nobody_has_it() {
    let free = change(&run(), |agents| {
        Arc::make_mut(&mut agents.servers[0]).control = ProxyControl::Free;
    });
    play(Arc::clone(&free), async |stage| {
        stage.pass(ms(500)).await;
        assert_eq!(stage.commands(), [], "the screen is not shown yet");
        stage.keys("9jk").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::RequestControl)]);
        stage.publish(change(&free, |_| {})).await;
        assert_eq!(stage.commands(), []);
        let more = change(&free, |agents| {
            Arc::make_mut(&mut agents.servers[1]).control = ProxyControl::Free;
        });
        stage.publish(more).await;
        assert_eq!(stage.commands(), [ask(AgentCommand::RequestControl)]);
    });
}

#[test]
fn the_pattern_is_typed_checked_and_switched() {
    play(run(), async |stage| {
        stage.keys("i").await;
        assert!(
            stage.text().contains("hold calls: mem.create_*"),
            "{}",
            stage.text()
        );
        stage.keys(" tool:x<ret>").await;
        assert_eq!(stage.commands(), []);
        assert!(
            stage.text().contains("`tool:x` is no kind of term"),
            "{}",
            stage.text()
        );
        stage.keys("<bs><bs><bs><bs><bs><bs>!ro<ret>").await;
        let pattern = InterceptPattern::parse("mem.create_* !ro").ok();
        let is_on = true;
        let set = AgentCommand::SetIntercept(Intercept { pattern, is_on });
        assert_eq!(stage.commands(), [ask(set)]);
        stage.keys("9I").await;
        let pattern = InterceptPattern::parse("mem.create_*").ok();
        let is_on = false;
        let set = AgentCommand::SetIntercept(Intercept { pattern, is_on });
        assert_eq!(stage.commands(), [ask(set)]);
        stage.keys("i").await;
        for _ in 0..12 {
            stage.keys("<bs>").await;
        }
        stage.keys("<ret>").await;
        let set = AgentCommand::SetIntercept(Intercept::default());
        assert_eq!(stage.commands(), [ask(set)]);
    });
}

#[test]
fn arguments_of_a_held_call_are_changed_and_sent() {
    play(run(), async |stage| {
        stage.keys("E").await;
        assert!(
            stage.text().contains("its server has it already"),
            "{}",
            stage.text()
        );
        stage.keys("<tab>jE").await;
        assert!(stage.text().contains("hold it first"), "{}", stage.text());
        stage.keys("kE").await;
        insta::assert_snapshot!("edit", dump::text(&stage.screen()));
        stage.keys("s<tab><bs>x<f2>").await;
        assert_eq!(stage.commands(), []);
        assert!(
            stage.text().contains("`x` is not a whole number"),
            "{}",
            stage.text()
        );
        stage.keys("<bs>7<f2>").await;
        let args = Arc::new(json!({"name": "shops", "count": 7}));
        let edit = |args, is_released| {
            let call = id(11);
            ask(AgentCommand::EditArguments {
                call,
                args,
                is_released,
            })
        };
        assert_eq!(stage.commands(), [edit(args, true)]);
        stage.keys("E<bs>x<f3>").await;
        let args = Arc::new(json!({"name": "shox", "count": 3}));
        assert_eq!(stage.commands(), [edit(args, false)], "it is held further");
        // The clock lets it go while the form is open.
        stage.keys("E").await;
        let gone = with_call(11, |call| {
            call.stage = ProxiedStage::Sent;
            call.held = None;
        });
        stage.publish(gone).await;
        stage.keys("<f2>").await;
        assert_eq!(stage.commands(), []);
        assert!(stage.text().contains("too late"), "{}", stage.text());
    });
}

#[test]
fn a_call_is_answered_by_hand() {
    play(run(), async |stage| {
        stage.keys("R").await;
        assert!(stage.text().contains("hold its answer"), "{}", stage.text());
        stage.keys("<tab>ggR").await;
        insta::assert_snapshot!("answer", dump::text(&stage.screen()));
        stage.keys("later<f2>").await;
        let answer = |text: &str, is_error| {
            json!({
                "content": [{"type": "text", "text": text}],
                "isError": is_error,
                "_meta": {"fanout/origin": "user"},
            })
        };
        let sent = |result| {
            ask(AgentCommand::Answer {
                call: id(11),
                result: Arc::new(result),
            })
        };
        assert_eq!(stage.commands(), [sent(answer("later", false))]);
        stage.keys("Rno<tab><space><f2>").await;
        assert_eq!(stage.commands(), [sent(answer("no", true))]);
    });
}

#[test]
fn an_answer_by_hand_fits_the_output_schema() {
    play(run(), async |stage| {
        stage.keys("<tab>GR-3<f2>").await;
        assert_eq!(stage.commands(), []);
        let text = stage.text();
        assert!(
            text.contains("stored") && text.contains("less than"),
            "{text}"
        );
        // The same as JSON: the path is named.
        stage.keys("<f4><f2>").await;
        assert!(stage.text().contains("`stored`: "), "{}", stage.text());
        stage.keys("<f4>").await;
        for _ in 0..4 {
            stage.keys("<bs>").await;
        }
        stage.keys("2<f2>").await;
        let result = json!({
            "content": [{"type": "text", "text": "{\"stored\":2}"}],
            "structuredContent": {"stored": 2},
            "isError": false,
            "_meta": {"fanout/origin": "user"},
        });
        let answer = |result| {
            ask(AgentCommand::Answer {
                call: id(13),
                result: Arc::new(result),
            })
        };
        assert_eq!(stage.commands(), [answer(result)]);
        // An error needs no result, but a text.
        stage.keys("R<tab><space><f2>").await;
        assert!(
            stage.text().contains("an error needs a text"),
            "{}",
            stage.text()
        );
        stage.keys("<tab>full<f2>").await;
        let result = json!({
            "content": [{"type": "text", "text": "full"}],
            "isError": true,
            "_meta": {"fanout/origin": "user"},
        });
        assert_eq!(stage.commands(), [answer(result)]);
    });
}

#[test]
fn a_held_answer_is_changed() {
    play(run(), async |stage| {
        stage.keys("jjE").await;
        let text = stage.text();
        assert!(
            text.contains("Change the answer of #8") && text.contains("clean"),
            "{text}"
        );
        stage.keys("er<f2>").await;
        let result = json!({
            "content": [{"type": "text", "text": "ercleaner"}],
            "isError": false,
            "_meta": {"fanout/origin": "user"},
        });
        let [
            Command::Agents(AgentCommand::EditAnswer {
                call,
                result: sent,
                is_released: true,
            }),
        ] = &*stage.commands()
        else {
            panic!("{}", stage.text());
        };
        assert_eq!(*call, id(8));
        assert_eq!(sent["isError"], result["isError"]);
        assert_eq!(sent["_meta"], result["_meta"]);
        let text = sent["content"][0]["text"].as_str().expect("a text");
        assert!(text.contains("er") && text.contains("clean"), "{text}");
    });
}

#[test]
fn an_agents_call_is_cancelled_and_its_server_killed_after_a_question() {
    play(run(), async |stage| {
        stage.keys("xx").await;
        assert_eq!(stage.commands(), [Command::Cancel(vec![id(6)])]);
        stage.keys("X").await;
        let text = stage.text();
        assert!(
            text.contains("Kill the server?") && text.contains("3 calls on it"),
            "{text}"
        );
        stage.keys("<ret>").await;
        assert_eq!(stage.commands(), [], "the harmless answer is marked");
        stage.keys("Xy").await;
        let kill = || ask(AgentCommand::KillServer(MEM));
        assert_eq!(stage.commands(), [Command::Cancel(vec![id(6)]), kill()]);
        // The screen begins with the server of the call.
        stage.keys("9Dy").await;
        assert_eq!(stage.commands(), [kill()]);
        stage.keys("kD").await;
        assert!(
            stage.text().contains("no server is selected"),
            "{}",
            stage.text()
        );
        stage.keys("1<tab><tab>r").await;
        assert_eq!(stage.commands(), []);
        assert!(
            stage.text().contains("only it can ask again"),
            "{}",
            stage.text()
        );
    });
}

#[test]
fn leaving_with_calls_held_asks_what_becomes_of_them() {
    play(run(), async |stage| {
        stage.keys("q").await;
        assert!(
            stage.text().contains("2 calls held for agents."),
            "{}",
            stage.text()
        );
        stage.keys("<ret>").await;
        assert_eq!(stage.commands(), []);
        stage.keys("q<tab><ret>").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::RefuseAll)]);
        // A call of one's own runs on.
        let none = change(&run(), |agents| agents.held = 0);
        stage.publish(none).await;
        assert_eq!(stage.commands(), [Command::Drain]);
    });
    let held = only_agents();
    let left = play(Arc::clone(&held), async |stage| {
        stage.keys("qy").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::ReleaseAll)]);
        let none = change(&held, |agents| agents.held = 0);
        stage.publish(none).await;
    });
    assert_eq!(left, Some(Leave::Quit));
}

/// The run without its only call that no agent made.
fn only_agents() -> Arc<Snapshot> {
    let mut run = (*run()).clone();
    let lanes = run.lanes.iter();
    run.lanes = Arc::new(lanes.map(|it| it.filter(|it| *it != id(10))).collect());
    Arc::new(run)
}

#[test]
fn calls_of_agents_that_are_not_held_keep_nobody_here() {
    let run = change(&only_agents(), |agents| agents.held = 0);
    let left = play(run, async |stage| stage.keys("q").await);
    assert_eq!(left, Some(Leave::Quit));
}

#[test]
fn the_messages_of_a_call_stand_in_its_details() {
    play(run(), async |stage| {
        stage.protocol_log.add_message(
            id(11),
            Side::Agent,
            r#"{"jsonrpc":"2.0","id":48,"method":"tools/call"}"#,
        );
        stage.keys("9j<tab>ggjd").await;
        stage.pass(ms(200)).await;
        stage.keys("G").await;
        let text = stage.text();
        for part in [
            "→ agent",
            r#""method": "tools/call""#,
            "in the transcript toolu_01A",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        stage.keys("/jsonrpc").await;
        let text = stage.text();
        assert!(text.contains("search the messages: jsonrpc"), "{text}");
        assert!(text.contains("1/1"), "{text}");
        stage.keys("<ret>n").await;
        assert!(stage.text().contains(r#""jsonrpc": "2.0""#));
    });
}

#[test]
fn actions_about_agents_are_found_by_other_names() {
    play(run(), async |stage| {
        for (typed, label) in [("resume", "let all go"), ("intercept", "intercept")] {
            stage.keys(":").await;
            stage.keys(typed).await;
            let text = stage.text();
            assert!(text.contains(label), "{typed}: {text}");
            stage.keys("<esc>").await;
        }
    });
}

#[test]
fn nothing_is_drawn_where_only_gauges_of_servers_change_and_nobody_looks() {
    let idle = change(&fixtures::over(), |agents| {
        *agents = (*run().agents).clone();
    });
    play(Arc::clone(&idle), async |stage| {
        stage.pass(Duration::from_secs(31)).await;
        let frames = stage.frames();
        let busier = change(&idle, |agents| {
            let server = Arc::make_mut(&mut agents.servers[0]);
            server.samples = Arc::new(History::new(60));
        });
        stage.publish(busier).await;
        stage.pass(Duration::from_secs(1)).await;
        assert_eq!(stage.frames(), frames);
    });
}
