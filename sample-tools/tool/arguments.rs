//! The arguments of a sample tool, from its command line or from JSON.

use std::io::Read;
use std::time::Duration;

use serde_json::{Map, Value};

use super::SampleToolError;

/// Named arguments. A tool takes those it knows and then calls
/// `finish`, which refuses the rest.
#[derive(Debug)]
pub struct Arguments(Map<String, Value>);

impl Arguments {
    /// Reads `--key value`, `--key=value` and, after `--`, values by position;
    /// or, for the single word `--stdin`, one JSON object from `stdin`.
    pub(super) fn read(
        words: &[String],
        positional: &[&str],
        stdin: &mut dyn Read,
    ) -> Result<Self, SampleToolError> {
        if words == ["--stdin"] {
            return serde_json::from_reader(stdin)
                .map(Self)
                .map_err(SampleToolError::BadStdin);
        }
        let mut named = Map::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            let name = word
                .strip_prefix("--")
                .ok_or_else(|| SampleToolError::UnknownArgument(word.clone()))?;
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (name, words.next().cloned().unwrap_or_default()),
            };
            named.insert(name.to_owned(), Value::String(value));
        }
        let mut positions = positional.iter();
        for word in words {
            let name = positions
                .next()
                .ok_or_else(|| SampleToolError::UnknownArgument(word.clone()))?;
            named.insert((*name).to_owned(), Value::String(word.clone()));
        }
        Ok(Self(named))
    }

    /// The arguments of a call, as an object of JSON gives them.
    pub(super) fn of(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// A text, or `None` where it was not given.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, SampleToolError> {
        match self.0.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(bad(name, "a text")),
        }
    }

    /// A text that the tool cannot do without.
    pub(super) fn needed(&mut self, name: &'static str) -> Result<String, SampleToolError> {
        self.text(name)?
            .ok_or(SampleToolError::MissingArgument(name))
    }

    /// A whole number from 0, or `default`; never more than `most`.
    pub(super) fn number(
        &mut self,
        name: &'static str,
        default: u64,
        most: u64,
    ) -> Result<u64, SampleToolError> {
        let number = match self.0.shift_remove(name) {
            None | Some(Value::Null) => Some(default),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        match number {
            Some(number) if number <= most => Ok(number),
            Some(_) => Err(bad(name, "a smaller number")),
            None => Err(bad(name, "a whole number")),
        }
    }

    /// A time in milliseconds, or `default`; never more than an hour.
    pub(super) fn millis(
        &mut self,
        name: &'static str,
        default: u64,
    ) -> Result<Duration, SampleToolError> {
        self.number(name, default, 3_600_000)
            .map(Duration::from_millis)
    }

    /// Whether something is asked for; not, where it was not given.
    pub(super) fn is_set(&mut self, name: &'static str) -> Result<bool, SampleToolError> {
        match self.0.shift_remove(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(answer)) => Ok(answer),
            Some(Value::String(text)) => {
                text.parse().map_err(|_not_bool| bad(name, "true or false"))
            }
            Some(_) => Err(bad(name, "true or false")),
        }
    }

    /// Refuses whatever the tool did not take.
    pub(super) fn finish(&self) -> Result<(), SampleToolError> {
        match self.0.keys().next() {
            Some(name) => Err(SampleToolError::UnknownArgument(name.clone())),
            None => Ok(()),
        }
    }
}

fn bad(name: &str, expected: &'static str) -> SampleToolError {
    SampleToolError::BadArgument {
        name: name.to_owned(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn words_positions_and_json_give_the_same_arguments() {
        let by_word = words(&["--ms", "20", "--status=404", "--", "--odd url"]);
        let mut arguments =
            Arguments::read(&by_word, &["url"], &mut std::io::empty()).expect("words");
        assert_eq!(arguments.needed("url").expect("url"), "--odd url");
        assert_eq!(arguments.number("status", 200, 999).expect("status"), 404);
        assert!(arguments.finish().is_err());
        assert_eq!(arguments.millis("ms", 0).expect("ms").as_millis(), 20);
        assert!(arguments.finish().is_ok());

        let mut json = &br#"{"ms": 20, "status": 404, "url": "--odd url"}"#[..];
        let mut arguments =
            Arguments::read(&words(&["--stdin"]), &[], &mut json).expect("an object");
        assert_eq!(arguments.needed("url").expect("url"), "--odd url");
        assert_eq!(
            arguments
                .number("status", 200, 400)
                .map_err(|e| e.to_string()),
            Err("status must be a smaller number".to_owned())
        );
    }
}
