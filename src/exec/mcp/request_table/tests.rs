//! Attribution of answers to requests.

use serde_json::json;

use super::*;
use crate::exec::mcp::pending_request::RequestStatus;
use crate::model::{AttemptNo, CallId, Secret};
use crate::output::{Bounds, Store};

/// A table with calls on it, whose ids and progress tokens are given.
struct Fixture {
    requests: RequestTable,
    calls: Vec<Arc<PendingRequest>>,
    store: Store,
}

fn table_with(ids: &[i64]) -> Fixture {
    let mask = SecretMask::new(&[Secret::new("hunter2")]);
    let requests = RequestTable::new(ProtocolLog::default(), mask, true);
    let store = Store::new(None, Bounds::default());
    let mut calls = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let call = CallId::from_index(at);
        let pending = PendingRequest::for_call(call, store.sink(call, AttemptNo(1)), false);
        let mut inner = requests.inner();
        inner.last_id = inner.last_id.max(*id);
        let open = OpenRequest {
            method: Method::CallTool,
            pending: Some(pending.clone()),
            received_before: inner.received,
        };
        inner.open.insert(RequestId::Number(*id), open);
        let token = ProgressToken(RequestId::Number(*id));
        inner.tokens.insert(token, pending.clone());
        drop(inner);
        calls.push(pending);
    }
    Fixture {
        requests,
        calls,
        store,
    }
}

impl Fixture {
    /// Takes a message; returns how many the library is told.
    fn receive(&self, text: &str) -> usize {
        self.requests.receive(text.as_bytes()).len()
    }

    fn failure(&self, call: usize) -> Option<String> {
        match self.calls[call].take_answer()? {
            Answer::Failed(failure) => Some(failure.to_string()),
            other => panic!("{other:?}"),
        }
    }

    fn status(&self) -> RequestStatus {
        *self.calls[0].status().borrow()
    }
}

fn progress(token: u32, reported: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},{reported}}}}}"#
    )
}

#[test]
fn progress_only_goes_forward_whatever_is_told() {
    let table = table_with(&[7]);
    let done = || {
        let progress = table.status().progress.expect("progress");
        (progress.done, progress.total)
    };
    table.receive(&progress(7, r#""progress":3,"total":10"#));
    assert_eq!(done(), (3.0, Some(10.0)));
    // Back, and again what is known.
    table.receive(&progress(7, r#""progress":1,"total":10"#));
    table.receive(&progress(7, r#""progress":3,"total":10"#));
    assert_eq!(done(), (3.0, Some(10.0)));
    // Further than its end, which is kept as it was reported.
    table.receive(&progress(7, r#""progress":12,"total":10"#));
    assert_eq!(done(), (12.0, Some(10.0)));
    assert_eq!(table.status().updates, 4);
    assert_eq!(table.requests.faults().stray, 0);
}

#[test]
fn numbers_that_are_none_move_nothing() {
    let table = table_with(&[7]);
    let token = || ProgressToken(RequestId::Number(7));
    for (odd, total) in [(f64::NAN, 10.0), (f64::INFINITY, 10.0), (2.0, f64::NAN)] {
        let reported = ProgressNotificationParam::new(token(), odd).with_total(total);
        table.calls[0].record_progress(&reported, &table.requests.mask());
    }
    let known = table.status().progress.expect("the one that is a number");
    assert_eq!((known.done, known.total), (2.0, None));
}

#[test]
fn progress_of_unknown_calls_and_after_the_end_is_counted_and_passed_over() {
    let table = table_with(&[7]);
    table.receive(&progress(8, r#""progress":1"#));
    let stray = || table.requests.faults().stray;
    assert_eq!((table.status().updates, stray()), (0, 1));
    table.requests.forget(&table.calls[0]);
    table.receive(&progress(7, r#""progress":1"#));
    table.receive(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#);
    assert_eq!((table.status().updates, stray()), (0, 3));
}

#[test]
fn an_answer_that_is_not_understood_ends_its_call_and_is_kept() {
    let table = table_with(&[7, 8]);
    assert_eq!(
        table.receive(r#"{"jsonrpc":"2.0","id":8,"result":{"x":NaN}}"#),
        1
    );
    let failure = table.failure(1).expect("an answer");
    let told = "protocol error: its answer is not understood: it is not valid JSON";
    assert!(failure.starts_with(told), "{failure}");
    assert!(table.calls[1].status().borrow().is_answered);
    assert_eq!(table.calls[0].take_answer(), None);
    assert!(table.store.stat(CallId::from_index(1)).stderr_bytes > 0);
}

#[test]
fn an_answer_without_a_legible_id_ends_the_only_call() {
    for (answer, told) in [
        (
            r#"{"jsonrpc":"2.0","id":null,"result":{}}"#,
            "has the id null",
        ),
        (r#"{"jsonrpc":"2.0","result":{}}"#, "has no id"),
        (
            r#"{"jsonrpc":"2.0","id":1007,"result":{}}"#,
            "has the id 1007",
        ),
        (
            r#"{"jsonrpc":"2.0","id":{},"result":{}}"#,
            "neither a number nor a text",
        ),
        (r#"{"result":{"x":"#, "the JSON ends too early"),
        (
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}"#,
            "error -32700: no",
        ),
    ] {
        let table = table_with(&[7]);
        assert_eq!(table.receive(answer), 1, "{answer}");
        let failure = table.failure(0).expect("an answer");
        assert!(failure.contains(told), "{answer}: {failure}");
    }
}

#[test]
fn answers_without_an_id_end_as_many_calls_once_no_other_is_left() {
    let table = table_with(&[7, 8, 9]);
    let orphan = r#"{"jsonrpc":"2.0","id":null,"result":{}}"#;
    assert_eq!(table.receive(orphan) + table.receive(orphan), 0);
    // A late or doubled answer is none of them.
    assert_eq!(table.receive(r#"{"jsonrpc":"2.0","id":3,"result":{}}"#), 0);
    let messages = table.receive(r#"{"jsonrpc":"2.0","id":8,"result":{}}"#);
    assert_eq!(messages, 3);
    assert!(table.failure(0).is_some() && table.failure(2).is_some());
    assert_eq!(table.requests.faults().stray, 1);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_was_made_up_leaves_time_for_the_true_answer() {
    let foreign = r#"{"jsonrpc":"2.0","id":"nobody","result":{}}"#;
    let table = table_with(&[7]);
    assert_eq!(table.receive(foreign), 0);
    assert_eq!(table.receive(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#), 1);
    assert_eq!(table.requests.faults().stray, 1);
    let table = table_with(&[7]);
    table.receive(foreign);
    let due = table.requests.orphan_due().expect("a time");
    tokio::time::sleep_until(due).await;
    assert_eq!(table.requests.settle_orphans().len(), 1);
    assert!(
        table
            .failure(0)
            .expect("a failure")
            .contains("the id nobody")
    );
}

#[test]
fn secrets_that_come_back_are_masked() {
    let table = table_with(&[7]);
    table.receive(r#"{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"bad hunter2","data":["hunter2"]}}"#);
    let Some(Answer::Error(error)) = table.calls[0].take_answer() else {
        panic!("no error");
    };
    assert_eq!(error.to_string(), "-1: bad ***");
    assert_eq!(error.data, Some(json!(["***"])));
    let talk = table
        .requests
        .protocol_log
        .exchange(CallId::MIN)
        .expect("messages");
    assert!(!talk.messages[0].text.contains("hunter2"));
}

#[cfg(feature = "http")]
#[test]
fn a_request_of_the_server_is_about_the_call_in_whose_exchange_it_came() {
    let table = table_with(&[1, 2, 3]);
    let asks = |id: &str| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "elicitation/create", "params": { "message": "?" } })
            .to_string()
    };
    let calls = |id: &str| {
        let id = RequestId::String(id.into());
        let calls = table.requests.asking_calls(&id);
        let mut calls: Vec<_> = calls.iter().filter_map(|it| it.call()).collect();
        calls.sort_unstable();
        calls
    };
    let within = RequestId::Number(2);
    table
        .requests
        .receive_for(&within, asks("a").as_bytes())
        .expect("it is passed on");
    assert_eq!(calls("a"), [CallId::from_index(1)]);
    // Another one came outside of any exchange.
    assert_eq!(table.receive(&asks("b")), 1);
    let all: Vec<CallId> = (0..3).map(CallId::from_index).collect();
    assert_eq!(calls("b"), all);
}
