//! Questions of servers in both eras: answered from a file, declined without
//! one, answered by a program for a model; and what a server is told of folders.

use super::calls::{call, report_of};
use crate::bench::{Answer, Bench};

/// Asks with each call of a tool, and answers the call with what it was told.
/// `old` asks by requests of its own, `new` in the answer to the call.
const SERVER: &str = r#"
mode=$1
say() { printf '%s\n' "$1"; }
quoted() { printf %s "$1" | sed 's/\\/\\\\/g; s/"/\\"/g'; }
answer() { say "{\"jsonrpc\":\"2.0\",\"id\":$1,\"result\":$2}"; }
text() { answer "$1" "{\"content\":[{\"type\":\"text\",\"text\":\"$(quoted "$2")\"}]}"; }
schema='{"type":"object","required":["age"],"properties":{"name":{"type":"string","default":"Ada"},"age":{"type":"integer"}}}'
form="{\"message\":\"Who is it?\",\"requestedSchema\":$schema}"
model='{"messages":[{"role":"user","content":{"type":"text","text":"2+2?"}}],"maxTokens":9}'
ask() { asked=$1; say "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"$2\",\"params\":$3}"; }
while read -r line; do
    printf '%s\n' "$line" >> heard
    id=${line#*\"id\":}; id=${id%%[,\}]*}
    case $line in
    *'"id":"q"'*) text "$asked" "$line" ;;
    *'"inputResponses"'*) text "$id" "$line" ;;
    *'"method":"server/discover"'*)
        if [ "$mode" = new ]; then
            answer "$id" '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"},"ttlMs":0,"cacheScope":"private"}'
        else
            say "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32601,\"message\":\"no\"}}"
        fi ;;
    *'"method":"initialize"'*)
        answer "$id" '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}' ;;
    *'"method":"tools/list"'*)
        answer "$id" '{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{"name":"form","inputSchema":{"type":"object"}},{"name":"model","inputSchema":{"type":"object"}},{"name":"roots","inputSchema":{"type":"object"}}]}' ;;
    *'"name":"form"'*)
        if [ "$mode" = new ]; then
            answer "$id" "{\"resultType\":\"input_required\",\"requestState\":\"s-1\",\"inputRequests\":{\"who\":{\"method\":\"elicitation/create\",\"params\":$form}}}"
        else
            ask "$id" elicitation/create "$form"
        fi ;;
    *'"name":"model"'*) ask "$id" sampling/createMessage "$model" ;;
    *'"name":"roots"'*) ask "$id" roots/list '{}' ;;
    esac
done
"#;

const ERAS: [&str; 2] = ["old", "new"];

fn bench() -> Bench {
    let bench = Bench::new();
    bench.file("server.sh", SERVER);
    let server =
        |mode| format!("[mcp.{mode}]\ncommand = [\"/bin/sh\", \"server.sh\", \"{mode}\"]\n");
    bench.file("servers.toml", &ERAS.map(server).concat());
    bench
}

fn call_tool(bench: &Bench, tool: &str, more: &[&str]) -> Answer {
    let words = [&["call", tool, "--catalogue", "servers.toml"], more].concat();
    let answer = bench.run(&words);
    bench.assert_nobody_is_left();
    answer
}

#[test]
fn a_question_is_declined_where_nobody_can_be_asked() {
    let bench = bench();
    for era in ERAS {
        let answer = call_tool(&bench, &format!("{era}.form"), &[]).with_code(0);
        assert!(
            answer.stdout.contains(r#""action":"decline""#),
            "{answer:?}"
        );
        let told = format!("{era} asks: Who is it?\ndeclined: nobody can be asked here");
        assert!(answer.stderr.contains(&told), "{answer:?}");
    }
}

#[test]
fn a_question_is_answered_from_a_file_with_the_defaults_of_its_schema() {
    let bench = bench();
    bench.file(
        "a.json",
        r#"{"old": {"age": 36, "other": 1}, "new": {"age": 36}}"#,
    );
    for era in ERAS {
        let tool = format!("{era}.form");
        let answer = call_tool(&bench, &tool, &["--answer", "a.json"]).with_code(0);
        let said = &answer.stdout;
        assert!(said.contains(r#""action":"accept""#), "{answer:?}");
        assert!(said.contains(r#"{"age":36,"name":"Ada"}"#), "{answer:?}");
        if era == "new" {
            assert!(said.contains(r#""requestState":"s-1""#), "{answer:?}");
            assert!(said.contains(r#""inputResponses":{"who":"#), "{answer:?}");
        }
    }
    let heard = std::fs::read_to_string(bench.folder().join("heard")).expect("lines");
    assert!(heard.contains(r#""elicitation":{"#), "{heard}");
    assert!(!heard.contains(r#""sampling""#), "{heard}");
}

#[test]
fn an_answer_that_does_not_fit_the_schema_is_not_sent() {
    let bench = bench();
    bench.file("a.json", r#"{"old": {"age": "many"}}"#);
    let answer = call_tool(&bench, "old.form", &["--answer", "a.json"]).with_code(0);
    assert!(
        answer.stdout.contains(r#""action":"decline""#),
        "{answer:?}"
    );
    let told = "declined: the answer that was given for old does not fit: `age`";
    assert!(answer.stderr.contains(told), "{answer:?}");
    bench.file("a.json", r#"{"odl": {"age": 1}}"#);
    let answer = call_tool(&bench, "old.form", &["--answer", "a.json"]).with_code(3);
    assert!(answer.stderr.contains("which is no server"), "{answer:?}");
    bench.file("a.json", "[1]");
    let answer = call_tool(&bench, "old.form", &["--answer", "a.json"]).with_code(3);
    assert!(answer.stderr.contains("a.json"), "{answer:?}");
}

#[test]
fn a_plan_takes_answers_and_reports_that_a_server_asked() {
    let bench = bench();
    bench.file("a.json", r#"{"old": {"age": 36}}"#);
    bench.file("plan.toml", "[[call]]\nid = \"who\"\ntool = \"old.form\"\n");
    let words = ["run", "plan.toml", "--plain", "--report", "report.json"];
    let more = ["--catalogue", "servers.toml", "--answer", "a.json"];
    let words = [words.as_slice(), more.as_slice()].concat();
    bench.run(&words).with_code(0);
    let report = report_of(&bench);
    let who = call(&report, "who");
    let stderr = who["stderr"].as_str().expect("text");
    assert!(stderr.contains("old asks: Who is it?"), "{stderr}");
    assert_eq!(who["waited"]["answer"], 0.0, "{who:#}");
}

#[test]
fn a_program_answers_for_a_model_where_the_user_named_one() {
    let bench = bench();
    let answer = call_tool(&bench, "old.model", &[]).with_code(0);
    assert!(answer.stdout.contains(r#""code":-1"#), "{answer:?}");
    assert!(
        answer.stderr.contains("`sampling` in config.toml"),
        "{answer:?}"
    );
    let program = bench.file(
        "model.sh",
        "cat > request\nprintf '%s' '{\"role\":\"assistant\",\"model\":\"m\",\
         \"content\":{\"type\":\"text\",\"text\":\"4\"}}'\n",
    );
    let folder = bench.folder().join("config/fanout");
    std::fs::create_dir_all(&folder).expect("a folder");
    let config = format!("sampling = [\"/bin/sh\", {program:?}]\n");
    std::fs::write(folder.join("config.toml"), config).expect("written");
    let answer = call_tool(&bench, "old.model", &[]).with_code(0);
    assert!(answer.stdout.contains(r#""text":"4""#), "{answer:?}");
    let request = std::fs::read_to_string(bench.folder().join("request")).expect("a request");
    assert!(request.contains(r#""maxTokens":9"#), "{request}");
    let heard = std::fs::read_to_string(bench.folder().join("heard")).expect("lines");
    assert!(heard.contains(r#""sampling":{}"#), "{heard}");
}

#[test]
fn a_server_is_told_of_the_folder_or_of_those_that_are_set() {
    let bench = bench();
    let own = bench.folder().canonicalize().expect("a path");
    let answer = call_tool(&bench, "old.roots", &[]).with_code(0);
    let told = format!("file://{}\"", own.display());
    assert!(answer.stdout.contains(&told), "{answer:?}");
    let server = "[mcp.old]\ncommand = [\"/bin/sh\", \"server.sh\", \"old\"]\nroots = [\"a b\"]\n";
    bench.file("servers.toml", server);
    let answer = call_tool(&bench, "old.roots", &[]).with_code(0);
    let told = format!("file://{}/a%20b\"", own.display());
    assert!(answer.stdout.contains(&told), "{answer:?}");
}

#[test]
fn the_least_severity_of_a_log_goes_with_each_request_of_the_newer_era() {
    let bench = bench();
    let server = |mode: &str| {
        format!(
            "[mcp.{mode}]\ncommand = [\"/bin/sh\", \"server.sh\", \"{mode}\"]\nlog_level = \"debug\"\n"
        )
    };
    bench.file("servers.toml", &server("new"));
    let answer = call_tool(&bench, "new.form", &[]).with_code(0);
    assert!(!answer.stderr.contains("log_level"), "{answer:?}");
    let heard = std::fs::read_to_string(bench.folder().join("heard")).expect("lines");
    let key = r#""io.modelcontextprotocol/logLevel":"debug""#;
    let calls = heard.lines().filter(|it| it.contains("\"tools/call\""));
    let calls: Vec<&str> = calls.collect();
    assert_eq!(calls.len(), 2, "{heard}");
    assert!(calls.iter().all(|call| call.contains(key)), "{heard}");
    assert!(!heard.contains("logging/setLevel"), "{heard}");
}
