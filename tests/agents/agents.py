"""The agents of the shows: how each is configured, started and asked.

Each runs headless in a home folder of its own, with a stand-in for its model.
A server is `{"command": [...], "env": {...}}`.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Of a machine that does much else at the same time.
PATIENCE = 180


class Model:
    """The stand-in for the model, with a script of turns."""

    def __init__(self, folder, name, script):
        self.log = folder / f"{name}.model.jsonl"
        written = folder / f"{name}.script.json"
        written.write_text(json.dumps(script))
        words = [sys.executable, HERE / "model.py", written, self.log]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def results(self):
        """The texts of all tool results that the model has got."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return max((json.loads(line)["results"] for line in lines), key=len, default=[])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Agent:
    """One agent in a folder of its own."""

    def __init__(self, cache, folder, servers, limit_ms=None):
        self.limit_ms = limit_ms
        self.home = folder / f"{self.name}-home"
        self.project = folder / f"{self.name}-project"
        for made in (self.home, self.project, self.home / "run"):
            made.mkdir(parents=True, exist_ok=True)
        (self.home / "run").chmod(0o700)
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
        self.env |= {
            "HOME": str(self.home),
            "PWD": str(self.project),
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "PATH": f"{cache}/node_modules/.bin:{os.environ['PATH']}",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
        }
        for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            self.env.pop(proxy, None)
        self.output = folder / f"{self.name}.out"
        self.configure(servers)

    def write(self, name, value):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value, indent=2))
        return path

    def entries(self, servers):
        more = {} if self.limit_ms is None else {"timeout": self.limit_ms}
        return {
            name: {"command": it["command"][0], "args": it["command"][1:], "env": it["env"], **more}
            for name, it in servers.items()
        }

    def start(self, port, before=()):
        """Starts the agent on its one task; `before` stands before its command."""
        env = self.env | self.model(port)
        words = [*before, *self.words(port)]
        with open(self.output, "w") as output:
            return subprocess.Popen(
                words, env=env, cwd=self.project, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def run(self, script, folder, before=()):
        """Runs one task to its end; returns the results that the model got."""
        with Model(folder, self.name, script) as model:
            self.code = self.end(self.start(model.port, before))
            return model.results()

    def end(self, process):
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = "no end"
        if code != 0:
            print(f"        {self.name}: exit {code}: {self.output.read_text()[-600:]}")
        return code

    def fanout(self, program, *words):
        """Runs fanout as the user of the agent; fails if it does."""
        words = [program, *words]
        return subprocess.run(
            words, env=self.env, cwd=self.project, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=PATIENCE, check=True,
        )

    def list(self):
        """What the agent itself says of its servers."""
        words = [self.program, "mcp", "list"]
        done = subprocess.run(
            words, env=self.env, cwd=self.project, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=PATIENCE,
        )
        return done.stdout + done.stderr


class Claude(Agent):
    name = program = "claude"
    configured = ()

    def configure(self, servers):
        self.config = self.write("servers.json", {"mcpServers": self.entries(servers)})
        self.configured = ("--mcp-config", self.config, "--strict-mcp-config")
        self.allowed = ",".join(["Bash", *(f"mcp__{name}" for name in servers)])

    def model(self, port):
        return {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}", "ANTHROPIC_API_KEY": "none"}

    def words(self, port):
        words = ["claude", "-p", "call the tools", *self.configured]
        return [*words, "--allowedTools", self.allowed, "--output-format", "json"]

    def transcripts(self):
        return sorted((self.home / ".claude/projects").rglob("*.jsonl"))


class Codex(Agent):
    name = program = "codex"

    def configure(self, servers):
        lines = []
        for name, entry in self.entries(servers).items():
            lines += [f"[mcp_servers.{name}]", f"command = {json.dumps(entry['command'])}"]
            lines += [f"args = {json.dumps(entry['args'])}"]
            if self.limit_ms is not None:
                lines += [f"tool_timeout_sec = {self.limit_ms / 1000}"]
            env = ", ".join(f"{key} = {json.dumps(value)}" for key, value in entry["env"].items())
            lines += [f"env = {{ {env} }}"]
        self.config = self.write(".codex/config.toml", "\n".join(lines) + "\n")

    def model(self, port):
        return {"STAND_IN_KEY": "none"}

    def words(self, port):
        provider = {
            "name": '"stand-in"', "base_url": f'"http://127.0.0.1:{port}/v1"',
            "wire_api": '"responses"', "env_key": '"STAND_IN_KEY"',
        }
        words = ["codex", "exec", "--skip-git-repo-check", "--json", "-m", "stand-in"]
        words += ["--dangerously-bypass-approvals-and-sandbox", "-c", 'model_provider="stand-in"']
        for key, value in provider.items():
            words += ["-c", f"model_providers.stand-in.{key}={value}"]
        return [*words, "call the tools"]

    def transcripts(self):
        return sorted((self.home / ".codex/sessions").rglob("*.jsonl"))


class GeminiCli(Agent):
    name = program = "gemini"

    def configure(self, servers):
        settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
        settings |= {"mcpServers": self.entries(servers), "general": {"enableAutoUpdate": False}}
        self.config = self.write(".gemini/settings.json", settings)
        self.write(".gemini/trustedFolders.json", {str(self.project.resolve()): "TRUST_FOLDER"})
        self.env["GEMINI_API_KEY"] = "none"

    def model(self, port):
        return {"GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{port}"}

    def words(self, port):
        return ["gemini", "-m", "gemini-2.5-flash", "--yolo", "--skip-trust", "-p", "call the tools"]


class OpenCode(Agent):
    name = program = "opencode"

    def configure(self, servers):
        entries = {}
        for name, server in servers.items():
            entry = {"type": "local", "command": server["command"], "environment": server["env"]}
            if self.limit_ms is not None:
                entry["timeout"] = self.limit_ms
            entries[name] = entry
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "stand-in",
            "options": {"baseURL": "{env:STAND_IN_URL}", "apiKey": "none"},
            "models": {"stand-in": {"name": "stand-in", "tool_call": True}},
        }
        config = {"$schema": "https://opencode.ai/config.json"}
        config |= {"provider": {"stand-in": provider}, "model": "stand-in/stand-in", "mcp": entries}
        config |= {"autoupdate": False, "permission": "allow"}
        self.config = self.write(".config/opencode/opencode.json", config)

    def model(self, port):
        return {"STAND_IN_URL": f"http://127.0.0.1:{port}/v1"}

    def words(self, port):
        return ["opencode", "run", "call the tools"]


ALL = [Claude, Codex, GeminiCli, OpenCode]
