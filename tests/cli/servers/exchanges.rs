//! Exchanges over HTTP that bring no answer: each ends its call at once, with
//! the reason.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::calls::{call, report_of};
use crate::bench::{Answer, Bench};
use crate::service::{Asked, Reply, Service};

const SECRET: &str = "hunter2-and-more";

const JSON: &str = "200 OK\r\ncontent-type: application/json";
const EVENTS: &str = "200 OK\r\ncontent-type: text/event-stream";

/// Longest time for calls that are all answered.
const AT_ONCE: Duration = Duration::from_secs(20);

/// Status, head and body of each answer, by the name of its tool; `@ID@`
/// stands for the id of the request, and what its call fails with.
#[expect(clippy::too_many_lines, reason = "a table")]
fn odd_exchanges() -> Vec<(&'static str, String, String, &'static str)> {
    let error = |id: &str| {
        format!(
            r#"{{"jsonrpc":"2.0",{id}"error":{{"code":-32000,"message":"no such thing here"}}}}"#
        )
    };
    let status = |status: &str| format!("{status}\r\ncontent-type: application/json");
    let event = |data: &str| format!("data: {data}\n\n");
    let result = |text: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":@ID@,"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#
        )
    };
    vec![
        (
            "null400",
            status("400 Bad Request"),
            error("\"id\":null,"),
            "status 400 Bad Request: no such thing here",
        ),
        (
            "none400",
            status("400 Bad Request"),
            error(""),
            "status 400 Bad Request: no such thing here",
        ),
        (
            "other500",
            status("500 Internal Server Error"),
            error("\"id\":\"server-error\","),
            "status 500 Internal Server Error: no such thing here",
        ),
        (
            "null503",
            status("503 Service Unavailable"),
            error("\"id\":null,"),
            "status 503 Service Unavailable: no such thing here",
        ),
        (
            "own500",
            status("500 Internal Server Error"),
            error("\"id\":@ID@,"),
            "protocol error -32000: no such thing here",
        ),
        (
            "empty500",
            "500 Internal Server Error".to_owned(),
            String::new(),
            "status 500 Internal Server Error",
        ),
        (
            "words502",
            "502 Bad Gateway\r\ncontent-type: text/html".to_owned(),
            "<h1>upstream\n is away</h1>".to_owned(),
            "502 Bad Gateway: <h1>upstream is away</h1>",
        ),
        (
            "login",
            "401 Unauthorized".to_owned(),
            "{\"error\":\"expired\"}".to_owned(),
            "401 Unauthorized: it wants to know who asks: expired; set `headers",
        ),
        (
            "forbidden",
            "403 Forbidden".to_owned(),
            "not for you".to_owned(),
            "what stands in `headers` does not suffice: not for you",
        ),
        (
            "accepted",
            "202 Accepted".to_owned(),
            String::new(),
            "sent no answer (status 202 Accepted)",
        ),
        (
            "nothing",
            "204 No Content".to_owned(),
            String::new(),
            "sent no answer (status 204 No Content)",
        ),
        (
            "empty",
            JSON.to_owned(),
            String::new(),
            "its answer is empty (status 200 OK)",
        ),
        (
            "other",
            JSON.to_owned(),
            result("x").replace("@ID@", "4711"),
            "has the id 4711",
        ),
        (
            "broken",
            JSON.to_owned(),
            "{nope".to_owned(),
            "no message of the protocol",
        ),
        (
            "surrogate",
            JSON.to_owned(),
            result("x\\ud83d"),
            "it is not valid JSON",
        ),
        (
            "page",
            "200 OK\r\ncontent-type: text/html".to_owned(),
            "<html>proxy login</html>".to_owned(),
            "but text/html: <html>proxy login</html>",
        ),
        (
            "moved",
            "307 Temporary Redirect\r\nlocation: http://192.0.2.1/elsewhere".to_owned(),
            String::new(),
            "it leads to http://192.0.2.1/elsewhere, another service",
        ),
        (
            "sse-end",
            EVENTS.to_owned(),
            ": nothing\n\n".to_owned(),
            "the stream of its answer ended without one",
        ),
        (
            "sse-other",
            EVENTS.to_owned(),
            event(&result("x").replace("@ID@", "777")),
            "has the id 777",
        ),
        (
            "sse-bad",
            EVENTS.to_owned(),
            event(r#"{"jsonrpc":"2.0","id":@ID@,"result":"#),
            "the JSON ends too early",
        ),
        (
            "sse-surrogate",
            EVENTS.to_owned(),
            event(&result("x\\ud83d")),
            "it is not valid JSON",
        ),
        (
            "sse-null",
            EVENTS.to_owned(),
            event(&error("\"id\":null,")),
            "protocol error -32000: no such thing here",
        ),
        (
            "sse-resumed",
            EVENTS.to_owned(),
            "id: 5\ndata:\n\n".to_owned(),
            "status 405",
        ),
    ]
}

fn whole(head: &str, body: &str) -> Reply {
    Reply::Whole(head.to_owned(), body.to_owned())
}

/// A server of the older era with a tool for each exchange.
fn server(exchanges: Vec<(&'static str, String, String, &'static str)>) -> Service {
    Service::start(move |_, asked| {
        if !asked.line.starts_with("POST") {
            return whole("405 Method Not Allowed", "");
        }
        let message: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let id = message["id"].to_string();
        let answer = |result: Value| {
            let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
            whole(JSON, &answer.to_string())
        };
        match message["method"].as_str().unwrap_or_default() {
            "initialize" => answer(json!({
                "protocolVersion": "2025-06-18",
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "far", "version": "1" },
            })),
            "tools/list" => {
                let tools = exchanges
                    .iter()
                    .map(|(name, ..)| json!({ "name": name, "inputSchema": { "type": "object" } }));
                answer(json!({ "tools": tools.collect::<Vec<_>>() }))
            }
            "tools/call" => {
                let name = message["params"]["name"].as_str().unwrap_or_default();
                let exchange = exchanges.iter().find(|(known, ..)| *known == name);
                match exchange {
                    Some((_, head, body, _)) => {
                        let bearer = asked
                            .headers
                            .iter()
                            .find(|it| it.starts_with("authorization"));
                        let body = body.replace("@ID@", &id);
                        let body = body.replace("@AUTH@", bearer.map_or("none", String::as_str));
                        whole(head, &body)
                    }
                    None => Reply::Silence,
                }
            }
            "server/discover" => whole("404 Not Found", "no such page"),
            _ => whole("202 Accepted", ""),
        }
    })
}

fn place(bench: &Bench, url: &str) {
    let text = format!(
        "[mcp.far]\nurl = \"{url}\"\nstartup_timeout = \"40s\"\n\
         headers = {{ Authorization = \"Bearer ${{TOKEN}}\" }}\n"
    );
    bench.file("far.toml", &text);
}

fn run(bench: &Bench, environment: &[(&str, &str)], words: &[&str]) -> Answer {
    let words: Vec<&str> = words
        .iter()
        .copied()
        .chain(["--catalogue", "far.toml"])
        .collect();
    let environment: Vec<_> = environment
        .iter()
        .copied()
        .chain([("TOKEN", SECRET)])
        .collect();
    bench.run_with(&environment, &words)
}

#[test]
fn an_exchange_that_ended_without_an_answer_ends_its_call_with_the_reason() {
    let exchanges = odd_exchanges();
    let (bench, service) = (Bench::new(), server(exchanges.clone()));
    place(&bench, &service.url());
    let calls = exchanges.iter();
    let calls =
        calls.map(|(name, ..)| format!("[[call]]\nid = \"{name}\"\ntool = \"far.{name}\"\n"));
    bench.file("plan.toml", &calls.collect::<String>());
    let before = Instant::now();
    let words = ["run", "plan.toml", "--plain", "--report", "report.json"];
    let answer = run(&bench, &[], &words).with_code(1);
    assert!(before.elapsed() < AT_ONCE, "{:?}", before.elapsed());
    assert!(!answer.stdout.contains("::"), "{answer:?}");
    let report = report_of(&bench);
    for (name, _, _, told) in &exchanges {
        let call = call(&report, name);
        assert_eq!(call["outcome"], "failed", "{name}: {call:#}");
        let reason = call["reason"].as_str().expect("a reason");
        assert!(reason.contains(told), "{name}: {reason}");
    }
}

#[test]
fn a_secret_that_a_server_sends_back_is_masked_wherever_it_stands() {
    let content = r#"{"jsonrpc":"2.0","id":@ID@,"result":{"content":[{"type":"text","text":"you sent @AUTH@"}]}}"#;
    let error =
        r#"{"jsonrpc":"2.0","id":@ID@,"error":{"code":-1,"message":"bad @AUTH@","data":"@AUTH@"}}"#;
    let malformed = r#"{"jsonrpc":"2.0","id":@ID@,"result":{"x":NaN,"y":"@AUTH@"}}"#;
    let exchanges = vec![
        ("echo", JSON.to_owned(), content.to_owned(), ""),
        ("error", JSON.to_owned(), error.to_owned(), ""),
        ("bad", JSON.to_owned(), malformed.to_owned(), ""),
        (
            "status",
            "500 Internal Server Error".to_owned(),
            "boom @AUTH@".to_owned(),
            "",
        ),
        (
            "event",
            EVENTS.to_owned(),
            format!("data: {content}\n\n"),
            "",
        ),
    ];
    let (bench, service) = (Bench::new(), server(exchanges.clone()));
    place(&bench, &service.url());
    let calls = exchanges.iter();
    let calls =
        calls.map(|(name, ..)| format!("[[call]]\nid = \"{name}\"\ntool = \"far.{name}\"\n"));
    bench.file("plan.toml", &calls.collect::<String>());
    let words = ["run", "plan.toml", "--plain", "--report", "report.json"];
    let plain = run(&bench, &[], &words).with_code(1);
    let events = run(&bench, &[], &["run", "plan.toml", "--events"]).with_code(1);
    let report = report_of(&bench);
    assert_eq!(
        call(&report, "echo")["output"],
        "you sent authorization: ***"
    );
    for text in [
        plain.stdout,
        plain.stderr,
        events.stdout,
        report.to_string(),
    ] {
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[test]
fn a_server_on_this_machine_is_never_asked_through_a_proxy() {
    let exchanges = vec![(
        "look",
        JSON.to_owned(),
        r#"{"jsonrpc":"2.0","id":@ID@,"result":{"content":[]}}"#.to_owned(),
        "",
    )];
    let (bench, service) = (Bench::new(), server(exchanges));
    let proxy = Service::start(|_, _| whole("502 Bad Gateway", ""));
    place(&bench, &service.url());
    let url = proxy.url();
    let environment = [
        ("http_proxy", url.as_str()),
        ("ALL_PROXY", &url),
        ("all_proxy", &url),
    ];
    run(&bench, &environment, &["call", "far.look"]).with_code(0);
    let text = format!(
        "[[tool]]\nname = \"get\"\n[tool.http]\nurl = \"{}/mcp\"\n",
        service.url()
    );
    bench.file("far.toml", &text);
    run(&bench, &environment, &["call", "get"]).with_code(1);
    let leaked: Vec<Asked> = proxy.asked();
    assert!(leaked.is_empty(), "{leaked:?}");
}

#[test]
fn secrets_are_not_sent_unencrypted_in_headers_or_urls() {
    let bench = Bench::new();
    for entry in [
        "url = \"http://example.invalid/mcp\"\nheaders = { Authorization = \"Bearer ${TOKEN}\" }\n",
        "url = \"http://example.invalid/mcp?k=${TOKEN}\"\n",
        "url = \"http://example.invalid/mcp\"\nheaders = { X-Api-Key = \"written-here\" }\n",
    ] {
        bench.file("far.toml", &format!("[mcp.far]\n{entry}"));
        let answer = run(&bench, &[], &["call", "far.look"]).with_code(3);
        let told = "variables would go over the network without encryption";
        assert!(answer.stderr.contains(told), "{entry}: {answer:?}");
        assert!(!answer.stderr.contains(SECRET), "{answer:?}");
    }
}

#[test]
fn a_refused_connection_is_told_with_its_port_and_without_the_secret_in_its_url() {
    let bench = Bench::new();
    let url = Service::start(|_, _| Reply::Silence).url();
    bench.file(
        "far.toml",
        &format!("[mcp.far]\nurl = \"{url}/mcp?key=${{TOKEN}}\"\nstartup_timeout = \"40s\"\n"),
    );
    let answer = run(&bench, &[], &["call", "far.look"]).with_code(3);
    let port = url.rsplit(':').next().unwrap_or_default();
    let told = format!("no connection to 127.0.0.1:{port}: connection refused");
    assert!(answer.stderr.contains(&told), "{answer:?}");
    assert!(
        !answer.stderr.contains(SECRET) && !answer.stderr.contains("::"),
        "{answer:?}"
    );
}

#[test]
fn a_login_that_is_wanted_is_told_with_the_remedy() {
    let bench = Bench::new();
    let service = Service::start(|_, _| {
        let head =
            "401 Unauthorized\r\nwww-authenticate: Bearer resource_metadata=\"http://x/meta\"";
        whole(head, r#"{"error":"invalid_token"}"#)
    });
    place(&bench, &service.url());
    let answer = run(&bench, &[], &["tools", "--connect"]);
    for told in ["401 Unauthorized", "invalid_token", "set `headers"] {
        assert!(answer.stderr.contains(told), "{told}: {answer:?}");
    }
    assert!(!answer.stderr.contains("::"), "{answer:?}");
}

#[test]
fn a_server_cannot_have_its_stream_of_news_opened_without_pause() {
    let bench = Bench::new();
    let asked = json!({ "content": [] });
    let service = Service::start(move |_, asked_for| {
        if asked_for.line.starts_with("GET") {
            return whole(EVENTS, "retry: 0\nid: 1\n\n");
        }
        let message: Value = serde_json::from_str(&asked_for.body).unwrap_or_default();
        let answer = |result: &Value| {
            let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
            whole(&format!("{JSON}\r\nmcp-session-id: s"), &answer.to_string())
        };
        match message["method"].as_str().unwrap_or_default() {
            "initialize" => answer(&json!({
                "protocolVersion": "2025-06-18",
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "far", "version": "1" },
            })),
            "tools/list" => answer(
                &json!({ "tools": [{ "name": "look", "inputSchema": { "type": "object" } }] }),
            ),
            "tools/call" => {
                std::thread::sleep(Duration::from_secs(3));
                answer(&asked)
            }
            "server/discover" => whole("404 Not Found", ""),
            _ => whole("202 Accepted", ""),
        }
    });
    place(&bench, &service.url());
    run(&bench, &[], &["call", "far.look"]).with_code(0);
    let opened = service.asked();
    let opened = opened.iter().filter(|asked| asked.line.starts_with("GET"));
    assert!(opened.count() <= 8, "no pause");
}

#[test]
fn a_connection_that_the_service_closed_fails_no_call() {
    let bench = Bench::new();
    let service = Service::start(|_, _| Reply::Closed("200 OK".to_owned(), "ok".to_owned()));
    let tools = ["GET", "POST"].map(|method| {
        format!(
            "[[tool]]\nname = \"{method}\"\n[tool.http]\nmethod = \"{method}\"\nurl = \"{}/\"\n",
            service.url()
        )
    });
    bench.file("far.toml", &tools.concat());
    let calls = (0..60).map(|n| {
        let method = if n % 2 == 0 { "GET" } else { "POST" };
        format!("[[call]]\nid = \"c{n}\"\ntool = \"{method}\"\n")
    });
    bench.file(
        "plan.toml",
        &format!("cap = 2\n{}", calls.collect::<String>()),
    );
    run(&bench, &[], &["run", "plan.toml", "--plain"]).with_code(0);
}
