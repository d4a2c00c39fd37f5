//! Fuzzy search: the texts that a few typed letters match.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::catalogue::Catalogue;
use crate::model::{Tool, ToolName};

/// The indices of the texts that match, the best first; all of them, in their
/// order, where nothing is typed.
pub fn matches<'t>(typed: &str, texts: impl Iterator<Item = &'t str>) -> Vec<usize> {
    let pattern = Pattern::parse(typed, CaseMatching::Smart, Normalization::Smart);
    scored(&pattern, texts)
}

/// The indices of the texts that hold every typed word as it stands, the best
/// first: for sentences, in which single letters are found anywhere.
pub fn containing<'t>(typed: &str, texts: impl Iterator<Item = &'t str>) -> Vec<usize> {
    let (case, letters) = (CaseMatching::Smart, Normalization::Smart);
    let pattern = Pattern::new(typed, case, letters, AtomKind::Substring);
    scored(&pattern, texts)
}

fn scored<'t>(pattern: &Pattern, texts: impl Iterator<Item = &'t str>) -> Vec<usize> {
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let scored = texts.enumerate().filter_map(|(index, text)| {
        let score = pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher)?;
        Some((index, score))
    });
    let mut scored: Vec<(usize, u32)> = scored.collect();
    scored.sort_by_key(|(index, score)| (std::cmp::Reverse(*score), *index));
    scored.into_iter().map(|(index, _)| index).collect()
}

/// The tools whose name or description a few typed letters mean, the best
/// first; those with the letters in their name come before the others.
pub fn tools(catalogue: &Catalogue, typed: &str) -> Vec<ToolName> {
    let all: Vec<&Tool> = catalogue.tools().collect();
    let by_name = matches(typed, all.iter().map(|tool| tool.name.as_str()));
    let by_text = containing(typed, all.iter().map(|tool| tool.description.as_str()));
    let rest = by_text.into_iter().filter(|at| !by_name.contains(at));
    let found = by_name.iter().copied().chain(rest);
    found
        .filter_map(|at| Some(all.get(at)?.name.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::tui::text::fuzzy::*;

    #[test]
    fn the_best_comes_first() {
        let texts = ["read-file", "word-count", "write-file"];
        assert_eq!(matches("wf", texts.into_iter()), [2]);
        assert_eq!(matches("file", texts.into_iter()).len(), 2);
        assert_eq!(matches("", texts.into_iter()), [0, 1, 2]);
        assert!(containing("wf", texts.into_iter()).is_empty());
        assert_eq!(containing("count wo", texts.into_iter()), [1]);
    }
}
