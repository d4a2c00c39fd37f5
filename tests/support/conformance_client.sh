#!/bin/bash
# One scenario of the official conformance suite, as a person would go through
# it: calls a tool, and signs in whenever fanout says so.
#
#   conformance_client.sh PROGRAM URL
#
# The suite tells the scenario, and what a client knows beforehand, in its
# variables MCP_CONFORMANCE_SCENARIO and MCP_CONFORMANCE_CONTEXT.
set -u
program=$1 url=$2
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
python3 - "$url" >servers.toml <<'END'
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
if os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION") in ("2025-11-25", "2026-07-28"):
    print("protocol =", json.dumps(os.environ["MCP_CONFORMANCE_PROTOCOL_VERSION"]))
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
go() {
    case $MCP_CONFORMANCE_SCENARIO in
    initialize) fanout tools --connect ;;
    tools_call) fanout call s.add_numbers a=5 b=3 ;;
    sse-retry) fanout call s.test_reconnection ;;
    elicitation-sep1034-client-defaults)
        echo '{"s": {}}' >answers.json
        fanout call s.test_client_elicitation_defaults --answer answers.json
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
