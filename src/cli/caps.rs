//! Lists of caps on the command line: `1,2,8`, `1..16`, or both.

use std::str::FromStr;

use crate::model::{Cap, CapParseError};

/// Caps in the order given, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caps(pub Vec<Cap>);

/// Reason that a text is no list of caps.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(super) enum CapsError {
    #[error(transparent)]
    Cap(#[from] CapParseError),
    #[error("{first}..{last} runs backwards")]
    Backwards { first: Cap, last: Cap },
}

impl FromStr for Caps {
    type Err = CapsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut caps = Vec::new();
        for part in text.split(',') {
            let (first, last) = match part.split_once("..") {
                Some((first, last)) => (first, last),
                None => (part, part),
            };
            let (first, last): (Cap, Cap) = (first.parse()?, last.parse()?);
            if last < first {
                return Err(CapsError::Backwards { first, last });
            }
            for cap in (first.get()..=last.get()).filter_map(Cap::new) {
                if !caps.contains(&cap) {
                    caps.push(cap);
                }
            }
        }
        Ok(Self(caps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_caps_and_ranges_are_read() {
        let caps = |text: &str| -> Option<Vec<u32>> {
            let caps = text.parse::<Caps>().ok()?;
            Some(caps.0.into_iter().map(Cap::get).collect())
        };
        assert_eq!(caps("1,2,8"), Some(vec![1, 2, 8]));
        assert_eq!(caps("2..4,3,16"), Some(vec![2, 3, 4, 16]));
        for wrong in ["", "0", "4..2", "1..", "x", "0..3"] {
            assert_eq!(caps(wrong), None, "{wrong}");
        }
    }
}
