#!/usr/bin/env python3
"""fanout beside the programs that people run commands in parallel with.

    cargo build --release
    apt-get install findutils parallel          # xargs, GNU parallel
    cargo install rust-parallel pueue           # the peers that are crates
    python3 tests/bench/side-by-side.py

A peer that is not installed is left out and said to be. Options:

    --fanout FILE     the program to measure [target/release/fanout]
    --only PART       spawn, growth, flood, cancel, leak (repeatable) [all]
    --rounds N        rounds of each part [5]
    --calls N         calls of `true` a round [2000]
    --mib N           size of the flood, in MiB [1024]
    --json FILE       writes every figure as JSON; `-` is standard output

In every round the programs run one after the other, each round beginning with
another one; a ratio is taken within its round, and the medians are shown. So a
machine that is slow for a while slows both sides of a ratio. Times on their
own mean little on a machine that does other things too.

Everything is bounded in time, runs in a temporary folder, and is gone at the
end: what a peer leaves behind is counted and then killed.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

# No folder of bytecode beside the sources.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from side_by_side import cancel, flood, growth, leak, spawn  # noqa: E402
from side_by_side.figures import Figures  # noqa: E402
from side_by_side.peers import Bench, peers  # noqa: E402

PARTS = {"spawn": spawn, "growth": growth, "flood": flood, "cancel": cancel, "leak": leak}


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--fanout", type=Path, default=root / "target/release/fanout")
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--json")
    return parser.parse_args()


def main():
    options = arguments()
    if not options.fanout.exists():
        sys.exit(f"{options.fanout} is missing: cargo build --release")
    folder = Path(tempfile.mkdtemp(prefix="fanout-beside-"))
    bench = Bench(folder, options.fanout.resolve(), options)
    figures = Figures()
    try:
        present, missing = peers(bench)
        for name in missing:
            figures.note(f"{name} is not installed")
        for name in options.only or PARTS:
            print(f"{name} ...", file=sys.stderr, flush=True)
            PARTS[name].measure(bench, present, figures)
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(figures.table())
    if options.json == "-":
        print(json.dumps(figures.document(), indent=1))
    elif options.json:
        Path(options.json).write_text(json.dumps(figures.document(), indent=1) + "\n")
    sys.exit(0 if figures.all_hold() else 1)


if __name__ == "__main__":
    main()
