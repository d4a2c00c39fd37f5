//! The cost of standing between an agent and its server: round trips and start
//! of the bare server, beside those through `fanout mcp`.
//!
//! Without arguments it measures; with `serve` it is the server.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Runs of each kind, one after the other in turn, and round trips of a run.
const RUNS: usize = 8;
const TRIPS: u64 = 500;

/// Calls in flight at once, and bytes of an answer, where throughput is
/// measured.
const IN_FLIGHT: u64 = 64;
const LONG_ANSWER: usize = 100_000;

fn serve() -> io::Result<()> {
    let (stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    for line in stdin.lines() {
        let request: Value = serde_json::from_str(&line?).map_err(io::Error::other)?;
        let Some(id) = request.get("id") else {
            continue;
        };
        let result = if request["method"] == "tools/list" {
            let hints = json!({ "readOnlyHint": true });
            json!({ "tools": [{ "name": "echo", "inputSchema": {}, "annotations": hints }] })
        } else {
            let bytes = request["params"]["arguments"]["bytes"]
                .as_u64()
                .unwrap_or(60);
            json!({ "content": [{ "type": "text", "text": "x".repeat(bytes as usize) }] })
        };
        writeln!(
            stdout,
            "{}",
            json!({ "jsonrpc": "2.0", "id": id, "result": result })
        )?;
        stdout.flush()?;
    }
    Ok(())
}

/// A server that is spoken to, bare or through a proxy.
struct Session {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    last_id: u64,
}

impl Session {
    fn start(options: Option<&[&str]>, via: &Path) -> io::Result<Self> {
        let own = std::env::current_exe()?;
        let mut command = match options {
            None => Command::new(&own),
            Some(options) => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_fanout"));
                command.arg("mcp").arg("--via").arg(via).args(options);
                command.arg("--").arg(&own);
                command
            }
        };
        command
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let stdin = child.stdin.take().expect("a pipe");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut session = Self {
            child,
            stdin,
            stdout,
            last_id: 0,
        };
        session.send("tools/list", &json!({}))?;
        session.receive()?;
        Ok(session)
    }

    fn send(&mut self, method: &str, params: &Value) -> io::Result<()> {
        self.last_id += 1;
        let id = self.last_id;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        writeln!(self.stdin, "{request}")?;
        self.stdin.flush()
    }

    fn receive(&mut self) -> io::Result<usize> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)
    }

    fn call(&mut self, bytes: usize) -> io::Result<()> {
        self.send(
            "tools/call",
            &json!({ "name": "echo", "arguments": { "bytes": bytes } }),
        )
    }

    /// Median of round trips.
    fn round_trip(&mut self) -> io::Result<Duration> {
        let mut times = Vec::new();
        for _trip in 0..TRIPS {
            let begun = Instant::now();
            self.call(60)?;
            self.receive()?;
            times.push(begun.elapsed());
        }
        Ok(median(times))
    }

    /// Time of many long answers, with several calls in flight.
    fn throughput(&mut self) -> io::Result<Duration> {
        let begun = Instant::now();
        for _call in 0..IN_FLIGHT {
            self.call(LONG_ANSWER)?;
        }
        for answered in 0..2 * IN_FLIGHT {
            self.receive()?;
            if answered < IN_FLIGHT {
                self.call(LONG_ANSWER)?;
            }
        }
        Ok(begun.elapsed())
    }

    fn end(mut self) -> io::Result<()> {
        drop(self.stdin);
        self.child.wait().map(drop)
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() -> io::Result<()> {
    if std::env::args().any(|word| word == "serve") {
        return serve();
    }
    let folder = tempfile::tempdir()?;
    let via = folder.path().join("meeting");
    let kinds: [(&str, Option<&[&str]>); 3] = [
        ("bare", None),
        ("watch", Some(&[])),
        ("govern", Some(&["--govern"])),
    ];
    let mut trips = [const { Vec::new() }; 3];
    let mut starts = [const { Vec::new() }; 3];
    let mut floods = [const { Vec::new() }; 3];
    for _run in 0..RUNS {
        for (kind, (_, options)) in kinds.iter().enumerate() {
            let begun = Instant::now();
            let mut session = Session::start(*options, &via)?;
            starts[kind].push(begun.elapsed());
            trips[kind].push(session.round_trip()?);
            floods[kind].push(session.throughput()?);
            session.end()?;
        }
    }
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    let bare = millis(median(floods[0].clone()));
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "server   round trip, lowest / median of p50   start, median   throughput"
    )?;
    for (kind, (name, _)) in kinds.iter().enumerate() {
        let lowest = trips[kind].iter().min().copied().unwrap_or_default();
        writeln!(
            out,
            "{name:<8} {:>8.3} / {:.3} ms {:>26.1} ms {:>10.2} of bare",
            millis(lowest),
            millis(median(trips[kind].clone())),
            millis(median(starts[kind].clone())),
            bare / millis(median(floods[kind].clone())),
        )?;
    }
    Ok(())
}
