#!/bin/bash
# One scenario of the official conformance suite, as a person would go through
# it: calls a tool, and signs in whenever fanout says so.
#
#   conformance_client.sh PROGRAM PROTOCOL URL
#
# The suite tells the scenario, and what a client knows beforehand, in its
# variables MCP_CONFORMANCE_SCENARIO and MCP_CONFORMANCE_CONTEXT.
set -u
program=$1 protocol=$2 url=$3
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here" || exit 1
export XDG_STATE_HOME=$here/state XDG_CONFIG_HOME=$here/config
# No keyring, and a browser that follows each redirect without a person.
export DBUS_SESSION_BUS_ADDRESS=unix:path=/dev/null/none
export BROWSER="python3 $here/browser.py"
cat >browser.py <<'END'
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=10).read()
END
python3 - "$url" "$protocol" >servers.toml <<'END'
import json, os, sys

known = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
scenario = os.environ["MCP_CONFORMANCE_SCENARIO"]
oauth = {}
if scenario == "auth/basic-cimd":
    oauth["client_metadata_url"] = "https://conformance-test.local/client-metadata.json"
for key in ["client_id", "client_secret"]:
    if key in known:
        oauth[key] = known[key]
if "client-credentials" in scenario:
    oauth["grant"] = "client_credentials"
if "private_key_pem" in known:
    oauth["private_key"] = known["private_key_pem"]
if "idp_id_token" in known:
    oauth["identity_provider"] = {
        "issuer": known["idp_issuer"],
        "token_endpoint": known["idp_token_endpoint"],
        "client_id": known["idp_client_id"],
        "id_token": known["idp_id_token"],
    }
print("[mcp.s]\nurl =", json.dumps(sys.argv[1]))
print("protocol =", json.dumps(sys.argv[2]))
provider = oauth.pop("identity_provider", None)
print("[mcp.s.oauth]")
for key, value in oauth.items():
    print(key, "=", json.dumps(value))
if provider:
    print("[mcp.s.oauth.identity_provider]")
    for key, value in provider.items():
        print(key, "=", json.dumps(value))
END
fanout() { timeout 25 "$program" "$@" --catalogue servers.toml; }
# The tools, one name a line, without those that read resources or get prompts.
tools() { fanout tools --connect --json | python3 -c '
import json, sys
for tool in json.load(sys.stdin)["tools"]:
    if tool["name"].split(":")[0] == tool["name"]:
        print(tool["name"])'; }
go() {
    case $MCP_CONFORMANCE_SCENARIO in
    initialize | request-metadata | json-schema-ref-no-deref) fanout tools --connect ;;
    tools_call) fanout call s.add_numbers a=5 b=3 ;;
    sse-retry) fanout call s.test_reconnection ;;
    elicitation-sep1034-client-defaults)
        echo '{"s": {}}' >answers.json
        fanout call s.test_client_elicitation_defaults --answer answers.json
        ;;
    sep-2322-client-request-state)
        echo '{"s": {"confirmed": true}}' >answers.json
        # One run, so that the calls are in flight beside one another.
        tools | sed 's/.*/[[call]]\ntool = "&"/' >plan.toml
        fanout run plan.toml --plain --answer answers.json
        ;;
    http-standard-headers)
        fanout call "$(tools | head -1)" --args '{}' &&
            fanout call s:resource uri=file:///path/to/file%20name.txt &&
            fanout call s:prompt prompt=test_prompt
        ;;
    http-custom-headers)
        python3 - <<'PYTHON'
import json, os

known = json.loads(os.environ["MCP_CONFORMANCE_CONTEXT"])
calls = []
for call in known["toolCalls"]:
    # Null is against the schema: such an argument is left out.
    args = {name: value for name, value in call["arguments"].items() if value is not None}
    calls.append({"tool": "s." + call["name"], "args": args})
json.dump({"call": calls}, open("plan.json", "w"))
PYTHON
        fanout run plan.json --plain
        ;;
    http-invalid-tool-headers)
        # Whatever is offered is called.
        tools | sed 's/.*/[[call]]\ntool = "&"\nargs = { region = "x" }/' >plan.toml
        fanout run plan.toml --plain
        ;;
    json-schema-2020-12-preservation)
        fanout tools --connect --json | python3 -c '
import json, sys
schemas = {it["name"]: it["input_schema"] for it in json.load(sys.stdin)["tools"]}
args = {"schema": schemas["s.json_schema_2020_12_tool"]}
json.dump({"call": [{"tool": "s.json_schema_echo", "args": args}]}, open("plan.json", "w"))'
        fanout run plan.json --plain
        ;;
    *) fanout call s.test-tool ;;
    esac
}
for _ in 1 2 3 4 5; do
    go 2>said
    code=$?
    cat said >&2
    login=$(grep -o '`fanout login [^`]*`' said | head -1 | tr -d '`')
    [ -n "$login" ] || exit $code
    eval "set -- $login"
    shift
    fanout "$@" 2>said && continue
    code=$?
    cat said >&2
    grep -q '`fanout login' said || exit $code
done
exit 1
