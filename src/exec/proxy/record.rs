//! The recording of everything that passes: one JSON object a line, written by
//! a thread of its own, within a bound.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc as blocking;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tokio::sync::mpsc;

use super::frames::Direction;

/// Bytes of a recording.
const LONGEST: u64 = 1 << 30;

/// Bytes and lines that wait for the disk. What comes beyond is left out, and a
/// note says how much.
const WAITING_BYTES: usize = 16 << 20;
const WAITING_LINES: usize = 16 * 1024;

/// Names that are tried for a file that exists.
const MOST_NAMES: u32 = 1000;

/// First line of a recording.
#[derive(Debug, Serialize)]
pub(super) struct RecordingHead<'a> {
    pub(super) fanout_wire: u32,
    pub(super) name: &'a str,
    pub(super) argv: &'a [String],
    pub(super) started_unix_us: u64,
    pub(super) agent: &'a super::frames::AgentIdentity,
}

/// A message in a recording.
#[derive(Serialize)]
struct Recorded<'a> {
    t: u64,
    d: Direction,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b64: Option<String>,
}

/// A recording under way.
#[derive(Debug)]
pub(super) struct Recording {
    lines: Option<blocking::SyncSender<Vec<u8>>>,
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
    left_out: u64,
    path: PathBuf,
}

impl Recording {
    /// Begins a recording. An existing file is never written to: the name gets a
    /// number. `ended` gets the reason if the recording ends before its time.
    pub(super) fn begin(
        path: &Path,
        head: &RecordingHead<'_>,
        ended: mpsc::Sender<String>,
    ) -> io::Result<Self> {
        let (file, path) = create(path)?;
        let waiting = Arc::new(AtomicUsize::new(0));
        let (sender, lines) = blocking::sync_channel(WAITING_LINES);
        let written = Arc::clone(&waiting);
        let thread = thread::Builder::new()
            .name("recording".to_owned())
            .spawn(move || {
                if let Err(error) = write_lines(file, &lines, &written) {
                    let _gone = ended.blocking_send(error.to_string());
                }
            })?;
        let mut recording = Self {
            lines: Some(sender),
            waiting,
            thread: Some(thread),
            left_out: 0,
            path,
        };
        recording.push(json_line(head));
        Ok(recording)
    }

    /// Returns the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Records a message.
    pub(super) fn message(&mut self, t: Duration, d: Direction, line: &[u8]) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let raw = std::str::from_utf8(line).ok();
        let b64 = raw.is_none().then(|| STANDARD.encode(line));
        let t = t.as_micros() as u64;
        self.push(json_line(&Recorded { t, d, raw, b64 }));
    }

    /// Records what became of a message.
    pub(super) fn note(&mut self, t: Duration, note: &serde_json::Value) {
        let t = t.as_micros() as u64;
        self.push(json_line(
            &serde_json::json!({ "t": t, "d": "x", "raw": note.to_string() }),
        ));
    }

    fn push(&mut self, line: Vec<u8>) {
        let Some(lines) = &self.lines else { return };
        let len = line.len();
        if self.waiting.load(Ordering::Relaxed) + len > WAITING_BYTES {
            self.left_out += 1;
            return;
        }
        if self.left_out > 0 {
            let note = format!("{{\"d\":\"x\",\"left_out\":{}}}\n", self.left_out);
            if lines.try_send(note.into_bytes()).is_ok() {
                self.left_out = 0;
            }
        }
        self.waiting.fetch_add(len, Ordering::Relaxed);
        if lines.try_send(line).is_err() {
            self.waiting.fetch_sub(len, Ordering::Relaxed);
            self.left_out += 1;
        }
    }
}

impl Drop for Recording {
    /// Waits until everything is written.
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

fn json_line(value: &impl Serialize) -> Vec<u8> {
    // The types that are written have text keys and no failing parts.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}

fn write_lines(
    file: File,
    lines: &blocking::Receiver<Vec<u8>>,
    waiting: &AtomicUsize,
) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    let mut written = 0;
    while let Ok(first) = lines.recv() {
        let mut next = Some(first);
        while let Some(line) = next {
            waiting.fetch_sub(
                line.len().min(waiting.load(Ordering::Relaxed)),
                Ordering::Relaxed,
            );
            written += line.len() as u64;
            if written > LONGEST {
                file.flush()?;
                return Err(io::Error::other("the recording is 1 GiB long"));
            }
            file.write_all(&line)?;
            next = lines.try_recv().ok();
        }
        file.flush()?;
    }
    Ok(())
}

/// Creates the file, or one with a number where it exists already.
fn create(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut name = path.to_owned();
    for number in 2..=MOST_NAMES {
        match options.open(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (file, name)),
        }
        name = numbered(path, number);
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Puts a number before the extension of a file's name.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}-{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::proxy::frames::AgentIdentity;

    #[test]
    fn everything_is_written_and_no_file_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("wire.ndjson");
        let agent = AgentIdentity::default();
        let head = RecordingHead {
            fanout_wire: 1,
            name: "mem",
            argv: &[],
            started_unix_us: 5,
            agent: &agent,
        };
        for number in ["", "-2", "-3"] {
            let (ended, _) = mpsc::channel(1);
            let mut recording = Recording::begin(&path, &head, ended).expect("a file");
            recording.message(
                Duration::from_micros(7),
                Direction::ToServer,
                b"{\"a\": 1}\n",
            );
            recording.message(Duration::from_micros(8), Direction::Stderr, b"\xff\n");
            recording.note(
                Duration::from_micros(9),
                &serde_json::json!({"note": "held"}),
            );
            let written = recording.path().to_owned();
            drop(recording);
            assert_eq!(written, folder.path().join(format!("wire{number}.ndjson")));
            let text = std::fs::read_to_string(written).expect("text");
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines[0].starts_with("{\"fanout_wire\":1,"), "{}", lines[0]);
            assert_eq!(lines[1], r#"{"t":7,"d":"c2s","raw":"{\"a\": 1}"}"#);
            assert_eq!(lines[2], r#"{"t":8,"d":"err","b64":"/w=="}"#);
            assert_eq!(lines[3], r#"{"t":9,"d":"x","raw":"{\"note\":\"held\"}"}"#);
        }
    }
}
