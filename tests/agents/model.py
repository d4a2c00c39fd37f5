#!/usr/bin/env python3
"""Stands in for the model of an agent, on loopback, without a key.

    model.py SCRIPT LOG

SCRIPT is a JSON list of turns. A turn is a list of calls, or an object with the
keys `calls` and `at`: a moment (seconds since 1970) before which the turn is
not answered, so that two agents begin together. A call is
`{"server", "tool", "input"}`. The names of the tools are spelled as the agent at
the other end spells them. After the last turn the answer is the text "done".

Until the agent has announced the server of the next turn, it is asked to
sleep in its own shell. Which turn is next follows from the conversation that
each request carries, so that retries and side requests change nothing.

Prints its port. LOG gets a JSON line a request: the turn and the texts of all
tool results so far.
"""
import http.server
import json
import sys
import threading
import time
import uuid

MOST_SECONDS = 300
WAIT = "sleep 1 # until the servers are there"


def texts(value):
    """All strings in a value, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)


class Dialect:
    """What all dialects have in common; `body` is the request."""

    shell = None

    def __init__(self, body):
        self.body = body

    def next_turn(self):
        return sum(WAIT not in json.dumps(batch) for batch in self.batches())

    def announces(self, server):
        return self.prefix(server) in json.dumps(self.body.get("tools"))

    def is_main(self):
        return bool(self.body.get("tools"))

    def waiting(self):
        return [{"name": self.shell[0], "input": {self.shell[1]: WAIT}}]

    def spelled(self, call):
        return {"name": self.prefix(call["server"]) + call["tool"], "input": call["input"]}


class Anthropic(Dialect):
    """`/v1/messages`: Claude Code."""

    shell = ("Bash", "command")

    def prefix(self, server):
        return f"mcp__{server}__"

    def announces(self, server):
        # Tools that are looked up when they are needed are named in the text.
        return self.prefix(server) in json.dumps(self.body)

    def blocks(self, role, kind):
        for message in self.body.get("messages", []):
            if message["role"] == role and isinstance(message["content"], list):
                found = [block for block in message["content"] if block["type"] == kind]
                if found:
                    yield found

    def batches(self):
        return self.blocks("assistant", "tool_use")

    def results(self):
        for found in self.blocks("user", "tool_result"):
            yield from (" ".join(texts(block.get("content"))) for block in found)

    def events(self, calls):
        content = [{"type": "text", "text": "done"}]
        if calls is not None:
            content = [
                {"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:20]}", **call} for call in calls
            ]
        head = {"id": f"msg_{uuid.uuid4().hex[:20]}", "type": "message", "role": "assistant"}
        head |= {"model": self.body.get("model"), "content": [], "stop_reason": None}
        head |= {"stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 1}}
        reason = "end_turn" if calls is None else "tool_use"
        if not self.body.get("stream"):
            return head | {"content": content, "stop_reason": reason}
        events = [{"type": "message_start", "message": head}]
        for index, block in enumerate(content):
            if block["type"] == "text":
                begin, delta = {"text": ""}, {"type": "text_delta", "text": block["text"]}
            else:
                written = json.dumps(block["input"])
                begin, delta = {"input": {}}, {"type": "input_json_delta", "partial_json": written}
            at = {"index": index}
            events.append({"type": "content_block_start", **at, "content_block": block | begin})
            events.append({"type": "content_block_delta", **at, "delta": delta})
            events.append({"type": "content_block_stop", **at})
        delta = {"stop_reason": reason, "stop_sequence": None}
        events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}})
        events.append({"type": "message_stop"})
        return [(event["type"], event) for event in events]


class Responses(Dialect):
    """`/v1/responses`: Codex."""

    shell = ("exec_command", "cmd")

    def prefix(self, server):
        return f"mcp__{server}"

    def spelled(self, call):
        name = call["tool"].replace("-", "_")
        return {"namespace": self.prefix(call["server"]), "name": name, "input": call["input"]}

    def batches(self):
        batch = []
        for item in self.body.get("input", []):
            if item.get("type") == "function_call":
                batch.append(item)
            elif batch and item.get("type") == "function_call_output":
                yield batch
                batch = []

    def results(self):
        for item in self.body.get("input", []):
            if item.get("type") == "function_call_output":
                yield " ".join(texts(item.get("output")))

    def events(self, calls):
        text = {"type": "output_text", "text": "done", "annotations": []}
        items = [{"type": "message", "id": "msg_1", "role": "assistant", "content": [text]}]
        if calls is not None:
            items = []
            for call in calls:
                call = {**call, "arguments": json.dumps(call["input"])}
                del call["input"]
                ids = {"id": f"fc_{uuid.uuid4().hex[:20]}", "call_id": f"call_{uuid.uuid4().hex[:20]}"}
                items.append({"type": "function_call", **ids, **call})
        items = [item | {"status": "completed"} for item in items]
        head = {"id": f"resp_{uuid.uuid4().hex[:20]}", "object": "response", "model": self.body.get("model")}
        head |= {"created_at": int(time.time()), "status": "in_progress", "output": []}
        events = [{"type": "response.created", "response": head}]
        for index, item in enumerate(items):
            for kind in ("added", "done"):
                at = {"output_index": index, "item": item}
                events.append({"type": f"response.output_item.{kind}", **at})
        usage = {"input_tokens": 9, "output_tokens": 9, "total_tokens": 18}
        usage |= {"input_tokens_details": {"cached_tokens": 0}}
        usage |= {"output_tokens_details": {"reasoning_tokens": 0}}
        done = head | {"status": "completed", "output": items, "usage": usage}
        events.append({"type": "response.completed", "response": done})
        return [(event["type"], event) for event in events]


class Chat(Dialect):
    """`/v1/chat/completions`: opencode."""

    shell = ("bash", "command")

    def prefix(self, server):
        return f"{server}_"

    def waiting(self):
        [call] = super().waiting()
        call["input"]["description"] = "Waits"
        return [call]

    def batches(self):
        messages = self.body.get("messages", [])
        return [message["tool_calls"] for message in messages if message.get("tool_calls")]

    def results(self):
        for message in self.body.get("messages", []):
            if message["role"] == "tool":
                yield " ".join(texts(message["content"]))

    def events(self, calls):
        delta = {"role": "assistant", "content": "done"}
        if calls is not None:
            delta = {"role": "assistant", "content": None, "tool_calls": []}
            for index, call in enumerate(calls):
                function = {"name": call["name"], "arguments": json.dumps(call["input"])}
                entry = {"index": index, "id": f"call_{uuid.uuid4().hex[:20]}", "type": "function"}
                delta["tool_calls"].append(entry | {"function": function})
        head = {"id": f"chatcmpl-{uuid.uuid4().hex[:20]}", "object": "chat.completion.chunk"}
        head |= {"created": int(time.time()), "model": self.body.get("model")}
        reason = "stop" if calls is None else "tool_calls"
        choices = [{"delta": delta, "finish_reason": None}, {"delta": {}, "finish_reason": reason}]
        chunks = [head | {"choices": [{"index": 0, **choice}]} for choice in choices]
        return [(None, chunk) for chunk in chunks] + [(None, "[DONE]")]


class Gemini(Dialect):
    """`:generateContent` and `:streamGenerateContent`: Gemini CLI."""

    shell = ("run_shell_command", "command")

    def __init__(self, body, is_streamed):
        super().__init__(body)
        self.is_streamed = is_streamed

    def prefix(self, server):
        return f"mcp_{server}_"

    def parts(self, kind):
        for content in self.body.get("contents", []):
            found = [part[kind] for part in content.get("parts", []) if kind in part]
            if found:
                yield found

    def batches(self):
        return self.parts("functionCall")

    def results(self):
        for found in self.parts("functionResponse"):
            yield from (" ".join(texts(answer["response"])) for answer in found)

    def events(self, calls):
        parts = [{"text": "done"}]
        if calls is not None:
            calls = [{"name": call["name"], "args": call["input"]} for call in calls]
            parts = [{"functionCall": call} for call in calls]
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        usage = {"promptTokenCount": 9, "candidatesTokenCount": 9, "totalTokenCount": 18}
        answer = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "stand-in"}
        return [(None, answer)] if self.is_streamed else answer


def dialect(path, body):
    path = path.split("?")[0]
    if path.endswith("/messages"):
        return Anthropic(body)
    if path.endswith("/responses"):
        return Responses(body)
    if path.endswith("/chat/completions"):
        return Chat(body)
    if path.endswith("enerateContent"):
        return Gemini(body, "stream" in path)
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer({"data": [], "models": []})

    def do_HEAD(self):
        self.answer({})

    def do_POST(self):
        try:
            body = json.loads(self.read() or b"{}")
        except ValueError:
            body = {}
        if "count_tokens" in self.path or "countTokens" in self.path:
            return self.answer({"input_tokens": 9, "totalTokens": 9})
        spoken = dialect(self.path, body)
        if spoken is None:
            return self.answer({})
        answer = spoken.events(self.server.calls(spoken))
        return self.stream(answer) if isinstance(answer, list) else self.answer(answer)

    def read(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def answer(self, value):
        written = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(written)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(written)

    def stream(self, events):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for name, value in events:
            value = value if isinstance(value, str) else json.dumps(value)
            head = f"event: {name}\n" if name else ""
            self.wfile.write(f"{head}data: {value}\n\n".encode())
        self.close_connection = True


class Model(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script, log):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = [turn if isinstance(turn, dict) else {"calls": turn} for turn in script]
        self.log = log
        self.lock = threading.Lock()

    def calls(self, spoken):
        """The calls to ask for now; None for the text that ends the turn."""
        if not spoken.is_main():
            return None
        at = spoken.next_turn()
        with self.lock:
            line = {"t": time.time(), "turn": at, "results": list(spoken.results())}
            self.log.write(json.dumps(line) + "\n")
        if at >= len(self.script):
            return None
        turn = self.script[at]
        if not all(spoken.announces(call["server"]) for call in turn["calls"]):
            return spoken.waiting()
        time.sleep(max(0, turn.get("at", 0) - time.time()))
        return [spoken.spelled(call) for call in turn["calls"]]


def main():
    script, log = sys.argv[1:]
    with open(script) as file:
        model = Model(json.load(file), open(log, "a", buffering=1))
    threading.Thread(target=model.serve_forever, daemon=True).start()
    print(model.server_address[1], flush=True)
    time.sleep(MOST_SECONDS)


if __name__ == "__main__":
    main()
