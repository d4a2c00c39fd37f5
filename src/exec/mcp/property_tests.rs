//! Properties of the decoder: mutated conversations, and bodies and streams of
//! any bytes. Every request ends, with a reason. The conversations lie in
//! `tests/corpus/mcp`, with what was found before.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index;
use rmcp::model::{CallToolRequest, CallToolRequestParams, ClientRequest};
use rmcp::model::{ClientJsonRpcMessage, RequestId};

use super::answer::Answer;
use super::pending_request::{PendingRequest, RequestTag};
use super::request_table::RequestTable;
use crate::exec::fuzzing::for_a_while;
use crate::exec::secret_mask::SecretMask;
use crate::model::{AttemptNo, CallId, Outcome};
use crate::output::{Bounds, ProtocolLog, Store};

/// Lines of recorded conversations, `@ID@` for the id of the request.
fn corpus() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/mcp");
    let entries = std::fs::read_dir(folder).expect("the corpus");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let lines = paths.iter().flat_map(|path| {
        let text = std::fs::read(path).expect("a file of the corpus");
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec);
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>()
    });
    lines.collect()
}

/// Calls in flight, with the ids 1, 2, ….
struct InFlight {
    requests: RequestTable,
    calls: Vec<Arc<PendingRequest>>,
    store: Store,
}

fn in_flight(count: usize, is_one_stream: bool) -> InFlight {
    let mask = SecretMask::new(&[]);
    let requests = RequestTable::new(ProtocolLog::default(), mask, is_one_stream);
    let store = Store::new(None, Bounds::default());
    let calls = (0..count).map(|at| {
        let call = CallId::from_index(at);
        let sink = store.sink(call, AttemptNo(1));
        let pending = PendingRequest::for_call(call, sink, false);
        let mut request = CallToolRequest::new(CallToolRequestParams::new("t"));
        request.extensions.insert(RequestTag(pending.clone()));
        let id = RequestId::Number(i64::try_from(at).unwrap_or_default() + 1);
        let request = ClientRequest::CallToolRequest(request);
        requests.sent(&ClientJsonRpcMessage::request(request, id), "{}");
        pending
    });
    let calls = calls.collect();
    InFlight {
        requests,
        calls,
        store,
    }
}

impl InFlight {
    /// Whether a call has ended. Its ending has a reason unless it succeeded.
    fn check_ended(&self, at: usize) -> Result<bool, TestCaseError> {
        let sink = self.store.sink(CallId::from_index(at), AttemptNo(1));
        let ending = match self.calls[at].take_answer() {
            None => return Ok(false),
            Some(Answer::Result(result)) => super::result::write(&result, &sink),
            Some(Answer::Error(error)) => super::result::error_ending(&error, &sink),
            Some(Answer::Failed(failure)) => {
                prop_assert!(!failure.to_string().is_empty());
                return Ok(true);
            }
        };
        let reason = ending.reason.unwrap_or_default();
        prop_assert!(ending.outcome == Outcome::Succeeded || !reason.is_empty());
        prop_assert!(!reason.contains("::"), "{}", reason);
        Ok(true)
    }
}

/// One change of some bytes.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Truncate(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let odd = prop_oneof![
        any::<Vec<u8>>(),
        prop_oneof![
            Just("\\ud83d"),
            Just("NaN"),
            Just("\""),
            Just("{"),
            Just("}"),
            Just("["),
            Just(","),
            Just("null"),
            Just("\"id\":1,"),
            Just("\"error\":null,"),
            Just("1e999"),
            Just("\u{feff}"),
            Just("\"id\":{},"),
            Just("\\"),
            Just("\0"),
            Just("\"jsonrpc\":\"1.0\","),
        ]
        .prop_map(|text| text.as_bytes().to_vec()),
        (0usize..300).prop_map(|depth| vec![b'['; depth]),
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (any::<Index>(), odd).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<Index>(), 1usize..20).prop_map(|(at, count)| Mutation::Remove(at, count)),
        (any::<Index>(), 1usize..40).prop_map(|(at, count)| Mutation::Repeat(at, count)),
        any::<Index>().prop_map(Mutation::Truncate),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    match mutation {
        Mutation::Replace(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Mutation::Insert(at, more) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, more.iter().copied());
        }
        Mutation::Remove(at, count) => {
            let at = at.index(bytes.len());
            bytes.drain(at..(at + count).min(bytes.len()));
        }
        Mutation::Repeat(at, count) => {
            let at = at.index(bytes.len());
            let piece = bytes[at..(at + count).min(bytes.len())].to_vec();
            bytes.splice(at..at, piece);
        }
        Mutation::Truncate(at) => {
            let at = at.index(bytes.len());
            bytes.truncate(at);
        }
    }
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::new();
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

/// Whatever becomes of the content of an answer, it ends the call that it
/// names, and no other.
#[test]
fn an_answer_with_a_legible_id_ends_its_call_and_no_other() {
    for_a_while(|config| {
        proptest!(config, |(
            content in proptest::sample::select(corpus()),
            mutations in proptest::collection::vec(mutation(), 0..6),
            calls in 1usize..4,
            named in any::<Index>(),
            is_id_last in any::<bool>(),
        )| {
            let mut content = content;
            for mutation in &mutations {
                mutate(&mut content, mutation);
            }
            // One line, and no second id or method of the message itself.
            content.retain(|byte| !matches!(byte, b'\n' | b'"' | b'\\' | b'{' | b'}' | b'[' | b']'));
            let flight = in_flight(calls, true);
            let named = named.index(calls);
            let id = named + 1;
            let content = String::from_utf8_lossy(&content).into_owned();
            let line = if is_id_last {
                format!(r#"{{"jsonrpc":"2.0","result":{{"x":[{content}]}},"id":{id}}}"#)
            } else {
                format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"x":[{content}]}}}}"#)
            };
            flight.requests.receive(line.as_bytes());
            for at in 0..calls {
                prop_assert_eq!(flight.check_ended(at)?, at == named, "{}", line);
            }
        });
    });
}

/// Mutated conversations do no harm, and a whole answer after them still
/// ends its call.
#[test]
fn a_call_ends_whatever_came_before_its_answer() {
    for_a_while(|config| {
        proptest!(config, |(
            lines in proptest::collection::vec(proptest::sample::select(corpus()), 0..6),
            mutations in proptest::collection::vec((any::<Index>(), mutation()), 0..12),
        )| {
            let mut lines = lines;
            for (at, mutation) in &mutations {
                if !lines.is_empty() {
                    let at = at.index(lines.len());
                    mutate(&mut lines[at], mutation);
                }
            }
            let flight = in_flight(2, true);
            for line in &lines {
                let line = replace(line, b"@ID@", b"1");
                flight.requests.receive(&line);
                flight.requests.receive_oversized(&line);
            }
            for id in [1, 2] {
                let answer = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[]}}}}"#);
                flight.requests.receive(answer.as_bytes());
            }
            prop_assert!(flight.check_ended(0)?);
            prop_assert!(flight.check_ended(1)?);
        });
    });
}

/// A body in the exchange of a request is a message, or is said to be
/// none; an answer ends the request.
#[cfg(feature = "http")]
#[test]
fn a_body_ends_its_request_or_is_no_message() {
    for_a_while(|config| {
        proptest!(config, |(
            body in proptest::sample::select(corpus()),
            mutations in proptest::collection::vec(mutation(), 0..8),
        )| {
            let mut body = replace(&body, b"@ID@", b"1");
            for mutation in &mutations {
                mutate(&mut body, mutation);
            }
            let flight = in_flight(1, false);
            let id = RequestId::Number(1);
            match flight.requests.receive_for(&id, &body) {
                Some(rmcp::model::JsonRpcMessage::Response(_) | rmcp::model::JsonRpcMessage::Error(_)) => {
                    prop_assert!(!flight.requests.is_open(&id));
                    prop_assert!(flight.check_ended(0)?);
                }
                _ => prop_assert!(flight.requests.is_open(&id)),
            }
        });
    });
}

/// How a stream is cut into pieces changes none of its events.
#[cfg(feature = "http")]
#[test]
fn events_do_not_depend_on_the_pieces_of_a_stream() {
    for_a_while(|config| {
        proptest!(config, |(
            lines in proptest::collection::vec(
                prop_oneof![
                    Just("data: x".to_owned()), Just(String::new()), Just("id: 7".to_owned()),
                    Just("event: e".to_owned()), Just(": c".to_owned()), "[ -~]{0,12}",
                ], 0..20),
            end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
            cuts in proptest::collection::vec(1usize..9, 0..40),
        )| {
            use super::sse::Parser;
            let text = lines.join(end);
            let events = |pieces: Vec<&[u8]>| {
                let (mut parser, mut events) = (Parser::default(), Vec::new());
                for piece in pieces {
                    parser.push(piece).expect("short");
                    while let Some(event) = parser.next().expect("short") {
                        events.push(event);
                    }
                }
                events.extend(parser.finish());
                events
            };
            let mut pieces = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);
            prop_assert_eq!(events(pieces), events(vec![text.as_bytes()]));
        });
    });
}
