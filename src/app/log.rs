//! `--log FILE`: a log of what the program does, for bug reports.
//!
//! The log holds names, times, outcomes and the lines of diagnostics; never
//! arguments, outputs, headers or the environment's values. Values of secret
//! variables are replaced wherever they would come up. It goes to the file
//! only, and only events of this program do: libraries log what they send.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::OFlags;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use super::session::usable_cores;

/// Target of the program's own events.
const TARGET: &str = "fanout";

/// Words in the names of variables whose values are secret.
const SECRET_WORDS: [&str; 6] = ["KEY", "TOKEN", "SECRET", "PASS", "AUTH", "CRED"];

/// Length from which on a value is replaced: shorter ones would come up by
/// chance.
const SHORTEST_SECRET: usize = 6;

/// Bytes of the beginning of a file that tell whether it is a log.
const LONGEST_FIRST_LINE: u64 = 256;

/// Reason that there is no log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("the log cannot be written to {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the log cannot be written to {}: it is no regular file", path.display())]
    NoRegularFile { path: PathBuf },
    #[error("{} holds something else than a log: name another file for `--log`", path.display())]
    NoLog { path: PathBuf },
    #[error("the log cannot be started")]
    Subscriber(#[from] TryInitError),
}

/// Starts the log in a file that only its owner may read, and logs the command
/// and the machine.
pub(crate) fn start(path: &Path, args: &[OsString]) -> Result<(), LogError> {
    let writer = ConcealingWriter {
        file: open(path)?,
        secrets: secrets(std::env::vars_os()),
    };
    let lines = layer()
        .with_writer(Mutex::new(writer))
        .with_ansi(false)
        .with_target(false)
        .with_filter(Targets::new().with_target(TARGET, Level::DEBUG));
    tracing_subscriber::registry().with(lines).try_init()?;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        arguments = words(args),
        kernel = kernel.trim(),
        cores = usable_cores(),
        stdin_is_terminal = io::stdin().is_terminal(),
        stdout_is_terminal = io::stdout().is_terminal(),
        term = std::env::var("TERM").unwrap_or_default(),
        "started"
    );
    Ok(())
}

fn open(path: &Path) -> Result<File, LogError> {
    let failed = |source| LogError::File {
        path: path.to_owned(),
        source,
    };
    // Not to block on a FIFO that nobody reads.
    let flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        let path = path.to_owned();
        return Err(LogError::NoRegularFile { path });
    }
    if !is_empty_or_log(&file).map_err(failed)? {
        let path = path.to_owned();
        return Err(LogError::NoLog { path });
    }
    let private = std::fs::Permissions::from_mode(0o600);
    file.set_permissions(private).map_err(failed)?;
    Ok(file)
}

/// Whether there is nothing in a file but what earlier logs left, by its first
/// line.
fn is_empty_or_log(file: &File) -> io::Result<bool> {
    let mut first = Vec::new();
    file.take(LONGEST_FIRST_LINE).read_to_end(&mut first)?;
    let line = first.split(|byte| *byte == b'\n').next();
    let line = String::from_utf8_lossy(line.unwrap_or_default());
    Ok(first.is_empty() || line.contains(" INFO started version="))
}

/// Returns the command and the names of its options; every other word, which
/// may be a secret argument, only as a sign that it was there.
fn words(args: &[OsString]) -> String {
    let mut words = args.iter().skip(1).map(|word| word.to_string_lossy());
    let command = words.next().map(|word| match word.strip_prefix('-') {
        Some(_) => option_name(&word).to_owned(),
        None => word.into_owned(),
    });
    let rest = words.map(|word| match word.strip_prefix('-') {
        Some(_) => option_name(&word).to_owned(),
        None => "…".to_owned(),
    });
    let all: Vec<String> = command.into_iter().chain(rest).collect();
    all.join(" ")
}

fn option_name(word: &str) -> &str {
    word.split_once('=').map_or(word, |(name, _)| name)
}

/// Returns the values of variables whose names say that they are secret.
fn secrets(variables: impl Iterator<Item = (OsString, OsString)>) -> BTreeSet<String> {
    let is_secret = |name: &OsStr| {
        let name = name.to_string_lossy().to_uppercase();
        SECRET_WORDS.iter().any(|word| name.contains(word))
    };
    let values = variables.filter(|(name, _)| is_secret(name));
    let values = values.map(|(_, value)| value.to_string_lossy().into_owned());
    values
        .filter(|value| value.len() >= SHORTEST_SECRET)
        .collect()
}

/// Writes lines to the log, without the values of secret variables.
struct ConcealingWriter {
    file: File,
    secrets: BTreeSet<String>,
}

impl Write for ConcealingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        // The longest first: one may be a part of another.
        let mut secrets: Vec<&String> = self.secrets.iter().collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            text = text.replace(secret.as_str(), "***");
        }
        self.file.write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_counted_and_not_told() {
        let args = [
            "fanout",
            "call",
            "login",
            "password=hunter2",
            "--args=x",
            "--plain",
        ];
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        assert_eq!(words(&args), "call … … --args --plain");
    }

    #[test]
    fn values_of_secret_variables_are_replaced() {
        let variables = [
            ("API_KEY", "sk-12345678"),
            ("HOME", "/home/me"),
            ("TOKEN", "x"),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut writer = ConcealingWriter {
            file: file.reopen().expect("the file"),
            secrets: secrets(variables.into_iter()),
        };
        writer
            .write_all(b"/home/me said sk-12345678\n")
            .expect("written");
        let text = std::fs::read_to_string(file.path()).expect("read");
        assert_eq!(text, "/home/me said ***\n");
    }
}
