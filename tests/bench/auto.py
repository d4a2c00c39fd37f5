#!/usr/bin/env python3
"""`--cap auto` beside fixed caps, on plans of four kinds.

    cargo build --release
    python3 tests/bench/auto.py

Each plan is long enough to take about 30 s at its best cap on two cores. After
one run with `--cap auto` that is not counted, in which what calls need is
learned, auto and every fixed cap run once a block, each block in another random
order. A run that takes longer than 1.3 times the best fixed cap's so far is cut
short: more than 25 % behind is lost, however much more. Nor is a cap run again that
was cut short so often that its median is. Options:

    --fanout FILE     the program to measure [target/release/fanout]
    --plan NAME       cpu-bound, io-bound, mixed or bursty (repeatable) [all]
    --blocks N        blocks [3]
    --length X        factor on the length of the plans, such as 0.2 [1]
    --seed N          seed of the orders [1]
    --runs FILE       every run is appended as a line of JSON, and what stands
                      there is not run again; what was learned is kept in
                      FILE.state [auto-runs.jsonl in a new folder]
    --json FILE       writes the table as JSON

The machine must do nothing else: foreign load looks like pressure to auto.
All four plans take about 45 minutes. Every run is bounded in time.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

CAPS = ["1", "2", "4", "8", "16", "32"]
CUT = 1.3
PASS = 1.25
# Where auto still finds its way is not its steady state.
SETTLED_MS = 5_000
WINDOW_MS = 10_000


def call(name, tool, args, **more):
    return {"id": name, "tool": tool, "args": args, **more}


def burn(name, ms, **more):
    return call(name, "burn", {"label": name, "work": ms}, **more)


def fetch(name, ms, **more):
    return call(name, "fetch", {"url": f"https://shop.example/{name}", "ms": ms}, **more)


def cpu_bound(length):
    return [burn(f"batch-{n}", 400) for n in range(round(150 * length))]


def io_bound(length):
    return [fetch(f"page-{n}", 500) for n in range(round(1920 * length))]


def mixed(length):
    calls = []
    for n in range(round(200 * length)):
        calls += [fetch(f"page-{n}-1", 600), fetch(f"page-{n}-2", 600), burn(f"batch-{n}", 300)]
    return calls


def bursty(length):
    calls = []
    for turn in range(round(20 * length)):
        after = {"start_after": f"{turn * 1500}ms"}
        calls += [burn(f"batch-{turn}-{n}", 250, **after) for n in range(8)]
        calls += [fetch(f"page-{turn}-{n}", 400, **after) for n in range(16)]
    return calls


PLANS = {"cpu-bound": cpu_bound, "io-bound": io_bound, "mixed": mixed, "bursty": bursty}


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--fanout", type=Path, default=root / "target/release/fanout")
    parser.add_argument("--plan", action="append", choices=PLANS)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--length", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


class Bench:
    """Runs plans in a folder of its own and keeps what each run took."""

    def __init__(self, options):
        self.fanout = options.fanout.resolve()
        self.length = options.length
        self.folder = Path(tempfile.mkdtemp(prefix="fanout-auto-"))
        self.runs_file = (options.runs or self.folder / "auto-runs.jsonl").absolute()
        self.runs = []
        if self.runs_file.exists():
            runs = map(json.loads, self.runs_file.read_text().splitlines())
            self.runs = [run for run in runs if run["length"] == self.length]

    def plan(self, name):
        path = self.folder / f"{name}.json"
        plan = {"name": name, "call": PLANS[name](self.length)}
        path.write_text(json.dumps(plan))
        return path

    def known(self, plan, cap, block):
        key = (plan, cap, block)
        return any((run["plan"], run["cap"], run["block"]) == key for run in self.runs)

    def best_ms(self, plan):
        runs = [r for r in self.runs if r["plan"] == plan and r["cap"] != "auto"]
        walls = [run["wall_ms"] for run in runs if not run["cut"]]
        return min(walls, default=36_000 * self.length)

    def lost(self, plan, cap, blocks):
        """Whether the median over all blocks is cut, whatever the rest take."""
        runs = [run for run in self.runs if (run["plan"], run["cap"]) == (plan, cap)]
        return sum(run["cut"] for run in runs if run["block"]) * 2 > blocks

    def run(self, plan, cap, block):
        """One run, unless it is known already."""
        if self.known(plan, cap, block):
            return
        limit_s = self.best_ms(plan) * (CUT if block else 3) / 1000
        command = [self.fanout, "run", self.plan(plan), "--cap", cap, "--events"]
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        command += ["--report", report]
        if cap != "auto":
            command.append("--no-history")
        state = {"XDG_STATE_HOME": f"{self.runs_file}.state/{plan}"}
        with open(self.folder / "events", "w+") as events:
            process = subprocess.Popen(
                command,
                stdout=events,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                env=os.environ | state,
            )
            cut = not ended_within(process, limit_s)
            events.seek(0)
            steps = [step(line) for line in events if '"cap-changed"' in line]
        run = {"plan": plan, "cap": cap, "block": block, "length": self.length, "cut": cut}
        if cut:
            run["wall_ms"] = limit_s * 1000
        else:
            told = json.loads(report.read_text())
            ended = told["outcome_counts"]
            if ended["succeeded"] != sum(ended.values()):
                sys.exit(f"{plan} at cap {cap}: {ended}")
            run["wall_ms"] = told["wall_ms"]
        if cap == "auto":
            run["steps"] = steps
        self.runs.append(run)
        with open(self.runs_file, "a") as file:
            file.write(json.dumps(run) + "\n")
        print(f"  block {block} cap {cap:>4}: {told_of(run)}", file=sys.stderr, flush=True)


def ended_within(process, seconds):
    """Whether the process ended by itself; what does not is interrupted."""
    try:
        process.wait(timeout=seconds)
        return True
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return False


def step(line):
    event = json.loads(line)
    return [event["t_ms"], event["before"], event["cap"]]


def told_of(run):
    return f"{'more than ' if run['cut'] else ''}{run['wall_ms'] / 1000:.1f} s"


def turns(run):
    """The most changes of direction within any 10 s of the steady state."""
    moves = [(at, cap > before) for at, before, cap in run["steps"] if cap != before]
    moves = [move for move in moves if move[0] >= SETTLED_MS]
    at = [now[0] for last, now in zip(moves, moves[1:]) if last[1] != now[1]]
    return max((sum(t <= u < t + WINDOW_MS for u in at) for t in at), default=0)


def summary(bench, plan):
    """What one plan's counted runs say."""
    counted = [run for run in bench.runs if run["plan"] == plan and run["block"]]
    rows = {}
    for cap in [*CAPS, "auto"]:
        runs = [run for run in counted if run["cap"] == cap]
        median = statistics.median(run["wall_ms"] for run in runs)
        # A median that was cut is only known to be at least that.
        rows[cap] = {"median_ms": median, "cut": sum(r["cut"] for r in runs) * 2 > len(runs)}
    best = min(rows[cap]["median_ms"] for cap in CAPS)
    for row in rows.values():
        row["to_best"] = row["median_ms"] / best
    auto = [run for run in counted if run["cap"] == "auto"]
    # Where every fixed cap was cut, none of them is known to be the best.
    is_known = not all(rows[cap]["cut"] for cap in CAPS) and not rows["auto"]["cut"]
    is_within = is_known and rows["auto"]["to_best"] <= PASS
    return {
        "plan": plan,
        "caps": rows,
        "failing": [cap for cap in CAPS if rows[cap]["cut"] or rows[cap]["to_best"] > PASS],
        "auto_to_best": rows["auto"]["to_best"],
        "auto_turns_in_10_s": max(turns(run) for run in auto),
        "passed": is_within and max(turns(run) for run in auto) <= 1,
    }


def table(summaries):
    lines = [f"{'plan':<10}" + "".join(f"{cap:>9}" for cap in [*CAPS, "auto"]) + "  turns  verdict"]
    for each in summaries:
        cells = [cell(each["caps"][cap]) for cap in [*CAPS, "auto"]]
        verdict = "within 25 %" if each["passed"] else "NOT MET"
        turned = each["auto_turns_in_10_s"]
        lines.append(f"{each['plan']:<10}" + "".join(cells) + f"{turned:>7}  {verdict}")
        best = min(row["median_ms"] for cap, row in each["caps"].items() if cap != "auto")
        failing = ", ".join(each["failing"]) or "none"
        lines.append(f"{'':<10}  best fixed {best / 1000:.1f} s; behind by over 25 %: {failing}")
    return "\n".join(lines)


def cell(row):
    return f"{'>' if row['cut'] else ''}{row['to_best']:.2f}".rjust(9)


def main():
    options = arguments()
    if not options.fanout.exists():
        sys.exit(f"{options.fanout} is missing: cargo build --release")
    bench = Bench(options)
    order = random.Random(options.seed)
    plans = options.plan or list(PLANS)
    for plan in plans:
        print(f"{plan}: {len(PLANS[plan](options.length))} calls", file=sys.stderr, flush=True)
        bench.run(plan, "auto", 0)
        for block in range(1, options.blocks + 1):
            caps = [*CAPS, "auto"]
            order.shuffle(caps)
            for cap in caps:
                if not bench.lost(plan, cap, options.blocks):
                    bench.run(plan, cap, block)
    summaries = [summary(bench, plan) for plan in plans]
    print("Median wall time as a ratio to the best fixed cap's")
    print(table(summaries))
    if options.json:
        options.json.write_text(json.dumps(summaries, indent=1) + "\n")


if __name__ == "__main__":
    main()
