//! Makes a list readable of which a part is not: what is nested too deep is cut
//! out, and characters that are none are replaced. Never used for the answer to
//! a call, which is whole or fails.

/// Levels that are kept; those of a list of tools around a schema are few.
const MAX_DEPTH: usize = 100;

/// Text in place of what was cut out.
pub(super) const PRUNED: &str = "\u{fffc}nested too deep\u{fffc}";

/// Character in place of one that is not valid.
pub(super) const REPLACED: char = '\u{fffd}';

/// Returns the text with all that cannot be read cut out or replaced.
pub(super) fn salvage(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    replace_half_characters(&prune(text.as_bytes()))
}

/// Replaces escapes that stand for half a character (`\ud83d` alone).
fn replace_half_characters(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let length = match (*byte, unit(text, at)) {
            (_, Some(0xd800..=0xdbff)) => match unit(text, at + 6) {
                Some(0xdc00..=0xdfff) => 12,
                _ => 0,
            },
            (_, Some(0xdc00..=0xdfff)) => 0,
            (_, Some(_)) => 6,
            // An escape of another kind: its second byte is no start of one.
            (b'\\', None) => 2,
            _ => 1,
        };
        if length == 0 {
            kept.extend_from_slice(b"\\ufffd");
            at += 6;
        } else {
            kept.extend_from_slice(
                text.get(at..(at + length).min(text.len()))
                    .unwrap_or_default(),
            );
            at += length;
        }
    }
    kept
}

/// Returns the code unit that an escape stands for (`\u00e9`).
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Returns the text without containers below the greatest depth.
fn prune(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(&byte) = text.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'"' => {
                while let Some(byte) = text.get(at) {
                    at += if *byte == b'\\' { 2 } else { 1 };
                    if *byte == b'"' {
                        break;
                    }
                }
            }
            b'{' | b'[' => {
                depth += 1;
                if depth == MAX_DEPTH + 1 {
                    kept.extend_from_slice(format!("\"{PRUNED}\"").as_bytes());
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == MAX_DEPTH {
                    continue;
                }
            }
            _ => {}
        }
        if depth <= MAX_DEPTH {
            kept.extend_from_slice(text.get(start..at.min(text.len())).unwrap_or_default());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_characters_are_replaced_and_whole_ones_are_kept() {
        let text =
            r#"{"a":"x\ud83d","b":"\ud83d\ude00","c":"\ude00y","d":"\\ud83d","e":"\ud83d\n"}"#;
        let value: serde_json::Value =
            serde_json::from_slice(&salvage(text.as_bytes())).expect("JSON");
        let text = |key: &str| value[key].as_str().expect("text").to_owned();
        assert_eq!(text("a"), format!("x{REPLACED}"));
        assert_eq!(text("b"), "\u{1f600}");
        assert_eq!(text("c"), format!("{REPLACED}y"));
        assert_eq!(text("d"), "\\ud83d");
        assert_eq!(text("e"), format!("{REPLACED}\n"));
        assert_eq!(
            salvage(b"{\"x\":\"caf\xe9\"}"),
            "{\"x\":\"caf\u{fffd}\"}".as_bytes()
        );
    }

    #[test]
    fn what_is_too_deep_is_cut_out_and_the_rest_is_json() {
        let nest = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let text = format!(r#"{{"a":{},"b":"[\"{{","c":{}}}"#, nest(500), nest(50));
        let value: serde_json::Value =
            serde_json::from_slice(&prune(text.as_bytes())).expect("JSON");
        assert_eq!(value["b"], "[\"{");
        assert_eq!(value["c"].to_string(), nest(50));
        assert!(value["a"].to_string().contains(PRUNED));
        assert_eq!(prune(b"{\"x\":[1,{}]}"), b"{\"x\":[1,{}]}");
    }
}
