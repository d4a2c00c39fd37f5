#!/usr/bin/env python3
"""Streamable HTTP before a tool server that speaks over its pipes, for suites
that reach servers by HTTP only: http_bridge.py PORT COMMAND...

One process of the server for each session, and one for each request where the
revision of the protocol has no sessions; on this machine only, and only for
requests that were sent to it by a name of this machine."""
import http.server
import json
import queue
import subprocess
import sys
import threading
import uuid

sessions = {}


class Server:
    """One process, and the requests that wait for its answers."""

    def __init__(self):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(sys.argv[2:], stdin=pipe, stdout=pipe)
        self.writing = threading.Lock()
        self.answers = {}
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            waiting = self.answers.pop(json.loads(line).get("id"), None)
            if waiting:
                waiting.put((200, line.strip()))
        for waiting in list(self.answers.values()):
            waiting.put((502, b""))

    def tell(self, message):
        with self.writing:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def ask(self, message):
        waiting = self.answers[message["id"]] = queue.Queue()
        self.tell(message)
        return waiting.get(timeout=60)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Bridge(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body=b"", session=None):
        self.send_response(status)
        if session:
            self.send_header("Mcp-Session-Id", session)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_local(self):
        hosts = [self.headers.get("Host", ""), self.headers.get("Origin", "")]
        names = [it.split("//")[-1].rsplit(":", 1)[0] for it in hosts if it]
        return all(it in ("localhost", "127.0.0.1", "[::1]") for it in names)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.is_local():
            return self.reply(403)
        message = json.loads(body)
        session = self.headers.get("Mcp-Session-Id")
        meta = (message.get("params") or {}).get("_meta") or {}
        if "io.modelcontextprotocol/protocolVersion" in meta or message.get("method") == "server/discover":
            return self.once(message, meta)
        if message.get("method") == "initialize":
            session = uuid.uuid4().hex
            sessions[session] = Server()
        server = sessions.get(session)
        if not server:
            return self.reply(404 if session else 400)
        if "id" not in message:
            server.tell(message)
            return self.reply(202, session=session)
        self.reply(*server.ask(message), session)

    def once(self, message, meta):
        """Asks a process that is there for this request only."""
        header = lambda name: (self.headers.get(name) or "").strip() or None
        version = header("MCP-Protocol-Version")
        asked = meta.get("io.modelcontextprotocol/protocolVersion")
        name = (message.get("params") or {}).get("name")
        if (version, header("Mcp-Method")) != (asked, message["method"]) or (
            message["method"] == "tools/call" and header("Mcp-Name") != name
        ):
            error = {"code": -32020, "message": "the headers are not those of the message"}
            refusal = {"jsonrpc": "2.0", "id": message.get("id"), "error": error}
            return self.reply(400, json.dumps(refusal).encode())
        if "id" not in message:
            return self.reply(202)
        server = Server()
        status, line = server.ask(message)
        server.close()
        code = json.loads(line or b"{}").get("error", {}).get("code")
        if code == -32601:
            status = 404
        elif code in (-32602, -32020, -32021, -32022):
            status = 400
        self.reply(status, line)

    def do_GET(self):
        self.reply(405)

    def do_DELETE(self):
        server = sessions.pop(self.headers.get("Mcp-Session-Id"), None)
        if server:
            server.close()
        self.reply(200)

    def log_message(self, *_):
        pass


try:
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Bridge).serve_forever()
finally:
    for server in sessions.values():
        server.process.kill()
