//! The store as a whole: what is kept, what is dropped, what is counted.

use std::time::{Duration, Instant};

use super::*;
use crate::model::{AttemptNo, CallId};

const ONE: AttemptNo = AttemptNo(1);

fn small() -> Bounds {
    Bounds {
        block_bytes: 16,
        head_bytes: 32,
        tail_bytes: 48,
        call_disk_bytes: 1024,
        all_disk_bytes: 4096,
        all_memory_bytes: 1 << 20,
        result_bytes: 512,
        attempts: 4,
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 10 s: {what}");
        std::thread::yield_now();
    }
}

fn call(number: usize) -> CallId {
    CallId::from_index(number - 1)
}

fn texts(window: &Window) -> Vec<String> {
    window
        .lines
        .iter()
        .map(|line| line.text.to_string())
        .collect()
}

fn all() -> WindowRequest {
    WindowRequest {
        from: Position::Line(0),
        count: 1000,
        ..WindowRequest::default()
    }
}

#[test]
fn lines_come_in_order_of_their_ends() {
    let store = Store::new(None, Bounds::default());
    let sink = store.sink(call(1), ONE);
    sink.write(Stream::Stdout, b"one\ntw");
    sink.write(Stream::Stderr, b"bad\n");
    sink.write(Stream::Stdout, b"o\nthr");
    let window = store.reader().window(call(1), &all());
    assert_eq!(texts(&window), ["one", "bad", "two", "thr"]);
    assert_eq!(window.lines[1].stream, Stream::Stderr);
    assert_eq!(window.total_lines, 4);
    let stat = store.stat(call(1));
    assert_eq!(
        (stat.stdout_bytes, stat.stderr_bytes, stat.lines),
        (11, 4, 3)
    );
    assert_eq!(&*stat.last_line, "thr");
    assert_eq!(store.take_changed(), [call(1)]);
    assert_eq!(store.take_changed(), []);
}

#[test]
fn any_number_of_threads_ask_at_once_how_much_a_call_printed() {
    const THREADS: usize = 4;
    const TIMES: usize = 2000;
    let store = Store::new(None, Bounds::default());
    let sink = std::sync::Arc::new(store.sink(call(1), ONE));
    let (sender, done) = std::sync::mpsc::sync_channel(THREADS);
    for _ in 0..THREADS {
        let (store, sink, sender) = (store.clone(), sink.clone(), sender.clone());
        std::thread::spawn(move || {
            for number in 0..TIMES {
                sink.write(Stream::Stdout, format!("line {number}\n").as_bytes());
                store.stat(call(1));
            }
            sender.send(store.stat(call(1)).lines)
        });
    }
    for _ in 0..THREADS {
        let lines = done.recv_timeout(Duration::from_mins(1));
        assert!(lines.expect("no thread waits for another") > 0);
    }
    assert_eq!(store.stat(call(1)).lines, (THREADS * TIMES) as u64);
}

#[test]
fn what_was_forgotten_takes_no_memory() {
    let store = Store::new(None, Bounds::default());
    let one_call = || {
        let sink = store.sink(call(1), ONE);
        sink.write(Stream::Stdout, b"one\n");
        sink.finish();
        let attempt = store.shared.output(call(1)).and_then(|it| it.attempt(None));
        store.forget(call(1));
        std::sync::Arc::downgrade(&attempt.expect("it printed"))
    };
    let first = one_call();
    until("the first attempt is gone", || {
        one_call();
        first.strong_count() == 0
    });
}

#[test]
fn without_a_folder_the_middle_is_dropped_and_counted() {
    let store = Store::new(None, small());
    let sink = store.sink(call(1), ONE);
    for i in 0..100 {
        sink.write(Stream::Stdout, format!("line {i}\n").as_bytes());
    }
    let stat = store.stat(call(1));
    let window = store.reader().window(call(1), &all());
    assert!(stat.dropped_bytes > 0);
    assert_eq!(window.dropped_bytes, stat.dropped_bytes);
    let texts = texts(&window);
    assert_eq!(&texts[..3], ["line 0", "line 1", "line 2"]);
    assert_eq!(texts.last().map(String::as_str), Some("line 99"));
    assert_eq!(window.lines.last().map(|line| line.number), Some(99));
    let shown = window
        .lines
        .iter()
        .filter(|line| !matches!(line.kind, LineKind::Dropped { .. }));
    assert_eq!(shown.count() as u64 + window.dropped_lines, 100);
    let result = store.result(call(1));
    assert!(result.is_truncated && result.bytes.ends_with(b"line 99\n"));
}

#[test]
fn sgr_becomes_a_style_and_all_else_is_named() {
    let text = Safe::new("\u{1b}[31mred\u{1b}[0m \u{1b}]0;t\u{7} \u{202e}x a\tb");
    assert_eq!(text.as_str(), "red ^[]0;t^G <U+202E>x a        b");
    let first = text.spans().next().expect("there is a first span");
    assert_eq!(first.0, "red");
    assert_eq!(first.1.foreground, Some(Colour::Ansi(1)));
}

mod oracle;
mod reading;
mod text;

fn printed(store: &Store) -> Vec<u8> {
    let request = CopyRequest {
        attempt: None,
        streams: Streams::Only(Stream::Stdout),
        lines: 0..u64::MAX,
        form: CopyForm::Raw,
        limit_bytes: u64::MAX,
    };
    let mut bytes = Vec::new();
    let copied = store.reader().copy(call(1), &request, &mut bytes);
    copied.expect("memory takes anything");
    bytes
}

#[test]
fn an_output_as_long_as_the_disk_bound_loses_nothing() {
    for total in [880, 897, 1007, 1023, 1024] {
        for piece in [1, 40, 1024] {
            let folder = tempfile::tempdir().expect("a folder");
            let store = Store::new(Some(folder.path().join("run")), small());
            let bytes: Vec<u8> = (0..total).map(|at: u32| b'a' + (at % 26) as u8).collect();
            let sink = store.sink(call(1), ONE);
            for piece in bytes.chunks(piece) {
                sink.write(Stream::Stdout, piece);
            }
            sink.finish();
            let stat = store.stat(call(1));
            assert_eq!(stat.dropped_bytes, 0, "{total} bytes, {piece} at a time");
            assert!(printed(&store) == bytes, "{total} bytes, {piece} at a time");
        }
    }
}

#[test]
fn an_output_longer_than_the_disk_bound_is_truncated_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::new(Some(folder.path().join("run")), small());
    let sink = store.sink(call(1), ONE);
    for _ in 0..200 {
        sink.write(Stream::Stdout, b"0123456789abcdef");
    }
    sink.finish();
    until("bytes were dropped", || {
        store.stat(call(1)).dropped_bytes > 0
    });
    let result = store.result(call(1));
    assert!(result.is_truncated);
    assert_eq!(result.total, 3200);
    let text = String::from_utf8(printed(&store)).expect("text");
    assert!(text.contains("bytes dropped"), "{text}");
    assert!(store.disk_bytes() <= 1024);
}

#[test]
fn a_spill_file_that_is_gone_is_said_where_its_bytes_would_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    let store = Store::new(Some(run.clone()), small());
    let sink = store.sink(call(1), ONE);
    sink.write(Stream::Stdout, &[b'x'; 600]);
    sink.finish();
    until("all is on disk", || store.disk_bytes() >= 600);
    std::fs::remove_dir_all(&run).expect("removed");
    let text = String::from_utf8(printed(&store)).expect("text");
    assert!(text.contains("bytes cannot be read"), "{text}");
    assert!(store.result(call(1)).is_truncated);
}
