//! Servers that are reached by HTTP.

use serde_json::{Value, json};

use super::calls::{call, report_of};
use crate::bench::{Answer, Bench};
use crate::service::{Asked, Reply, Service};

const SECRET: &str = "hunter2-and-more";

/// A server of the older era that answers in JSON.
fn server() -> Service {
    Service::start(|_, asked| {
        if !asked.line.starts_with("POST") {
            return Reply::Whole("405 Method Not Allowed".to_owned(), String::new());
        }
        let message: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let answer = |result: Value| told(&json!({ "result": result }), &message);
        match message["method"].as_str().unwrap_or_default() {
            "initialize" => answer(json!({
                "protocolVersion": "2025-06-18",
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "far", "version": "1" },
            })),
            "tools/list" => {
                let tools = ["look", "wait", "fall"].map(|name| {
                    json!({
                        "name": name,
                        "inputSchema": { "type": "object" },
                        "annotations": { "readOnlyHint": true },
                    })
                });
                answer(json!({ "tools": tools }))
            }
            "tools/call" => match message["params"]["name"].as_str().unwrap_or_default() {
                "look" => answer(json!({ "content": [{ "type": "text", "text": "seen" }] })),
                "wait" => Reply::Silence,
                _ => Reply::Whole("503 Service Unavailable".to_owned(), String::new()),
            },
            "server/discover" => {
                let error = json!({ "error": { "code": -32601, "message": "no" } });
                told(&error, &message)
            }
            _ => Reply::Whole("202 Accepted".to_owned(), String::new()),
        }
    })
}

fn told(answer: &Value, to: &Value) -> Reply {
    let mut answer = answer.clone();
    answer["jsonrpc"] = "2.0".into();
    answer["id"] = to["id"].clone();
    let head = "200 OK\r\ncontent-type: application/json".to_owned();
    Reply::Whole(head, answer.to_string())
}

fn run(bench: &Bench, words: &[&str]) -> Answer {
    let words: Vec<&str> = words
        .iter()
        .copied()
        .chain(["--catalogue", "far.toml"])
        .collect();
    bench.run_with(&[("TOKEN", SECRET)], &words)
}

fn place(bench: &Bench, url: &str) {
    let text = format!(
        "[mcp.far]\nurl = \"{url}\"\nstartup_timeout = \"40s\"\n\
         headers = {{ Authorization = \"Bearer ${{TOKEN}}\" }}\n"
    );
    bench.file("far.toml", &text);
}

#[test]
fn a_server_over_http_is_asked_with_its_headers_and_they_are_not_shown() {
    let (bench, service) = (Bench::new(), server());
    place(&bench, &format!("{}/mcp", service.url()));
    let answer = run(&bench, &["call", "far.look"]).with_code(0);
    assert_eq!(answer.stdout, "seen\n", "{answer:?}");
    let bearer = format!("authorization: Bearer {SECRET}");
    let asked = service.asked();
    assert!(asked.iter().all(|asked: &Asked| asked.has(&bearer)));
    let answer = run(&bench, &["tools", "--connect", "--json"]).with_code(0);
    assert!(answer.stdout.contains("far.look"), "{answer:?}");
    assert!(!answer.stdout.contains(SECRET), "{answer:?}");
    // One variable less, and the server is named as unusable, with the reason.
    let answer = bench.run(&["tools", "--catalogue", "far.toml"]);
    let answer = answer.with_code(0);
    assert!(answer.stdout.contains("`TOKEN` is not set"), "{answer:?}");
    let answer = bench.run(&["call", "far.look", "--catalogue", "far.toml"]);
    let answer = answer.with_code(3);
    assert!(answer.stderr.contains("`TOKEN` is not set"), "{answer:?}");
}

#[test]
fn over_http_a_cancel_is_sent_and_the_end_is_unknown() {
    let (bench, service) = (Bench::new(), server());
    place(&bench, &format!("{}/mcp", service.url()));
    bench.file(
        "plan.toml",
        "[[call]]\nid = \"wait\"\ntool = \"far.wait\"\ntimeout = \"400ms\"\ngrace = \"400ms\"\n\
         [[call]]\nid = \"fall\"\ntool = \"far.fall\"\n\
         [[call]]\nid = \"look\"\ntool = \"far.look\"\n",
    );
    let words = ["run", "plan.toml", "--plain", "--report", "report.json"];
    run(&bench, &words).with_code(1);
    let report = report_of(&bench);
    let wait = call(&report, "wait");
    assert_eq!(
        (&wait["outcome"], &wait["cancel"]),
        (&json!("timed-out"), &json!("unknown"))
    );
    let reason = call(&report, "fall")["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("transport: "), "{reason}");
    assert_eq!(call(&report, "look")["output"], "seen");
}

#[test]
fn a_server_over_http_that_is_not_there_or_silent_is_given_up() {
    let bench = Bench::new();
    // A port that was just free: nobody listens.
    let url = server().url();
    place(&bench, &url);
    let answer = run(&bench, &["call", "far.look"]).with_code(3);
    assert!(answer.stderr.contains("did not connect"), "{answer:?}");
    let service = Service::start(|_, _| Reply::Silence);
    bench.file(
        "far.toml",
        &format!(
            "[mcp.far]\nurl = \"{}\"\nstartup_timeout = \"1s\"\n",
            service.url()
        ),
    );
    let answer = run(&bench, &["call", "far.look"]).with_code(3);
    assert!(
        answer.stderr.contains("no connection within 1s"),
        "{answer:?}"
    );
}

#[test]
fn each_program_writes_such_servers_in_its_own_way() {
    let (bench, service) = (Bench::new(), server());
    let url = format!("{}/mcp", service.url());
    let json = |root: &str, key: &str, more: &str| {
        format!(r#"{{ "{root}": {{ "far": {{ "{key}": "{url}" {more} }} }} }}"#)
    };
    let header = |variable: &str| format!(r#", "headers": {{ "X-Token": "{variable}" }}"#);
    let http = format!(r#", "type": "http" {}"#, header("${env:TOKEN}"));
    let files = [
        (".mcp.json", json("mcpServers", "url", &header("${TOKEN}"))),
        (".vscode/mcp.json", json("servers", "url", &http)),
        (
            ".cursor/mcp.json",
            json("mcpServers", "url", &header("${env:TOKEN}")),
        ),
        (
            ".gemini/settings.json",
            json("mcpServers", "httpUrl", &header("$TOKEN")),
        ),
        (
            ".codex/config.toml",
            format!(
                "[mcp_servers.far]\nurl = \"{url}\"\nbearer_token_env_var = \"TOKEN\"\n\
                 env_http_headers = {{ X-Token = \"TOKEN\" }}\n"
            ),
        ),
    ];
    for (name, text) in files {
        let path = bench.folder().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("its folder");
        std::fs::write(path, text).expect("the file");
        let before = service.asked().len();
        let words = ["call", "far.look", "--catalogue", name];
        let answer = bench.run_with(&[("TOKEN", SECRET)], &words).with_code(0);
        assert_eq!(answer.stdout, "seen\n", "{name}");
        let token = format!("x-token: {SECRET}");
        let asked = service.asked();
        assert!(
            asked.iter().skip(before).all(|it| it.has(&token)),
            "{name}: {asked:?}"
        );
    }
}
