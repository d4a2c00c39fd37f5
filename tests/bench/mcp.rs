//! Throughput of tool calls on a server that nobody here wrote, beside two bare
//! clients: `cargo bench --bench mcp`.
//!
//! 10,000 calls of `echo` on `server-everything` over its pipes, in turn by
//! `fanout run`, by a bare client on rmcp and by one that only writes and reads
//! lines. The server is the one that `tests/interop.sh` installs, or the file
//! that `FANOUT_BENCH_SERVER` names.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use rmcp::ClientServiceExt;
use rmcp::model::{CallToolRequestParams, ClientConfig};
use rmcp::service::ClientLifecycleMode;
use serde_json::{Value, json};

const ROUNDS: usize = 3;
const IN_FLIGHT: [usize; 2] = [1, 10];

fn calls() -> usize {
    let named = std::env::var("FANOUT_BENCH_CALLS").ok();
    named.and_then(|it| it.parse().ok()).unwrap_or(10_000)
}

fn server() -> PathBuf {
    if let Some(named) = std::env::var_os("FANOUT_BENCH_SERVER") {
        return named.into();
    }
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), Into::into);
    let package = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";
    cache.join("fanout-interop").join(package)
}

/// What one client took.
#[derive(Debug, Clone, Copy)]
struct Taken {
    whole: Duration,
    p99: Duration,
}

impl Taken {
    fn of(whole: Duration, mut times: Vec<Duration>) -> Self {
        times.sort();
        let p99 = times[(times.len() * 99 / 100).min(times.len() - 1)];
        Self { whole, p99 }
    }
}

fn median(mut taken: Vec<Taken>) -> Taken {
    let mut p99: Vec<Duration> = taken.iter().map(|it| it.p99).collect();
    p99.sort();
    taken.sort_by_key(|it| it.whole);
    Taken {
        whole: taken[taken.len() / 2].whole,
        p99: p99[p99.len() / 2],
    }
}

/// Writes and reads lines, and nothing else.
fn raw(server: &Path, in_flight: usize) -> io::Result<Taken> {
    let mut child = Command::new("node")
        .arg(server)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let send = |stdin: &mut ChildStdin, message: &Value| writeln!(stdin, "{message}");
    let hello = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": { "name": "raw", "version": "1" },
    });
    send(
        &mut stdin,
        &json!({ "jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello }),
    )?;
    answer(&mut stdout)?;
    send(
        &mut stdin,
        &json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
    )?;
    let count = calls();
    let mut begun_at = vec![Instant::now(); count];
    let mut times = Vec::with_capacity(count);
    let begun = Instant::now();
    let mut next = 0;
    while times.len() < count {
        while next < count && next - times.len() < in_flight {
            begun_at[next] = Instant::now();
            let params = json!({ "name": "echo", "arguments": { "message": "hello" } });
            let call =
                json!({ "jsonrpc": "2.0", "id": next, "method": "tools/call", "params": params });
            send(&mut stdin, &call)?;
            next += 1;
        }
        let id = answer(&mut stdout)?["id"].as_u64().expect("an id") as usize;
        times.push(begun_at[id].elapsed());
    }
    let whole = begun.elapsed();
    drop(stdin);
    ended(child)?;
    Ok(Taken::of(whole, times))
}

/// Reads lines up to one that answers something.
fn answer(stdout: &mut impl BufRead) -> io::Result<Value> {
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let message: Value = serde_json::from_str(&line).map_err(io::Error::other)?;
        if message.get("id").is_some() && message.get("method").is_none() {
            return Ok(message);
        }
    }
}

fn ended(mut child: Child) -> io::Result<()> {
    child.wait().map(drop)
}

/// A bare client on rmcp.
async fn bare(server: &Path, in_flight: usize) -> io::Result<Taken> {
    let mut child = tokio::process::Command::new("node")
        .arg(server)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let stdin = child.stdin.take().expect("a pipe");
    let stdout = child.stdout.take().expect("a pipe");
    let handshake = ClientLifecycleMode::Initialize;
    let client = ClientConfig::default();
    let service = client
        .serve_with_lifecycle((stdout, stdin), handshake)
        .await;
    let service = service.map_err(io::Error::other)?;
    let peer = service.peer().clone();
    let begun = Instant::now();
    let times = stream::iter(0..calls()).map(|_| {
        let peer = peer.clone();
        async move {
            let arguments = json!({ "message": "hello" }).as_object().cloned();
            let params = CallToolRequestParams::new("echo");
            let params = params.with_arguments(arguments.unwrap_or_default());
            let begun = Instant::now();
            peer.call_tool(params).await.map_err(io::Error::other)?;
            Ok(begun.elapsed())
        }
    });
    let times: Vec<io::Result<Duration>> = times.buffer_unordered(in_flight).collect().await;
    let whole = begun.elapsed();
    let times: io::Result<Vec<Duration>> = times.into_iter().collect();
    drop(service);
    child.kill().await?;
    Ok(Taken::of(whole, times?))
}

/// `fanout run`, by its own report.
fn fanout(folder: &Path, in_flight: usize) -> io::Result<Taken> {
    let named = std::env::var_os("FANOUT_BENCH_PROGRAM");
    let program = named.unwrap_or_else(|| env!("CARGO_BIN_EXE_fanout").into());
    let status = Command::new(program)
        .args([
            "run",
            "plan.json",
            "--catalogue",
            "servers.toml",
            "--plain",
            "--no-history",
        ])
        .args(["--report", "report.json", "--cap", &in_flight.to_string()])
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()?;
    assert!(status.success(), "fanout ended with {status}");
    let report = std::fs::read(folder.join("report.json"))?;
    let report: Value = serde_json::from_slice(&report).map_err(io::Error::other)?;
    let ms = |value: &Value| Duration::from_secs_f64(value.as_f64().expect("a time") / 1000.0);
    let calls = report["calls"].as_array().expect("calls");
    let times = calls
        .iter()
        .map(|call| ms(&call["ended_ms"]).saturating_sub(ms(&call["started_ms"])));
    Ok(Taken::of(ms(&report["wall_ms"]), times.collect()))
}

fn place(folder: &Path, server: &Path) -> io::Result<()> {
    let catalogue = format!(
        "[mcp.everything]\ncommand = [\"node\", {:?}]\nparallel = true\n",
        server.display().to_string()
    );
    std::fs::write(folder.join("servers.toml"), catalogue)?;
    let call = json!({ "tool": "everything.echo", "args": { "message": "hello" } });
    let plan = json!({ "call": vec![call; calls()] });
    std::fs::write(folder.join("plan.json"), plan.to_string())
}

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    let server = server();
    if !server.exists() {
        writeln!(
            io::stderr(),
            "{} is not there: tests/interop.sh installs it",
            server.display()
        )?;
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    place(folder.path(), &server)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    writeln!(
        out,
        "{} calls of echo, median of {ROUNDS} rounds in turn",
        calls()
    )?;
    for in_flight in IN_FLIGHT {
        let (mut ours, mut bares, mut raws) = (Vec::new(), Vec::new(), Vec::new());
        for _round in 0..ROUNDS {
            raws.push(raw(&server, in_flight)?);
            bares.push(runtime.block_on(bare(&server, in_flight))?);
            ours.push(fanout(folder.path(), in_flight)?);
        }
        let (ours, bare, raw) = (median(ours), median(bares), median(raws));
        for (name, taken) in [("fanout", ours), ("rmcp", bare), ("raw", raw)] {
            let rate = calls() as f64 / taken.whole.as_secs_f64();
            writeln!(
                out,
                "{in_flight:>3} in flight  {name:<7} {rate:>8.0} calls/s  p99 {:?}",
                taken.p99
            )?;
        }
        writeln!(
            out,
            "{in_flight:>3} in flight  fanout/rmcp {:.2} (0.6 wanted)  fanout/raw {:.2}  p99 {:.2} of rmcp's (2 at most)",
            bare.whole.as_secs_f64() / ours.whole.as_secs_f64(),
            raw.whole.as_secs_f64() / ours.whole.as_secs_f64(),
            ours.p99.as_secs_f64() / bare.p99.as_secs_f64(),
        )?;
    }
    Ok(())
}
