//! Output that means harm, or nothing.

use fanout::output::{
    Attributes, Bounds, Colours, LONGEST_TEXT, Origin, Position, SafeWriter, Stream, WindowRequest,
};
use std::io::Write;

use super::*;

/// What a terminal must not be sent, and how it is shown instead.
const ESCAPES: [(&[u8], &str); 12] = [
    (b"\x1b]52;c;cm0gLXJm\x07", "^[]52;c;cm0gLXJm^G"),
    (
        b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
        "^[]8;;http://x^[\\link^[]8;;^[\\",
    ),
    (b"\x1b]0;title\x07", "^[]0;title^G"),
    (b"\x1b]50;#1\x07", "^[]50;#1^G"),
    (b"\x1bP$q\"p\x1b\\", "^[P$q\"p^[\\"),
    (b"\x1b[21t", "^[[21t"),
    (b"\x1b[?1049l", "^[[?1049l"),
    (b"\x1bc", "^[c"),
    (b"\x1b[2J\x1b[H", "^[[2J^[[H"),
    (b"\x1b_hidden\x1b\\", "^[_hidden^[\\"),
    (b"\x9b31m\x9d0;t\x9c", "<U+009B>31m<U+009D>0;t<U+009C>"),
    (b"\xc2\x9b6n", "<U+009B>6n"),
];

#[test]
fn torture_36_random_bytes_stay_exact_and_do_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path(), Bounds::default());
    let sink = sink(&store);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        // xorshift64 (Marsaglia 2003)
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 32) as u8
    })
    .take(3 * MIB)
    .collect();
    for piece in bytes.chunks(7919) {
        write(&sink, Stream::Stdout, piece);
    }
    sink.finish();
    let path = folder.path().join("run/1.1.stdout");
    until("the file is whole", || {
        std::fs::read(&path).is_ok_and(|file| file == bytes)
    });
    assert!(store.result(call()).bytes == bytes);
    let request = WindowRequest {
        from: Position::Line(0),
        count: 20_000,
        ..WindowRequest::default()
    };
    let window = store.reader().window(call(), &request);
    assert_eq!(window.lines.len() as u64, window.total_lines);
    window
        .lines
        .iter()
        .for_each(|line| assert_harmless(&line.text));
}

#[test]
fn torture_36_a_character_split_between_two_writes_is_whole() {
    let store = Store::new(None, Bounds::default());
    let sink = sink(&store);
    for byte in "grün → 漢字\n".bytes() {
        sink.write(Stream::Stdout, &[byte]);
    }
    sink.write(Stream::Stdout, b"a\0b\n");
    let window = tail(&store, 2);
    assert_eq!(window.lines[0].text.as_str(), "grün → 漢字");
    assert_eq!(
        window.lines[1].text.as_str(),
        "<binary, 3 bytes: 61 00 62 |a.b|>"
    );
}

#[test]
fn torture_37_and_39_escapes_are_shown_and_not_obeyed() {
    for (raw, shown) in ESCAPES {
        let text = Safe::from_bytes(raw);
        assert_eq!(text.as_str(), shown);
        assert_harmless(&text);
        let mut out = Vec::new();
        let mut writer = SafeWriter::new(&mut out, Colours::Kept);
        writer.write_all(raw).expect("a vector takes everything");
        drop(writer);
        let out = String::from_utf8(out).expect("what goes out is text");
        assert!(
            !out.replace("\x1b[2m", "")
                .replace("\x1b[0m", "")
                .contains('\x1b'),
            "{out:?}"
        );
    }
}

#[test]
fn torture_38_an_endless_title_disturbs_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(
        folder.path(),
        Bounds {
            call_disk_bytes: 0,
            ..Bounds::default()
        },
    );
    let first = sink(&store);
    let before = resident_bytes();
    first.write(Stream::Stdout, b"\x1b]0;");
    for _ in 0..256 {
        write(&first, Stream::Stdout, &vec![b't'; MIB / 4]);
    }
    let window = tail(&store, 1);
    assert!(window.lines[0].text.as_str().starts_with("^[]0;ttt"));
    assert!(window.lines[0].text.as_str().len() <= LONGEST_TEXT);
    let other = store.sink(CallId::from_index(1), AttemptNo(1));
    other.write(Stream::Stdout, b"fine\n");
    let request = WindowRequest {
        count: 1,
        ..WindowRequest::default()
    };
    let window = store.reader().window(CallId::from_index(1), &request);
    assert_eq!(window.lines[0].text.as_str(), "fine");
    assert!(resident_bytes().saturating_sub(before) < 60 * MIB);
}

#[test]
fn torture_40_what_hides_is_made_visible() {
    let text = Safe::new("a\u{202e}b\u{2066}c\u{e0041}d\u{200b}e\u{feff}f\u{3164}g");
    assert_eq!(
        text.as_str(),
        "a<U+202E>b<U+2066>c<U+E0041>d<U+200B>e<U+FEFF>f<U+3164>g"
    );
    assert!(
        text.spans()
            .any(|(_, style)| style.origin == Origin::Marker)
    );
    for hidden in [
        "\x1b[8msecret\x1b[0m",
        "\x1b[31;41msecret",
        "\x1b[38;2;9;9;9;48;5;232msecret",
    ] {
        let text = Safe::new(hidden);
        let (piece, style) = text.spans().next().expect("there is text");
        assert_eq!((piece, style.origin), ("secret", Origin::Exposed));
        assert_eq!((style.foreground, style.background), (None, None));
    }
    let text = Safe::new("\x1b[1;4:3;38:2::255:0:0mbold\x1b[22;39m plain");
    let styles: Vec<_> = text.spans().collect();
    assert_eq!(
        styles[0].1.foreground,
        Some(fanout::output::Colour::Rgb(255, 0, 0))
    );
    assert!(styles[0].1.attributes.contains(Attributes::BOLD));
    assert!(styles[1].1.attributes.contains(Attributes::UNDERLINED));
    assert!(!styles[1].1.attributes.contains(Attributes::BOLD));
}

#[test]
fn torture_41_a_hundred_thousand_marks_make_a_short_cluster() {
    let text = Safe::new(&format!("a{}b", "\u{301}".repeat(1000)));
    assert_eq!(text.as_str(), format!("a{}<+992>b", "\u{301}".repeat(8)));
    let text = Safe::new(&format!("a{}b", "\u{301}".repeat(100_000)));
    assert!(text.as_str().len() <= LONGEST_TEXT && text.width() < 100);
    let loose = Safe::new("\u{301}x");
    assert_eq!(loose.as_str(), "\u{25cc}\u{301}x");
}

#[test]
fn torture_42_a_progress_bar_is_one_line() {
    let store = Store::new(None, Bounds::default());
    let sink = sink(&store);
    for step in 0..=10_000 {
        sink.write(Stream::Stderr, format!("\r{step} of 10000").as_bytes());
        if step % 1000 == 0 {
            let window = tail(&store, 5);
            assert_eq!(window.lines.len(), 1);
            assert_eq!(window.lines[0].text.as_str(), format!("{step} of 10000"));
            assert_eq!(&*store.stat(call()).last_line, format!("{step} of 10000"));
        }
    }
}

#[test]
fn torture_43_names_descriptions_errors_and_paths() {
    for (raw, _) in ESCAPES {
        let name = format!("tool{}\u{202e}\r\n\t\u{200d}", String::from_utf8_lossy(raw));
        let text = Safe::new(&name);
        assert_harmless(&text);
        assert!(text.as_str().contains("<U+202E>^M^J"));
        assert_eq!(Safe::new(text.as_str()).as_str(), text.as_str());
    }
    let lines: Vec<_> = Safe::lines("one\r\ntwo\n\nfour").collect();
    let texts: Vec<_> = lines.iter().map(Safe::as_str).collect();
    assert_eq!(texts, ["one", "two", "", "four"]);
}
