//! Real work on real files: counting, hashing, reading, adding a line.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::place::Place;
use super::{Arguments, Exit, SampleToolError, Streams};

/// Most files that one call looks at.
const MOST_FILES: usize = 10_000;

/// Counts lines, words and bytes of a file, or of all files under a folder.
pub(super) fn word_count(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let place = Place::find(arguments.needed("path")?)?;
    let pause = arguments.millis("pause_ms", 0)?;
    arguments.finish()?;
    let (mut lines, mut words, mut bytes) = (0u64, 0u64, 0u64);
    for file in files_under(&place.path)? {
        let mut is_in_word = false;
        for_each_piece(&file, |piece| {
            bytes += piece.len() as u64;
            for byte in piece {
                lines += u64::from(*byte == b'\n');
                let is_space = byte.is_ascii_whitespace();
                words += u64::from(!is_space && !is_in_word);
                is_in_word = !is_space;
            }
        })?;
        writeln!(streams.stderr, "{}", place.shown(&file)).map_err(SampleToolError::Output)?;
        std::thread::sleep(pause);
    }
    let result = json!({ "lines": lines, "words": words, "bytes": bytes });
    writeln!(streams.stdout, "{result}").map_err(SampleToolError::Output)?;
    Ok(0)
}

/// Prints the SHA-256 of a file, or of all files under a folder.
pub(super) fn hash(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let place = Place::find(arguments.needed("path")?)?;
    let pause = arguments.millis("pause_ms", 0)?;
    arguments.finish()?;
    for file in files_under(&place.path)? {
        let mut digest = Sha256::new();
        for_each_piece(&file, |piece| digest.update(piece))?;
        let digest: Vec<String> = digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        writeln!(
            streams.stdout,
            "{}  {}",
            digest.concat(),
            place.shown(&file)
        )
        .and_then(|()| streams.stdout.flush())
        .map_err(SampleToolError::Output)?;
        std::thread::sleep(pause);
    }
    Ok(0)
}

/// Prints a file.
pub(super) fn read_file(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let place = Place::find(arguments.needed("path")?)?;
    let wait = arguments.millis("ms", 0)?;
    arguments.finish()?;
    let mut file = File::open(&place.path).map_err(SampleToolError::file(&place.path))?;
    std::thread::sleep(wait);
    io::copy(&mut file, streams.stdout).map_err(SampleToolError::file(&place.path))?;
    Ok(0)
}

/// Adds one line to a file, in two steps with a pause between them: two calls
/// that do this at once, without a lock, mix their lines.
pub(super) fn append(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let place = Place::find_to_write(arguments.needed("path")?)?;
    let text = arguments.needed("text")?;
    let wait = arguments.millis("ms", 0)?;
    arguments.finish()?;
    let wrong = SampleToolError::file;
    if let Some(folder) = place.path.parent() {
        fs::create_dir_all(folder).map_err(wrong(folder))?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&place.path)
        .map_err(wrong(&place.path))?;
    let middle = text.len() / 2;
    let (first, second) = text.as_bytes().split_at(middle);
    file.write_all(first).map_err(wrong(&place.path))?;
    std::thread::sleep(wait);
    file.write_all(second)
        .and_then(|()| file.write_all(b"\n"))
        .map_err(wrong(&place.path))?;
    let result = json!({ "path": place.shown(&place.path), "bytes": text.len() + 1 });
    writeln!(streams.stdout, "{result}").map_err(SampleToolError::Output)?;
    Ok(0)
}

/// Adds to the number in a file: reads it, waits and writes the sum back. Two
/// calls that do this at once both read the same number, and one is lost.
pub(super) fn add(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let place = Place::find_to_write(arguments.needed("path")?)?;
    let amount = arguments.number("amount", 1, 1_000_000_000)?;
    let wait = arguments.millis("ms", 0)?;
    arguments.finish()?;
    let wrong = SampleToolError::file;
    let before: u64 = match fs::read_to_string(&place.path) {
        Ok(text) => {
            let number = text.trim().parse().map_err(io::Error::other);
            number.map_err(wrong(&place.path))?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(wrong(&place.path)(error)),
    };
    std::thread::sleep(wait);
    let sum = before.saturating_add(amount);
    fs::write(&place.path, format!("{sum}\n")).map_err(wrong(&place.path))?;
    let result = json!({ "path": place.shown(&place.path), "added": amount });
    writeln!(streams.stdout, "{result}").map_err(SampleToolError::Output)?;
    Ok(0)
}

/// The files at or under `path`, sorted; hidden ones and links are left alone.
pub(super) fn files_under(path: &Path) -> Result<Vec<PathBuf>, SampleToolError> {
    let mut found = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(next) = open.pop() {
        let kind = next
            .symlink_metadata()
            .map_err(SampleToolError::file(&next))?;
        if kind.is_dir() {
            for entry in next.read_dir().map_err(SampleToolError::file(&next))? {
                let entry = entry.map_err(SampleToolError::file(&next))?;
                if !entry.file_name().to_string_lossy().starts_with('.') {
                    open.push(entry.path());
                }
            }
        } else if kind.is_file() {
            found.push(next);
        }
        if found.len() >= MOST_FILES {
            break;
        }
    }
    found.sort();
    Ok(found)
}

/// Hands over the bytes of a file piece by piece.
fn for_each_piece(path: &Path, mut take: impl FnMut(&[u8])) -> Result<(), SampleToolError> {
    let mut file = File::open(path).map_err(SampleToolError::file(path))?;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut piece).map_err(SampleToolError::file(path))?;
        match piece.get(..read) {
            Some(bytes) if read > 0 => take(bytes),
            _ => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::outcome;

    #[test]
    fn an_appended_file_reads_back() {
        let folder = tempfile::tempdir_in("target").expect("a folder");
        let path = folder.path().join("notes.txt");
        let path = path.to_str().expect("a UTF-8 path");
        assert_eq!(outcome("append", &["--", path, "one two"]).0, 0);
        assert_eq!(outcome("append", &["--ms", "1", "--", path, "três"]).0, 0);
        assert_eq!(
            outcome("read-file", &["--", path]),
            (0, "one two\ntrês\n".to_owned(), String::new())
        );
        assert_eq!(
            outcome("word-count", &["--", path]).1,
            "{\"lines\":2,\"words\":3,\"bytes\":14}\n"
        );
    }

    #[test]
    fn what_is_added_stays() {
        let folder = tempfile::tempdir_in("target").expect("a folder");
        let path = folder.path().join("sum.txt");
        let path = path.to_str().expect("a UTF-8 path");
        assert_eq!(outcome("add", &["--amount", "40", "--", path]).0, 0);
        assert_eq!(outcome("add", &["--amount=2", "--", path]).0, 0);
        assert_eq!(outcome("read-file", &["--", path]).1, "42\n");
        std::fs::write(path, "much").expect("a file");
        let (code, _, said) = outcome("add", &["--", path]);
        assert_eq!(code, 1);
        assert!(said.contains("invalid digit"), "{said}");
    }

    #[test]
    fn a_missing_file_is_a_failure_that_names_it() {
        let (code, _, said) = outcome("read-file", &["--", "/nowhere/at all"]);
        assert_eq!(code, 1);
        assert!(said.contains("/nowhere/at all: No such file"), "{said}");
        let (code, _, said) = outcome("read-file", &["--", "run:notes"]);
        assert_eq!(code, 1);
        assert!(said.contains("FANOUT_RUN_DIR is not set"), "{said}");
    }
}
