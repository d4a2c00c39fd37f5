"""Whether a call costs more when there are more of them."""

from statistics import median

from .figures import in_turn, ratio
from .spawn import many_true

# Cost of a call among five times as many, to that among few.
LIMIT = 1.1


def measure(bench, _present, figures):
    few, many = bench.options.calls, 5 * bench.options.calls
    runs = {}
    for calls in (few, many):
        command = [*many_true(bench, calls), "--plain", "--cap", "8"]
        runs[calls] = lambda command=command: bench.run(command)
    results = in_turn(max(3, bench.options.rounds // 2), runs)
    times = {calls: [seconds / calls for seconds, _ in each] for calls, each in results.items()}
    peak = max(mib for _, mib in results[many])
    text = f"{median(times[many]) * 1000:.3g} ms a call, {peak:.0f} MiB"
    subject = f"{many} calls of true, cap 8"
    figures.add(
        "growth", subject, "fanout", ratio(times[many], times[few]), f"x {few} calls", LIMIT, text
    )
