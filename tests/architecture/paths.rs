//! The paths of a file, resolved to where they lead from the crate's root.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, File, ItemExternCrate, ItemMod, ItemUse, Macro, Meta, UseTree, Visibility};

/// A path of the code.
#[derive(Debug, Clone)]
pub(crate) struct UsedPath {
    /// Parts from the crate's root on; a `*` ends it.
    pub(crate) parts: Vec<String>,
    pub(crate) line: usize,
    /// Whether it begins at the crate's root (`crate`, `self`, `super`,
    /// `fanout`), and not with a name that may be anything.
    pub(crate) is_rooted: bool,
    /// Whether it stands in a module of tests.
    pub(crate) is_test: bool,
    pub(crate) export: Option<Export>,
}

/// A `use` that makes a name visible outside of its module.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    /// The name that it gives.
    pub(crate) name: String,
    /// Whether it is `pub` without a limit.
    pub(crate) is_public: bool,
}

/// Every path of more than one part in a file, in `use`, in code and in the
/// arguments of macros and attributes.
pub(crate) fn paths(file: &File, module: Option<&[String]>) -> Vec<UsedPath> {
    let mut reader = Reader {
        module: module.unwrap_or_default().to_vec(),
        is_library: module.is_some(),
        is_test: false,
        export: None,
        found: Vec::new(),
    };
    reader.visit_file(file);
    reader.found
}

struct Reader {
    module: Vec<String>,
    /// For the binary and for integration tests `crate` is not the library.
    is_library: bool,
    is_test: bool,
    /// Set within a `use` that is visible outside of its module.
    export: Option<Export>,
    found: Vec<UsedPath>,
}

impl Reader {
    /// Adds a path, its parts being words as they stand in the file.
    fn add(&mut self, words: &[String], line: usize) {
        let (mut parts, rest) = match words.first().map(String::as_str) {
            Some("crate") if self.is_library => (Vec::new(), &words[1..]),
            Some("fanout") => (Vec::new(), &words[1..]),
            _ => (self.module.clone(), words),
        };
        let is_rooted = match words.first().map(String::as_str) {
            Some("crate" | "self" | "super") => self.is_library,
            Some("fanout") => true,
            _ => false,
        };
        for word in rest {
            match word.as_str() {
                "super" => drop(parts.pop()),
                "self" => {}
                word => parts.push(word.to_owned()),
            }
        }
        self.found.push(UsedPath {
            parts,
            line,
            is_rooted,
            is_test: self.is_test,
            export: self.export.clone(),
        });
    }

    fn read_tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.read_tree(&path.tree, &with(&path.ident)),
            UseTree::Name(name) => self.add_use(&with(&name.ident), &name.ident, None),
            UseTree::Rename(name) => {
                self.add_use(&with(&name.ident), &name.ident, Some(&name.rename));
            }
            UseTree::Glob(glob) => {
                let words = [before, &["*".to_owned()]].concat();
                self.add(&words, glob.star_token.spans[0].start().line);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.read_tree(tree, before);
                }
            }
        }
    }

    fn add_use(&mut self, words: &[String], last: &Ident, renamed: Option<&Ident>) {
        if let Some(export) = &mut self.export {
            export.name = renamed.unwrap_or(last).to_string();
        }
        self.add(words, last.span().start().line);
    }

    /// Reads what `syn` leaves unread: the arguments of macros.
    fn read_tokens(&mut self, stream: TokenStream) {
        let mut words: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for tree in stream {
            match tree {
                TokenTree::Ident(word) => {
                    if colons != 2 {
                        self.end_path(&mut words, line);
                    }
                    line = word.span().start().line;
                    words.push(word.to_string());
                    colons = 0;
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' => colons += 1,
                other => {
                    self.end_path(&mut words, line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.read_tokens(group.stream());
                    }
                }
            }
        }
        self.end_path(&mut words, line);
    }

    fn end_path(&mut self, words: &mut Vec<String>, line: usize) {
        if words.len() > 1 {
            self.add(words, line);
        }
        words.clear();
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let is_outer = self.is_test;
        self.is_test |= item.attrs.iter().any(is_for_tests);
        if item.content.is_some() {
            self.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
        self.is_test = is_outer;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.export = (!matches!(item.vis, Visibility::Inherited)).then(|| Export {
            name: String::new(),
            is_public: matches!(item.vis, Visibility::Public(_)),
        });
        self.read_tree(&item.tree, &[]);
        self.export = None;
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        // Another name for the root would hide what is used of it.
        self.add(&["crate".to_owned()], item.ident.span().start().line);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Vec<String> = path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        if let Some(first) = path.segments.first().filter(|_| words.len() > 1) {
            self.add(&words, first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.visit_path(&item.path);
        self.read_tokens(item.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.read_tokens(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }

    // `pub(in path)` uses nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && matches!(&attribute.meta, Meta::List(list) if list.tokens.to_string() == "test")
}
