//! Property of exchanges: whatever bytes a service answers with, the exchange
//! ends, with a reason unless it succeeded, and shows no secret.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;

use super::client::Clients;
use super::exchange;
use super::heard::Heard;
use crate::exec::fuzzing::for_a_while;
use crate::model::{AttemptNo, CallId, Ending, Epoch, HttpRequest, Method, Outcome, Secret};
use crate::output::{Bounds, Store};

/// Longest time for one exchange whose connection is closed.
const LIMIT: Duration = Duration::from_secs(20);

const SECRET: &str = "hunter2-and-more";

/// Answers of services, whole ones and odd ones.
fn corpus() -> Vec<Vec<u8>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/http/answers.txt");
    let text = std::fs::read_to_string(path).expect("the corpus");
    let answers = text.split("\n%%\n");
    answers
        .map(|answer| {
            let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
            let head = head.replace('\n', "\r\n");
            format!("{head}\r\n\r\n{body}")
                .replace("@SECRET@", SECRET)
                .into_bytes()
        })
        .collect()
}

/// Sends one request to a service that answers with these bytes and closes.
fn exchange_with(answer: Vec<u8>, method: Method) -> (Option<Ending>, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let port = address.port();
    let is_over = Arc::new(AtomicBool::new(false));
    let seen_over = Arc::clone(&is_over);
    let service = std::thread::spawn(move || {
        // A request may be sent once more, or follow a redirect.
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else {
                return;
            };
            if seen_over.load(Ordering::Relaxed) {
                return;
            }
            let _timeout = connection.set_read_timeout(Some(Duration::from_secs(2)));
            let _asked = connection.read(&mut [0; 4096]);
            let _answered = connection.write_all(&answer);
            let _closed = connection.shutdown(Shutdown::Write);
        }
    });
    let request = HttpRequest {
        call: CallId::MIN,
        attempt: AttemptNo(1),
        epoch: Epoch(0),
        method,
        host: "127.0.0.1".to_owned(),
        url: Secret::new(format!("http://127.0.0.1:{port}/?key={SECRET}")),
        headers: Vec::new(),
        body: None,
        secrets: vec![Secret::new(SECRET)],
        is_repeatable: method == Method::Get,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let store = Store::new(None, Bounds::default());
    let sink = store.sink(CallId::MIN, AttemptNo(1));
    let ending = runtime.block_on(async {
        let clients = Clients::default();
        let heard = Heard::default();
        let run = exchange::run(&clients, &request, &sink, &heard);
        tokio::time::timeout(LIMIT, run).await.ok()
    });
    sink.finish();
    is_over.store(true, Ordering::Relaxed);
    // Wakes the thread that waits for connections.
    drop(TcpStream::connect(address));
    service.join().expect("the service does not panic");
    (ending, store.result(CallId::MIN).bytes)
}

#[test]
fn an_exchange_ends_whatever_the_service_answers() {
    for_a_while(|config| {
        proptest!(config, |(
            answer in proptest::sample::select(corpus()),
            changes in proptest::collection::vec((any::<Index>(), any::<Vec<u8>>(), 0usize..8), 0..5),
            is_get in any::<bool>(),
        )| {
            let mut answer = answer;
            for (at, bytes, removed) in &changes {
                let at = at.index(answer.len().max(1)).min(answer.len());
                let end = (at + removed).min(answer.len());
                answer.splice(at..end, bytes.iter().copied());
            }
            let method = if is_get { Method::Get } else { Method::Post };
            let (ending, printed) = exchange_with(answer, method);
            let ending = ending.expect("it ends");
            let reason = ending.reason.unwrap_or_default();
            prop_assert!(ending.outcome == Outcome::Succeeded || !reason.is_empty());
            prop_assert!(!reason.contains("::") && !reason.contains(SECRET), "{}", reason);
            prop_assert!(!String::from_utf8_lossy(&printed).contains(SECRET));
        });
    });
}
