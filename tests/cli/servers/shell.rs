//! A tool server of a few lines of shell, which can also misbehave.

use crate::bench::Bench;

/// Speaks the older era, one message a line. Its first argument is what it
/// does about being started, or about its end.
const SERVER: &str = r#"
mode=$1
say() { printf '%s\n' "$1"; }
answer() { say "{\"jsonrpc\":\"2.0\",\"id\":$1,\"result\":$2}"; }
text() { answer "$1" "{\"content\":[{\"type\":\"text\",\"text\":\"$2\"}]}"; }
tool() {
    printf '{"name":"%s","description":"%s","inputSchema":{"type":"object"%s}%s}' \
        "$1" "$(cat "said-of-$1" 2>/dev/null || echo "$1")" "$2" "$3"
}
ro=',"annotations":{"readOnlyHint":true}'
rw=',"annotations":{"readOnlyHint":false,"destructiveHint":false}'
: > "started-$mode"
echo "it begins" >&2
case $mode in
mute) exec sleep 60 ;;
gone) echo "no licence found" >&2; exit 7 ;;
deaf) trap '' TERM ;;
esac
while read -r line; do
    id=${line#*\"id\":}; id=${id%%[,\}]*}
    case $line in
    *'"method":"server/discover"'*)
        [ "$mode" = silent ] ||
            say "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32601,\"message\":\"no\"}}" ;;
    *'"method":"initialize"'*)
        answer "$id" '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"shell","version":"1"}}' ;;
    *'"method":"tools/list"'*)
        answer "$id" "{\"tools\":[$(tool look '' "$ro"),$(tool add ',"required":["text"]' "$rw"),$(tool wait '' "$rw"),$(tool fail '' "$ro"),$(tool refuse '' "$ro"),$(tool turn '' "$ro"),$(tool die '' "$ro"),$(tool noise '' "$ro"),$(tool long '' "$ro"),$(tool slow '' "$ro"),$(tool obey '' "$ro"),$(tool shape '' "$ro,\"outputSchema\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}")]}" ;;
    *'"name":"look"'*) text "$id" seen ;;
    *'"name":"add"'*) echo x >> added; text "$id" added ;;
    *'"name":"fail"'*)
        answer "$id" '{"isError":true,"content":[{"type":"text","text":"no such thing"}]}' ;;
    *'"name":"refuse"'*)
        say "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32602,\"message\":\"not like this\"}}" ;;
    *'"name":"die"'*) echo "out of everything" >&2; exit 3 ;;
    *'"name":"turn"'*)
        printf %s "looks and tells" > said-of-look
        say '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
        text "$id" turned ;;
    *'"name":"noise"'*)
        say 'Listening on nothing'; say '{"half":'; say '[]'
        say '{"jsonrpc":"2.0","id":"nobody","result":{}}'
        text "$id" "after the noise" ;;
    *'"name":"long"'*)
        printf '{"jsonrpc":"2.0","result":{"content":[{"type":"text","text":"'
        head -c 17825792 /dev/zero | tr '\0' x
        say "\"}]},\"id\":$id}" ;;
    *'"name":"slow"'*)
        token=${line#*\"progressToken\":}; token=${token%%[,\}]*}
        (
            step=0
            while [ $step -lt 600 ]; do
                step=$((step + 1))
                say "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":$token,\"progress\":$step,\"total\":600}}"
                sleep 0.1
            done
        ) & ;;
    *'"name":"wait"'*) ;;
    *'"name":"obey"'*) working=$id ;;
    *'"method":"notifications/cancelled"'*)
        about=${line#*\"requestId\":}; about=${about%%[,\}]*}
        [ "$working" != "$about" ] ||
            say "{\"jsonrpc\":\"2.0\",\"id\":$working,\"error\":{\"code\":0,\"message\":\"cancelled\"}}" ;;
    *'"name":"shape"'*)
        answer "$id" '{"content":[],"structuredContent":{"n":"seven"}}' ;;
    esac
done
[ "$mode" != deaf ] || while :; do sleep 1; done
"#;

/// Puts the server and a catalogue with one of each of these modes into the
/// folder of a test; the servers bear the names of their modes.
pub(crate) fn place(bench: &Bench, modes: &[&str]) {
    bench.file("server.sh", SERVER);
    let servers = modes.iter().map(|mode| {
        let limit = match *mode {
            "mute" => "1s",
            "silent" => "6s",
            _ => "40s",
        };
        format!(
            "[mcp.{mode}]\ncommand = [\"/bin/sh\", \"server.sh\", \"{mode}\"]\n\
             startup_timeout = \"{limit}\"\n"
        )
    });
    let catalogue: Vec<String> = servers.collect();
    bench.file("servers.toml", &catalogue.concat());
}
