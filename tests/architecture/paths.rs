//! The paths of a file that lead out of its own module, resolved to what they
//! name at the crate's root.

use crate::source::Source;
use crate::tokens::Token;

/// A path that reaches the crate's root and goes down from there.
pub(crate) struct RootPath {
    /// The parts after the root; a `*` or a group ends it.
    pub(crate) parts: Vec<String>,
    pub(crate) line: usize,
    /// Whether it stands in a `pub use`.
    pub(crate) is_handed_on: bool,
}

/// Every path of a file that goes through the crate's root, written with
/// `crate`, with `super`s or with the package's own name, in groups or not.
pub(crate) fn root_paths(source: &Source) -> Vec<RootPath> {
    let mut reader = Reader {
        tokens: &source.tokens,
        module: source.module().unwrap_or_default(),
        // For the binary and for integration tests `crate` is not the library.
        is_library: source.module().is_some() && source.path != "src/main.rs",
        is_handed_on: false,
        found: Vec::new(),
    };
    reader.read();
    reader.found
}

struct Reader<'a> {
    tokens: &'a [Token],
    module: Vec<String>,
    is_library: bool,
    is_handed_on: bool,
    found: Vec<RootPath>,
}

impl Reader<'_> {
    fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    fn read(&mut self) {
        // Depths of braces at which inline modules were entered.
        let mut entered = Vec::new();
        let mut depth = 0usize;
        for at in 0..self.tokens.len() {
            match self.word(at) {
                "{" => {
                    depth += 1;
                    if at >= 2 && self.word(at - 2) == "mod" {
                        self.module.push(self.word(at - 1).to_owned());
                        entered.push(depth);
                    }
                }
                "}" => {
                    if entered.last() == Some(&depth) {
                        entered.pop();
                        self.module.pop();
                    }
                    depth = depth.saturating_sub(1);
                }
                "use" => self.is_handed_on = self.is_public(at),
                ";" => self.is_handed_on = false,
                _ => {}
            }
            self.read_path(at);
        }
    }

    /// Whether the `use` at this place is public beyond its room.
    fn is_public(&self, at: usize) -> bool {
        at >= 1 && self.word(at - 1) == "pub"
    }

    /// Reads the path that begins at this place, if one does.
    fn read_path(&mut self, at: usize) {
        let is_continued = at >= 1 && self.word(at - 1) == "::";
        // Inside of groups, `self` and `super` have been read with the group.
        let is_start = !is_continued && self.word(at + 1) == "::";
        match self.word(at) {
            "crate" if is_start && self.is_library => self.follow(at + 2, &[]),
            // Another name for the root would hide what is used of it.
            "crate" if self.word(at + 1) == "as" => self.find(at, Vec::new()),
            "extern" if self.word(at + 1) == "crate" => self.find(at, Vec::new()),
            "fanout" if is_start => self.follow(at + 2, &[]),
            "self" if is_start && self.is_library => {
                let module = self.module.clone();
                self.follow(at + 2, &module);
            }
            "super" if is_start && self.is_library => {
                let module = self.module.clone();
                self.follow(at, &module);
            }
            _ => {}
        }
    }

    /// Follows a path part by part; `base` is where it stands.
    fn follow(&mut self, at: usize, base: &[String]) {
        let mut base = base.to_vec();
        match self.word(at) {
            "super" => {
                base.pop();
            }
            "self" => {}
            "{" => return self.follow_group(at + 1, &base),
            part => base.push(part.to_owned()),
        }
        if self.word(at + 1) == "::" {
            // A turbofish ends the path.
            if self.word(at + 2) != "<" {
                return self.follow(at + 2, &base);
            }
        }
        self.find(at, base);
    }

    fn find(&mut self, at: usize, parts: Vec<String>) {
        self.found.push(RootPath {
            parts,
            line: self.tokens.get(at).map_or(0, |token| token.line),
            is_handed_on: self.is_handed_on,
        });
    }

    fn follow_group(&mut self, mut at: usize, base: &[String]) {
        let mut depth = 1usize;
        let mut is_start = true;
        while depth > 0 && at < self.tokens.len() {
            if is_start && depth == 1 && self.word(at) != "}" {
                self.follow(at, base);
            }
            is_start = false;
            match self.word(at) {
                "{" => depth += 1,
                "}" => depth -= 1,
                "," => is_start = true,
                _ => {}
            }
            at += 1;
        }
    }
}
