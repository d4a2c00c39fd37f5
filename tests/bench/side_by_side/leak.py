"""A tool that ends and leaves a process behind which holds its output open."""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from .figures import in_turn
from .tree import start_time

# From the end of the main process, in milliseconds.
SHOWN = 300
GONE = 1000

LEAVER = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[1] + '.new', 'w') as file:
            file.write(str(os.getpid()))
        os.rename(sys.argv[1] + '.new', sys.argv[1])
        time.sleep(20)
    os._exit(0)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.001)
print('the result', flush=True)
with open(sys.argv[1] + '.end', 'w') as file:
    file.write(str(time.monotonic()))
os._exit(0)
"""


def measure(bench, _present, figures):
    script = bench.folder / "leaver.py"
    script.write_text(LEAVER)
    results = in_turn(bench.options.rounds, {"fanout": lambda: once(bench, script)})["fanout"]
    subject = "a daemon keeps the output open"
    for word, limit in (("shown", SHOWN), ("gone", GONE)):
        value = median(result[word] for result in results)
        text = f"result shown, {results[0]['outcome']}" if word == "shown" else "daemon gone"
        figures.add("leak", subject, "fanout", value, "ms after the exit", limit, text)


def once(bench, script):
    place = bench.folder / f"leak-{time.monotonic_ns()}"
    tool = [sys.executable, "-S", "-E", str(script), str(place)]
    words = bench.plan(place.name, [{"name": "leaver", "command": tool}], [{"tool": "leaver"}])
    process = bench.start([*words, "--events"], stdout=subprocess.PIPE)
    shown = outcome = None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "call-ended":
            shown, outcome = time.monotonic(), event["outcome"]
            break
    pid = int(place.read_text())
    while start_time(pid) is not None and time.monotonic() - shown < 5:
        time.sleep(0.001)
    gone = time.monotonic()
    process.stdout.read()
    process.wait(10)
    ended = float(Path(f"{place}.end").read_text())
    return {
        "shown": (shown - ended) * 1000,
        "gone": (gone - ended) * 1000,
        "outcome": outcome,
    }
