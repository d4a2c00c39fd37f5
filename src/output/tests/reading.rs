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
                    Found::At(line) => break Some(line),
                    Found::Nothing => break None,
                    Found::NotYet { from } => request.from = from,
                }
                steps += 1;
                prop_assert!(steps < 2000, "the search goes on");
            };
            prop_assert_eq!(found, expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn filters_copies_and_combinations_agree(
        writes in writes(),
        cut in 0usize..60,
        first in 0u64..30,
        budget in prop_oneof![Just(0u64), Just(40), Just(1 << 20)],
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let bounds = Bounds { call_disk_bytes: 1 << 20, all_disk_bytes: 1 << 20, ..small() };
        let store = Store::new(Some(folder.path().join("run")), bounds);
        let reader = store.reader();
        let sinks = [1, 2].map(|number| store.sink(call(number), ONE));
        let mut naive = [Naive::default(), Naive::default()];
        let mut arrived = Vec::new();
        let pattern = Pattern::text("a").expect("it is a pattern");
        let mut filter = Filter::new(call(1), None, Streams::Both, pattern);
        for (i, (stream, text)) in writes.iter().enumerate() {
            let which = (i * 7 + cut) % 3 % 2;
            sinks[which].write(*stream, text.as_bytes());
            let before = naive[which].lines.len();
            naive[which].write(*stream, text);
            let lines = naive[which].lines[before..].iter();
            arrived.extend(lines.map(|line| (call(which + 1), line.1.clone())));
            if i == cut {
                reader.extend(&mut filter, budget);
            }
        }
        while reader.extend(&mut filter, budget) {}
        let hits: Vec<_> = naive[0].lines.iter().filter(|line| line.1.contains('a')).collect();
        let matches = reader.matches(&filter, Position::Line(first), 7);
        prop_assert_eq!(matches.total, hits.len() as u64);
        let seen: Vec<_> = matches.lines.iter().map(|line| line.text.to_string()).collect();
        let expected: Vec<_> = hits.iter().skip(first as usize).take(7).map(|line| line.1.clone()).collect();
        prop_assert_eq!(seen, expected);

        let mut request = CopyRequest {
            attempt: None,
            streams: Streams::Only(Stream::Stdout),
            lines: 0..u64::MAX,
            form: CopyForm::Raw,
            limit_bytes: u64::MAX,
        };
        let mut raw = Vec::new();
        let copied = reader.copy(call(1), &request, &mut raw).expect("a vector takes everything");
        prop_assert_eq!(&raw, &naive[0].bytes[0]);
        prop_assert_eq!(copied.bytes, raw.len() as u64);
        request = CopyRequest { streams: Streams::Both, form: CopyForm::Text, lines: first..first + 5, ..request };
        let mut text = Vec::new();
        reader.copy(call(1), &request, &mut text).expect("a vector takes everything");
        let all = naive[0].all();
        let expected: Vec<_> = all.iter().skip(first as usize).take(5).map(|line| line.1.clone()).collect();
        let expected = expected.join("\n");
        let text = String::from_utf8(text).expect("it is text");
        prop_assert_eq!(text.trim_end_matches('\n'), expected.trim_end_matches('\n'));

        let latest = reader.interleaved(Position::Line(first), 9);
        let lines: Vec<_> = latest.rows.iter().map(line_of).collect();
        let expected: Vec<_> = arrived.iter().skip(first as usize).take(9).cloned().map(Some).collect();
        prop_assert_eq!(lines, expected);
        prop_assert_eq!(latest.total, arrived.len() as u64);

        let combined = reader.combined(&[call(2), call(1)], Streams::Both, Position::Line(first), 11);
        let titled = [1, 0].map(|which| {
            let lines = naive[which].all().into_iter().map(move |line| Some((call(which + 1), line.1)));
            std::iter::once(None).chain(lines)
        });
        let expected: Vec<_> = titled.into_iter().flatten().skip(first as usize).take(11).collect();
        let lines: Vec<_> = combined.rows.iter().map(line_of).collect();
        prop_assert_eq!(lines, expected);
    }
}

fn line_of(row: &Row) -> Option<(CallId, String)> {
    match row {
        Row::Title { .. } => None,
        Row::Line { call, line, .. } => Some((*call, line.text.to_string())),
    }
}
