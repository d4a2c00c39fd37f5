"""One call that prints a GiB of lines as fast as it is read."""

import sys
from statistics import median

from .figures import in_turn, ratio

LINE = "src/net/pool.rs:88: // a line of ordinary length, as a search prints it"

GENERATOR = f"""
import os, sys
lines = (b'{LINE}' + b'\\n') * 3640
lines = lines[:256 * 1024 - 1] + b'\\n'
for _ in range(int(sys.argv[1]) * 4):
    left = memoryview(lines)
    while left:
        left = left[os.write(1, left):]
"""

# Of the time that `cat` takes to read the same from a pipe of the usual size.
LIMIT = 0.6

# Resident memory, in MiB.
MEMORY = 60


def measure(bench, present, figures):
    mib = bench.options.mib
    script = bench.folder / "flood.py"
    script.write_text(GENERATOR)
    generator = [sys.executable, "-S", "-E", str(script), str(mib)]
    shell = " ".join(generator)
    tools = [{"name": "flood", "command": generator}]
    command = [*bench.plan("flood", tools, [{"tool": "flood"}]), "--plain"]
    one = bench.lines(1)
    measures = {
        "cat": lambda: bench.run(["sh", "-c", f"{shell} | cat >/dev/null"]),
        "fanout": lambda: bench.run(command),
    }
    # xargs does not read what its commands print.
    for name in ("parallel", "rust-parallel"):
        if name in present:
            words = present[name].many(1, generator)
            measures[name] = lambda words=words: bench.run(words, one)
    results = in_turn(bench.options.rounds, measures)
    times = {name: [seconds for seconds, _ in each] for name, each in results.items()}
    subject = f"{mib} MiB of lines from one call"
    for name, each in times.items():
        text = f"{median(each):.3g} s"
        limit = LIMIT if name == "fanout" else None
        figures.add("flood", subject, name, ratio(each, times["cat"]), "x cat", limit, text)
    for name, each in results.items():
        if name != "cat":
            peak = max(peak for _, peak in each)
            limit = MEMORY if name == "fanout" else None
            figures.add("flood", "highest resident memory", name, peak, "MiB", limit)
