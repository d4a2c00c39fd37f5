"""The programs that are measured, and how each is told to run commands."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

# The longest that one command of the bench may take, in seconds.
PATIENCE = 180


class Bench:
    """The folder of a measurement, and what was started in it."""

    def __init__(self, folder, fanout, options):
        self.folder = folder
        self.fanout = str(fanout)
        self.options = options
        self.daemons = []
        self.environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
        }
        for name in ("config", "state", "data", "runtime", ".parallel"):
            (folder / name).mkdir(mode=0o700)
        # GNU parallel asks once to be cited, on standard error.
        (folder / ".parallel/will-cite").touch()

    def start(self, command, stdin=None, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        source = subprocess.DEVNULL if stdin is None else open(stdin, "rb")
        return subprocess.Popen(
            command,
            stdin=source,
            stdout=stdout,
            stderr=stderr,
            cwd=self.folder,
            env=self.environment,
        )

    def run(self, command, stdin=None):
        """Runs to the end. Seconds, and the highest resident MiB of any one
        process of it that was waited for."""
        begun = time.perf_counter()
        process = self.start(command, stdin)
        signal.alarm(PATIENCE)
        _, status, usage = os.wait4(process.pid, 0)
        signal.alarm(0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{command} ended with {process.returncode}")
        return seconds, usage.ru_maxrss / 1024

    def plan(self, name, tools, calls):
        """Writes a plan and a catalogue for fanout; the words that run them."""
        tools = [{"description": "Measured", **tool} for tool in tools]
        catalogue = self.folder / f"{name}-tools.json"
        catalogue.write_text(json.dumps({"tool": tools}))
        plan = self.folder / f"{name}.json"
        plan.write_text(json.dumps({"name": name, "call": calls}))
        words = [self.fanout, "run", str(plan), "--catalogue", str(catalogue)]
        return words

    def lines(self, count):
        """A file of so many lines, for programs that run one command a line."""
        path = self.folder / f"lines-{count}"
        path.write_text("".join(f"{number}\n" for number in range(count)))
        return path

    def close(self):
        for daemon in self.daemons:
            daemon.terminate()
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


class Lines:
    """A program that takes arguments from standard input, one a line."""

    def __init__(self, name, words, stop=(signal.SIGTERM,)):
        self.name = name
        self.words = words
        self.stop = stop

    def many(self, cap, command):
        return [word.replace("CAP", str(cap)) for word in self.words] + command


LINES = [
    Lines("xargs", ["xargs", "-n1", "-PCAP"]),
    # Its first SIGTERM only stops it from starting more.
    Lines("parallel", ["parallel", "-jCAP", "--will-cite"], (signal.SIGTERM, signal.SIGTERM)),
    Lines("rust-parallel", ["rust-parallel", "-jCAP"]),
]


class Pueue:
    """The one peer with a daemon."""

    name = "pueue"

    def __init__(self, bench):
        self.bench = bench
        config = bench.folder / "config/pueue/pueue.yml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text("---\nshared: {}\nclient: {}\ndaemon: {}\n")
        bench.daemons.append(bench.start(["pueued"]))
        deadline = time.monotonic() + 10
        while subprocess.run(self.words("status"), **self.quiet()).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError("pueued does not answer")
            time.sleep(0.05)

    def words(self, *words):
        return ["pueue", *words]

    def quiet(self):
        return {
            "env": self.bench.environment,
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "timeout": PATIENCE,
        }

    def tell(self, *words):
        subprocess.run(self.words(*words), check=True, **self.quiet())


def peers(bench):
    """The programs that are here, by name, and the names of the others."""
    present = {peer.name: peer for peer in LINES if shutil.which(peer.words[0])}
    missing = [peer.name for peer in LINES if peer.name not in present]
    if shutil.which("pueue") and shutil.which("pueued"):
        present["pueue"] = Pueue(bench)
    else:
        missing.append("pueue")
    return present, missing
