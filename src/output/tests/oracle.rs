//! The store against a naive one that keeps everything.

use proptest::prelude::*;

use super::*;

/// Keeps all bytes and the order in which lines were completed.
#[derive(Default)]
pub(super) struct Naive {
    pub(super) bytes: [Vec<u8>; 2],
    open: [String; 2],
    pub(super) lines: Vec<(Stream, String)>,
}

impl Naive {
    pub(super) fn write(&mut self, stream: Stream, text: &str) {
        let i = stream.index();
        self.bytes[i].extend_from_slice(text.as_bytes());
        for letter in text.chars() {
            if letter == '\n' {
                self.lines.push((stream, std::mem::take(&mut self.open[i])));
            } else {
                self.open[i].push(letter);
            }
        }
    }

    pub(super) fn all(&self) -> Vec<(Stream, String)> {
        let open = Stream::BOTH.map(|stream| (stream, self.open[stream.index()].clone()));
        let open = open.into_iter().filter(|(_, text)| !text.is_empty());
        self.lines.iter().cloned().chain(open).collect()
    }
}

pub(super) fn writes() -> impl Strategy<Value = Vec<(Stream, String)>> {
    let stream = prop_oneof![Just(Stream::Stdout), Just(Stream::Stderr)];
    let text = prop_oneof![
        4 => "[a-z]{0,12}\n",
        2 => "[a-z\n]{0,60}",
        1 => "[a-z]{30,90}",
        1 => "\n{1,20}",
    ];
    prop::collection::vec((stream, text), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_a_disk_nothing_is_lost(writes in writes(), first in 0u64..80, count in 0usize..20) {
        let folder = tempfile::tempdir().expect("a folder");
        let bounds = Bounds { call_disk_bytes: 1 << 20, all_disk_bytes: 1 << 20, ..small() };
        let store = Store::new(Some(folder.path().join("run")), bounds);
        let (sink, reader) = (store.sink(call(1), ONE), store.reader());
        let mut naive = Naive::default();
        for (stream, text) in &writes {
            sink.write(*stream, text.as_bytes());
            naive.write(*stream, text);
            let request = WindowRequest { from: Position::Line(first), count, ..all() };
            let window = reader.window(call(1), &request);
            let expected: Vec<_> = naive.all().into_iter().skip(first as usize).take(count).collect();
            let seen: Vec<_> = window.lines.iter().map(|line| (line.stream, line.text.to_string())).collect();
            prop_assert_eq!(seen, expected);
            prop_assert_eq!(window.dropped_bytes, 0);
        }
        sink.finish();
        for stream in Stream::BOTH {
            let path = folder.path().join(format!("run/1.1.{}", stream.word()));
            let bytes = &naive.bytes[stream.index()];
            // Head, tail and an unfinished block stay in memory: no file is made.
            if bytes.len() < 32 + 48 + 16 {
                prop_assert!(!path.exists());
            } else {
                until("the file is whole", || std::fs::read(&path).is_ok_and(|file| file == *bytes));
            }
            let only = WindowRequest { streams: Streams::Only(stream), ..all() };
            let seen = texts(&reader.window(call(1), &only));
            let expected: Vec<_> = naive.all().into_iter().filter(|line| line.0 == stream).map(|line| line.1).collect();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn what_is_dropped_is_counted(
        writes in writes(),
        disk in prop_oneof![Just(None), Just(Some(0)), Just(Some(256)), Just(Some(600))],
        is_memory_short in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let bounds = Bounds {
            call_disk_bytes: disk.unwrap_or_default(),
            all_memory_bytes: if is_memory_short { 200 } else { 1 << 20 },
            ..small()
        };
        let store = Store::new(disk.map(|_| folder.path().join("run")), bounds);
        let (sink, reader) = (store.sink(call(1), ONE), store.reader());
        let mut naive = Naive::default();
        for (stream, text) in &writes {
            sink.write(*stream, text.as_bytes());
            naive.write(*stream, text);
            check(&store, &reader, &naive)?;
        }
        sink.finish();
        check(&store, &reader, &naive)?;
        drop((sink, store));
    }
}

/// Every line is either right, or cut, or counted as dropped.
fn check(store: &Store, reader: &OutputReader, naive: &Naive) -> Result<(), TestCaseError> {
    let window = reader.window(call(1), &all());
    let lines = naive.all();
    prop_assert_eq!(window.total_lines, lines.len() as u64);
    let mut number = 0;
    let mut dropped = 0;
    for line in &window.lines {
        prop_assert_eq!(line.number, number);
        let expected = &lines[number as usize];
        match line.kind {
            LineKind::Whole => {
                prop_assert_eq!(line.stream, expected.0);
                if !line.text.as_str().contains('…') {
                    prop_assert_eq!(line.text.as_str(), expected.1.as_str());
                }
                number += 1;
            }
            LineKind::Cut => {
                let text = line.text.as_str();
                prop_assert!(
                    expected.1.starts_with(text) || expected.1.ends_with(text),
                    "{text} of {}",
                    expected.1
                );
                number += 1;
            }
            LineKind::Dropped { lines } => {
                number += lines;
                dropped += lines;
                let again = WindowRequest {
                    from: Position::Line(number - 1),
                    count: 1,
                    ..all()
                };
                prop_assert_eq!(reader.window(call(1), &again).first, line.number);
            }
        }
    }
    prop_assert_eq!(number, lines.len() as u64);
    prop_assert_eq!(window.dropped_lines, dropped);
    for stream in Stream::BOTH {
        let bytes = &naive.bytes[stream.index()];
        let printed = match stream {
            Stream::Stdout => store.result(call(1)),
            Stream::Stderr => store.stderr_tail(call(1)),
        };
        prop_assert_eq!(printed.total, bytes.len() as u64);
        if !printed.is_truncated {
            prop_assert_eq!(&printed.bytes, bytes);
        }
    }
    Ok(())
}
