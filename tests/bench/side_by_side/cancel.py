"""How long a stop takes, and what each program leaves of a hostile tree."""

import signal
import time
from statistics import median

from .figures import in_turn
from .tree import Tree

# How long a tree may take to be gone before what is left counts as left.
SOON = 3

# From the stop to nothing left, in milliseconds, beside the grace.
LIMIT = 50

GRACE_MS = 400


def measure(bench, present, figures):
    counter = iter(range(1000))
    measures = {}
    for kind in ("cooperative", "hostile"):
        measures["fanout", kind] = lambda kind=kind: fanout(bench, Tree(place(), kind))
        for name, peer in present.items():
            stop = pueue if name == "pueue" else lines
            measures[name, kind] = lambda stop=stop, peer=peer, kind=kind: stop(
                bench, peer, Tree(place(), kind)
            )

    def place():
        return bench.folder / f"tree-{next(counter)}"

    results = in_turn(bench.options.rounds, measures)
    for (name, kind), stops in results.items():
        report(figures, name, kind, stops)


def report(figures, name, kind, stops):
    gone = [stop["gone_ms"] for stop in stops]
    left = max((stop["left"] for stop in stops), key=len)
    is_fanout = name == "fanout"
    subject = f"cancel of a {kind} tree"
    grace = GRACE_MS if is_fanout and kind == "hostile" else 0
    value = None if None in gone else median(gone) - grace
    unit = f"ms + grace of {grace}" if grace else "ms"
    text = f"leaves {len(left)}" + (f": {' '.join(left)}" if left else "")
    figures.add("cancel", subject, name, value, unit, LIMIT if is_fanout else None, text)


def watch(bench, process, tree, stop):
    """Stops, and watches until nothing lives or the time is up."""
    try:
        tree.wait()
        begun = time.perf_counter()
        stop()
        while tree.living() and time.perf_counter() - begun < SOON:
            time.sleep(0.0005)
        left = tree.living()
        gone_ms = None if left else (time.perf_counter() - begun) * 1000
        return {"gone_ms": gone_ms, "left": left}
    finally:
        tree.kill()
        if process is not None:
            try:
                process.wait(10)
            except Exception:
                process.kill()
                process.wait()


def fanout(bench, tree):
    tools = [{"name": "tree", "command": tree.command}]
    calls = [{"tool": "tree", "grace": f"{GRACE_MS}ms"}]
    words = bench.plan(tree.folder.name, tools, calls)
    process = bench.start([*words, "--plain"])
    return watch(bench, process, tree, lambda: process.send_signal(signal.SIGINT))


def lines(bench, peer, tree):
    process = bench.start(peer.many(1, tree.command), bench.lines(1))

    def stop():
        for number in peer.stop:
            process.send_signal(number)
            time.sleep(0.001)

    return watch(bench, process, tree, stop)


def pueue(bench, peer, tree):
    peer.tell("add", "--", *tree.command)
    try:
        return watch(bench, None, tree, lambda: peer.tell("kill", "--all"))
    finally:
        peer.tell("wait", "--quiet")
        peer.tell("clean")
