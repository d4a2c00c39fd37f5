//! The file of pins of one server, and the differences that are shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use similar::TextDiff;

use super::question::legible;
use super::store::StoreError;
use crate::model::ListedTool;
use crate::output::PrivateFolder;

/// Version of the files' format.
pub(super) const VERSION: u32 = 1;

/// Length of a file, in bytes, beyond which it is neither read nor written.
pub(super) const MOST_BYTES: u64 = 64 << 20;

/// Number of tools of one server that are remembered. Further ones are not used
/// without a question: a server must not push what is known of it out.
pub(super) const MOST_TOOLS: usize = 4_000;

/// Length of the names and descriptions of one server's tools, in bytes, that
/// is remembered: written as JSON it stays below [`MOST_BYTES`].
pub(super) const MOST_TEXT: usize = 8 << 20;

/// Length of one description, in bytes, that is kept to show a difference.
pub(super) const MOST_SHOWN: usize = 16 << 10;

/// Lines of a description shown around each change in it.
const AROUND: usize = 2;

/// The description of a tool by its server, in a canonical form. The digest is
/// of all of it; the text is cut at [`MOST_SHOWN`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Definition {
    pub(super) sha256: String,
    pub(super) text: String,
}

impl Definition {
    pub(super) fn of(tool: &ListedTool) -> Self {
        let mut value = serde_json::to_value(tool).unwrap_or_default();
        // A server may give the keys of a table in another order each time.
        value.sort_all_objects();
        let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
        let sha256 = format!("{:x}", Sha256::digest(&text));
        if text.len() > MOST_SHOWN {
            text.truncate(text.floor_char_boundary(MOST_SHOWN));
            text.push_str("\n…");
        }
        Self { sha256, text }
    }
}

/// The file of one server.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PinFile {
    pub(super) version: u32,
    /// Name of the server and its catalogue, for a person who reads the file.
    pub(super) server: String,
    /// Whether earlier descriptions were lost: tools that are not here may have
    /// been known, and are asked about.
    #[serde(default)]
    pub(super) is_incomplete: bool,
    pub(super) tools: BTreeMap<String, Definition>,
}

/// Reads the file of a server; `None` where there is none.
pub(super) fn read(folder: &PrivateFolder, file: &str) -> Result<Option<PinFile>, StoreError> {
    let Some(text) = folder.read(file, MOST_BYTES)? else {
        return Ok(None);
    };
    let written: PinFile = serde_json::from_str(&text).map_err(|source| StoreError::Malformed {
        file: file.to_owned(),
        source,
    })?;
    if written.version == VERSION {
        Ok(Some(written))
    } else {
        let file = file.to_owned();
        Err(StoreError::OtherVersion { file })
    }
}

/// Returns the lines that differ, with their surroundings.
pub(super) fn changes(before: &str, now: &str) -> String {
    if before == now {
        return "\n  the difference is behind what is kept of it\n".to_owned();
    }
    let diff = TextDiff::from_lines(before, now);
    let mut text = String::new();
    for group in diff.grouped_ops(AROUND) {
        text.push('\n');
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        for change in changes {
            let line = change.value().trim_end_matches('\n');
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {}", change.tag(), legible(line));
        }
    }
    text
}
