"""How fast calls of `true` are started, run and taken to their end."""

from statistics import median

from .figures import in_turn, ratio

CAPS = (2, 8, 64)

# Of the time `xargs` takes at cap 8.
LIMIT = 0.9

# pueue needs tens of milliseconds a call: it gets fewer.
FEW = 40


def measure(bench, present, figures):
    calls, rounds = bench.options.calls, bench.options.rounds
    lines = bench.lines(calls)
    words = many_true(bench, calls)
    for cap in CAPS:
        measures = {"fanout": fanout(bench, words, cap, calls)}
        for name, peer in present.items():
            if name == "pueue":
                measures[name] = lambda peer=peer: pueue(peer, cap)
            else:
                command = peer.many(cap, ["true"])
                measures[name] = lambda command=command: bench.run(command, lines)[0] / calls
        times = in_turn(rounds, measures)
        subject = f"{calls} calls of true, cap {cap}"
        for name, each in times.items():
            text = f"{median(each) * 1000:.3g} ms a call"
            to_xargs = ratio(each, times["xargs"]) if "xargs" in times else None
            limit = LIMIT if name == "fanout" and cap == 8 else None
            figures.add("spawn", subject, name, to_xargs, "x xargs", limit, text)


def many_true(bench, calls):
    tools = [{"name": "true", "command": ["true"]}]
    return bench.plan(f"true-{calls}", tools, [{"tool": "true"}] * calls)


def fanout(bench, words, cap, calls):
    command = [*words, "--plain", "--cap", str(cap)]
    return lambda: bench.run(command)[0] / calls


def pueue(peer, cap):
    """Seconds a call."""
    import time

    peer.tell("parallel", str(cap))
    begun = time.perf_counter()
    for _ in range(FEW):
        peer.tell("add", "--", "true")
    peer.tell("wait", "--quiet")
    seconds = (time.perf_counter() - begun) / FEW
    peer.tell("clean")
    return seconds
