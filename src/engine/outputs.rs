//! Outputs of ended calls as values: parsed once, shared by every call that
//! refers to them, and forgotten beyond a budget of bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::{Value, json};

use crate::model::{CallId, OutputKind};
use crate::output::{OutputEncoding, OutputValue, Store};

/// Printed bytes of the outputs whose values are kept. A value takes up to some
/// twenty times the bytes that it was read from. The one used last is kept
/// whatever its size, so that calls that refer to one output share it.
const KEPT_BYTES: u64 = 16 << 20;
/// Number of values that are kept.
const KEPT_VALUES: usize = 4096;

/// A call whose output can be referred to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Referent {
    pub(super) call: CallId,
    pub(super) kind: OutputKind,
}

/// Reason that there is no whole output to refer to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum OutputError {
    /// Longer than is read back.
    #[error("output is {bytes} bytes long; only {} MiB are read back", limit >> 20)]
    TooLong { bytes: u64, limit: u64 },
    /// Neither memory nor disk has all of it.
    #[error("only {kept} of the {bytes} bytes of output were kept")]
    Incomplete { kept: u64, bytes: u64 },
    /// The tool promised JSON.
    #[error("output is not one JSON document: {error}; it begins: {begins}")]
    NotJson { error: String, begins: String },
    /// Characters had to be replaced, so that the value is not what was printed.
    #[error("output has half of a surrogate pair, which cannot be passed on")]
    Lossy,
}

/// The outputs of a run and the values read from them.
#[derive(Debug)]
pub(super) struct Outputs {
    store: Store,
    values: Mutex<Values>,
}

/// An output that was read as its tool promises.
#[derive(Debug, Clone)]
struct ReadOutput {
    value: Arc<Value>,
    /// Whether characters were replaced.
    is_lossy: bool,
}

type ReadOnce = Arc<OnceLock<Result<ReadOutput, OutputError>>>;

/// The values that are kept, each with when it was last used.
#[derive(Debug, Default)]
struct Values {
    by_call: BTreeMap<CallId, KeptValue>,
    by_use: BTreeMap<u64, CallId>,
    uses: u64,
    bytes: u64,
}

#[derive(Debug)]
struct KeptValue {
    /// Changes when the call prints anything more, as another attempt does.
    generation: u64,
    bytes: u64,
    used: u64,
    value: ReadOnce,
}

impl Outputs {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            values: Mutex::default(),
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Forgets what a call has printed.
    pub(super) fn forget(&self, call: CallId) {
        self.lock().forget(call);
        self.store.forget(call);
    }

    /// Number of bytes of a call's output if it stands in memory, so that
    /// reading it takes no look at the disk.
    pub(super) fn bytes_in_memory(&self, call: CallId) -> Option<u64> {
        self.store.stdout_in_memory(call)
    }

    /// Returns the whole output of a call as a value. The first to ask reads
    /// and parses it; others who ask meanwhile wait for that.
    ///
    /// # Errors
    ///
    /// The reason that the output is not whole, or not of the promised form.
    pub(super) fn value(&self, of: Referent) -> Result<Arc<Value>, OutputError> {
        let read = self.read_once(of)?;
        if read.is_lossy {
            return Err(OutputError::Lossy);
        }
        Ok(read.value)
    }

    /// Returns the output of a call to be checked: characters of it may have
    /// been replaced.
    ///
    /// # Errors
    ///
    /// The reason that the output is not whole, or not of the promised form.
    pub(super) fn value_to_check(&self, of: Referent) -> Result<Arc<Value>, OutputError> {
        self.read_once(of).map(|read| read.value)
    }

    fn read_once(&self, of: Referent) -> Result<ReadOutput, OutputError> {
        let stat = self.store.stat(of.call);
        let value = self
            .lock()
            .entry(of.call, stat.generation, stat.stdout_bytes);
        value.get_or_init(|| self.read(of)).clone()
    }

    fn read(&self, of: Referent) -> Result<ReadOutput, OutputError> {
        let printed = self.store.result(of.call);
        if printed.is_truncated {
            let (bytes, limit) = (printed.total, self.store.bounds().result_bytes);
            return Err(if bytes > limit {
                OutputError::TooLong { bytes, limit }
            } else {
                let kept = bytes.saturating_sub(printed.missing);
                OutputError::Incomplete { kept, bytes }
            });
        }
        let begins = excerpt(&printed.bytes);
        let read = OutputValue::read(printed, of.kind);
        let value = match (read.encoding, read.not_json) {
            (OutputEncoding::Json | OutputEncoding::Text, None) => read.value,
            // An object, so that nobody takes the bytes for a text.
            (OutputEncoding::Base64, None) => json!({ "base64": read.value }),
            (_, Some(error)) => return Err(OutputError::NotJson { error, begins }),
        };
        Ok(ReadOutput {
            value: Arc::new(value),
            is_lossy: read.is_lossy,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the beginning of the first line of an output that has text in it.
fn excerpt(bytes: &[u8]) -> String {
    const MOST_CHARS: usize = 60;
    let text = String::from_utf8_lossy(bytes.get(..MOST_CHARS * 16).unwrap_or(bytes));
    let line = text.trim_start().lines().next().unwrap_or_default().trim();
    let mut letters = line.chars();
    let mut kept: String = letters.by_ref().take(MOST_CHARS).collect();
    if letters.next().is_some() {
        kept.push('…');
    }
    kept
}

impl Values {
    /// The place of a value, which is now the one used last.
    fn entry(&mut self, call: CallId, generation: u64, bytes: u64) -> ReadOnce {
        let kept = self.by_call.get(&call);
        if kept.is_some_and(|kept| kept.generation != generation) {
            self.forget(call);
        }
        self.uses += 1;
        let used = self.uses;
        let kept = self.by_call.entry(call).or_insert_with(|| {
            self.bytes += bytes;
            KeptValue {
                generation,
                bytes,
                used,
                value: ReadOnce::default(),
            }
        });
        self.by_use.remove(&kept.used);
        kept.used = used;
        self.by_use.insert(used, call);
        let value = Arc::clone(&kept.value);
        while (self.bytes > KEPT_BYTES && self.by_call.len() > 1)
            || self.by_call.len() > KEPT_VALUES
        {
            let Some((_, oldest)) = self.by_use.first_key_value() else {
                break;
            };
            self.forget(*oldest);
        }
        value
    }

    fn forget(&mut self, call: CallId) {
        if let Some(kept) = self.by_call.remove(&call) {
            self.by_use.remove(&kept.used);
            self.bytes -= kept.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AttemptNo;
    use crate::output::{Bounds, Stream};

    fn printed(store: &Store, call: usize, bytes: &[u8]) -> Referent {
        let call = CallId::from_index(call);
        let sink = store.sink(call, AttemptNo(1));
        sink.write(Stream::Stdout, bytes);
        sink.finish();
        Referent {
            call,
            kind: OutputKind::Auto,
        }
    }

    #[test]
    fn an_output_is_parsed_once_and_shared() {
        let store = Store::new(None, Bounds::default());
        let of = printed(&store, 0, b"[1, 2]");
        let outputs = Outputs::new(store.clone());
        let first = outputs.value(of).expect("a value");
        let second = outputs.value(of).expect("a value");
        assert!(Arc::ptr_eq(&first, &second));
        store
            .sink(of.call, AttemptNo(2))
            .write(Stream::Stdout, b"[3]");
        let again = outputs.value(of).expect("a value");
        assert_eq!(*again, json!([3]), "another attempt printed something else");
    }

    #[test]
    fn values_beyond_the_budget_are_forgotten_but_the_last_one() {
        let store = Store::new(None, Bounds::default());
        let outputs = Outputs::new(store);
        let bytes = KEPT_BYTES / 2 + 1;
        let entry = |index| {
            let call = CallId::from_index(index);
            outputs.lock().entry(call, 1, bytes)
        };
        let first = entry(0);
        assert!(Arc::ptr_eq(&first, &entry(0)));
        let _second = entry(1);
        assert!(!Arc::ptr_eq(&first, &entry(0)));
        let values = outputs.lock();
        assert_eq!((values.by_call.len(), values.by_use.len()), (1, 1));
        assert_eq!(values.bytes, bytes);
    }

    #[test]
    fn bytes_that_are_no_text_keep_every_byte() {
        let store = Store::new(None, Bounds::default());
        let of = printed(&store, 0, b"\xff\x00\r\n");
        let outputs = Outputs::new(store.clone());
        let value = outputs.value(of).expect("a value");
        assert_eq!(*value, json!({ "base64": "/wANCg==" }));
        let of = printed(&store, 1, b"text\r");
        assert_eq!(*outputs.value(of).expect("a value"), json!("text\r"));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_document() {
        let store = Store::new(None, Bounds::default());
        let of = printed(&store, 0, b"\xef\xbb\xbf{\"a\": 1}\n");
        let outputs = Outputs::new(store);
        assert_eq!(*outputs.value(of).expect("a value"), json!({"a": 1}));
    }

    #[test]
    fn a_document_with_half_a_surrogate_pair_can_be_checked_and_not_be_passed_on() {
        let store = Store::new(None, Bounds::default());
        let of = printed(&store, 0, br#"{"a": "\ud83d"}"#);
        let outputs = Outputs::new(store);
        let value = outputs.value_to_check(of).expect("a value");
        assert_eq!(*value, json!({"a": "\u{fffd}"}));
        assert_eq!(outputs.value(of), Err(OutputError::Lossy));
    }

    #[test]
    fn an_output_that_is_not_whole_is_refused_with_its_reason() {
        let bounds = Bounds {
            result_bytes: 1 << 20,
            ..Bounds::default()
        };
        let store = Store::new(None, bounds);
        let of = printed(&store, 0, &vec![b'x'; 3 << 20]);
        let gap = printed(&store, 1, &vec![b'x'; 1 << 20]);
        let outputs = Outputs::new(store);
        let error = outputs.value(of).expect_err("too long");
        assert_eq!(
            error.to_string(),
            "output is 3145728 bytes long; only 1 MiB are read back"
        );
        outputs.value(gap).expect("head and tail hold all of it");
    }

    #[test]
    fn an_output_of_which_bytes_were_dropped_is_refused() {
        // Without a folder, what memory does not hold is dropped.
        let store = Store::new(None, Bounds::default());
        let of = printed(&store, 0, &vec![b'x'; 3 << 20]);
        let outputs = Outputs::new(store);
        let error = outputs.value(of).expect_err("not whole").to_string();
        let kept = error.strip_prefix("only ");
        let kept = kept.and_then(|it| it.strip_suffix(" of the 3145728 bytes of output were kept"));
        let kept: u64 = kept.and_then(|it| it.parse().ok()).expect("a number");
        assert!((256 << 10..2 << 20).contains(&kept), "{error}");
    }
}
