//! Masks secrets that come back in answers before anyone sees them.
//!
//! It is a best effort: a service that changes what it was given, other than by
//! the encodings looked for here, is not seen through.

use memchr::memmem::Finder;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::model::Secret;

/// Text in place of a secret.
const MASK: &[u8] = b"***";

/// Bytes of the shortest value that is looked for: shorter ones stand
/// everywhere.
const MIN_SECRET: usize = 4;

/// Finds secrets as they are, as in a URL, and as in JSON.
#[derive(Debug)]
pub(super) struct SecretMask {
    finders: Vec<Finder<'static>>,
    longest: usize,
}

impl SecretMask {
    /// Creates a mask of these secrets.
    pub(super) fn new(secrets: &[Secret]) -> Self {
        Self::of_forms(secrets.iter().flat_map(forms).collect())
    }

    /// Masks one more secret.
    #[cfg(feature = "http")]
    pub(super) fn add(&mut self, secret: &Secret) {
        let known = self.finders.iter().map(|it| it.needle().to_vec());
        *self = Self::of_forms(known.chain(forms(secret)).collect());
    }

    fn of_forms(mut forms: Vec<Vec<u8>>) -> Self {
        // Of two that begin at the same place the longer one is the whole.
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self {
            longest: forms.first().map_or(0, Vec::len),
            finders: forms
                .iter()
                .map(|form| Finder::new(form).into_owned())
                .collect(),
        }
    }

    /// Returns a text with every secret masked.
    pub(super) fn text(&self, text: &str) -> String {
        if self.finders.is_empty() {
            return text.to_owned();
        }
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// Returns bytes with every secret masked.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.stream();
        let mut masked = stream.push(bytes);
        masked.extend(stream.finish());
        masked
    }

    /// Masks every text within a value, keys included.
    pub(super) fn value(&self, value: &mut Value) {
        if self.finders.is_empty() {
            return;
        }
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(object) => {
                for (key, mut value) in std::mem::take(object) {
                    self.value(&mut value);
                    object.insert(self.text(&key), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Masks what comes in pieces.
    pub(super) fn stream(&self) -> MaskStream<'_> {
        MaskStream {
            mask: self,
            held: Vec::new(),
        }
    }

    /// Returns the beginning and the end of the first secret.
    fn first(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        let found = self.finders.iter().filter_map(|finder| {
            let at = finder.find(bytes)?;
            Some((at, at + finder.needle().len()))
        });
        found.min_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)))
    }
}

/// Returns the forms in which a secret comes back.
fn forms(secret: &Secret) -> Vec<Vec<u8>> {
    let secret = secret.reveal();
    if secret.len() < MIN_SECRET {
        return Vec::new();
    }
    let json = Value::from(secret).to_string();
    let url = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let forms = [secret, json.trim_matches('"'), &url];
    forms.map(|form| form.as_bytes().to_vec()).into()
}

/// Masks what comes in pieces, and holds back what may be the beginning of a
/// secret.
pub(super) struct MaskStream<'m> {
    mask: &'m SecretMask,
    held: Vec<u8>,
}

impl MaskStream<'_> {
    /// Takes a piece; returns what is certain.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        let undecided = self.mask.longest.saturating_sub(1);
        self.masked(self.held.len().saturating_sub(undecided))
    }

    /// Returns the rest.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.masked(self.held.len())
    }

    /// Masks what begins before `end`, and holds the rest.
    fn masked(&mut self, end: usize) -> Vec<u8> {
        let mut masked = Vec::with_capacity(end);
        let mut at = 0;
        while at < end {
            match self.mask.first(&self.held[at..]) {
                Some((start, stop)) if at + start < end => {
                    masked.extend_from_slice(&self.held[at..at + start]);
                    masked.extend_from_slice(MASK);
                    at += stop;
                }
                _ => {
                    masked.extend_from_slice(&self.held[at..end]);
                    at = end;
                }
            }
        }
        self.held.drain(..at);
        masked
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mask(secrets: &[&str]) -> SecretMask {
        let secrets: Vec<Secret> = secrets.iter().map(|it| Secret::new(*it)).collect();
        SecretMask::new(&secrets)
    }

    #[test]
    fn a_secret_is_found_in_each_of_its_forms() {
        let mask = mask(&["a b\"c", "ab", "hunter2hunter2", "hunter2"]);
        assert_eq!(
            mask.text(r#"ab a b"c {"k":"a b\"c"} ?k=a%20b%22c hunter2hunter2! hunter2x"#),
            r#"ab *** {"k":"***"} ?k=*** ***! ***x"#
        );
        assert_eq!(mask.text(""), "");
        assert_eq!(self::mask(&[]).text("as it is"), "as it is");
    }

    proptest! {
        #[test]
        fn how_it_is_cut_into_pieces_changes_nothing(
            text in "[ab]{0,40}", cuts in proptest::collection::vec(1usize..5, 0..40)
        ) {
            let mask = mask(&["abab", "babba", "aaaaaaaa"]);
            let mut stream = mask.stream();
            let (mut masked, mut rest) = (Vec::new(), text.as_bytes());
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                masked.extend(stream.push(piece));
                rest = after;
            }
            masked.extend(stream.push(rest));
            masked.extend(stream.finish());
            let masked = String::from_utf8(masked).expect("text");
            prop_assert_eq!(&masked, &mask.text(&text));
            for secret in ["abab", "babba", "aaaaaaaa"] {
                prop_assert!(!masked.contains(secret), "{} in {}", secret, masked);
            }
        }
    }
}
