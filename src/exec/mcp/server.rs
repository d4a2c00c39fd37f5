//! One server: started, connected, closed, and what is known of it meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rmcp::RoleClient;
use rmcp::service::ServiceError;
use rmcp::transport::Transport;
use tokio::sync::watch;
use tokio::time::{self, Instant};

use super::StartError;
#[cfg(feature = "http")]
use super::http_transport::HttpTransport;
use super::pins::Pins;
use super::process::ServerProcess;
use super::request_table::RequestTable;
use super::session::{self, Location, NotificationHandler, Service, Session};
use super::stdio_transport::StdioTransport;
use crate::exec::Containment;
use crate::model::{
    Ending, Faults, HeldBack, ListedTool, McpServer, ProcessSpec, ServerRow, ServerState,
    ServerTransport,
};
use crate::output::ProtocolLog;

/// How long the connection itself may take to close; the process has its own
/// ladder after that.
const CLOSE_DEADLINE: Duration = Duration::from_millis(500);

/// How long the end of a process may take to become known once its pipes
/// have ended.
const END_DEADLINE: Duration = Duration::from_millis(1500);

/// How often it is looked whether a connection to a server elsewhere stands.
const CONNECTION_CHECKED: Duration = Duration::from_millis(500);

/// How long a server that says that its tools changed may take to list them.
const RELIST_DEADLINE: Duration = Duration::from_secs(10);

/// Counts how often a server said that its tools are others now.
type Changes = watch::Receiver<u64>;

/// Characters of complaints that become part of a reason.
const MAX_STDERR_CHARS: usize = 300;

/// One server.
pub(super) struct Server {
    config: McpServer,
    /// What its process is started with; `None` for one that is reached over
    /// the network.
    launch: Option<ProcessSpec>,
    containment: Containment,
    protocol_log: ProtocolLog,
    /// Counts changes of any server's row.
    news: watch::Sender<u64>,
    pins: Arc<dyn Pins>,
    row: Mutex<ServerRow>,
    in_flight: AtomicUsize,
    /// The connection that takes calls.
    live: Mutex<Option<Arc<Session>>>,
    /// What runs; held while it is started or closed, so that one thing
    /// happens at a time.
    running: tokio::sync::Mutex<Option<Connection>>,
}

/// A connection to a server, with its process where it was started here.
struct Connection {
    process: Option<ServerProcess>,
    service: Service,
}

impl Server {
    pub(super) fn new(
        config: McpServer,
        launch: Option<ProcessSpec>,
        containment: Containment,
        protocol_log: ProtocolLog,
        news: watch::Sender<u64>,
        pins: Arc<dyn Pins>,
    ) -> Self {
        let row = ServerRow {
            name: config.name.clone(),
            target: target(&config.transport).into(),
            state: ServerState::Stopped,
            since: SystemTime::now(),
            pid: None,
            identity: None,
            era: None,
            tools: Arc::default(),
            in_flight: 0,
            faults: Faults::default(),
            held_back: HeldBack::default(),
        };
        Self {
            config,
            launch,
            containment,
            protocol_log,
            news,
            pins,
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
            Ok((connection, session, changes)) => {
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

    /// Closes it, and waits until nothing of it is left; how its process
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

    /// The connection that takes calls, if there is one.
    pub(super) fn live(&self) -> Option<Arc<Session>> {
        lock(&self.live).clone()
    }

    /// What is known of it now.
    pub(super) fn snapshot(&self) -> ServerRow {
        let mut row = self.row().clone();
        row.held_back = self.pins.held_back(&self.config.name);
        row.in_flight = self.in_flight.load(Ordering::Relaxed);
        if let Some(session) = self.live() {
            row.faults = session.requests.faults();
        }
        row
    }

    /// Why it takes no calls, in words.
    pub(super) fn unavailable_reason(&self) -> String {
        let name = &self.config.name;
        match &self.row().state {
            ServerState::Failed(reason) => format!("server {name} is gone: {reason}"),
            state => format!("server {name} is {}", state.word()),
        }
    }

    /// Why the connection broke, once that is known.
    pub(super) async fn broken_reason(&self, error: &ServiceError) -> String {
        if self.launch.is_none() {
            return session::root(error);
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
            ServerState::Ready => "the connection broke".to_owned(),
            state => format!("the server is {}", state.word()),
        }
    }

    /// One call more that it works on, until what is returned is dropped.
    pub(super) fn track_call(self: &Arc<Self>) -> InFlightGuard {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.notify();
        InFlightGuard(Arc::clone(self))
    }

    async fn connect_and_list(&self) -> Result<(Connection, Arc<Session>, Changes), StartError> {
        let name = &self.config.name;
        let deadline = Instant::now() + self.config.startup_timeout;
        let requests = Arc::new(RequestTable::new(self.protocol_log.clone()));
        let (handler, changes) = NotificationHandler::new();
        let (process, connected) = match &self.launch {
            Some(launch) => {
                let connection =
                    ServerProcess::start(&self.containment, launch, name, &self.protocol_log).await;
                let (process, stdin, stdout) =
                    connection.map_err(|ending| StartError::NotStarted {
                        server: name.clone(),
                        reason: ending.reason.unwrap_or_default(),
                    })?;
                lock(&self.row).pid = Some(process.pid);
                let probe_timeout = self.config.startup_timeout / 2;
                let pipe = StdioTransport::new(stdin, stdout, Arc::clone(&requests), probe_timeout);
                (Some(process), self.connect(pipe, handler, deadline).await)
            }
            None => (None, self.reach(&requests, handler, deadline).await),
        };
        let reason = match connected {
            Ok((service, tools)) => {
                self.record_listing(&service, tools);
                let session = Session {
                    peer: service.peer().clone(),
                    requests,
                    location: process
                        .as_ref()
                        .map_or(Location::Remote, |_| Location::Local),
                };
                return Ok((Connection { process, service }, Arc::new(session), changes));
            }
            Err(reason) => reason,
        };
        let reason = match process {
            Some(process) => connection_error(&process, reason).await,
            None => reason,
        };
        Err(StartError::NotConnected {
            server: name.clone(),
            reason: self.with_stderr_tail(reason),
        })
    }

    async fn connect<T: Transport<RoleClient> + 'static>(
        &self,
        transport: T,
        handler: NotificationHandler,
        deadline: Instant,
    ) -> Result<(Service, Vec<ListedTool>), String> {
        let connecting = async {
            let service = session::connect(transport, handler)
                .await
                .map_err(|error| session::root(&error))?;
            match session::list(service.peer()).await {
                Ok(tools) => Ok((service, tools)),
                Err(error) => Err(format!(
                    "its tools could not be listed: {}",
                    session::root(&error)
                )),
            }
        };
        let limit = self.config.startup_timeout;
        time::timeout_at(deadline, connecting)
            .await
            .unwrap_or_else(|_| Err(format!("no connection within {limit:?}")))
    }

    /// Connects to a server over the network.
    #[cfg(feature = "http")]
    async fn reach(
        &self,
        requests: &Arc<RequestTable>,
        handler: NotificationHandler,
        deadline: Instant,
    ) -> Result<(Service, Vec<ListedTool>), String> {
        let ServerTransport::Http { url, headers } = &self.config.transport else {
            return Err("it has no program and no URL".to_owned());
        };
        let remote = HttpTransport::open(url, headers, Arc::clone(requests)).await?;
        self.connect(remote, handler, deadline).await
    }

    #[cfg(not(feature = "http"))]
    #[expect(clippy::unused_async, reason = "with the feature `http` it waits")]
    async fn reach(
        &self,
        _board: &Arc<RequestTable>,
        _listener: NotificationHandler,
        _deadline: Instant,
    ) -> Result<(Service, Vec<ListedTool>), String> {
        Err("HTTP is not spoken here".to_owned())
    }

    fn record_listing(&self, service: &Service, tools: Vec<ListedTool>) {
        let info = service.peer().peer_info();
        let mut row = lock(&self.row);
        row.identity = info.as_deref().and_then(session::identity);
        row.era = info.map(|info| info.protocol_version.as_str().into());
        self.pins.listed(&self.config.name, &tools);
        row.tools = Arc::new(tools);
    }

    /// Why a tool may not be used as it is described now, in words.
    pub(super) fn withheld(&self, tool: &str) -> Option<String> {
        self.pins.withheld(&self.config.name, tool)
    }

    /// Uses its tools as they are described in this revision of what is held
    /// back.
    pub(super) fn accept(&self, revision: u64) {
        self.pins.accept(&self.config.name, revision);
        self.notify();
    }

    /// Lists the tools again whenever the server says that they are others.
    fn relist_on_change(self: &Arc<Self>, mut changes: Changes, session: &Arc<Session>) {
        let (server, peer) = (Arc::downgrade(self), session.peer.clone());
        tokio::spawn(async move {
            while changes.changed().await.is_ok() {
                let listing = time::timeout(RELIST_DEADLINE, session::list(&peer)).await;
                let Some(server) = server.upgrade() else {
                    return;
                };
                // One that says so and then does not tell keeps what it told.
                if let Ok(Ok(tools)) = listing {
                    server.pins.listed(&server.config.name, &tools);
                    server.row().tools = Arc::new(tools);
                    server.notify();
                }
            }
        });
    }

    /// Notices when the process ends that nobody stopped.
    fn monitor_exit(self: &Arc<Self>, process: &ServerProcess, session: &Arc<Session>) {
        let (server, process, session) = (Arc::clone(self), process.clone(), Arc::clone(session));
        tokio::spawn(async move {
            let ending = process.ended().await;
            let mut live = lock(&server.live);
            if live.as_ref().is_none_or(|it| !Arc::ptr_eq(it, &session)) {
                return;
            }
            live.take();
            drop(live);
            let reason = exit_reason(&ending);
            server.set_state(ServerState::Failed(server.with_stderr_tail(reason).into()));
        });
    }

    /// Notices when the connection to a server elsewhere ends.
    fn monitor_connection(self: &Arc<Self>, session: &Arc<Session>) {
        let (server, session) = (Arc::downgrade(self), Arc::downgrade(session));
        tokio::spawn(async move {
            let mut beat = time::interval(CONNECTION_CHECKED);
            loop {
                beat.tick().await;
                let Some((server, session)) = server.upgrade().zip(session.upgrade()) else {
                    return;
                };
                if !session.peer.is_transport_closed() {
                    continue;
                }
                let mut live = lock(&server.live);
                if live.as_ref().is_some_and(|it| Arc::ptr_eq(it, &session)) {
                    live.take();
                    drop(live);
                    server.set_state(ServerState::Failed("the connection broke".into()));
                }
                return;
            }
        });
    }

    /// A reason with the last line that the server complained of.
    fn with_stderr_tail(&self, reason: String) -> String {
        let complaints = self.protocol_log.server_stderr(&self.config.name);
        let mut lines = complaints.text.lines().rev();
        match lines.find(|line| !line.trim().is_empty()) {
            Some(line) => {
                let line: String = line.trim().chars().take(MAX_STDERR_CHARS).collect();
                format!("{reason}; its last words: {line}")
            }
            None => reason,
        }
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
    /// How its process ended, if it has one here.
    async fn close(mut self) -> Option<Arc<Ending>> {
        // However the connection takes it, the process is closed next.
        let _closed = self.service.close_with_timeout(CLOSE_DEADLINE).await;
        match &self.process {
            Some(process) => Some(process.close().await),
            None => None,
        }
    }
}

/// A call that a server works on.
pub(super) struct InFlightGuard(Arc<Server>);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.notify();
    }
}

/// What the end of the process says, where it came by itself; else the process
/// is closed, and `reason` stands.
async fn connection_error(process: &ServerProcess, reason: String) -> String {
    if let Some(ending) = process.ended_within(END_DEADLINE).await {
        return format!("it ended: {}", exit_reason(&ending));
    }
    process.close().await;
    reason
}

/// How a process ended, in words.
fn exit_reason(ending: &Ending) -> String {
    let reason = ending.reason.clone();
    reason.unwrap_or_else(|| "exit code 0".to_owned())
}

/// What is started, without what could be a secret.
fn target(transport: &ServerTransport) -> String {
    match transport {
        ServerTransport::Stdio { argv, .. } => argv.join(" "),
        ServerTransport::Http { url, .. } => match url.split_once('?') {
            Some((place, _)) => format!("{place}?…"),
            None => url.clone(),
        },
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
