#!/usr/bin/env python3
"""Streamable HTTP before a tool server that speaks over its pipes, for suites
that reach servers by HTTP only: http_bridge.py PORT COMMAND...

One process of the server for each session; on this machine only, and only for
requests that were sent to it by a name of this machine."""
import http.server
import json
import subprocess
import sys
import uuid

sessions = {}


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
        if message.get("method") == "initialize":
            session = uuid.uuid4().hex
            pipe = subprocess.PIPE
            sessions[session] = subprocess.Popen(sys.argv[2:], stdin=pipe, stdout=pipe)
        server = sessions.get(session)
        if not server:
            return self.reply(404)
        server.stdin.write(json.dumps(message).encode() + b"\n")
        server.stdin.flush()
        if "id" not in message:
            return self.reply(202, session=session)
        for line in server.stdout:
            if json.loads(line).get("id") == message["id"]:
                return self.reply(200, line.strip(), session)
        self.reply(502)

    def do_GET(self):
        self.reply(405)

    def do_DELETE(self):
        server = sessions.pop(self.headers.get("Mcp-Session-Id"), None)
        if server:
            server.stdin.close()
            server.wait()
        self.reply(200)

    def log_message(self, *_):
        pass


try:
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Bridge).serve_forever()
finally:
    for server in sessions.values():
        server.kill()
