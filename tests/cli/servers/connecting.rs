//! Servers that do not connect, told by their first cause and in the user's
//! words, and lists of tools of which a part cannot be used.

use crate::bench::{Answer, Bench};

/// Answers `initialize` and `tools/list` with the files of these names.
const SERVER: &str = r#"
[ -e noise ] && cat noise
while read -r line; do
    id=${line#*\"id\":}; id=${id%%[,\}]*}
    case $line in
    *'"method":"initialize"'*) [ -e init ] && sed "s/@ID@/$id/g" init ;;
    *'"method":"tools/list"'*)
        page=list
        case $line in *'"cursor":"two"'*) page=list2 ;; *'"cursor":"same"'*) page=list2 ;; esac
        [ -e $page ] && sed "s/@ID@/$id/g" $page ;;
    *'"method":"tools/call"'*)
        printf '{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"seen"}]}}\n' "$id" ;;
    *'"method":"server/discover"'*)
        printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}\n' "$id" ;;
    esac
done
"#;

const INIT: &str = r#"{"jsonrpc":"2.0","id":@ID@,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}"#;
const GOOD: &str = r#"{"name":"good","inputSchema":{"type":"object"}}"#;

/// Calls `s.good` on a server with these files.
fn ask(files: &[(&str, &str)], limit: &str) -> Answer {
    let bench = Bench::new();
    bench.file("server.sh", SERVER);
    for (name, text) in files {
        bench.file(name, &format!("{text}\n"));
    }
    let catalogue =
        format!("[mcp.s]\ncommand = [\"/bin/sh\", \"server.sh\"]\nstartup_timeout = \"{limit}\"\n");
    bench.file("servers.toml", &catalogue);
    let answer = bench.run(&["call", "s.good", "--catalogue", "servers.toml"]);
    bench.assert_nobody_is_left();
    assert!(!answer.stderr.contains("::"), "{answer:?}");
    answer
}

fn list(tools: &str, more: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":@ID@,"result":{{"tools":[{tools}]{more}}}}}"#)
}

#[test]
fn the_words_of_a_server_that_refuses_to_connect_are_told_and_not_its_exit_code() {
    let refusal = r#"{"jsonrpc":"2.0","id":@ID@,"error":{"code":-32000,"message":"set API_KEY first: see the manual"}}"#;
    let answer = ask(&[("init", refusal)], "40s").with_code(3);
    let told = "it refused `initialize`: set API_KEY first: see the manual (error -32000)";
    assert!(answer.stderr.contains(told), "{answer:?}");
    assert!(answer.stderr.contains("`env_pass`"), "{answer:?}");
    assert!(!answer.stderr.contains("exit code"), "{answer:?}");
}

#[test]
fn an_answer_to_the_handshake_that_is_not_understood_is_the_reason() {
    let version = INIT.replace("\"2025-06-18\"", "null");
    let answer = ask(&[("init", &version)], "40s").with_code(3);
    let told = "its result is not one of `initialize`";
    assert!(answer.stderr.contains(told), "{answer:?}");
    let surrogate = INIT.replace("\"name\":\"s\"", "\"name\":\"s\\ud83d\"");
    let answer = ask(&[("init", &surrogate)], "40s").with_code(3);
    assert!(answer.stderr.contains("it is not valid JSON"), "{answer:?}");
}

#[test]
fn a_server_that_is_not_ready_in_time_is_told_with_its_noise_and_the_remedy() {
    let files = [("noise", "Welcome to my server!")];
    let answer = ask(&files, "1s").with_code(3);
    for told in [
        "no connection within 1s",
        "it printed what is no message of the protocol: `Welcome to my server!`",
        "`startup_timeout_sec` in a file of another program) sets how long it may take",
    ] {
        assert!(answer.stderr.contains(told), "{told}: {answer:?}");
    }
    let answer = ask(&[("init", INIT)], "1s").with_code(3);
    assert!(
        answer.stderr.contains("no connection within 1s"),
        "{answer:?}"
    );
    assert!(!answer.stderr.contains("exit code"), "{answer:?}");
}

/// Speaks the newer revision only, and is so slow to start that it was taken for
/// an older one: both questions lie there when it begins to read.
const LATE: &str = r#"
answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
of() { id=${line#*\"id\":}; id=${id%%[,\}]*}; }
discovered='{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"},"ttlMs":0,"cacheScope":"private"}'
read -r line; of; first=$id
read -r line; of
case $1 in answers) id=$first answer "$discovered" ;; esac
printf '{"jsonrpc":"2.0","id":%s,"error":%s}\n' "$id" "$2"
while read -r line; do
    of
    printf '%s\n' "$line" >> heard
    case $line in
    *'"method":"server/discover"'*) answer "$discovered" ;;
    *'"method":"tools/list"'*)
        answer '{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{"name":"good","inputSchema":{"type":"object"}}]}' ;;
    *'"method":"tools/call"'*)
        answer '{"resultType":"complete","content":[{"type":"text","text":"seen"}]}' ;;
    esac
done
"#;

#[test]
fn a_server_of_the_newer_era_that_is_slow_to_start_is_asked_anew() {
    for first in ["answers", "drops"] {
        for refusal in [
            r#"{"code":-32022,"message":"unsupported","data":{"supported":["2026-07-28"]}}"#,
            r#"{"code":-32601,"message":"Method not found"}"#,
            r#"{"code":-32000,"message":"call server/discover first"}"#,
        ] {
            let bench = Bench::new();
            bench.file("late.sh", LATE);
            let command = serde_json::json!(["/bin/sh", "late.sh", first, refusal]);
            let text = format!("[mcp.s]\ncommand = {command}\nstartup_timeout = \"4s\"\n");
            bench.file("servers.toml", &text);
            let answer = bench.run(&["call", "s.good", "--catalogue", "servers.toml"]);
            let answer = answer.with_code(0);
            assert_eq!(answer.stdout, "seen\n", "{first} {refusal}");
            let heard = std::fs::read_to_string(bench.folder().join("heard")).expect("lines");
            let asked = heard.lines().next().expect("a line");
            assert!(asked.contains("\"server/discover\""), "{heard}");
        }
    }
}

#[test]
fn the_refusal_of_a_server_that_is_asked_anew_in_vain_is_the_reason() {
    let refusal = r#"{"jsonrpc":"2.0","id":@ID@,"error":{"code":-32601,"message":"who are you"}}"#;
    let answer = ask(&[("init", refusal)], "40s").with_code(3);
    let told = "it refused `initialize`: who are you (error -32601)";
    assert!(answer.stderr.contains(told), "{answer:?}");
}

#[test]
fn a_list_that_is_refused_is_told_in_the_servers_words() {
    let refusal =
        r#"{"jsonrpc":"2.0","id":@ID@,"error":{"code":-32603,"message":"the database is away"}}"#;
    let answer = ask(&[("init", INIT), ("list", refusal)], "40s").with_code(3);
    let told = "its tools could not be listed: the database is away (error -32603)";
    assert!(answer.stderr.contains(told), "{answer:?}");
}

#[test]
fn a_tool_that_cannot_be_read_loses_itself_only_and_is_named() {
    for (bad, told) in [
        (r#"{"name":"bare"}"#, "bare: it has no input schema"),
        (
            r#"{"name":"null","inputSchema":null}"#,
            "null: it has no input schema",
        ),
        (
            r#"{"name":"text","inputSchema":"str"}"#,
            "text cannot be used: its input schema is the text \"str\"",
        ),
        (
            r#"{"inputSchema":{}}"#,
            "tool 2 cannot be used: it has no name",
        ),
        (
            r#"{"name":"hint","inputSchema":{},"annotations":{"readOnlyHint":"true"}}"#,
            "hint: its hint `readOnlyHint` is the text \"true\"",
        ),
        (
            "7",
            "tool 2 cannot be used: it is the number 7 and not an object",
        ),
    ] {
        let tools = list(&format!("{GOOD},{bad}"), "");
        let answer = ask(&[("init", INIT), ("list", &tools)], "40s").with_code(0);
        assert_eq!(answer.stdout, "seen\n", "{bad}");
        let told = format!("server s: {told}");
        assert!(answer.stderr.contains(&told), "{bad}: {answer:?}");
    }
}

#[test]
fn half_a_character_in_a_description_costs_no_tool() {
    let half = r#"{"name":"half","description":"x\ud83d","inputSchema":{}}"#;
    let tools = list(&format!("{GOOD},{half}"), "");
    let answer = ask(&[("init", INIT), ("list", &tools)], "40s").with_code(0);
    let told = "server s: half: characters of it that are not valid are replaced";
    assert!(answer.stderr.contains(told), "{answer:?}");
}

#[test]
fn a_tool_that_is_nested_too_deep_loses_itself_only() {
    let deep = format!("{}1{}", "[".repeat(400), "]".repeat(400));
    let tools = list(
        &format!(r#"{GOOD},{{"name":"deep","inputSchema":{{"x":{deep}}}}}"#),
        "",
    );
    let answer = ask(&[("init", INIT), ("list", &tools)], "40s").with_code(0);
    let told = "server s: deep cannot be used: it is nested too deep";
    assert!(answer.stderr.contains(told), "{answer:?}");
}

#[test]
fn a_list_that_does_not_advance_ends_and_its_tools_are_used() {
    for (more, told) in [
        (r#","nextCursor":"""#, ""),
        (r#","nextCursor":null"#, ""),
        (r#","nextCursor":7"#, "`nextCursor` is the number 7"),
    ] {
        let tools = list(GOOD, more);
        let answer = ask(&[("init", INIT), ("list", &tools)], "40s").with_code(0);
        assert_eq!(
            (answer.stdout.as_str(), answer.stderr.is_empty()),
            ("seen\n", told.is_empty())
        );
        assert!(answer.stderr.contains(told), "{answer:?}");
    }
    let (one, two) = (
        list("", r#","nextCursor":"same""#),
        list(GOOD, r#","nextCursor":"same""#),
    );
    let answer = ask(&[("init", INIT), ("list", &one), ("list2", &two)], "40s").with_code(0);
    let told = "its list does not advance: the cursor `same` came twice";
    assert!(answer.stderr.contains(told), "{answer:?}");
}

#[test]
fn a_page_that_fails_ends_the_list_and_the_tools_before_it_are_used() {
    let one = list(GOOD, r#","nextCursor":"two""#);
    let two = r#"{"jsonrpc":"2.0","id":@ID@,"result":{"tools":[NaN]}}"#;
    let answer = ask(&[("init", INIT), ("list", &one), ("list2", two)], "40s").with_code(0);
    assert_eq!(answer.stdout, "seen\n");
    assert!(answer.stderr.contains("page 2 of its tools"), "{answer:?}");
}
