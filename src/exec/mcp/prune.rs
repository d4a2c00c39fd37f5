//! Cuts what is nested too deep out of a text in JSON, so that the rest of it
//! can be read.

/// Levels that are kept; those of a list of tools around a schema are few.
const MAX_DEPTH: usize = 100;

/// Text in place of what was cut out.
pub(super) const PRUNED: &str = "\u{fffc}nested too deep\u{fffc}";

/// Returns the text without containers below the greatest depth.
pub(super) fn prune(text: &[u8]) -> Vec<u8> {
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
