//! An agent as it behaves on the wire.

use std::io::Write;
use std::process::{Child, ChildStdin, ExitStatus};

use serde_json::{Value, json};

use crate::lines::{Lines, wait_until};

/// How an agent introduces itself, and what it sends with a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) protocol: &'static str,
    /// Variables that it hands to its servers; `None` is all of its own.
    pub(crate) variables: Option<&'static [&'static str]>,
    /// The key of a call that stands in its transcript as well.
    pub(crate) key: Option<&'static str>,
}

pub(crate) const CLAUDE: Habits = Habits {
    name: "claude-code",
    version: "2.1.332",
    protocol: "2025-11-25",
    variables: None,
    key: Some("claudecode/toolUseId"),
};

pub(crate) const CODEX: Habits = Habits {
    name: "codex-mcp-client",
    version: "0.171.0",
    protocol: "2025-06-18",
    variables: Some(&[
        "HOME", "PATH", "SHELL", "TERM", "LANG", "USER", "LOGNAME", "TMPDIR",
    ]),
    key: Some("callId"),
};

pub(crate) const OPENCODE: Habits = Habits {
    name: "opencode",
    version: "1.18.33",
    protocol: "2025-11-25",
    variables: None,
    key: None,
};

pub(crate) const GEMINI: Habits = Habits {
    name: "gemini-cli-mcp-client",
    version: "0.61.0",
    protocol: "2025-06-18",
    variables: None,
    key: None,
};

/// A running agent, which is the parent of the proxy.
pub(crate) struct Agent {
    habits: Habits,
    pub(crate) proxy: Child,
    stdin: Option<ChildStdin>,
    pub(crate) received: Lines,
    pub(crate) stderr: Lines,
    last_id: u64,
}

impl Agent {
    pub(crate) fn new(habits: Habits, mut proxy: Child) -> Self {
        let stdout = proxy.stdout.take().expect("a pipe");
        let stderr = proxy.stderr.take().expect("a pipe");
        Self {
            habits,
            stdin: proxy.stdin.take(),
            received: Lines::of(stdout),
            stderr: Lines::of(stderr),
            proxy,
            last_id: 0,
        }
    }

    /// Writes bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("not ended");
        stdin.write_all(bytes).expect("a reader");
        stdin.flush().expect("a reader");
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.write(format!("{message}\n").as_bytes());
    }

    /// Sends a request, and returns its id.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Begins a session, as far as the agent goes by itself.
    pub(crate) fn begin(&mut self) {
        let info = json!({ "name": self.habits.name, "version": self.habits.version });
        self.request(
            "initialize",
            &json!({ "protocolVersion": self.habits.protocol, "capabilities": {}, "clientInfo": info }),
        );
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        self.request("tools/list", &json!({}));
    }

    /// Takes the answers to [`begin`](Self::begin).
    pub(crate) fn has_begun(&self) {
        for _answer in 0..2 {
            let answer = self.received.next_json();
            assert!(answer["result"].is_object(), "{answer}");
        }
    }

    /// Calls a tool with a progress token, as all known agents do.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> u64 {
        let id = self.last_id + 1;
        let mut meta = json!({ "progressToken": id });
        if let Some(key) = self.habits.key {
            meta[key] = json!(format!("use_{id}"));
        }
        self.request(
            "tools/call",
            &json!({ "name": tool, "arguments": arguments, "_meta": meta }),
        )
    }

    /// Cancels a request.
    pub(crate) fn cancel(&mut self, id: u64, reason: &str) {
        let params = json!({ "requestId": id, "reason": reason });
        self.send(
            &json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }),
        );
    }

    /// Takes the next message but for signs of life, which answers a request with
    /// a text, and returns the text.
    pub(crate) fn text_of(&self, id: u64) -> String {
        let answer = loop {
            let message = self.received.next_json();
            if message["params"]["message"] != "held in fanout" {
                break message;
            }
        };
        assert_eq!(answer["id"], id, "{answer}");
        let text = answer["result"]["content"][0]["text"].as_str();
        text.unwrap_or_else(|| panic!("no text: {answer}"))
            .to_owned()
    }

    /// Closes the proxy's standard input.
    pub(crate) fn close(&mut self) {
        self.stdin = None;
    }

    /// Waits for the end of the proxy.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the end of the proxy", || {
            status = self.proxy.try_wait().expect("a child");
            status.is_some()
        });
        status.expect("a status")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _gone = self.proxy.kill();
        let _reaped = self.proxy.wait();
    }
}
