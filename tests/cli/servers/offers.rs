//! What a server has beside its tools: resources and prompts, used as text, and
//! images that are saved.

use super::call;
use crate::bench::Bench;

/// Has a resource, a prompt, and a tool that hands an image over.
const SERVER: &str = r#"
say() { printf '%s\n' "$1"; }
answer() { say "{\"jsonrpc\":\"2.0\",\"id\":$1,\"result\":$2}"; }
while read -r line; do
    printf '%s\n' "$line" >> heard
    id=${line#*\"id\":}; id=${id%%[,\}]*}
    case $line in
    *'"method":"server/discover"'*)
        say "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32601,\"message\":\"no\"}}" ;;
    *'"method":"initialize"'*)
        answer "$id" '{"protocolVersion":"2025-06-18","capabilities":{"tools":{},"resources":{},"prompts":{},"logging":{}},"serverInfo":{"name":"s","version":"1"}}' ;;
    *'"method":"logging/setLevel"'*)
        say '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"debug","logger":"db","data":"opened"}}'
        answer "$id" '{}' ;;
    *'"method":"tools/list"'*)
        answer "$id" '{"tools":[{"name":"look","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}]}' ;;
    *'"method":"resources/list"'*)
        answer "$id" '{"resources":[{"uri":"demo://a","name":"a","description":"The first"}]}' ;;
    *'"method":"resources/templates/list"'*)
        say "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32601,\"message\":\"no\"}}" ;;
    *'"method":"prompts/list"'*)
        answer "$id" '{"prompts":[{"name":"review","arguments":[{"name":"file","required":true}]}]}' ;;
    *'"uri":"demo://a"'*)
        answer "$id" '{"contents":[{"uri":"demo://a","mimeType":"text/plain","text":"what stands in a"}]}' ;;
    *'"method":"resources/read"'*)
        say "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32002,\"message\":\"no such resource\"}}" ;;
    *'"method":"prompts/get"'*)
        answer "$id" '{"description":"A review","messages":[{"role":"user","content":{"type":"text","text":"look at it"}}]}' ;;
    *'"method":"tools/call"'*)
        answer "$id" '{"content":[{"type":"image","data":"iVBORw==","mimeType":"image/png"}]}' ;;
    esac
done
"#;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.file("server.sh", SERVER);
    bench.file(
        "servers.toml",
        "[mcp.s]\ncommand = [\"/bin/sh\", \"server.sh\"]\nlog_level = \"debug\"\n",
    );
    bench
}

#[test]
fn resources_and_prompts_are_used_as_text() {
    let bench = bench();
    let answer = call(&bench, &["s:resource", "demo://a"]).with_code(0);
    assert_eq!(answer.stdout, "what stands in a\n");
    let answer = call(&bench, &["s:resource", "demo://b?x=1"]).with_code(1);
    assert!(
        answer.stderr.contains("protocol error -32002: no such"),
        "{answer:?}"
    );
    let answer = call(&bench, &["s:prompt", "review", "file=a.rs"]).with_code(0);
    assert_eq!(answer.stdout, "look at it\n");
    let heard = std::fs::read_to_string(bench.folder().join("heard")).expect("lines");
    assert!(heard.contains(r#""arguments":{"file":"a.rs"}"#), "{heard}");
    assert!(heard.contains(r#""uri":"demo://b?x=1""#), "{heard}");
    assert!(heard.contains(r#""level":"debug""#), "{heard}");
    let answer = call(&bench, &["s:prompt", "reviw"]).with_code(3);
    assert!(answer.stderr.contains("review"), "{answer:?}");
}

#[test]
fn a_plan_calls_them_like_tools_and_hands_their_text_on() {
    let bench = bench();
    bench.file(
        "plan.toml",
        "[[call]]\nid = \"a\"\ntool = \"s:resource\"\nargs = { uri = \"demo://a\" }\n\
         [[call]]\nid = \"b\"\ntool = \"s:prompt\"\nargs = { prompt = \"review\", \
         arguments = { file = \"{{a.output}}\" } }\n",
    );
    let words = ["run", "plan.toml", "--plain", "--catalogue", "servers.toml"];
    bench.run(&words).with_code(0);
    let heard = std::fs::read_to_string(bench.folder().join("heard")).expect("lines");
    assert!(heard.contains(r#""file":"what stands in a""#), "{heard}");
    let tools = bench.run(&["tools", "--connect", "--catalogue", "servers.toml"]);
    let tools = tools.with_code(0).stdout;
    assert!(
        tools.contains("s:resource") && tools.contains("s:prompt"),
        "{tools}"
    );
}

#[test]
fn images_are_saved_where_that_is_asked_for() {
    let bench = bench();
    let answer = call(&bench, &["s.look", "--save", "images"]).with_code(0);
    assert_eq!(answer.stdout, "[image image/png, 4 bytes]\n");
    assert!(
        answer.stderr.contains("saved images/s-look-1.png"),
        "{answer:?}"
    );
    let saved = std::fs::read(bench.folder().join("images/s-look-1.png")).expect("an image");
    assert_eq!(saved, b"\x89PNG");
}
