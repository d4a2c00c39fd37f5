//! What keeping and reading output costs: `cargo bench --bench output`.
//!
//! Prints one JSON object a line: name, milliseconds (median of the rounds),
//! and the unit of work.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::Instant;

use fanout::model::{AttemptNo, CallId};
use fanout::output::{Bounds, Position, Reader, Sink, Store, Stream, Streams, WindowRequest};

const GIB: usize = 1 << 30;
const PIECE: usize = 256 * 1024;
const ROUNDS: usize = 5;
const FLOOD: &str = "FANOUT_BENCH_FLOOD";

fn main() -> std::io::Result<()> {
    if std::env::var_os(FLOOD).is_some() {
        return print_flood();
    }
    let mut out = std::io::stdout();
    let mut print = |name: &str, unit: &str, times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        writeln!(
            out,
            "{{\"name\":\"{name}\",\"ms\":{median:.3},\"unit\":\"{unit}\",\"peak_rss_mib\":{}}}",
            peak_rss_mib()
        )
    };
    let folder = tempfile::tempdir()?;
    print(
        "cat to /dev/null",
        "1 GiB of lines, default pipe",
        &mut rounds(cat),
    )?;
    print(
        "pipe, read only",
        "1 GiB of lines, 1 MiB pipe",
        &mut rounds(|| pump(None)),
    )?;
    print(
        "pipe into a store",
        "1 GiB of lines, 1 MiB pipe",
        &mut rounds(|| pump(Some(&store(folder.path())))),
    )?;
    for (name, piece) in [
        ("push lines", lines()),
        ("push without newline", vec![b'x'; PIECE]),
    ] {
        print(
            name,
            "1 GiB with spill",
            &mut rounds(|| {
                let store = store(folder.path());
                push(&sink(&store), &piece);
            }),
        )?;
    }
    print(
        "push lines",
        "1 GiB without a disk",
        &mut rounds(|| {
            push(&sink(&Store::new(None, Bounds::default())), &lines());
        }),
    )?;
    let store = store(folder.path());
    let sink = sink(&store);
    for _ in 0..400 {
        sink.write(Stream::Stdout, &lines());
    }
    sink.finish();
    let reader = store.reader();
    let total = window(&reader, Position::Tail, Streams::Both);
    for (name, streams) in [
        ("window, one stream", Streams::Only(Stream::Stdout)),
        ("window, both", Streams::Both),
    ] {
        let mut line = 0;
        print(
            name,
            "1000 windows of 50 lines anywhere in 100 MiB on disk",
            &mut rounds(|| {
                for _ in 0..1000 {
                    line = (line + 7919 * 31) % total;
                    window(&reader, Position::Line(line), streams);
                }
            }),
        )?;
    }
    Ok(())
}

fn rounds(mut work: impl FnMut()) -> Vec<f64> {
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect()
}

fn store(folder: &std::path::Path) -> Store {
    let run = tempfile::tempdir_in(folder).expect("a folder can be made");
    Store::new(Some(run.keep()), Bounds::default())
}

fn sink(store: &Store) -> Sink {
    store.sink(CallId::from_index(0), AttemptNo(1))
}

fn lines() -> Vec<u8> {
    let line = b"src/net/pool.rs:88: // a line of ordinary length, as a search prints it\n";
    line.iter().copied().cycle().take(PIECE).collect()
}

fn push(sink: &Sink, piece: &[u8]) {
    for _ in 0..GIB / PIECE {
        sink.write(Stream::Stdout, piece);
        while sink.is_behind() {
            std::thread::yield_now();
        }
    }
    sink.finish();
}

fn window(reader: &Reader, from: Position, streams: Streams) -> u64 {
    let request = WindowRequest {
        from,
        streams,
        count: 50,
        ..WindowRequest::default()
    };
    let window = reader.window(CallId::from_index(0), &request);
    assert!(!window.lines.is_empty());
    window.total_lines
}

/// This program again, printing 1 GiB of lines.
fn flood() -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.env(FLOOD, "1").stdout(Stdio::piped());
    command
}

fn print_flood() -> std::io::Result<()> {
    let lines = lines();
    let mut out = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    for _ in 0..GIB / PIECE {
        out.write_all(&lines)?;
    }
    Ok(())
}

fn cat() {
    let mut child = flood().spawn().expect("this program runs again");
    let pipe = child.stdout.take().expect("its output is piped");
    let mut cat = Command::new("cat");
    let status = cat.stdin(pipe).stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()));
    assert!(child.wait().is_ok_and(|status| status.success()));
}

fn pump(store: Option<&Store>) {
    let mut child = flood().spawn().expect("this program runs again");
    let pipe = child.stdout.take().expect("its output is piped");
    rustix::pipe::fcntl_setpipe_size(pipe.as_fd(), 1 << 20).expect("the pipe can grow");
    let mut pipe = File::from(std::os::fd::OwnedFd::from(pipe));
    let sink = store.map(sink);
    let mut buffer = vec![0; PIECE];
    loop {
        let length = pipe.read(&mut buffer).expect("the pipe can be read");
        if length == 0 {
            break;
        }
        if let Some(sink) = &sink {
            sink.write(Stream::Stdout, &buffer[..length]);
            while sink.is_behind() {
                std::thread::yield_now();
            }
        }
    }
    assert!(child.wait().is_ok_and(|status| status.success()));
    if let Some(sink) = sink {
        sink.finish();
    }
}

/// Highest resident memory of this process so far, in MiB.
fn peak_rss_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
