//! Made-up text that is the same in every run: the source tree that the demo
//! searches, the documents that it fetches, the lines that tools chat in.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::place::Place;
use super::{Arguments, Exit, SampleToolError, Streams};

const NOUNS: &[&str] = &[
    "cart", "order", "stock", "price", "pool", "cache", "session", "query", "invoice", "queue",
    "token", "region", "coupon", "basket", "ledger", "shipment",
];
const VERBS: &[&str] = &[
    "load", "merge", "price", "reserve", "retry", "flush", "count", "bind", "lock", "sort",
    "quote", "settle",
];
const REMARKS: &[&str] = &[
    "retry with jitter",
    "bound the queue",
    "measure before tuning",
    "close the connection",
    "share one query between callers",
    "drop the copy",
];
const ADJECTIVES: &[&str] = &[
    "slow", "stale", "empty", "shared", "pending", "second", "remote", "cached",
];

/// A source of choices that depends on nothing but its seed.
struct Dice(Pcg32);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(Pcg32::new(seed, 0))
    }

    /// Seeded by a text.
    fn of(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        Self::new(
            digest
                .iter()
                .take(8)
                .fold(0, |seed, byte| seed << 8 | u64::from(*byte)),
        )
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.0.next_u32() % limit.max(1)
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let index = self.below(u32::try_from(words.len()).unwrap_or(1)) as usize;
        words.get(index).copied().unwrap_or_default()
    }

    fn sentence(&mut self) -> String {
        let (first, second) = (self.pick(NOUNS), self.pick(NOUNS));
        let (verb, adjective) = (self.pick(VERBS), self.pick(ADJECTIVES));
        format!("the {first} must {verb} every {adjective} {second}")
    }

    /// One line of something that looks like source.
    fn line(&mut self) -> String {
        let (first, second, verb) = (self.pick(NOUNS), self.pick(NOUNS), self.pick(VERBS));
        match self.below(12) {
            0 => format!("    // TODO {}", self.pick(REMARKS)),
            1 => String::new(),
            2 | 3 => format!("    // {}", self.sentence()),
            4 => format!("fn {verb}_{first}({second}: &{second}) -> u64 {{"),
            5 => "}".to_owned(),
            _ => format!("    let {first} = {second}.{verb}({});", self.below(1_000)),
        }
    }
}

/// A title that depends on nothing but `text`.
pub(super) fn title(text: &str) -> String {
    let mut dice = Dice::of(text);
    let (verb, adjective, noun) = (dice.pick(VERBS), dice.pick(ADJECTIVES), dice.pick(NOUNS));
    format!("{verb} the {adjective} {noun}")
}

/// Sentences that depend on nothing but `text`.
pub(super) fn sentences(text: &str, count: usize) -> String {
    let mut dice = Dice::of(text);
    let sentences: Vec<String> = (0..count).map(|_| dice.sentence()).collect();
    sentences.join(". ") + "."
}

/// The sentence of a number.
pub(super) fn sentence(number: u64) -> String {
    Dice::new(number).sentence()
}

/// Writes a small source tree and prints what it wrote.
pub(super) fn corpus(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let place = Place::find_to_write(arguments.needed("path")?)?;
    let files = arguments.number("files", 24, 10_000)?;
    let lines = arguments.number("lines", 400, 100_000)?;
    let seed = arguments.number("seed", 7, u64::MAX)?;
    let time = arguments.millis("ms", 0)?;
    arguments.finish()?;

    let mut dice = Dice::new(seed);
    let pause = time / u32::try_from(files.max(1)).unwrap_or(u32::MAX);
    let mut written = Vec::new();
    let mut bytes = 0;
    for number in 0..files {
        let name = format!("{}/{}_{number}.rs", dice.pick(NOUNS), dice.pick(VERBS));
        let file = place.path.join(name);
        bytes += write_file(&file, lines, &mut dice)?;
        let shown = place.shown(&file);
        writeln!(streams.stderr, "wrote {shown}").map_err(SampleToolError::Output)?;
        written.push(shown);
        pause_for(pause);
    }
    let result = json!({
        "folder": place.shown(&place.path), "lines": lines * files, "bytes": bytes, "files": written,
    });
    writeln!(streams.stdout, "{result}").map_err(SampleToolError::Output)?;
    Ok(0)
}

fn write_file(file: &Path, lines: u64, dice: &mut Dice) -> Result<u64, SampleToolError> {
    let mut text = String::new();
    for _ in 0..lines {
        text.push_str(&dice.line());
        text.push('\n');
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(SampleToolError::file(folder))?;
    }
    fs::write(file, &text).map_err(SampleToolError::file(file))?;
    Ok(text.len() as u64)
}

fn pause_for(pause: Duration) {
    if !pause.is_zero() {
        std::thread::sleep(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::outcome;
    use super::*;

    #[test]
    fn text_depends_on_its_seed_only() {
        assert_eq!(title("https://a.test"), title("https://a.test"));
        assert_ne!(sentences("a", 6), sentences("b", 6));
        assert_eq!(sentences("a", 2).split(". ").count(), 2);
    }

    #[test]
    fn a_corpus_is_written_searched_counted_and_hashed() {
        let folder = tempfile::tempdir_in("target").expect("a folder");
        let path = folder.path().join("shop");
        let path = path.to_str().expect("a UTF-8 path");
        let (code, printed, said) = outcome("corpus", &["--files", "3", "--lines=50", "--", path]);
        assert_eq!(code, 0, "{said}");
        let result: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(result["files"].as_array().map(Vec::len), Some(3));

        let (code, printed, _) = outcome("word-count", &["--", path]);
        let count: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!((code, &count["lines"]), (0, &json!(150)));
        assert_eq!(count["bytes"], result["bytes"]);

        let (code, found, _) = outcome("search", &["--", "TODO", path]);
        assert_eq!(code, 0);
        assert!(
            found
                .lines()
                .all(|line| line.starts_with(path) && line.contains("TODO"))
        );
        assert!(!found.is_empty());

        let (_, first, _) = outcome("hash", &["--", path]);
        let (_, second, _) = outcome("hash", &["--", path]);
        assert_eq!(first, second);
    }
}
