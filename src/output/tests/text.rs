//! The sanitiser.

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
