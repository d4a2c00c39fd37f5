//! Answers over standard output that are not understood: each ends its call at
//! once, with the reason, and can be read.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::calls::{call, report_of};
use crate::bench::Bench;

/// Answers each call with the file of its tool's name. `@ID@` stands for the
/// id of the request.
const SERVER: &str = r#"
while read -r line; do
    id=${line#*\"id\":}; id=${id%%[,\}]*}
    case $line in
    *'"method":"initialize"'*)
        printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}\n' "$id" ;;
    *'"method":"tools/list"'*) sed "s/@ID@/$id/g" list ;;
    *'"method":"tools/call"'*)
        name=${line#*\"name\":\"}; name=${name%%\"*}
        [ "$name" = gone ] && { sed "s/@ID@/$id/g" gone; exit 0; }
        sed "s/@ID@/$id/g" "$name" ;;
    *'"method":"server/discover"'*)
        printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}\n' "$id" ;;
    esac
done
"#;

/// Longest time that a call may take whose answer came.
const AT_ONCE: Duration = Duration::from_secs(20);

/// Puts a server with these answers into the folder of a test, one tool each.
pub(super) fn place(bench: &Bench, answers: &[(&str, &[u8])]) {
    bench.file("server.sh", SERVER);
    let mut tools = String::new();
    for (name, answer) in answers {
        std::fs::write(bench.folder().join(name), answer).expect("an answer");
        let comma = if tools.is_empty() { "" } else { "," };
        let _written = write!(
            tools,
            r#"{comma}{{"name":"{name}","inputSchema":{{"type":"object"}},"annotations":{{"readOnlyHint":true}}}}"#
        );
    }
    let list = format!(r#"{{"jsonrpc":"2.0","id":@ID@,"result":{{"tools":[{tools}]}}}}"#);
    bench.file("list", &format!("{list}\n"));
    bench.file(
        "servers.toml",
        "[mcp.s]\ncommand = [\"/bin/sh\", \"server.sh\"]\nstartup_timeout = \"40s\"\n",
    );
}

/// Runs one call after the other; returns the report.
fn run(bench: &Bench, names: &[&str]) -> Value {
    let calls = names.iter();
    let calls = calls.map(|name| format!("[[call]]\nid = \"{name}\"\ntool = \"s.{name}\"\n"));
    let plan = format!("cap = 1\n{}", calls.collect::<String>());
    bench.file("plan.toml", &plan);
    let words = ["run", "plan.toml", "--plain", "--report", "report.json"];
    let words: Vec<&str> = words
        .into_iter()
        .chain(["--catalogue", "servers.toml"])
        .collect();
    let answer = bench.run(&words);
    assert!(answer.code.is_some(), "{answer:?}");
    bench.assert_nobody_is_left();
    report_of(bench)
}

/// Every answer, and what its call fails with.
#[expect(clippy::too_many_lines, reason = "a table")]
fn odd_answers() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let line = |text: &str| format!("{text}\n").into_bytes();
    let result = |content: &str| {
        line(&format!(
            r#"{{"jsonrpc":"2.0","id":@ID@,"result":{{"content":[{content}]}}}}"#
        ))
    };
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":@ID@,"result":{{"structuredContent":{{"a":{}{}}}}}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    let mut bad = result(r#"{"type":"text","text":"caf#"}"#);
    for byte in &mut bad {
        if *byte == b'#' {
            *byte = 0xe9;
        }
    }
    vec![
        (
            "surrogate",
            result(r#"{"type":"text","text":"x\ud83d"}"#),
            "not valid JSON",
        ),
        ("utf8", bad, "not valid UTF-8"),
        ("deep", line(&deep), "nested more than 127 levels deep"),
        ("nan", result("NaN"), "not valid JSON: expected"),
        (
            "control",
            result("{\"type\":\"text\",\"text\":\"a\u{1}\"}"),
            "control character",
        ),
        (
            "half",
            line(r#"{"jsonrpc":"2.0","id":@ID@,"result":{"content":["#),
            "ends too early",
        ),
        (
            "version",
            line(r#"{"id":@ID@,"result":{"content":[]}}"#),
            "does not say `\"jsonrpc\": \"2.0\"`",
        ),
        (
            "version1",
            line(r#"{"jsonrpc":"1.0","id":@ID@,"result":{"content":[]}}"#),
            "\"1.0\"",
        ),
        (
            "both",
            line(r#"{"jsonrpc":"2.0","id":@ID@,"result":{"content":[]},"error":null}"#),
            "both `result` and `error`",
        ),
        (
            "neither",
            line(r#"{"jsonrpc":"2.0","id":@ID@}"#),
            "neither `result` nor `error`",
        ),
        (
            "batch",
            line(r#"[{"jsonrpc":"2.0","id":@ID@,"result":{"content":[]}}]"#),
            "batch",
        ),
        (
            "text",
            line(r#"{"jsonrpc":"2.0","id":@ID@,"error":"it broke"}"#),
            "the text \"it broke\"",
        ),
        (
            "code",
            line(r#"{"jsonrpc":"2.0","id":@ID@,"error":{"code":"E_X","message":"it broke"}}"#),
            "it broke",
        ),
        (
            "silent",
            line(r#"{"jsonrpc":"2.0","id":@ID@,"error":{"code":-32000}}"#),
            "no `message`",
        ),
        (
            "null",
            line(r#"{"jsonrpc":"2.0","id":null,"result":{"content":[]}}"#),
            "has the id null",
        ),
        (
            "missing",
            line(r#"{"jsonrpc":"2.0","result":{"content":[]}}"#),
            "has no id",
        ),
        (
            "other",
            line(r#"{"jsonrpc":"2.0","id":99999,"result":{"content":[]}}"#),
            "has the id 99999",
        ),
        (
            "object",
            line(r#"{"jsonrpc":"2.0","id":{"a":1},"result":{"content":[]}}"#),
            "neither a number nor a text",
        ),
        (
            "foreign",
            line(r#"{"jsonrpc":"2.0","id":"abc","result":{"content":[]}}"#),
            "has the id abc",
        ),
        (
            "result",
            line(r#"{"jsonrpc":"2.0","id":@ID@,"result":"fine"}"#),
            "the text \"fine\"",
        ),
        (
            "block",
            result(r#"{"type":"text","text":42}"#),
            "`text` is the number 42",
        ),
        (
            "flag",
            line(r#"{"jsonrpc":"2.0","id":@ID@,"result":{"content":[],"isError":"true"}}"#),
            "`isError` is the text \"true\"",
        ),
    ]
}

#[test]
fn an_answer_that_is_not_understood_ends_its_call_at_once_with_the_reason() {
    let bench = Bench::new();
    let odd = odd_answers();
    let answers: Vec<_> = odd
        .iter()
        .map(|(name, text, _)| (*name, &text[..]))
        .collect();
    place(&bench, &answers);
    let names: Vec<&str> = odd.iter().map(|(name, _, _)| *name).collect();
    let before = Instant::now();
    let report = run(&bench, &names);
    assert!(before.elapsed() < AT_ONCE, "{:?}", before.elapsed());
    for (name, _, told) in &odd {
        let call = call(&report, name);
        assert_eq!(call["outcome"], "failed", "{name}: {call:#}");
        let reason = call["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("protocol error"), "{name}: {reason}");
        assert!(reason.contains(told), "{name}: {reason}");
    }
}

#[test]
fn the_line_that_was_not_understood_can_be_read() {
    let bench = Bench::new();
    let answer = b"{\"jsonrpc\":\"2.0\",\"id\":@ID@,\"result\":{\"mean\":NaN}}\n";
    place(&bench, &[("nan", answer)]);
    let report = run(&bench, &["nan"]);
    let stderr = call(&report, "nan")["stderr"].as_str().expect("text");
    assert!(stderr.contains("\"result\":{\"mean\":NaN}}"), "{stderr}");
}

#[test]
fn answers_that_differ_in_form_only_are_taken() {
    let bench = Bench::new();
    let content = r#""result":{"content":[{"type":"text","text":"seen"}]}}"#;
    let forms = [
        (
            "plain",
            format!("{{\"jsonrpc\":\"2.0\",\"id\":@ID@,{content}\n"),
        ),
        (
            "text-id",
            format!("{{\"jsonrpc\":\"2.0\",\"id\":\"@ID@\",{content}\n"),
        ),
        (
            "decimal",
            format!("{{\"jsonrpc\":\"2.0\",\"id\":@ID@.0,{content}\n"),
        ),
        (
            "crlf",
            format!("{{\"jsonrpc\":\"2.0\",\"id\":@ID@,{content}\r\n"),
        ),
        (
            "mark",
            format!("\u{feff}{{\"jsonrpc\":\"2.0\",\"id\":@ID@,{content}\n"),
        ),
        (
            "noisy",
            format!(
                "up\n{{\"level\":30,\"id\":@ID@}}\n{{\"jsonrpc\":\"2.0\",\"id\":@ID@,{content}\n"
            ),
        ),
        (
            "twice",
            format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":@ID@,{content}\n{{\"jsonrpc\":\"2.0\",\"id\":@ID@,{content}\n"
            ),
        ),
        // The last line of a server that ends need not have a line feed.
        (
            "gone",
            format!("{{\"jsonrpc\":\"2.0\",\"id\":@ID@,{content}"),
        ),
    ];
    let answers: Vec<_> = forms
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    place(&bench, &answers);
    let names: Vec<&str> = forms.iter().map(|(name, _)| *name).collect();
    let report = run(&bench, &names);
    for name in names {
        let call = call(&report, name);
        assert_eq!(call["outcome"], "succeeded", "{name}: {call:#}");
        assert_eq!(call["output"], "seen", "{name}");
    }
}

#[test]
fn an_error_keeps_its_code_and_its_data() {
    let bench = Bench::new();
    let answer = b"{\"jsonrpc\":\"2.0\",\"id\":@ID@,\"error\":{\"code\":99999999999999,\"message\":\"huge\",\"data\":{\"line\":3}}}\n";
    place(&bench, &[("huge", answer)]);
    let report = run(&bench, &["huge"]);
    let call = call(&report, "huge");
    assert_eq!(call["reason"], "protocol error 99999999999999: huge");
    let stderr = call["stderr"].as_str().expect("text");
    assert!(stderr.contains("{\"line\":3}"), "{stderr}");
}

#[test]
fn no_name_of_a_type_reaches_a_screen() {
    let bench = Bench::new();
    let odd = odd_answers();
    let answers: Vec<_> = odd
        .iter()
        .map(|(name, text, _)| (*name, &text[..]))
        .collect();
    place(&bench, &answers);
    let names: Vec<&str> = odd.iter().map(|(name, _, _)| *name).collect();
    let report = run(&bench, &names);
    for name in names {
        let reason = call(&report, name)["reason"].as_str().unwrap_or_default();
        assert!(
            !reason.contains("::") && !reason.contains("Some("),
            "{name}: {reason}"
        );
    }
}
