//! Servers as they are met in the field: which variables reach them, how their
//! arguments are written, what of their answers is kept, and how one that does
//! not come up leaves the others alone.

use serde_json::{Value, json};

use super::call;
use crate::bench::Bench;

/// Answers with its environment, with the arguments of the call, or with the
/// content of the file that the tool's name says.
const SERVER: &str = r#"
[ "$1" = slow ] && { echo 'fetching the package' >&2; exec sleep 60; }
[ -z "$2" ] || printf '%s\n' "$2"
answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
while read -r line; do
    id=${line#*\"id\":}; id=${id%%[,\}]*}
    case $line in
    *'"method":"server/discover"'*)
        printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}\n' "$id" ;;
    *'"method":"initialize"'*)
        answer '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}' ;;
    *'"method":"tools/list"'*) answer "$(cat list)" ;;
    *'"name":"env"'*)
        lines=$(env | grep -E '^(HTTPS_PROXY|no_proxy|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|SHELL|LOGNAME|SSH_AUTH_SOCK|UNRELATED)=' | sort | tr '\n' ' ')
        answer "{\"content\":[{\"type\":\"text\",\"text\":\"$lines\"}]}" ;;
    *'"name":"opt"'*)
        arguments=${line#*\"arguments\":}
        printf '%s\n' "$arguments" > given
        answer '{"content":[{"type":"text","text":"taken"}]}' ;;
    *'"method":"tools/call"'*)
        name=${line#*\"name\":\"}; name=${name%%\"*}
        answer "$(cat "$name.json")" ;;
    esac
done
"#;

/// Arguments as Python servers describe them.
fn optional() -> Value {
    let or_null = |schema: Value| json!({ "anyOf": [schema, { "type": "null" }], "default": null });
    json!({
        "type": "object",
        "$defs": {
            "page": { "type": "integer", "minimum": 1 },
            "query": { "type": "object", "properties": { "text": { "type": "string" } } },
        },
        "properties": {
            "limit": or_null(json!({ "type": "integer" })),
            "flag": or_null(json!({ "type": "boolean" })),
            "tags": or_null(json!({ "type": "array", "items": { "type": "string" } })),
            "size": { "type": ["integer", "null"] },
            "page": { "$ref": "#/$defs/page" },
            "query": { "$ref": "#/$defs/query" },
            "word": or_null(json!({ "type": "string" })),
        },
    })
}

const ANSWERS: [&str; 5] = ["embedded", "compiler", "silent", "unknown", "null-text"];

fn bench() -> Bench {
    let bench = Bench::new();
    bench.file("server.sh", SERVER);
    let plain = json!({ "type": "object" });
    let mut tools = vec![
        json!({ "name": "env", "inputSchema": plain }),
        json!({ "name": "opt", "inputSchema": optional() }),
    ];
    let answers = ANSWERS.map(|name| json!({ "name": name, "inputSchema": plain }));
    tools.extend(answers);
    bench.file("list", &json!({ "tools": tools }).to_string());
    let server = "[mcp.s]\ncommand = [\"/bin/sh\", \"server.sh\", \"good\"]\n";
    bench.file("servers.toml", server);
    bench
}

#[test]
fn the_variables_that_servers_expect_reach_them_and_no_others() {
    let bench = bench();
    let script = bench.folder().join("server.sh");
    let entry = json!({ "command": "/bin/sh", "args": [script, "good"] });
    let foreign = json!({ "mcpServers": { "s": entry } });
    bench.file(".mcp.json", &foreign.to_string());
    let environment = [
        ("HTTPS_PROXY", "http://proxy:1"),
        ("no_proxy", "localhost"),
        ("SSL_CERT_FILE", "/certs"),
        ("NODE_EXTRA_CA_CERTS", "/ca"),
        ("SHELL", "/bin/zsh"),
        ("LOGNAME", "ada"),
        ("SSH_AUTH_SOCK", "/agent"),
        ("UNRELATED", "x"),
    ];
    for catalogue in ["servers.toml", ".mcp.json"] {
        let words = ["call", "s.env", "--catalogue", catalogue];
        let answer = bench.run_with(&environment, &words).with_code(0);
        assert_eq!(
            answer.stdout.trim(),
            "HTTPS_PROXY=http://proxy:1 LOGNAME=ada NODE_EXTRA_CA_CERTS=/ca SHELL=/bin/zsh \
             SSH_AUTH_SOCK=/agent SSL_CERT_FILE=/certs no_proxy=localhost",
            "{catalogue}"
        );
    }
}

#[test]
fn optional_arguments_are_written_as_anyone_would() {
    let bench = bench();
    let words = [
        "limit=5",
        "flag=true",
        "tags=[\"a\"]",
        "size=5",
        "page=5",
        "query={\"text\":\"x\"}",
        "word=bug",
    ];
    call(&bench, &[&["s.opt"], words.as_slice()].concat()).with_code(0);
    let given = std::fs::read_to_string(bench.folder().join("given")).expect("arguments");
    let mut given = serde_json::Deserializer::from_str(&given).into_iter::<Value>();
    assert_eq!(
        given.next().expect("one").expect("JSON"),
        json!({
            "limit": 5, "flag": true, "tags": ["a"], "size": 5, "page": 5,
            "query": { "text": "x" }, "word": "bug",
        })
    );
    let refused = call(&bench, &["s.opt", "page=0"]).with_code(3);
    assert!(refused.stderr.contains("page"), "{refused:?}");
}

#[test]
fn whatever_a_tool_answers_is_kept() {
    let bench = bench();
    let file = json!({ "uri": "demo://note", "mimeType": "text/markdown", "text": "# A note" });
    for (name, result) in [
        (
            "embedded",
            json!({ "content": [{ "type": "text", "text": "see" }, { "type": "resource", "resource": file }] }),
        ),
        (
            "compiler",
            json!({ "isError": true, "content": [{ "type": "text", "text": "it failed" }],
                "structuredContent": { "line": 7, "message": "missing semicolon" } }),
        ),
        (
            "silent",
            json!({ "isError": true, "content": [], "structuredContent": { "code": "E42" } }),
        ),
        (
            "unknown",
            json!({ "content": [{ "type": "text", "text": "readable" }, { "type": "hologram", "cube": 3 }] }),
        ),
        (
            "null-text",
            json!({ "content": [{ "type": "text", "text": null }, { "type": "text", "text": "beside" }] }),
        ),
    ] {
        bench.file(&format!("{name}.json"), &result.to_string());
    }
    for (name, code, wanted) in [
        ("embedded", 0, &["see", "# A note"][..]),
        ("compiler", 1, &["it failed", "missing semicolon"]),
        ("silent", 1, &["E42"]),
        ("unknown", 0, &["readable", "hologram", "3"]),
        ("null-text", 1, &["beside"]),
    ] {
        let answer = call(&bench, &[&format!("s.{name}")]).with_code(code);
        let said = format!("{}{}", answer.stdout, answer.stderr);
        for words in wanted {
            assert!(said.contains(words), "{name}: {words}: {answer:?}");
        }
    }
}

#[test]
fn a_server_that_does_not_come_up_hides_nobodys_tools() {
    let bench = bench();
    let server = |name: &str, more: &str| {
        format!("[mcp.{name}]\ncommand = [\"/bin/sh\", \"server.sh\", \"{name}\"]\n{more}")
    };
    let servers = [
        server("slow", "startup_timeout = \"2s\"\n"),
        "[mcp.none]\ncommand = [\"./not-there\"]\n".to_owned(),
        server("good", ""),
    ];
    bench.file("servers.toml", &servers.concat());
    let words = ["tools", "--connect", "--catalogue", "servers.toml"];
    let answer = bench.run(&words).with_code(3);
    bench.assert_nobody_is_left();
    assert!(answer.stdout.contains("good.env"), "{answer:?}");
    assert!(
        answer.stdout.contains("server slow: it did not connect"),
        "{answer:?}"
    );
    let said = format!("{}{}", answer.stdout, answer.stderr);
    for told in [
        "no connection within 2s: it has sent nothing",
        "its last words: fetching the package",
        "`startup_timeout_sec` in a file of another program) sets how long it may take",
        "not-there",
    ] {
        assert!(said.contains(told), "{told}: {answer:?}");
    }
}

#[test]
fn a_server_with_an_unset_variable_leaves_the_others_of_its_file_alone() {
    let bench = bench();
    let script = bench.folder().join("server.sh");
    let entry = |word: &str| json!({ "command": "/bin/sh", "args": [script, word] });
    let all = json!({ "mcpServers": { "bad": entry("${NOT_SET_AT_ALL}"), "good": entry("good") } });
    bench.file(".mcp.json", &all.to_string());
    bench.file(
        "embedded.json",
        &json!({ "content": [{ "type": "text", "text": "here" }] }).to_string(),
    );
    let words = ["call", "good.embedded", "--catalogue", ".mcp.json"];
    let answer = bench.run(&words).with_code(0);
    assert_eq!(answer.stdout, "here\n");
    let words = ["call", "bad.embedded", "--catalogue", ".mcp.json"];
    let answer = bench.run(&words).with_code(3);
    assert!(
        answer.stderr.contains("`NOT_SET_AT_ALL` is not set"),
        "{answer:?}"
    );
}

#[test]
fn the_scope_that_claude_code_writes_by_default_is_read() {
    let bench = bench();
    let script = bench.folder().join("server.sh");
    let folder = bench.folder().canonicalize().expect("a path");
    let entry = json!({ "command": "/bin/sh", "args": [script, "good"] });
    let file = json!({
        "numStartups": 12,
        "tipsHistory": { "shift-enter": 3 },
        "mcpServers": {},
        "projects": { folder.display().to_string(): { "mcpServers": { "local": entry } } },
    });
    bench.file(".claude.json", &file.to_string());
    let words = ["tools", "--connect", "--catalogue", ".claude.json"];
    let answer = bench.run(&words).with_code(0);
    assert!(answer.stdout.contains("local.env"), "{answer:?}");
    assert_eq!(answer.stderr, "");
}

#[test]
fn plain_text_on_standard_output_is_named_and_costs_nothing() {
    let bench = bench();
    let noisy =
        "[mcp.s]\ncommand = [\"/bin/sh\", \"server.sh\", \"good\", \"Listening on port 3000\"]\n";
    bench.file("servers.toml", noisy);
    let answer = call(&bench, &["s.env"]).with_code(0);
    assert!(!answer.stdout.contains("Listening"), "{answer:?}");
    // Where it never connects that line is the first thing to know.
    let mute = "[mcp.s]\ncommand = [\"/bin/sh\", \"-c\", \"echo Listening on port 3000; exec sleep 60\"]\n\
                startup_timeout = \"1s\"\n";
    bench.file("servers.toml", mute);
    let answer = call(&bench, &["s.env"]).with_code(3);
    let told = "it printed what is no message of the protocol: `Listening on port 3000`";
    assert!(answer.stderr.contains(told), "{answer:?}");
}
