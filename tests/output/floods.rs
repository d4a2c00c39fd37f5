//! Much output: bounded memory, exact counts, the right tail.

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;

use fanout::output::{Bounds, LineKind, Position, Stream, Streams, WindowRequest};

use super::*;

/// The default bounds, with less disk, so that a flood reaches it sooner.
fn bounds() -> Bounds {
    Bounds {
        call_disk_bytes: 16 * MIB as u64,
        ..Bounds::default()
    }
}

#[test]
fn torture_34_one_line_without_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path(), bounds());
    let sink = sink(&store);
    let before = resident_bytes();
    let piece = vec![b'x'; MIB / 4];
    for _ in 0..256 {
        write(&sink, Stream::Stdout, &piece);
    }
    sink.write(Stream::Stdout, b"the end");
    sink.finish();
    assert!(resident_bytes().saturating_sub(before) < 60 * MIB);
    let total = 64 * MIB as u64 + 7;
    let stat = store.stat(call());
    assert_eq!((stat.stdout_bytes, stat.lines), (total, 0));
    // The disk took no more than its bound, and memory no more than its own.
    assert!(stat.dropped_bytes >= total - (16 + 2) * MIB as u64);
    assert!(store.disk_bytes() <= 16 * MIB as u64);
    let result = store.result(call());
    assert!(result.is_truncated && result.total == total);
    assert!(result.bytes.starts_with(b"xxx") && result.bytes.ends_with(b"the end"));
    let text = String::from_utf8_lossy(&result.bytes);
    let marker = text.lines().nth(1).expect("a line counts what is left out");
    let count = marker.trim_matches(|letter: char| !letter.is_ascii_digit());
    let kept = (result.bytes.len() - marker.len() - 2) as u64;
    assert_eq!(count.parse(), Ok(total - kept));
    let window = tail(&store, 5);
    assert_eq!((window.total_lines, window.lines.len()), (1, 1));
    assert!(window.lines[0].text.as_str().ends_with("the end"));
}

#[test]
fn torture_35_many_short_lines_on_both_streams() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path(), bounds());
    let sink = sink(&store);
    let before = resident_bytes();
    let (lines, errors) = (b"y\n".repeat(100_000), b"e\n".repeat(1000));
    for _ in 0..100 {
        write(&sink, Stream::Stdout, &lines);
        write(&sink, Stream::Stderr, &errors);
    }
    sink.write(Stream::Stderr, b"last error\n");
    sink.write(Stream::Stdout, b"last line\n");
    sink.finish();
    assert!(resident_bytes().saturating_sub(before) < 60 * MIB);
    assert_eq!(store.stat(call()).lines, 10_100_002);
    let window = tail(&store, 3);
    assert_eq!(window.total_lines, 10_100_002);
    let texts: Vec<_> = window.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["e", "last error", "last line"]);
    let numbers: Vec<_> = window.lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [10_099_999, 10_100_000, 10_100_001]);
}

#[test]
fn the_middle_of_a_flood_is_dropped_counted_and_passed_by() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path(), bounds());
    let sink = sink(&store);
    let mut text = String::new();
    for line in 0..3_000_000_u32 {
        writeln!(text, "{line:>9}").expect("a string takes everything");
        if text.len() > MIB / 4 {
            write(&sink, Stream::Stdout, text.as_bytes());
            text.clear();
        }
    }
    write(&sink, Stream::Stdout, text.as_bytes());
    sink.finish();
    let reader = store.reader();
    let all = tail(&store, 0);
    assert!(all.dropped_lines > 1_000_000 && all.total_lines == 3_000_000);
    let at = |line: u64| {
        let request = WindowRequest {
            streams: Streams::Only(Stream::Stdout),
            from: Position::Line(line),
            count: 3,
            ..WindowRequest::default()
        };
        reader.window(call(), &request)
    };
    for line in [0, 1000, 1_000_000, 2_999_000] {
        let window = at(line);
        assert_eq!(
            (window.first, window.lines[0].kind),
            (line, LineKind::Whole)
        );
        assert_eq!(window.lines[0].text.as_str().trim(), line.to_string());
    }
    let gap = at(2_000_000);
    assert_eq!(
        gap.lines[0].kind,
        LineKind::Dropped {
            lines: all.dropped_lines
        }
    );
    assert_eq!(gap.lines[1].number, gap.first + all.dropped_lines);
    assert_eq!(
        gap.lines[2].text.as_str().trim(),
        gap.lines[2].number.to_string()
    );
}

#[test]
fn files_are_made_late_and_for_their_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path(), Bounds::default());
    let sink = sink(&store);
    sink.write(Stream::Stdout, &vec![b'a'; MIB]);
    sink.finish();
    assert!(
        !folder.path().join("run").exists(),
        "a small output makes no file"
    );
    let second = store.sink(call(), fanout::model::AttemptNo(2));
    for _ in 0..8 {
        write(&second, Stream::Stdout, &vec![b'b'; MIB]);
    }
    second.finish();
    let path = folder.path().join("run/1.2.stdout");
    until("the file is whole", || {
        std::fs::metadata(&path).is_ok_and(|file| file.len() == 8 * MIB as u64)
    });
    let mode = |path: &Path| {
        let found = std::fs::metadata(path).expect("it exists");
        found.permissions().mode() & 0o777
    };
    assert_eq!(
        (mode(&path), mode(&folder.path().join("run"))),
        (0o600, 0o700)
    );
    let earlier = WindowRequest {
        attempt: Some(fanout::model::AttemptNo(1)),
        count: 1,
        ..WindowRequest::default()
    };
    let window = store.reader().window(call(), &earlier);
    assert!(window.lines[0].text.as_str().starts_with("aaa"));
}

#[test]
fn a_disk_that_cannot_be_used_costs_output_and_is_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocked = folder.path().join("run");
    std::fs::write(&blocked, "a file where the folder should be").expect("it can be written");
    let store = store(folder.path(), Bounds::default());
    let sink = sink(&store);
    for _ in 0..8 {
        write(&sink, Stream::Stdout, &b"z\n".repeat(MIB / 2));
    }
    until("the problem is known", || store.problem().is_some());
    sink.write(Stream::Stdout, &b"z\n".repeat(MIB / 2));
    sink.finish();
    assert!(store.stat(call()).dropped_bytes > 0);
    assert_eq!(store.stat(call()).stdout_bytes, 9 * MIB as u64);
}

#[test]
fn ended_calls_give_memory_back_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds {
        all_memory_bytes: 4 * MIB as u64,
        ..Bounds::default()
    };
    let store = store(folder.path(), bounds);
    for index in 0..16 {
        let sink = store.sink(CallId::from_index(index), AttemptNo(1));
        sink.write(
            Stream::Stdout,
            format!("{index}\n").repeat(MIB / 3).as_bytes(),
        );
        sink.finish();
    }
    until("memory is back within its bound", || {
        store.memory_bytes() <= 4 * MIB as u64
    });
    for index in 0..16 {
        let id = CallId::from_index(index);
        let expected = format!("{index}\n").repeat(MIB / 3);
        assert_eq!(store.stat(id).dropped_bytes, 0);
        assert!(store.result(id).bytes == expected.as_bytes());
    }
}

#[test]
fn an_evicted_output_never_looks_whole() {
    let bounds = Bounds {
        all_memory_bytes: 4 * MIB as u64,
        ..Bounds::default()
    };
    // Without a folder nothing but the last bytes of ended calls can stay.
    let store = Store::new(None, bounds);
    for index in 0..16 {
        let sink = store.sink(CallId::from_index(index), AttemptNo(1));
        sink.write(Stream::Stdout, &b"z\n".repeat(MIB / 2));
        sink.finish();
    }
    until("memory is back within its bound", || {
        store.memory_bytes() <= 4 * MIB as u64
    });
    let first = CallId::from_index(0);
    assert!(store.stat(first).dropped_bytes > 0);
    let value = store.output_value(first, fanout::model::OutputKind::Auto);
    assert!(value.is_truncated);
    let result = store.result(first);
    assert!(result.is_truncated && result.total == MIB as u64);
}
