//! Source files, and where in the crate they belong.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use proc_macro2::TokenStream;

use crate::paths::{self, UsedPath};
use crate::tokens::{self, Lexed};

/// One Rust file of the package.
pub(crate) struct Source {
    /// Path from the package's folder, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) code: Lexed,
    /// Paths of more than one part.
    pub(crate) used: Vec<UsedPath>,
    /// Whether it is a whole file of Rust; planted violations need not be.
    pub(crate) is_whole: bool,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let mut source = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code: Lexed::default(),
            used: Vec::new(),
            is_whole: false,
        };
        let stream: TokenStream = text.parse().unwrap_or_default();
        source.code = tokens::read(text, stream.clone());
        if let Ok(file) = syn::parse2(stream) {
            let module = source.module().filter(|_| path != "src/main.rs");
            source.is_whole = true;
            source.used = paths::paths(&file, module.as_deref());
        }
        source
    }

    /// Path of its module from the crate's root; `None` for integration tests,
    /// which stand outside the crate.
    pub(crate) fn module(&self) -> Option<Vec<String>> {
        let inside = match self.path.strip_prefix("sample-tools/tool/") {
            Some(rest) => format!("sample_tool/{rest}"),
            None => self.path.strip_prefix("src/")?.to_owned(),
        };
        let inside = inside.strip_suffix(".rs")?;
        let mut parts: Vec<String> = inside.split('/').map(str::to_owned).collect();
        if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
            parts.pop();
        }
        Some(parts)
    }

    /// The room it belongs to; `lib` for the crate's root.
    pub(crate) fn room(&self) -> Option<String> {
        let module = self.module()?;
        Some(module.first().cloned().unwrap_or_else(|| "lib".to_owned()))
    }

    pub(crate) fn violation(&self, line: usize, says: impl Into<String>) -> Violation {
        Violation {
            path: self.path.clone(),
            line,
            says: says.into(),
        }
    }
}

/// A law that a file breaks.
pub(crate) struct Violation {
    path: String,
    line: usize,
    says: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.says)
    }
}

pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the package, read once.
pub(crate) fn ours() -> &'static [Source] {
    static OURS: OnceLock<Vec<Source>> = OnceLock::new();
    OURS.get_or_init(|| {
        let mut found = Vec::new();
        for folder in ["src", "sample-tools", "tests"] {
            collect(&package().join(folder), &mut found);
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    })
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of the package") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let name = path.strip_prefix(package()).expect("inside the package");
            let text = fs::read_to_string(&path).expect("sources are UTF-8");
            found.push(Source::new(&name.to_string_lossy(), &text));
        }
    }
}

/// Visible names in the package's folder.
pub(crate) fn top_level() -> Vec<String> {
    fs::read_dir(package())
        .expect("the package's folder")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect()
}
