//! The sanitiser.

use std::io::Write;

use proptest::prelude::*;

use super::*;

fn assert_safe(text: &Safe) {
    assert!(text.as_str().len() <= LONGEST_TEXT);
    for letter in text.as_str().chars() {
        assert!(!letter.is_control(), "{letter:?} in {text:?}");
    }
    let whole: String = text.spans().map(|(piece, _)| piece).collect();
    assert_eq!(whole, text.as_str());
}

/// Bytes that make trouble likely.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>(),
        "\\PC{0,20}".prop_map(String::into_bytes),
        "[\u{300}-\u{36f}]{0,40}".prop_map(String::into_bytes),
        "[\u{1100}-\u{1112}\u{600}\u{1f1e6}-\u{1f1ff}\u{200d}\u{fe0f}\u{e0041}]{0,40}"
            .prop_map(String::into_bytes),
        "\u{1b}\\[[0-9;:]{0,12}m".prop_map(String::into_bytes),
        "\u{1b}[\\[\\]PX^_][ -~]{0,8}".prop_map(String::into_bytes),
        Just(b"\x9b31m\t\r\n\x7f\0".to_vec()),
        "[a-z \t]{0,200}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_hostile_survives(raw in hostile(), times in 1usize..40) {
        let text = Safe::from_bytes(&raw.repeat(times));
        assert_safe(&text);
    }

    #[test]
    fn a_second_time_changes_nothing(raw in hostile(), times in 1usize..40) {
        let once = Safe::from_bytes(&raw.repeat(times));
        let twice = Safe::new(once.as_str());
        prop_assert_eq!(once.as_str(), twice.as_str());
    }
}

/// Bytes that a terminal gets, written in pieces of these lengths.
fn printed(raw: &[u8], lengths: &[usize], colours: Colours) -> String {
    let mut out = Vec::new();
    let mut writer = SafeWriter::new(&mut out, colours);
    let mut rest = raw;
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at((*length).min(rest.len()));
        writer.write_all(now).expect("a vector takes everything");
        rest = later;
    }
    drop(writer);
    String::from_utf8(out).expect("what is printed is text")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn split_anywhere_it_is_the_same_text(
        lines in prop::collection::vec((hostile(), 1usize..30), 0..4),
        lengths in prop::collection::vec(1usize..3000, 1..6),
    ) {
        let lines: Vec<Vec<u8>> = lines.iter().map(|(line, times)| line.repeat(*times)).collect();
        let raw = lines.join(&b'\n');
        let whole = printed(&raw, &[usize::MAX], Colours::Left);
        prop_assert_eq!(&whole, &printed(&raw, &lengths, Colours::Left));
        for letter in whole.chars() {
            prop_assert!(letter == '\n' || !letter.is_control(), "{:?} in {:?}", letter, whole);
        }
        let coloured = printed(&raw, &lengths, Colours::Kept);
        let is_sgr = |rest: &str| rest.strip_prefix('[').is_some_and(|rest| {
            rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ';').starts_with('m')
        });
        let mut sequences = coloured.split('\u{1b}').skip(1);
        prop_assert!(sequences.all(is_sgr));
    }
}

#[test]
fn progress_goes_out_in_its_last_state() {
    let raw: Vec<u8> = (0..20_000)
        .flat_map(|i| format!("\r{i} of 20000").into_bytes())
        .collect();
    let text = printed(&[&raw[..], b"\ndone\r\n"].concat(), &[7], Colours::Left);
    assert_eq!(text, "19999 of 20000\ndone\n");
}

#[test]
fn long_lines_go_out_whole() {
    let raw = "\u{1b}[32mwords and more ".repeat(5000);
    let text = printed(raw.as_bytes(), &[1000], Colours::Left);
    assert_eq!(text, "words and more ".repeat(5000));
    let text = printed(raw.as_bytes(), &[1000], Colours::Kept);
    assert!(text.starts_with("\u{1b}[32mwords") && text.len() > 75_000);
}

#[test]
fn a_long_line_without_a_plain_place_to_cut_loses_no_character() {
    for (character, plain) in [("é", ""), ("€", "x"), ("𝒳", "xx")] {
        let line = format!("{plain}{}", character.repeat(20_000));
        let text = printed(line.as_bytes(), &[1000], Colours::Left);
        assert_eq!(text, line);
    }
}
