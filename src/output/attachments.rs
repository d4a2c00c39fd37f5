//! Things that calls hand over beside their text, such as images: kept in
//! memory, within bounds, until they are saved.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::CallId;

/// Bytes that are kept of one call.
const MAX_OF_CALL: usize = 32 << 20;

/// Bytes that are kept of all calls.
const MAX_OF_ALL: usize = 128 << 20;

/// A thing that a call handed over beside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its media type, such as `image/png`. Untrusted text.
    pub media: String,
    /// Its content.
    pub bytes: Arc<[u8]>,
}

impl Attachment {
    /// Returns the end of a file's name for its media type.
    pub fn extension(&self) -> &'static str {
        let media = self.media.split(';').next().unwrap_or_default().trim();
        match media {
            "image/png" => "png",
            "image/jpeg" => "jpg",
            "image/gif" => "gif",
            "image/webp" => "webp",
            "image/svg+xml" => "svg",
            "audio/wav" | "audio/x-wav" | "audio/wave" => "wav",
            "audio/mpeg" | "audio/mp3" => "mp3",
            "audio/ogg" => "ogg",
            "application/pdf" => "pdf",
            "application/json" => "json",
            "application/gzip" => "gz",
            "application/zip" => "zip",
            "text/plain" => "txt",
            _ => "bin",
        }
    }
}

/// Attachments of all calls.
#[derive(Debug, Default)]
pub(super) struct Attachments {
    of: BTreeMap<CallId, Vec<Attachment>>,
    bytes: usize,
}

impl Attachments {
    /// Those of a call.
    pub(super) fn of(&self, call: CallId) -> &[Attachment] {
        self.of.get(&call).map(Vec::as_slice).unwrap_or_default()
    }

    /// Adds one; false where there is no room for it.
    pub(super) fn add(&mut self, call: CallId, attachment: Attachment) -> bool {
        let size = attachment.bytes.len();
        let own = self.of.entry(call).or_default();
        let of_call: usize = own.iter().map(|it| it.bytes.len()).sum();
        if of_call + size > MAX_OF_CALL || self.bytes + size > MAX_OF_ALL {
            return false;
        }
        self.bytes += size;
        own.push(attachment);
        true
    }

    /// Forgets those of a call.
    pub(super) fn forget(&mut self, call: CallId) {
        let gone = self.of.remove(&call).unwrap_or_default();
        self.bytes -= gone.iter().map(|it| it.bytes.len()).sum::<usize>();
    }
}

/// Writes attachments into files of a folder, which is made where it is
/// missing. No file that is there is replaced. Returns the paths.
///
/// # Errors
///
/// A file cannot be written; those before it are.
pub fn save_attachments(
    attachments: &[Attachment],
    folder: &Path,
    name: &str,
) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let name = name.replace(|letter| !is_plain(letter), "-");
    let mut saved = Vec::new();
    for (at, attachment) in (1..).zip(attachments) {
        saved.push(save(attachment, folder, &format!("{name}-{at}"))?);
    }
    Ok(saved)
}

fn save(attachment: &Attachment, folder: &Path, stem: &str) -> io::Result<PathBuf> {
    let end = attachment.extension();
    for copy in 1..1000 {
        let name = match copy {
            1 => format!("{stem}.{end}"),
            _ => format!("{stem}-{copy}.{end}"),
        };
        let path = folder.join(name);
        let made = std::fs::File::options()
            .write(true)
            .create_new(true)
            .open(&path);
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => {
                io::Write::write_all(&mut made?, &attachment.bytes)?;
                return Ok(path);
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AttemptNo;
    use crate::output::{Bounds, Store};

    #[test]
    fn attachments_are_bounded_and_never_replace_a_file() {
        let store = Store::new(None, Bounds::default());
        let sink = store.sink(CallId::MIN, AttemptNo(1));
        assert!(sink.attach("image/png", b"one"));
        assert!(!sink.attach("image/png", &vec![0; MAX_OF_CALL]));
        let kept = store.attachments(CallId::MIN);
        let folder = tempfile::tempdir().expect("a folder");
        let into = folder.path().join("new");
        let first = save_attachments(&kept, &into, "look").expect("saved");
        let second = save_attachments(&kept, &into, "look").expect("saved");
        assert_eq!(first, [into.join("look-1.png")]);
        assert_eq!(second, [into.join("look-1-2.png")]);
        assert_eq!(std::fs::read(&second[0]).expect("read"), b"one");
        store.forget(CallId::MIN);
        assert!(store.attachments(CallId::MIN).is_empty());
    }
}
