//! Servers that do not answer: the reason tells what they did instead.

use std::time::Instant;

use super::calls::{call, report_of};
use crate::bench::{Bench, PATIENCE};

/// Keeps silent in the way of the tool's name; its first argument is the
/// request that it does not answer before.
const SERVER: &str = r#"
say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
while read -r line; do
    id=${line#*\"id\":}; id=${id%%[,\}]*}
    case $line in
    *"\"method\":\"$1\""*) ;;
    *'"method":"server/discover"'*)
        printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}\n' "$id" ;;
    *'"method":"initialize"'*)
        say '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}' ;;
    *'"method":"tools/list"'*)
        case $line in
        *'"cursor":"next"'*) ;;
        *) cat list | sed "s/@ID@/$id/" ;;
        esac ;;
    *'"name":"hushed"'*) ;;
    *'"name":"chatty"'*)
        printf '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n' ;;
    *'"name":"busy"'*)
        token=${line#*\"progressToken\":}; token=${token%%[,\}]*}
        exec yes "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":$token,\"progress\":1}}" ;;
    *'"name":"deaf"'*) exec sleep 60 ;;
    *'"name":"closed"'*) exec sleep 60 <&- ;;
    esac
done
"#;

const TOOLS: [&str; 5] = ["hushed", "chatty", "busy", "deaf", "closed"];

fn place(bench: &Bench, unanswered: &str, next: &str) {
    bench.file("server.sh", SERVER);
    let tools =
        TOOLS.map(|name| format!(r#"{{"name":"{name}","inputSchema":{{"type":"object"}}}}"#));
    let list = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":@ID@,\"result\":{{\"tools\":[{}]{next}}}}}\n",
        tools.join(",")
    );
    bench.file("list", &list);
    let servers = TOOLS.map(|name| {
        format!(
            "[mcp.{name}]\ncommand = [\"/bin/sh\", \"server.sh\", \"{unanswered}\"]\n\
             startup_timeout = \"3s\"\ntimeout = \"500ms\"\n"
        )
    });
    bench.file("servers.toml", &servers.concat());
}

#[test]
fn a_call_that_is_not_answered_is_told_as_what_its_server_did() {
    let bench = Bench::new();
    place(&bench, "none", "");
    let plan = TOOLS.map(|name| {
        format!(
            "[[call]]\nid = \"{name}\"\ntool = \"{name}.{name}\"\n\
             grace = \"700ms\"\n"
        )
    });
    bench.file("plan.toml", &plan.concat());
    let begun = Instant::now();
    let words = ["run", "plan.toml", "--plain", "--report", "report.json"];
    let words: Vec<&str> = words
        .into_iter()
        .chain(["--catalogue", "servers.toml"])
        .collect();
    bench.run(&words).with_code(1);
    bench.assert_nobody_is_left();
    assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
    let report = report_of(&bench);
    for (name, told) in [
        (
            "hushed",
            "it has sent nothing since the request; cancel sent",
        ),
        (
            "chatty",
            "it has sent 1 other message since the request; cancel sent",
        ),
        ("busy", "other messages since the request"),
        (
            "deaf",
            "it has sent nothing since the request, and it does not read its standard input",
        ),
        (
            "closed",
            "it has sent nothing since the request, and it has closed its standard input",
        ),
    ] {
        let call = call(&report, name);
        assert_eq!(call["outcome"], "timed-out", "{name}: {call:#}");
        let reason = call["reason"].as_str().expect("a reason");
        assert!(
            reason.starts_with("ran longer than 500ms; "),
            "{name}: {reason}"
        );
        assert!(reason.contains(told), "{name}: {reason}");
    }
}

#[test]
fn a_server_that_does_not_connect_is_told_as_what_it_did_not_answer() {
    for method in ["initialize", "tools/list"] {
        let bench = Bench::new();
        place(&bench, method, "");
        let answer = bench.run(&["call", "deaf.hushed", "--catalogue", "servers.toml"]);
        let answer = answer.with_code(3);
        let told = format!("no connection within 3s: it has not answered `{method}`");
        assert!(answer.stderr.contains(&told), "{answer:?}");
        bench.assert_nobody_is_left();
    }
}

#[test]
fn tools_that_came_in_time_are_used_though_a_later_page_did_not() {
    let bench = Bench::new();
    place(&bench, "none", ",\"nextCursor\":\"next\"");
    let answer = bench.run(&["call", "deaf.chatty", "--catalogue", "servers.toml"]);
    let answer = answer.with_code(1);
    let told = "page 2 of its tools: they did not come in time";
    assert!(answer.stderr.contains(told), "{answer:?}");
    assert!(
        answer.stderr.contains("ran longer than 500ms"),
        "{answer:?}"
    );
}
