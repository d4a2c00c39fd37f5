//! A server that the test plays: its process only passes its two streams on to
//! pipes in the test's folder.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use rustix::fs::{FileType, Mode, mknodat};
use serde_json::{Value, json};

use crate::lines::Lines;

/// Passes standard input to `down`, and `up` to standard output.
const PASSING: &str = "cat < \"$0/up\" & exec cat > \"$0/down\"";

/// The server's other end. Dropped, the server's standard output ends.
pub(crate) struct Server {
    pub(crate) received: Lines,
    up: File,
}

impl Server {
    /// Makes the pipes, and returns the command of the process.
    pub(crate) fn prepare(folder: &Path) -> Vec<String> {
        std::fs::create_dir_all(folder).expect("a folder");
        for name in ["up", "down"] {
            let mode = Mode::RUSR | Mode::WUSR;
            let path = folder.join(name);
            mknodat(rustix::fs::CWD, path, FileType::Fifo, mode, 0).expect("a pipe");
        }
        let folder = folder.to_str().expect("text").to_owned();
        ["/bin/sh", "-c", PASSING]
            .map(str::to_owned)
            .into_iter()
            .chain([folder])
            .collect()
    }

    /// Waits for the process.
    pub(crate) fn connect(folder: &Path) -> Self {
        // Opening waits for the other side of each pipe.
        let down = File::open(folder.join("down")).expect("a pipe");
        let up = File::create(folder.join("up")).expect("a pipe");
        let received = Lines::of(down);
        Self { received, up }
    }

    /// Writes bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.up.write_all(bytes).expect("a reader");
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.write(format!("{message}\n").as_bytes());
    }

    /// Answers a request with a text.
    pub(crate) fn answer(&mut self, request: &Value, text: &str) {
        let content = json!([{ "type": "text", "text": text }]);
        let result = json!({ "content": content });
        self.send(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }));
    }

    /// Takes the next message and checks its method.
    pub(crate) fn expect(&self, method: &str) -> Value {
        let message = self.received.next_json();
        assert_eq!(message["method"], method, "{message}");
        message
    }

    /// Plays the beginning of a session of the older era.
    pub(crate) fn begin(&mut self, tools: &Value) {
        let initialize = self.expect("initialize");
        let result = json!({
            "protocolVersion": initialize["params"]["protocolVersion"],
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "played", "version": "1" },
        });
        self.send(&json!({ "jsonrpc": "2.0", "id": initialize["id"], "result": result }));
        self.expect("notifications/initialized");
        let list = self.expect("tools/list");
        let result = json!({ "tools": tools });
        self.send(&json!({ "jsonrpc": "2.0", "id": list["id"], "result": result }));
    }
}

/// Tools: `look` only reads, `change` does not.
pub(crate) fn tools() -> Value {
    json!([
        { "name": "look", "inputSchema": { "type": "object" },
          "annotations": { "readOnlyHint": true } },
        { "name": "change", "inputSchema": { "type": "object" } },
    ])
}
