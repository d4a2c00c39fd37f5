//! One server: its start, its connection, its end, and its row on the screen.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rmcp::service::ServiceError;
use tokio::sync::watch;
use tokio::time::{self, Instant};

use super::client::Client;
use super::connecting::{END_DEADLINE, ended_cause, target};
use super::pins::Pins;
use super::process::ServerProcess;
use super::request_table::RequestTable;
use super::session::{Location, NotificationHandler, Service, Session};
use super::start_error::{ConnectionCause, ConnectionFailure, ProcessFailure, StartError};
use super::stdio_transport::StdioTransport;
use crate::exec::Containment;
#[cfg(feature = "http")]
use crate::exec::oauth::{Authorizer, GrantStore};
use crate::exec::secret_mask::SecretMask;
use crate::model::{
    Ending, Faults, HeldBack, ListedTool, McpServer, ProcessSpec, ServerRow, ServerState,
};
use crate::output::ProtocolLog;

/// Longest time for the connection itself to close; the process has its own
/// ladder after that.
const CLOSE_DEADLINE: Duration = Duration::from_millis(500);

/// Number of times that a server said that its lists changed.
type Changes = watch::Receiver<u64>;

/// Characters of standard error that go into a reason.
const MAX_STDERR_CHARS: usize = 300;

/// One server.
pub(super) struct Server {
    config: McpServer,
    /// Process to start; `None` for a remote server.
    launch: Option<ProcessSpec>,
    containment: Containment,
    protocol_log: ProtocolLog,
    /// Number of changes of any server's row.
    news: watch::Sender<u64>,
    pins: Arc<dyn Pins>,
    client: Arc<Client>,
    row: Mutex<ServerRow>,
    in_flight: AtomicUsize,
    /// The connection that takes calls.
    live: Mutex<Option<Arc<Session>>>,
    /// Lets requests in, where no header says who asks.
    #[cfg(feature = "http")]
    authorizer: Option<Arc<Authorizer>>,
    /// Address of the page on which a person is signing in.
    #[cfg(feature = "http")]
    sign_in_page: Mutex<Option<Arc<str>>>,
    /// Connection that runs; locked while it is started or closed, so that one
    /// thing happens at a time.
    running: tokio::sync::Mutex<Option<Connection>>,
}

/// Connection to a server, with its process where it was started here.
struct Connection {
    process: Option<ServerProcess>,
    service: Service,
}

impl Server {
    pub(super) fn new(
        config: McpServer,
        launch: Option<ProcessSpec>,
        containment: Containment,
        news: watch::Sender<u64>,
        pins: Arc<dyn Pins>,
        #[cfg(feature = "http")] grants: &GrantStore,
        client: Client,
    ) -> Self {
        #[cfg(feature = "http")]
        let authorizer = Authorizer::of_server(&config, grants);
        let row = ServerRow {
            name: config.name.clone(),
            target: target(&config).into(),
            state: ServerState::Stopped,
            since: SystemTime::now(),
            pid: None,
            identity: None,
            era: None,
            tools: Arc::default(),
            in_flight: 0,
            faults: Faults::default(),
            held_back: HeldBack::default(),
            list_problems: Arc::default(),
            sign_in: None,
            last_words: None,
            questions: Arc::default(),
        };
        Self {
            #[cfg(feature = "http")]
            authorizer,
            #[cfg(feature = "http")]
            sign_in_page: Mutex::default(),
            config,
            launch,
            containment,
            protocol_log: client.protocol_log.clone(),
            news,
            pins,
            client: Arc::new(client),
            row: Mutex::new(row),
            in_flight: AtomicUsize::new(0),
            live: Mutex::new(None),
            running: tokio::sync::Mutex::new(None),
        }
    }

    /// Starts it, connects and lists its tools, unless that was done already.
    pub(super) async fn start(self: &Arc<Self>) -> Result<Arc<Vec<ListedTool>>, StartError> {
        let mut running = self.running.lock().await;
        if self.live().is_some() {
            return Ok(Arc::clone(&self.row().tools));
        }
        if let Some(old) = running.take() {
            old.close().await;
        }
        self.set_state(ServerState::Starting);
        match self.connect_and_list().await {
            Ok(Opened {
                connection,
                session,
                changes,
            }) => {
                match &connection.process {
                    Some(process) => self.monitor_exit(process, &session),
                    None => self.monitor_connection(&session),
                }
                self.relist_on_change(changes, &session);
                *lock(&self.live) = Some(session);
                *running = Some(connection);
                self.set_state(ServerState::Ready);
                Ok(Arc::clone(&self.row().tools))
            }
            Err(error) => {
                self.set_state(ServerState::Failed(error.reason().into()));
                Err(error)
            }
        }
    }

    /// Closes it, and waits until nothing of it is left; returns how its process
    /// ended, if one ran.
    pub(super) async fn stop(&self) -> Option<Arc<Ending>> {
        let mut running = self.running.lock().await;
        let old = running.take()?;
        self.set_state(ServerState::Stopping);
        lock(&self.live).take();
        let ending = old.close().await;
        let left = ending
            .as_ref()
            .and_then(|ending| ending.unconfirmed.first());
        self.set_state(match left {
            Some(left) => ServerState::Failed(
                format!("process {} could not be confirmed dead", left.pid).into(),
            ),
            None => ServerState::Stopped,
        });
        ending
    }

    /// Returns the connection that takes calls, if there is one.
    pub(super) fn live(&self) -> Option<Arc<Session>> {
        lock(&self.live).clone()
    }

    /// Returns its row.
    pub(super) fn snapshot(&self) -> ServerRow {
        let mut row = self.row().clone();
        row.held_back = self.pins.held_back(&self.config.name);
        if row.state == ServerState::Starting {
            row.last_words = self.last_words().map(Arc::from);
        }
        row.questions = self.client.questions.of(&self.config.name);
        row.in_flight = self.in_flight.load(Ordering::Relaxed);
        if let Some(session) = self.live() {
            row.faults = session.requests.faults();
        }
        #[cfg(feature = "http")]
        {
            row.sign_in = self.sign_in_status();
        }
        row
    }

    /// Returns why it takes no calls.
    pub(super) fn unavailable_reason(&self) -> String {
        let name = &self.config.name;
        match &self.row().state {
            ServerState::Failed(reason) => format!("server {name} is gone: {reason}"),
            state => format!("server {name} is {}", state.word()),
        }
    }

    /// Returns why the connection broke, once that is known.
    pub(super) async fn broken_reason(&self, error: Option<&ServiceError>) -> String {
        if self.launch.is_none() {
            return match error {
                Some(ServiceError::McpError(error)) => error.message.to_string(),
                _ => "the connection broke".to_owned(),
            };
        }
        let deadline = Instant::now() + END_DEADLINE;
        let mut news = self.news.subscribe();
        while self.row().state == ServerState::Ready {
            if time::timeout_at(deadline, news.changed()).await.is_err() {
                break;
            }
        }
        match &self.row().state {
            ServerState::Failed(reason) => reason.to_string(),
            ServerState::Ready => match self.live().and_then(|session| session.requests.end()) {
                Some(reason) => reason,
                None => "it does not read what it is sent".to_owned(),
            },
            state => format!("the server is {}", state.word()),
        }
    }

    /// Counts a call as in flight until the guard is dropped.
    pub(super) fn track_call(self: &Arc<Self>) -> InFlightGuard {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.notify();
        InFlightGuard(Arc::clone(self))
    }

    async fn connect_and_list(&self) -> Result<Opened, StartError> {
        let server = || self.config.name.clone();
        let deadline = Instant::now() + self.config.startup_timeout;
        let mask = SecretMask::new(&self.config.secrets);
        let is_one_stream = self.launch.is_some();
        let requests = RequestTable::new(self.protocol_log.clone(), mask, is_one_stream);
        let requests = Arc::new(requests.keeping_handshake_of(&self.config.name));
        let (handler, changes) = NotificationHandler::new(self.client.capabilities());
        let mut location = Location::Remote;
        let (process, connected) = match &self.launch {
            Some(launch) => {
                let started = ServerProcess::start(
                    &self.containment,
                    launch,
                    &self.config,
                    &self.protocol_log,
                    self.news.clone(),
                );
                let (process, stdin, stdout) =
                    started.await.map_err(|ending| StartError::NotStarted {
                        server: server(),
                        failure: ProcessFailure(ending.reason.unwrap_or_default()),
                    })?;
                lock(&self.row).pid = Some(process.pid);
                let stdin = Arc::new(stdin);
                location = Location::Local {
                    input: Arc::downgrade(&stdin),
                };
                let transport = StdioTransport::new(
                    stdin,
                    stdout,
                    Arc::clone(&requests),
                    Arc::clone(&self.client),
                    self.probe_timeout(),
                );
                let connected = self.connect_pipes(transport, handler, &requests, deadline);
                (Some(process), connected.await)
            }
            None => (None, self.reach(&requests, handler, deadline).await),
        };
        match connected {
            Ok((service, list)) => {
                self.record_listing(&service, list);
                let session = Session {
                    peer: service.peer().clone(),
                    requests,
                    location,
                    client: Arc::clone(&self.client),
                };
                Ok(Opened {
                    connection: Connection { process, service },
                    session: Arc::new(session),
                    changes,
                })
            }
            Err(cause) => Err(self.not_connected(process, cause, &requests).await),
        }
    }

    async fn not_connected(
        &self,
        process: Option<ServerProcess>,
        cause: ConnectionCause,
        requests: &RequestTable,
    ) -> StartError {
        let cause = match process {
            Some(process) => ended_cause(&process, cause).await,
            None => cause,
        };
        let failure = ConnectionFailure {
            cause,
            noise: requests.first_noise(),
            last_words: self.last_words(),
        };
        StartError::NotConnected {
            server: self.config.name.clone(),
            failure: Box::new(failure),
        }
    }

    /// Returns why a tool may not be used as it is described now.
    pub(super) fn withheld(&self, tool: &str) -> Option<String> {
        self.pins.withheld(&self.config.name, tool)
    }

    /// Accepts the descriptions of its tools in this revision of what is held
    /// back.
    pub(super) fn accept(&self, revision: u64) {
        self.pins.accept(&self.config.name, revision);
        self.notify();
    }

    /// Returns a reason with the last line on the server's standard error.
    fn with_last_words(&self, reason: &str) -> String {
        match self.last_words() {
            Some(line) => format!("{reason}; its last words: {line}"),
            None => reason.to_owned(),
        }
    }

    fn last_words(&self) -> Option<String> {
        let complaints = self.protocol_log.server_stderr(&self.config.name);
        let mut lines = complaints.text.lines().rev();
        let line = lines.find(|line| !line.trim().is_empty())?;
        Some(line.trim().chars().take(MAX_STDERR_CHARS).collect())
    }

    fn set_state(&self, state: ServerState) {
        let mut row = lock(&self.row);
        tracing::info!(server = %row.name, state = ?state, "server state");
        if !matches!(state, ServerState::Ready | ServerState::Stopping) {
            row.pid = None;
        }
        row.state = state;
        row.since = SystemTime::now();
        drop(row);
        self.notify();
    }

    fn notify(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    fn row(&self) -> MutexGuard<'_, ServerRow> {
        lock(&self.row)
    }
}

impl Connection {
    /// Closes it; returns how its process ended, if it has one here.
    async fn close(mut self) -> Option<Arc<Ending>> {
        // Whatever comes of it, the process is closed next.
        let _closed = self.service.close_with_timeout(CLOSE_DEADLINE).await;
        match &self.process {
            Some(process) => Some(process.close().await),
            None => None,
        }
    }
}

/// Server that was started.
struct Opened {
    connection: Connection,
    session: Arc<Session>,
    changes: Changes,
}

/// Counts one call of a server as in flight.
pub(super) struct InFlightGuard(Arc<Server>);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.notify();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

mod handshake;
mod listing;
mod monitors;
#[cfg(feature = "http")]
mod sign_in;
