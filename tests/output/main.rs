//! What calls print: floods, hostile bytes, and what reaches disk and screen.
//! The cases of the torture list are named by their numbers.

mod floods;
mod hostile;

use std::path::Path;
use std::time::{Duration, Instant};

use fanout::model::{AttemptNo, CallId};
use fanout::output::{Bounds, Position, Safe, Sink, Store, Window, WindowRequest};

const MIB: usize = 1024 * 1024;

fn call() -> CallId {
    CallId::from_index(0)
}

/// A store that spills beneath a folder.
fn store(folder: &Path, bounds: Bounds) -> Store {
    Store::new(Some(folder.join("run")), bounds)
}

/// Writes as a pump does: waits while the disk is behind.
fn write(sink: &Sink, stream: fanout::output::Stream, bytes: &[u8]) {
    until("the disk has caught up", || !sink.is_behind());
    sink.write(stream, bytes);
}

/// The last lines.
fn tail(store: &Store, count: usize) -> Window {
    let request = WindowRequest {
        from: Position::Tail,
        count,
        ..WindowRequest::default()
    };
    store.reader().window(call(), &request)
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 60 s: {what}");
        std::thread::yield_now();
    }
}

fn sink(store: &Store) -> Sink {
    store.sink(call(), AttemptNo(1))
}

/// Resident memory of this process, in bytes.
#[cfg(target_os = "linux")]
fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("the process can be read");
    let pages = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("the second field is a number") * rustix::param::page_size()
}

/// Whether a text holds nothing that a terminal would obey or hide.
fn assert_harmless(text: &Safe) {
    for letter in text.as_str().chars() {
        assert!(!letter.is_control(), "{letter:?} in {text:?}");
        assert!(
            !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}' | '\u{feff}'),
            "{letter:?} in {text:?}"
        );
    }
}
