//! What keeping and reading output costs: `cargo bench --bench output`.
//!
//! Prints one JSON object a line: name, milliseconds of wall time and of CPU
//! time (medians of the rounds; CPU time includes that of children), and the
//! unit of work.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::Instant;

use fanout::model::{AttemptNo, CallId};
use fanout::output::{Bounds, OutputReader, Position, Sink, Store, Stream, Streams, WindowRequest};

const GIB: usize = 1 << 30;
const PIECE: usize = 256 * 1024;
const ROUNDS: usize = 5;
const FLOOD: &str = "FANOUT_BENCH_FLOOD";

fn main() -> std::io::Result<()> {
    if std::env::var_os(FLOOD).is_some() {
        return print_flood();
    }
    let mut out = std::io::stdout();
    let mut print = |name: &str, unit: &str, times: &mut [Vec<f64>; 2]| {
        let [wall, cpu] = times.each_mut().map(|times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        let rss = peak_rss_mib();
        writeln!(
            out,
            r#"{{"name":"{name}","ms":{wall:.1},"cpu_ms":{cpu:.0},"unit":"{unit}","peak_rss_mib":{rss}}}"#
        )
    };
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
        &mut rounds(|| pump(Some(&store().0))),
    )?;
    for (name, piece) in [
        ("push lines", lines()),
        ("push without newline", vec![b'x'; PIECE]),
    ] {
        print(
            name,
            "1 GiB with spill",
            &mut rounds(|| {
                let (store, _folder) = store();
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
    let (store, _folder) = store();
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

fn rounds(mut work: impl FnMut()) -> [Vec<f64>; 2] {
    let rounds = (0..ROUNDS).map(|_| {
        let (start, cpu) = (Instant::now(), cpu_ms());
        work();
        (start.elapsed().as_secs_f64() * 1000.0, cpu_ms() - cpu)
    });
    let (wall, cpu) = rounds.unzip();
    [wall, cpu]
}

/// CPU time of this process and its ended children so far, by
/// `proc_pid_stat(5)`; a tick is 10 ms.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: u32 = fields
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum();
    f64::from(ticks) * 10.0
}

/// A store with a folder that goes away with it.
fn store() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let store = Store::new(Some(folder.path().join("run")), Bounds::default());
    (store, folder)
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
        catch_up(sink);
    }
    sink.finish();
}

/// Waits as a pump does.
fn catch_up(sink: &Sink) {
    if sink.is_behind() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime
            .expect("a runtime can be built")
            .block_on(sink.caught_up());
    }
}

fn window(reader: &OutputReader, from: Position, streams: Streams) -> u64 {
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
            catch_up(sink);
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
