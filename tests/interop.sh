#!/bin/bash
# Tool servers that nobody here wrote: installs the reference servers into a
# cache folder and calls tools of each, and goes through the official conformance
# suite. Needs node with npm, Python 3 with venv, git, and a network for the
# first time.
#
#   tests/interop.sh [PROGRAM]     PROGRAM is target/debug/fanout by default
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:-target/debug/fanout}")
support=$PWD/tests/support
cache=${FANOUT_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fanout-interop}
mkdir -p "$cache"

install() {
    local scope=@modelcontextprotocol
    [ -e "$cache/node_modules/$scope/server-sequential-thinking" ] ||
        timeout 300 npm install --silent --no-audit --no-fund --prefix "$cache" \
            $scope/server-{everything,filesystem,memory,sequential-thinking} || return
    [ -x "$cache/venv/bin/mcp-server-git" ] || {
        python3 -m venv "$cache/venv" || return
        timeout 300 "$cache/venv/bin/pip" install --quiet mcp-server-time mcp-server-git
    }
}
command -v npm >/dev/null || {
    echo "interop: npm is missing"
    exit 77
}
install || {
    echo "interop: the reference servers cannot be installed"
    exit 77
}

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
echo hello >a.txt
git init -q .
node="$cache/node_modules/@modelcontextprotocol"
cat >servers.toml <<END
[mcp.everything]
command = ["node", "$node/server-everything/dist/index.js"]
[mcp.files]
command = ["node", "$node/server-filesystem/dist/index.js", "$here"]
[mcp.memory]
command = ["node", "$node/server-memory/dist/index.js"]
env = { MEMORY_FILE_PATH = "$here/memory.json" }
[mcp.think]
command = ["node", "$node/server-sequential-thinking/dist/index.js"]
[mcp.time]
command = ["$cache/venv/bin/mcp-server-time"]
[mcp.git]
command = ["$cache/venv/bin/mcp-server-git"]
END
sed -i 's/^\[mcp.*/&\nstartup_timeout = "60s"/' servers.toml
cp servers.toml relaxed.toml
echo '[mcp.memory.tools]
create_entities = { parallel = true }' >>relaxed.toml

# Over HTTP it would listen to the whole network: held to this machine.
cat >loopback.js <<'END'
const { Server } = require("net");
const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
    if (typeof rest[0] === "string") rest.shift();
    return listen.call(this, port, "127.0.0.1", ...rest);
};
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
PORT=$port timeout 300 node -r ./loopback.js "$node/server-everything/dist/index.js" streamableHttp >http.log 2>&1 &
far=$!
trap 'kill "$far" 2>/dev/null || true; rm -rf "$here"' EXIT
printf '[mcp.far]\nurl = "http://127.0.0.1:%s/mcp"\nstartup_timeout = "60s"\n' "$port" >far.toml
for _ in $(seq 100); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.2
done

failures=0
check() {
    local what=$1
    shift
    if "$@"; then echo "ok      $what"; else
        echo "FAILED  $what"
        failures=$((failures + 1))
    fi
}
fanout() { timeout 120 "$program" "$@" 2>>stderr; }
call() { fanout call --catalogue servers.toml "$@"; }
run() { fanout run "$@" --plain --report report.json >plain; }
is_clear() { ! pgrep -f "$cache/[nv]" >/dev/null; }
says() {
    local wanted=$1
    shift
    "$@" | grep -q -- "$wanted"
}
report() { python3 -c "import json; r = json.load(open('report.json')); assert $1, r['outcome_counts']"; }

fanout tools --connect --catalogue servers.toml >tools
for server in everything files memory think time git; do
    check "$server lists its tools" grep -q "^$server\." tools
done
check "everything: text" says 'Echo: hi' call everything.echo message=hi
check "everything: structured" says temperature call everything.get-structured-content location=Chicago
check "everything: an image is named" says '\[image image/png' call everything.get-tiny-image
check "everything: an error is one" bash -c "! timeout 60 '$program' call --catalogue servers.toml everything.get-sum --args '{\"a\":1}' 2>/dev/null"
check "files: read" says hello call files.read_text_file "path=$here/a.txt"
check "memory: read" says entities call memory.read_graph
check "think" says thoughtNumber call think.sequentialthinking thought=x nextThoughtNeeded=false thoughtNumber=1 totalThoughts=1
check "time" says UTC call time.get_current_time timezone=UTC
check "git" says a.txt call git.git_status "repo_path=$here"

cat >each.toml <<END
[[call]]
id = "now"
tool = "time.get_current_time"
args = { timezone = "UTC" }
[[call]]
id = "echo"
tool = "everything.echo"
args = { message = "{{now.output.timezone}}" }
[[call]]
tool = "files.list_directory"
args = { path = "$here" }
[[call]]
tool = "memory.read_graph"
[[call]]
tool = "think.sequentialthinking"
args = { thought = "x", nextThoughtNeeded = false, thoughtNumber = 1, totalThoughts = 1 }
[[call]]
tool = "git.git_status"
args = { repo_path = "$here" }
END
check "a plan across all of them" run each.toml --catalogue servers.toml
check "a result goes from one server to another" report "r['calls'][1]['output'] == 'Echo: UTC'"

python3 - <<'END'
calls = ""
for n in range(50):
    calls += f'[[call]]\ntool = "memory.create_entities"\nargs.entities = [{{ name = "n{n}", entityType = "t", observations = [] }}]\n'
open("fifty.toml", "w").write("cap = 16\n" + calls)
calls = "cap = 16\n"
for n in range(16):
    calls += '[[call]]\ntool = "everything.trigger-long-running-operation"\nargs = { duration = 2, steps = 4 }\n'
open("long.toml", "w").write(calls)
calls = 'cap = 4\n[[call]]\nid = "stopped"\ntool = "everything.trigger-long-running-operation"\nargs = { duration = 4, steps = 16 }\ntimeout = "1s"\ngrace = "1500ms"\n'
for n in range(3):
    calls += '[[call]]\ntool = "everything.trigger-long-running-operation"\nargs = { duration = 2, steps = 4 }\n'
open("cancel.toml", "w").write(calls)
END
stored() { grep -c '"entity"' memory.json; }
rm -f memory.json
check "50 writers in a row end" run fifty.toml --catalogue servers.toml
check "all 50 are stored" test "$(stored)" = 50
check "no hazard is reported" report "r['hazards'] == []"
rm -f memory.json
check "50 relaxed writers end" run fifty.toml --catalogue relaxed.toml
check "the overlap is reported" report "r['hazards'][0]['server'] == 'memory' and any('overlapped' in (c['reason'] or '') for c in r['calls'])"
echo "        stored $(stored) of 50 where they overlapped"
check "16 long calls end" run long.toml --catalogue servers.toml
check "they ran side by side" report "r['wall_ms'] < r['sum_run_ms'] / 4"
run cancel.toml --catalogue servers.toml || true
check "a cancel that is ignored is told as that" report "r['calls'][0]['cancel'] == 'still-working'"
check "its siblings are left alone" report "r['outcome_counts']['succeeded'] == 3"

sed 's/everything\./far./' long.toml >far-long.toml
sed 's/everything\./far./' cancel.toml >far-cancel.toml
remote() { fanout call --catalogue far.toml "$@"; }
check "over HTTP: text" says 'Echo: hi' remote far.echo message=hi
check "over HTTP: structured" says temperature remote far.get-structured-content location=Chicago
check "over HTTP: 16 long calls end" run far-long.toml --catalogue far.toml
check "over HTTP: they ran side by side" report "r['wall_ms'] < r['sum_run_ms'] / 4"
run far-cancel.toml --catalogue far.toml || true
check "over HTTP: the end of a cancelled call is not known" report "r['calls'][0]['cancel'] == 'unknown'"
check "over HTTP: its siblings are left alone" report "r['outcome_counts']['succeeded'] == 3"
sed -i 's/duration = 2, steps = 4/duration = 20, steps = 40/' far-long.toml
rm plain
run far-long.toml --catalogue far.toml &
timeout 60 sh -c "until grep -q ' start ' plain 2>/dev/null; do sleep 0.2; done"
kill "$far"
wait $! || true
check "over HTTP: a server that goes away is a broken transport" report "all((c['reason'] or '').startswith('transport: ') for c in r['calls'])"

# Each run of a comparison has a folder of its own, and so its own memory.
cat >fresh.toml <<END
[mcp.memory]
command = ["sh", "-c", "MEMORY_FILE_PATH=\$FANOUT_RUN_DIR/memory.json exec node $node/server-memory/dist/index.js"]
startup_timeout = "60s"
tools.create_entities = { parallel = true }
END
python3 - <<'END'
plan, ids = "", [f"n{n}" for n in range(12)]
for name in ids:
    plan += f'[[call]]\nid = "{name}"\ntool = "memory.create_entities"\nargs.entities = [{{ name = "{name}", entityType = "t", observations = [] }}]\n'
plan += f'[[call]]\nid = "all"\ntool = "memory.read_graph"\nafter = {ids}\n'
open("verified.toml", "w").write(plan)
END
compared() {
    fanout compare verified.toml --catalogue fresh.toml --caps 1,8 --repeats 3 --json >compared
    [ $? = 1 ] && python3 -c "import json; assert any(h['id'] == 'all' for h in json.load(open('compared'))['hazards'])"
}
check "compare finds the writers that lose" compared
check "nothing of the servers is left" is_clear

# The official suite, in both revisions of the protocol. It wants a newer node
# than many systems have.
suite_version=0.2.0-alpha.12
# Scenarios that are known to fail, in either revision: none.
expected_failures=()
# Extensions of the protocol that are spoken here; not those for keys of one
# client (dpop), for workloads (wif) and for skills.
extensions="auth/client-credentials-jwt auth/client-credentials-basic auth/enterprise-managed-authorization"
# The sample server has tools alone, and none of those that the others call.
served_2025_11_25="server-initialize server-session-lifecycle ping tools-list
    server-sse-multiple-streams server-sse-polling dns-rebinding-protection"
served_2026_07_28="tools-list server-sse-multiple-streams http-header-validation
    dns-rebinding-protection"
conformance_install() {
    local scope=$cache/suite/node_modules
    [ -e "$scope/@modelcontextprotocol/conformance-$suite_version" ] && return
    timeout 300 npm install --silent --no-audit --no-fund --prefix "$cache/suite" \
        "@modelcontextprotocol/conformance@$suite_version" node@22 || return
    touch "$scope/@modelcontextprotocol/conformance-$suite_version"
}
suite() {
    local modules=$cache/suite/node_modules
    timeout 120 "$modules/.bin/node" "$modules/@modelcontextprotocol/conformance/dist/index.js" "$@"
}
# Scenarios for clients that are marked with a word, such as a revision.
marked() {
    suite list | sed -n '/^Client scenarios/,/^Authorization/s/^  - \([^ ]*\) \[.*'"$1"'.*/\1/p'
}
scenario() {
    local name=$1 protocol=$2
    shift 2
    suite client --command "$support/conformance_client.sh $program $protocol" \
        --scenario "$name" "$@" >scenario.log 2>&1 && return
    tail -25 scenario.log >>stderr
    printf '%s\n' "${expected_failures[@]}" | grep -qx -- "$name"
}
serves() {
    suite server --url "http://127.0.0.1:$port/mcp" --scenario "$1" --spec-version "$2" >scenario.log 2>&1
}
if conformance_install; then
    for revision in 2025-11-25 2026-07-28; do
        for name in $(marked "$revision"); do
            for protocol in "$revision" auto; do
                check "conformance to $revision ($protocol): $name" \
                    scenario "$name" "$protocol" --spec-version "$revision"
            done
        done
    done
    for name in $(marked 2025-03-26) $extensions; do
        check "conformance: $name" scenario "$name" auto
    done
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    timeout 300 python3 "$support/http_bridge.py" "$port" "$program" sample-tool notebook &
    bridge=$!
    trap 'kill "$far" "$bridge" 2>/dev/null || true; rm -rf "$here"' EXIT
    for _ in $(seq 100); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        sleep 0.2
    done
    for name in $served_2025_11_25; do
        check "conformance of the sample server to 2025-11-25: $name" serves "$name" 2025-11-25
    done
    for name in $served_2026_07_28; do
        check "conformance of the sample server to 2026-07-28: $name" serves "$name" 2026-07-28
    done
    kill "$bridge" || true
else
    echo "skipped the conformance suite: it cannot be installed"
fi

[ "$failures" = 0 ] || {
    tail -40 stderr
    echo "$failures failed"
    exit 1
}
