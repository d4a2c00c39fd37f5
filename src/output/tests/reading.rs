//! Searches, filters, copies and combinations against naive ones.

use proptest::prelude::*;

use super::oracle::{Naive, writes};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_what_a_naive_one_finds(
        writes in writes(),
        from in 0u64..80,
        budget_bytes in prop_oneof![Just(0u64), Just(16), Just(40), Just(1 << 20)],
        is_backward in any::<bool>(),
        source in prop_oneof![Just("a"), Just("^b"), Just("[xyz]$"), Just("a.*b"), Just("^$"), Just("q\\s*r")],
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let bounds = Bounds { call_disk_bytes: 1 << 20, all_disk_bytes: 1 << 20, ..small() };
        let store = Store::new(Some(folder.path().join("run")), bounds);
        let (sink, reader) = (store.sink(call(1), ONE), store.reader());
        let mut naive = Naive::default();
        for (stream, text) in &writes {
            sink.write(*stream, text.as_bytes());
            naive.write(*stream, text);
        }
        let pattern = Pattern::regex(source).expect("it is a regular expression");
        let regex = regex::Regex::new(source).expect("it is a regular expression");
        for choice in [Streams::Both, Streams::Only(Stream::Stderr)] {
            let lines: Vec<_> = naive.all().into_iter()
                .filter(|line| choice == Streams::Both || line.0 == Stream::Stderr)
                .collect();
            let mut hits = lines.iter().enumerate()
                .filter(|(_, line)| regex.is_match(&line.1))
                .map(|(number, _)| number as u64);
            let (direction, expected) = if is_backward {
                (Direction::Backward, hits.rfind(|hit| *hit <= from))
            } else {
                (Direction::Forward, hits.find(|hit| *hit >= from))
            };
            let mut request = SearchRequest { attempt: None, streams: choice, from, direction, budget_bytes };
            let mut steps = 0;
            let found = loop {
                match reader.search(call(1), &request, &pattern) {
                    SearchProgress::At(line) => break Some(line),
                    SearchProgress::Nothing => break None,
                    SearchProgress::NotYet { from } => request.from = from,
                }
                steps += 1;
                prop_assert!(steps < 2000, "the search goes on");
            };
            prop_assert_eq!(found, expected);
        }
    }
}

/// Writes to two calls in turn. Returns the store, a naive store of each, and
/// all lines in the order in which they were completed.
struct Two {
    store: Store,
    naive: [Naive; 2],
    arrived: Vec<(CallId, String)>,
    _folder: tempfile::TempDir,
}

fn two(writes: &[(Stream, String)], pause_at: usize, mut pause: impl FnMut(&Store)) -> Two {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds {
        call_disk_bytes: 1 << 20,
        all_disk_bytes: 1 << 20,
        ..small()
    };
    let store = Store::new(Some(folder.path().join("run")), bounds);
    let sinks = [1, 2].map(|number| store.sink(call(number), ONE));
    let mut naive = [Naive::default(), Naive::default()];
    let mut arrived = Vec::new();
    for (i, (stream, text)) in writes.iter().enumerate() {
        let which = i * 7 % 3 % 2;
        sinks[which].write(*stream, text.as_bytes());
        let before = naive[which].lines.len();
        naive[which].write(*stream, text);
        let lines = naive[which].lines[before..].iter();
        arrived.extend(lines.map(|line| (call(which + 1), line.1.clone())));
        if i == pause_at {
            pause(&store);
        }
    }
    Two {
        store,
        naive,
        arrived,
        _folder: folder,
    }
}

fn some<T: Clone>(all: &[T], first: u64, count: usize) -> Vec<T> {
    all.iter()
        .skip(first as usize)
        .take(count)
        .cloned()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_keeps_what_matches(
        writes in writes(),
        pause_at in 0usize..60,
        first in 0u64..30,
        budget in prop_oneof![Just(0u64), Just(40), Just(1 << 20)],
    ) {
        let pattern = Pattern::text("a").expect("it is a pattern");
        let mut filter = Filter::new(call(1), None, Streams::Both, pattern);
        let two = two(&writes, pause_at, |store| {
            store.reader().extend(&mut filter, budget);
        });
        let reader = two.store.reader();
        while reader.extend(&mut filter, budget) {}
        let lines = two.naive[0].all().into_iter().map(|line| line.1);
        let hits: Vec<_> = lines.filter(|line| line.contains('a')).collect();
        let matches = reader.matches(&filter, Position::Line(first), 7);
        prop_assert_eq!(matches.total, hits.len() as u64);
        let seen: Vec<_> = matches.lines.iter().map(|line| line.text.to_string()).collect();
        prop_assert_eq!(seen, some(&hits, first, 7));
        let request = CopyRequest {
            attempt: None,
            streams: Streams::Both,
            lines: 0..u64::MAX,
            form: CopyForm::Raw,
            limit_bytes: u64::MAX,
        };
        let pattern = Pattern::text("a").expect("it is a pattern");
        let mut fresh = Filter::new(call(1), None, Streams::Both, pattern);
        let mut text = Vec::new();
        let copied = reader.copy_matches(&mut fresh, &request, &mut text).expect("a vector takes everything");
        prop_assert_eq!(copied.lines, hits.len() as u64);
        let text = String::from_utf8(text).expect("it is text");
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        prop_assert_eq!(lines, hits);
    }

    #[test]
    fn a_copy_is_exact_or_text(writes in writes(), first in 0u64..30) {
        let Two { store, naive, _folder, .. } = two(&writes, 0, |_| {});
        let mut request = CopyRequest {
            attempt: None,
            streams: Streams::Only(Stream::Stdout),
            lines: 0..u64::MAX,
            form: CopyForm::Raw,
            limit_bytes: u64::MAX,
        };
        let mut raw = Vec::new();
        let copied = store.reader().copy(call(1), &request, &mut raw).expect("a vector takes everything");
        prop_assert_eq!(&raw, &naive[0].bytes[0]);
        prop_assert_eq!(copied.bytes, raw.len() as u64);
        request = CopyRequest { streams: Streams::Both, form: CopyForm::Text, lines: first..first + 5, ..request };
        let mut text = Vec::new();
        store.reader().copy(call(1), &request, &mut text).expect("a vector takes everything");
        let lines: Vec<_> = naive[0].all().into_iter().map(|line| line.1).collect();
        let expected = some(&lines, first, 5).join("\n");
        let text = String::from_utf8(text).expect("it is text");
        prop_assert_eq!(text.trim_end_matches('\n'), expected.trim_end_matches('\n'));
        request = CopyRequest { streams: Streams::Only(Stream::Stdout), form: CopyForm::Raw, lines: 0..9, limit_bytes: 5, ..request };
        let mut cut = Vec::new();
        let copied = store.reader().copy(call(1), &request, &mut cut).expect("a vector takes everything");
        prop_assert!(naive[0].bytes[0].starts_with(&cut) && cut.len() <= 5);
        prop_assert!(copied.is_cut || cut.len() < 5 || copied.bytes == 5);
    }

    #[test]
    fn several_calls_are_one(writes in writes(), first in 0u64..30) {
        let Two { store, naive, arrived, _folder } = two(&writes, 0, |_| {});
        let reader = store.reader();
        let latest = reader.interleaved(Position::Line(first), 9);
        let lines: Vec<_> = latest.rows.iter().filter_map(line_of).collect();
        prop_assert_eq!(lines, some(&arrived, first, 9));
        prop_assert_eq!(latest.total, arrived.len() as u64);

        let parts = [2, 1].map(|number| OutputPart::last_of(call(number)));
        let combined = reader.combined(&parts, Streams::Both, LineForm::Shown, Position::Line(first), 11);
        let titled = [1, 0].map(|which| {
            let lines = naive[which].all().into_iter().map(move |line| Some((call(which + 1), line.1)));
            std::iter::once(None).chain(lines)
        });
        let expected: Vec<_> = titled.into_iter().flatten().collect();
        let lines: Vec<_> = combined.rows.iter().map(line_of).collect();
        prop_assert_eq!(lines, some(&expected, first, 11));
    }
}

fn line_of(row: &Row) -> Option<(CallId, String)> {
    match row {
        Row::Title { .. } => None,
        Row::Line { call, line, .. } => Some((*call, line.text.to_string())),
    }
}

fn first_hit(store: &Store, pattern: &Pattern) -> SearchProgress {
    let request = SearchRequest {
        attempt: None,
        streams: Streams::Both,
        from: 0,
        direction: Direction::Forward,
        budget_bytes: u64::MAX,
    };
    store.reader().search(call(1), &request, pattern)
}

fn matching(store: &Store, pattern: &Pattern) -> u64 {
    let mut filter = Filter::new(call(1), None, Streams::Both, pattern.clone());
    while store.reader().extend(&mut filter, 64) {}
    filter.total()
}

#[test]
fn a_match_far_inside_a_long_line_is_found() {
    let store = Store::new(None, Bounds::default());
    let sink = store.sink(call(1), ONE);
    let long = format!(
        "first\n{}needle{}\nlast\n",
        "x".repeat(200_000),
        "y".repeat(9)
    );
    sink.write(Stream::Stdout, long.as_bytes());
    let coloured = format!("\x1b[31m{}pin\x1b[0m\n", "z".repeat(200_000));
    sink.write(Stream::Stdout, coloured.as_bytes());
    for (source, line) in [("needle", 1), ("pin", 3), ("y$", 1)] {
        let pattern = Pattern::regex(source).expect("a pattern");
        assert_eq!(
            first_hit(&store, &pattern),
            SearchProgress::At(line),
            "{source}"
        );
        assert_eq!(matching(&store, &pattern), 1, "{source}");
    }
}

#[test]
fn the_last_line_is_searched_and_filtered_without_its_newline() {
    let store = Store::new(None, Bounds::default());
    let sink = store.sink(call(1), ONE);
    let pattern = Pattern::regex("needle$").expect("a pattern");
    let mut filter = Filter::new(call(1), None, Streams::Both, pattern.clone());
    let mut total = || {
        while store.reader().extend(&mut filter, 64) {}
        filter.total()
    };
    sink.write(Stream::Stdout, b"hay\nneedle");
    assert_eq!(first_hit(&store, &pattern), SearchProgress::At(1));
    assert_eq!((total(), total()), (1, 1));
    sink.write(Stream::Stdout, b" and hay");
    assert_eq!(total(), 0, "it matches no more");
    sink.write(Stream::Stdout, b" and needle");
    assert_eq!(total(), 1);
    sink.write(Stream::Stdout, b"\nneedle");
    assert_eq!(total(), 2);
    sink.finish();
    assert_eq!(total(), 2);
}
