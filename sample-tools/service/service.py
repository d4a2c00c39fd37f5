#!/usr/bin/env python3
"""A service to put under load, on a port of this machine (Python 3, nothing else).

    python3 service.py --port 8765 --slots 5 --ms 40

Each request takes --ms of work in one of --slots; those beyond wait in a queue.
  --load-ms T     each request at work beside it makes a request T ms slower
  --limit N       more than N at once are refused with status 429 and Retry-After
  --stall A:B     from second A to second B after the first request nothing is done
  --wear R:N      from request R on there are N slots
"""

import argparse
import asyncio
import json
import time


class Service:
    def __init__(self, options):
        self.options = options
        self.slots = options.slots
        self.busy = 0
        self.inside = 0
        self.begun = None
        self.requests = 0
        self.waiting = []

    def seconds(self):
        return time.monotonic() - self.begun

    async def stalled(self):
        """Waits as long as nothing is done."""
        if self.options.stall:
            begin, end = self.options.stall
            if begin <= self.seconds() < end:
                await asyncio.sleep(end - self.seconds())

    async def work(self):
        """Does a request's work; returns its status."""
        if self.begun is None:
            self.begun = time.monotonic()
        self.requests += 1
        if self.options.limit and self.inside >= self.options.limit:
            return 429
        if self.options.wear and self.requests >= self.options.wear[0]:
            self.slots = int(self.options.wear[1])
        self.inside += 1
        try:
            if self.busy >= self.slots:
                turn = asyncio.get_running_loop().create_future()
                self.waiting.append(turn)
                await turn
            else:
                self.busy += 1
            await self.stalled()
            beside = (self.busy - 1) * self.options.load_ms
            await asyncio.sleep((self.options.ms + beside) / 1000)
            return 200
        finally:
            self.inside -= 1
            self.busy -= 1
            while self.waiting and self.busy < self.slots:
                self.busy += 1
                self.waiting.pop(0).set_result(None)

    async def connection(self, reader, writer):
        try:
            while line := await reader.readline():
                length = 0
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                if length:
                    await reader.readexactly(length)
                status = await self.work()
                body = json.dumps({"status": status}).encode()
                reason = {200: "OK", 429: "Too Many Requests"}[status]
                more = "Retry-After: 1\r\n" if status == 429 else ""
                head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def pair(text):
    first, _, second = text.partition(":")
    return float(first), float(second)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--slots", type=int, default=5)
    parser.add_argument("--ms", type=float, default=40)
    parser.add_argument("--load-ms", type=float, default=0)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--stall", type=pair)
    parser.add_argument("--wear", type=pair)
    service = Service(parser.parse_args())
    server = await asyncio.start_server(service.connection, "127.0.0.1", service.options.port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
