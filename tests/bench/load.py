#!/usr/bin/env python3
"""`fanout load` beside an independent client, on the sample service.

    cargo build
    python3 tests/bench/load.py stall closed find memory

  stall    open loop at 50/s for 10 s against a service that stalls for 2 s: p90
           and p99 beside those of a client that keeps the schedule by itself
  closed   calls per second at caps 1 to 64 beside a client with as many
           connections
  find     --find 'p95<100ms' on 5 slots of 40 ms, five times; then on a service
           that loses slots in the middle
  memory   resident memory at 10,000 and at 100,000 calls

Options: --fanout FILE [target/debug/fanout].
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICE = ROOT / "sample-tools/service/service.py"
TOOL = """
[[tool]]
name = "work"
http = { method = "GET", url = "http://127.0.0.1:%d/work" }
output = "json"
read_only = true
timeout = "60s"
"""


class Service:
    """The sample service on a free port, as long as the block lasts."""

    def __init__(self, *words):
        self.words = words

    def __enter__(self):
        words = [sys.executable, SERVICE, "--port", "0", *self.words]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def fanout(options, port, *words, **more):
    with tempfile.TemporaryDirectory() as folder:
        tools = Path(folder) / "tools.toml"
        tools.write_text(TOOL % port)
        words = [options.fanout, "load", *words, "--catalogue", tools, "--json"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=folder, **more)
    if not done.stdout:
        sys.exit(done.stderr)
    return json.loads(done.stdout), done.returncode


async def ask(reader, writer):
    writer.write(b"GET /work HTTP/1.1\r\nHost: x\r\n\r\n")
    length = 0
    while (line := await reader.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    await reader.readexactly(length)


async def open_loop(port, rate, seconds):
    """Latencies from the schedule, of a connection for each call."""
    begun = time.monotonic()

    async def one(number):
        due = begun + number / rate
        await asyncio.sleep(max(0, due - time.monotonic()))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await ask(reader, writer)
        writer.close()
        return time.monotonic() - due

    return sorted(await asyncio.gather(*(one(number) for number in range(int(rate * seconds)))))


async def closed_loop(port, connections, calls):
    """Calls per second of so many connections."""
    left = calls

    async def caller():
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await ask(reader, writer)
        ready.release()
        await go.wait()
        while left > 0:
            left -= 1
            await ask(reader, writer)
        writer.close()

    ready, go = asyncio.Semaphore(0), asyncio.Event()
    callers = [asyncio.create_task(caller()) for _ in range(connections)]
    for _ in callers:
        await ready.acquire()
    begun = time.monotonic()
    go.set()
    await asyncio.gather(*callers)
    return calls / (time.monotonic() - begun)


def stall(options):
    service = ["--slots", "1000", "--ms", "10", "--stall", "4:6"]
    with Service(*service) as it:
        found, _ = fanout(options, it.port, "work", "--rate", "50", "--for", "10s", "--warmup", "0")
    with Service(*service) as it:
        log = asyncio.run(open_loop(it.port, 50, 10))
    step = found["steps"][0]
    print(f"stall: {step['calls']} calls, offered {step['offered']}, late {step['late']}")
    for name, part in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)]:
        told, own = step["latency_ms"][name], log[int(len(log) * part) - 1] * 1000
        print(f"  {name}: fanout {told:.1f} ms, schedule log {own:.1f} ms, {told / own - 1:+.1%}")


def closed(options):
    with Service("--slots", "1000", "--ms", "20") as it:
        for cap in [1, 2, 4, 8, 16, 32, 64]:
            calls = max(100, cap * 40)
            found, _ = fanout(options, it.port, "work", "-n", str(calls), "--cap", str(cap))
            told = found["steps"][0]["calls_per_s"]
            own = asyncio.run(closed_loop(it.port, cap, calls))
            cost = found["own_cost_ms"]
            print(f"closed: cap {cap}: fanout {told:.1f}/s, client {own:.1f}/s, {told / own - 1:+.1%}, own cost {cost:.2f} ms")


def find(options):
    words = ["work", "--find", "p95<100ms", "-n", "100"]
    for run in range(5):
        with Service("--slots", "5", "--ms", "40") as it:
            found, code = fanout(options, it.port, *words)
            print(f"find: run {run + 1}: {found['found']}, exit {code}")
    with Service("--slots", "5", "--ms", "40", "--wear", "900:1") as it:
        found, code = fanout(options, it.port, *words)
        print(f"find: with slots lost after 900 requests: {found['found']}, exit {code}")


def memory(options):
    """Reads the resident memory of the program itself while it runs."""
    with Service("--slots", "1000", "--ms", "0") as it, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tools.toml").write_text(TOOL % it.port)
        words = [options.fanout, "load", "work", "-n", "100000", "--cap", "32", "--events"]
        words += ["--catalogue", "tools.toml"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=folder)
        calls = 0
        for line in process.stdout:
            calls += '"call-ended"' in line
            if '"call-ended"' in line and calls in [1000, 10000, 50000, 100000]:
                status = Path(f"/proc/{process.pid}/status").read_text()
                kib = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])
                print(f"memory: at {calls} calls {kib / 1024:.1f} MiB", flush=True)
        print(f"memory: {calls} calls, exit {process.wait()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shows = {"stall": stall, "closed": closed, "find": find, "memory": memory}
    parser.add_argument("shows", nargs="+", choices=shows)
    parser.add_argument("--fanout", default=ROOT / "target/debug/fanout")
    options = parser.parse_args()
    for name in options.shows:
        shows[name](options)


if __name__ == "__main__":
    main()
