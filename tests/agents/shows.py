#!/usr/bin/env python3
"""Real agents at work with fanout between them and their servers.

    shows.py CACHE PROGRAM [all]

Each show is `ok` or `FAILED`; the program exits with 1 if one has failed. `all`
repeats the shows of lost updates as often as a claim about them needs.
"""
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from agents import ALL, Claude, Codex, GeminiCli, Model, OpenCode

CACHE = Path(sys.argv[1])
PROGRAM = sys.argv[2]
IS_ALL = sys.argv[3:4] == ["all"]
BARE, GOVERNED = (3, 10) if IS_ALL else (0, 1)
TOGETHER_IN = 12
SCOPE = CACHE / "node_modules/@modelcontextprotocol"
failures = []


def check(what, is_so, detail=""):
    print(f"{'ok     ' if is_so else 'FAILED '} {what}{f': {detail}' if detail else ''}", flush=True)
    if not is_so:
        failures.append(what)


def memory(file):
    command = ["node", str(SCOPE / "server-memory/dist/index.js")]
    return {"mem": {"command": command, "env": {"MEMORY_FILE_PATH": str(file)}}}


def everything():
    command = ["node", str(SCOPE / "server-everything/dist/index.js")]
    return {"ev": {"command": command, "env": {}}}


def creations(prefix, count):
    def call(name):
        entity = {"name": name, "entityType": "t", "observations": ["o"]}
        return {"server": "mem", "tool": "create_entities", "input": {"entities": [entity]}}

    return [call(f"{prefix}{n}") for n in range(count)]


def stored(file, prefix=""):
    return file.read_text().count(f'"name":"{prefix}') if file.exists() else 0


def answered(results, prefix):
    """Results that name what was to be created."""
    return sum(f'"{prefix}' in text for text in results)


def folder():
    return Path(tempfile.mkdtemp(dir=PLACE))


def lost_updates(kind, runs, is_governed):
    """S1: one agent, five creations in one batch."""
    here = folder()
    file = here / "memory.json"
    agent = kind(CACHE, here, memory(file))
    if is_governed:
        agent.fanout(PROGRAM, "wrap", agent.config, "--yes", "--govern")
    rows = []
    for _ in range(runs):
        file.unlink(missing_ok=True)
        began = time.time()
        results = agent.run([creations("e", 5)], here)
        rows.append((answered(results, "e"), stored(file), time.time() - began))
        (here / f"{agent.name}.model.jsonl").unlink()
    return rows


def table(what, rows):
    if not rows:
        return
    calls, kept, times = zip(*rows)
    median = statistics.median(times)
    print(f"        {what}: answered {list(calls)}, stored {list(kept)}, median {median:.1f} s", flush=True)


def show_lost_updates():
    for kind in (GeminiCli, OpenCode) if not IS_ALL else (GeminiCli, OpenCode, Claude, Codex):
        bare = lost_updates(kind, BARE, False)
        table(f"{kind.name} bare", bare)
        governed = lost_updates(kind, GOVERNED, True)
        table(f"{kind.name} governed", governed)
        kept = all((calls, kept) == (5, 5) for calls, kept, _ in governed)
        check(f"{kind.name}: five of five are stored, {len(governed)} runs", kept and governed)


def together(runs, is_governed):
    """S11: Claude Code and Codex on one file, thirty creations each."""
    here = folder()
    file = here / "memory.json"
    agents = [kind(CACHE, here, memory(file)) for kind in (Claude, Codex)]
    if is_governed:
        for agent in agents:
            agent.fanout(PROGRAM, "wrap", agent.config, "--yes", "--govern")
    rows = []
    for _ in range(runs):
        file.unlink(missing_ok=True)
        began = time.time()
        models, processes = [], []
        for agent in agents:
            turn = {"at": began + TOGETHER_IN, "calls": creations(agent.name[:2], 30)}
            models.append(Model(here, agent.name, [turn]))
            processes.append(agent.start(models[-1].port))
        for agent, process in zip(agents, processes):
            agent.end(process)
        calls = 0
        for agent, model in zip(agents, models):
            with model:
                calls += answered(model.results(), agent.name[:2])
            model.log.unlink()
        rows.append((calls, stored(file), time.time() - began))
    return rows, interleaved(file)


def interleaved(file):
    """How often the next thing stored is of the other agent."""
    lines = file.read_text().splitlines() if file.exists() else []
    whose = [json.loads(line)["name"][:2] for line in lines if line]
    return sum(a != b for a, b in zip(whose, whose[1:]))


def show_together():
    bare, _ = together(BARE, False)
    table("claude and codex bare", bare)
    if bare:
        losing = sum(kept < calls for calls, kept, _ in bare)
        check(f"two careful agents lose data, {losing} of {len(bare)} runs", losing >= 2)
    governed, changes = together(GOVERNED, True)
    table("claude and codex governed", governed)
    kept = all((calls, kept) == (60, 60) for calls, kept, _ in governed)
    check(f"sixty of sixty are stored, {len(governed)} runs", kept)
    check("the calls of the two interleave", changes > 2, f"{changes} changes in the last run")


def show_lists():
    """S3, S15: agents connect through wrapped files, which are undone to the byte."""
    for kind in (GeminiCli, OpenCode, Codex):
        here = folder()
        agent = kind(CACHE, here, everything())
        before = agent.config.read_bytes()
        agent.fanout(PROGRAM, "wrap", kind.name, "--yes")
        wrapped = agent.config.read_bytes()
        agent.fanout(PROGRAM, "unwrap", kind.name, "--yes")
        is_undone = wrapped != before and agent.config.read_bytes() == before
        check(f"{kind.name}: wrapped, and undone to the byte", is_undone)
        if kind is Codex:
            # It starts nothing to list it.
            continue
        agent.fanout(PROGRAM, "wrap", kind.name, "--yes")
        said = agent.list()
        is_connected = "fanout mcp" in said and CONNECTED[kind.name] in said
        check(f"{kind.name}: connected through a wrapped file", is_connected, one_line(said))
        # Some agents write their own files anew when they start.
        agent.fanout(PROGRAM, "unwrap", kind.name, "--yes")
        check(f"{kind.name}: undone after the agent was there", b"fanout" not in agent.config.read_bytes().replace(b"fanout-", b""))


CONNECTED = {"gemini": "Connected", "opencode": "connected"}


def one_line(text):
    return " ".join(text.split())[-160:]


def show_local_scope():
    """S16: a committed `.mcp.json` stays, and its server is connected through fanout."""
    here = folder()
    agent = Claude(CACHE, here, {})
    servers = {"ev": everything()["ev"], "held": everything()["ev"]}
    entries = agent.entries({name: it | {"env": {}} for name, it in servers.items()})
    (agent.project / ".mcp.json").write_text(json.dumps({"mcpServers": entries}, indent=2))

    def git(*words):
        words = ["git", "-c", "user.name=u", "-c", "user.email=u@example.com", *words]
        done = subprocess.run(words, cwd=agent.project, env=agent.env, capture_output=True, text=True)
        return done.stdout

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "servers")
    project = str(agent.project.resolve())
    own = {"hasCompletedOnboarding": True}
    own["projects"] = {project: {"enabledMcpjsonServers": ["ev"], "hasTrustDialogAccepted": True}}
    agent.write(".claude.json", own)
    agent.fanout(PROGRAM, "wrap", "claude", "--yes")
    check("claude: the folder is as it was committed", git("status", "--porcelain") == "")
    said = agent.list()
    line = next((line for line in said.splitlines() if line.startswith("ev:")), said)
    check("claude: connected through fanout, without being asked", "fanout mcp" in line and "Connected" in line, one_line(line))
    line = next((line for line in said.splitlines() if line.startswith("held:")), "")
    check("claude: what is not approved stays so", "fanout mcp" not in line and "Pending" in line, one_line(line))
    agent.fanout(PROGRAM, "unwrap", "claude", "--yes")
    own = json.loads((agent.home / ".claude.json").read_text())
    check("claude: unwrap removes it", not own["projects"][project].get("mcpServers"))


def parents(file):
    """A server that writes down who has started it, and is one."""
    [server] = memory(file).values()
    script = 'readlink /proc/$PPID/exe >>"$0"; exec "$@"'
    command = ["sh", "-c", script, str(file) + ".parents", *server["command"]]
    return {"mem": {"command": command, "env": server["env"]}}


def show_with():
    """S17: an agent started by `with` sees the same files, and its servers stand behind fanout."""
    for kind in ALL:
        here = folder()
        file = here / "memory.json"
        agent = kind(CACHE, here, parents(file))
        if kind is Claude:
            agent.write(".claude.json", {"mcpServers": agent.entries(parents(file)), "numStartups": 1})
            agent.configured = ()
        before = digest(agent.config)
        results = agent.run([creations("e", 1)], here, before=(PROGRAM, "with", "--govern", "--"))
        started = Path(f"{file}.parents")
        behind = set(started.read_text().split()) if started.exists() else set()
        check(
            f"{kind.name}: with",
            answered(results, "e") == 1 and stored(file) == 1 and behind == {PROGRAM},
            f"started by {', '.join(behind)}",
        )
        check(f"{kind.name}: with changes no file of its servers", digest(agent.config) == before)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def show_join():
    """S23: the ids of live calls stand in the transcripts of the agents."""
    for kind, key in ((Claude, "claudecode/toolUseId"), (Codex, "callId")):
        here = folder()
        file = here / "memory.json"
        record = here / "wire.ndjson"
        [server] = memory(file).values()
        command = [PROGRAM, "mcp", "--name", "mem", "--record", str(record), "--", *server["command"]]
        agent = kind(CACHE, here, {"mem": {"command": command, "env": server["env"]}})
        agent.run([creations("e", 3)], here)
        ids = live_ids(record, key)
        transcript = "".join(path.read_text() for path in agent.transcripts())
        found = [it for it in ids if f'"{it}"' in transcript]
        check(f"{kind.name}: live calls found in its transcript", len(ids) == 3 == len(found), f"{len(found)} of {len(ids)}")


def live_ids(record, key):
    ids = []
    for line in record.read_text().splitlines() if record.exists() else []:
        frame = json.loads(line)
        if frame.get("d") == "c2s":
            message = json.loads(frame["raw"])
            if message.get("method") == "tools/call":
                ids.append(message["params"].get("_meta", {}).get(key))
    return ids


with tempfile.TemporaryDirectory(prefix="fanout-agents-", ignore_cleanup_errors=True) as PLACE:
    for show in (
        show_lists, show_local_scope, show_with, show_join, show_lost_updates, show_together,
    ):
        if len(sys.argv) <= 4 or show.__name__ in sys.argv[4:]:
            show()

if failures:
    print(f"{len(failures)} failed")
    sys.exit(1)
