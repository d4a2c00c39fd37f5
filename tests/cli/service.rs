//! A service that speaks just enough HTTP, on a port of this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::bench::PATIENCE;

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `GET /path HTTP/1.1`.
    pub(crate) line: String,
    /// `name: value`, names in lower case.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

impl Asked {
    pub(crate) fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|it| it == header)
    }
}

/// What the service does with a request.
pub(crate) enum Reply {
    /// Status line and headers, and a body.
    Whole(String, String),
    /// The same over a connection that is then closed without a word of it.
    Closed(String, String),
    /// The beginning of an answer, byte for byte, then nothing until the
    /// service ends.
    Begun(String),
    /// The same bytes again and again.
    Endless(String),
    /// Nothing, until the service ends.
    Silence,
}

impl Reply {
    /// A success.
    pub(crate) fn fine(body: &str) -> Self {
        Self::Whole("200 OK".to_owned(), body.to_owned())
    }
}

/// A service. Dropped, it closes every connection.
pub(crate) struct Service {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    asked: Mutex<Vec<Asked>>,
    news: Condvar,
    is_over: AtomicBool,
}

type Handler = Arc<dyn Fn(usize, &Asked) -> Reply + Send + Sync>;

impl Service {
    /// Starts one; `handler` is told how many requests came before.
    pub(crate) fn start(handler: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            news: Condvar::new(),
            is_over: AtomicBool::new(false),
        });
        let (handler, kept): (Handler, _) = (Arc::new(handler), Arc::clone(&shared));
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if kept.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let (handler, shared) = (Arc::clone(&handler), Arc::clone(&kept));
                let connection = connection.expect("a connection");
                std::thread::spawn(move || serve(connection, &shared, &handler));
            }
        });
        Self { address, shared }
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().expect("no panic").clone()
    }

    /// Waits until it has been asked so often.
    pub(crate) fn wait_for(&self, count: usize) {
        let asked = self.shared.asked.lock().expect("no panic");
        let waited = self
            .shared
            .news
            .wait_timeout_while(asked, PATIENCE, |asked| asked.len() < count);
        assert!(!waited.expect("no panic").1.timed_out(), "nobody asks");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        self.shared.news.notify_all();
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(mut connection: TcpStream, shared: &Shared, handler: &Handler) {
    // A connection may be opened and never used.
    let Some(asked) = read(&connection) else {
        return;
    };
    let before = {
        let mut all = shared.asked.lock().expect("no panic");
        all.push(asked.clone());
        all.len() - 1
    };
    shared.news.notify_all();
    match handler(before, &asked) {
        Reply::Closed(head, body) => {
            let length = body.len();
            let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\n\r\n{body}");
            // Whoever asked may have gone.
            let _gone = connection.write_all(answer.as_bytes());
        }
        Reply::Whole(head, body) => {
            let length = if head.contains("content-length") {
                String::new()
            } else {
                format!("content-length: {}\r\n", body.len())
            };
            let answer = format!("HTTP/1.1 {head}\r\n{length}connection: close\r\n\r\n{body}");
            // Whoever asked may have gone.
            let _gone = connection.write_all(answer.as_bytes());
        }
        Reply::Begun(text) => {
            // Whoever asked may have gone.
            let _gone = connection.write_all(text.as_bytes());
            shared.wait_for_end();
        }
        Reply::Endless(text) => {
            let pieces = text.repeat(1024);
            let mut is_heard = true;
            while is_heard && !shared.is_over.load(Ordering::Relaxed) {
                is_heard = connection.write_all(pieces.as_bytes()).is_ok();
            }
        }
        Reply::Silence => shared.wait_for_end(),
    }
}

impl Shared {
    fn wait_for_end(&self) {
        let all = self.asked.lock().expect("no panic");
        let is_on = |_: &mut Vec<Asked>| !self.is_over.load(Ordering::Relaxed);
        drop(self.news.wait_timeout_while(all, PATIENCE, is_on));
    }
}

fn read(connection: &TcpStream) -> Option<Asked> {
    connection
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    let mut reader = BufReader::new(connection);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let line = lines.first()?.clone();
    let headers: Vec<String> = lines[1..]
        .iter()
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some(format!("{}: {}", name.to_lowercase(), value.trim()))
        })
        .collect();
    let length = headers
        .iter()
        .find_map(|header| header.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).ok()?;
    Some(Asked {
        line,
        headers,
        body: String::from_utf8(body).ok()?,
        at: Instant::now(),
    })
}
