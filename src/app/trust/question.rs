//! The question whether to trust a file: asked on a terminal, printed elsewhere.

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use rustix::termios::{QueueSelector, tcflush};

use crate::catalogue::TrustItem;
use crate::output::Safe;

/// Number of characters of a line that are sanitised at once: fewer than would
/// be folded, since nothing may be left out here.
const PIECE: usize = 256;

/// The question about one file.
pub(super) struct TrustQuestion<'q> {
    pub(super) path: &'q Path,
    pub(super) uses: &'q [TrustItem],
    /// Uses of the file as it was trusted before, if it was.
    pub(super) before: Option<&'q [TrustItem]>,
}

impl TrustQuestion<'_> {
    /// Asks, and returns whether the answer is yes.
    pub(super) fn is_answered_yes(&self) -> bool {
        let path = legible(&self.path.display().to_string());
        let text = format!(
            "{}\nWhat these programs do is not looked at. The answer holds for the file as it \
             is now.\n",
            self.text()
        );
        let elsewhere = format!(
            "nothing was started. On a terminal fanout asks whether to trust the file;\n  \
             --catalogue {path} uses it without being asked"
        );
        is_confirmed(&text, "Trust it?", &elsewhere)
    }

    fn text(&self) -> String {
        let path = legible(&self.path.display().to_string());
        match self.before {
            None => {
                let mut text = format!(
                    "fanout: {path} was found, and you have not trusted it yet.\n\
                     Calls of its tools would do this:\n\n"
                );
                for each in self.uses {
                    add(&mut text, ' ', each);
                }
                if self.uses.is_empty() {
                    text.push_str("  nothing: it describes no tool and no server\n");
                }
                text
            }
            Some(before) => format!(
                "fanout: {path} has changed since you trusted it:\n\n{}",
                difference(before, self.uses)
            ),
        }
    }
}

/// Shows a text and asks on a terminal; elsewhere prints the text and
/// `elsewhere`. Returns whether the answer is yes.
pub(crate) fn is_confirmed(text: &str, question: &str, elsewhere: &str) -> bool {
    let mut err = io::stderr().lock();
    let asked = if can_ask() {
        ask(&mut err, text, question)
    } else {
        writeln!(err, "{text}\nfanout: {elsewhere}").map(|()| false)
    };
    // Whoever could not read the question did not say yes.
    asked.unwrap_or(false)
}

/// Returns whether there is somebody to be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn ask(err: &mut impl Write, text: &str, question: &str) -> io::Result<bool> {
    writeln!(err, "{text}")?;
    // What was typed before the question is no answer to it.
    tcflush(io::stdin(), QueueSelector::IFlush)?;
    write!(err, "{question} [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// Returns the uses that were removed, added and changed.
fn difference(before: &[TrustItem], now: &[TrustItem]) -> String {
    let mut text = String::new();
    let of = |all: &[TrustItem], who: &str| all.iter().find(|it| it.who == who).cloned();
    for gone in before.iter().filter(|it| of(now, &it.who).is_none()) {
        add(&mut text, '-', gone);
    }
    let mut same = Vec::new();
    for each in now {
        match of(before, &each.who) {
            Some(old) if old == *each => same.push(each),
            Some(old) => {
                add_lines(&mut text, ' ', &[&each.who]);
                let gone = old.lines.iter().filter(|line| !each.lines.contains(line));
                add_lines(&mut text, '-', &indented(gone));
                for line in &each.lines {
                    let sign = if old.lines.contains(line) { ' ' } else { '+' };
                    add_lines(&mut text, sign, &[format!("  {line}")]);
                }
                for name in other_values(&old, each) {
                    let line = format!("  another value of {name}, which is not shown");
                    add_lines(&mut text, '+', &[line]);
                }
            }
            None => add(&mut text, '+', each),
        }
    }
    if text.is_empty() {
        text.push_str(
            "  what is executed and asked is as it was; a description or a limit is not\n",
        );
    }
    if !same.is_empty() {
        text.push_str("\nAs before:\n\n");
        for each in same {
            add(&mut text, ' ', each);
        }
    }
    text
}

/// Returns the variables whose values are not shown and are not what they were.
fn other_values<'n>(before: &TrustItem, now: &'n TrustItem) -> Vec<&'n str> {
    let is_other = |name: &&String| {
        let known = before.hidden.get(*name);
        known.is_some() && known != now.hidden.get(*name)
    };
    let names = now.hidden.keys().filter(is_other);
    names.map(String::as_str).collect()
}

fn add(text: &mut String, sign: char, each: &TrustItem) {
    add_lines(text, sign, &[&each.who]);
    add_lines(text, sign, &indented(each.lines.iter()));
}

fn indented<'l>(lines: impl Iterator<Item = &'l String>) -> Vec<String> {
    lines.map(|line| format!("  {line}")).collect()
}

fn add_lines(text: &mut String, sign: char, lines: &[impl AsRef<str>]) {
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{sign} {}", legible(line.as_ref()));
    }
}

/// Returns a text whole, without anything that acts on a terminal or cannot be
/// seen.
pub(crate) fn legible(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let pieces = letters.chunks(PIECE).map(|piece| {
        let piece: String = piece.iter().collect();
        Safe::new(&piece).as_str().to_owned()
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn does(who: &str, lines: &[&str]) -> TrustItem {
        TrustItem {
            who: who.to_owned(),
            lines: lines.iter().map(ToString::to_string).collect(),
            hidden: BTreeMap::new(),
        }
    }

    #[test]
    fn another_secret_value_stands_in_the_question() {
        let with = |digest: &str| TrustItem {
            hidden: BTreeMap::from([("API_KEY".to_owned(), digest.to_owned())]),
            ..does("tool a", &["runs   a", "sets   API_KEY=…"])
        };
        let text = difference(&[with("1")], &[with("2")]);
        assert!(text.contains("+   another value of API_KEY"), "{text}");
    }

    #[test]
    fn a_difference_shows_what_went_came_and_changed() {
        let before = [
            does("tool a", &["runs   a", "takes  X"]),
            does("tool b", &["runs   b"]),
            does("tool c", &["runs   c"]),
        ];
        let now = [
            does("tool a", &["runs   a2", "takes  X"]),
            does("tool c", &["runs   c"]),
            does("tool d", &["runs   d"]),
        ];
        assert_eq!(
            difference(&before, &now),
            "- tool b\n-   runs   b\n  tool a\n-   runs   a\n+   runs   a2\n    takes  X\n\
             + tool d\n+   runs   d\n\nAs before:\n\n  tool c\n    runs   c\n"
        );
        assert!(difference(&now, &now).contains("a description or a limit"));
    }

    #[test]
    fn a_long_command_is_shown_whole_and_nothing_in_it_acts() {
        let long = format!("runs   sh {}\u{202e}\u{1b}[8mrm", "x".repeat(20_000));
        let shown = legible(&long);
        assert!(shown.contains(&"x".repeat(20_000)));
        assert!(shown.ends_with("<U+202E>rm"), "{shown}");
    }
}
