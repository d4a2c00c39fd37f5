//! The beginning of a shim: what it says of itself, its socket, its locks and
//! its recording. None of these is needed to relay, so that a fault is told and
//! passed over.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::net::UnixListener;
use tokio::sync::mpsc;

use super::options::ShimOptions;
use crate::exec::proxy::folder::{MeetingFolder, ShimSocket};
use crate::exec::proxy::frames::{AgentIdentity, Limits, ShimHello, VERSION};
use crate::exec::proxy::gate::{WAITING_BYTES, WAITING_CALLS};
use crate::exec::proxy::lock_key::ServerCommand;
use crate::exec::proxy::masked_argv::masked;
use crate::exec::proxy::record::{Recording, RecordingHead};
use crate::exec::proxy::relay::LINE_BYTES;
use crate::exec::proxy::socket::{BACKLOG_BYTES, BEAT_WITHIN};
use crate::probe::procfs;

/// The shim's socket. Dropped, it is removed.
pub(super) struct Meeting {
    pub(super) folder: MeetingFolder,
    pub(super) socket: ShimSocket,
    pub(super) listener: UnixListener,
}

impl Drop for Meeting {
    fn drop(&mut self) {
        self.folder.remove(&self.socket);
    }
}

impl Meeting {
    /// Begins to listen.
    pub(super) fn begin(via: Option<&Path>, socket: ShimSocket) -> Result<Self, String> {
        let folder = MeetingFolder::of_shim(via).map_err(|it| it.to_string())?;
        let listener = folder.listen(&socket).map_err(|it| it.to_string())?;
        let listener = listener
            .set_nonblocking(true)
            .and_then(|()| UnixListener::from_std(listener));
        Ok(Self {
            listener: listener.map_err(|it| it.to_string())?,
            folder,
            socket,
        })
    }
}

/// Returns what a shim says of itself before it knows its agent.
pub(super) fn about(options: &ShimOptions, socket: &ShimSocket, server_pid: u32) -> ShimHello {
    let program = options.argv.first().map(String::as_str).unwrap_or_default();
    let file = program.rsplit('/').next().unwrap_or(program);
    let name = options.name.clone().unwrap_or_else(|| file.to_owned());
    let lock = options.lock.clone();
    let agent_pid = rustix::process::getppid().map_or(0, procfs::number);
    let unix = SystemTime::now().duration_since(UNIX_EPOCH);
    ShimHello {
        v: VERSION,
        id: socket.id().to_owned(),
        shim_pid: std::process::id(),
        server_pid: Some(server_pid),
        argv: masked(&options.argv),
        cwd: std::env::current_dir()
            .unwrap_or_default()
            .display()
            .to_string(),
        agent: AgentIdentity {
            pid: agent_pid,
            comm: procfs::name(agent_pid),
            ..AgentIdentity::default()
        },
        watch_only: options.is_watch_only,
        lock: lock.unwrap_or_else(|| default_lock(&name, &options.argv)),
        name,
        started_unix_us: unix.unwrap_or_default().as_micros() as u64,
        limits: Limits {
            waiting_calls: WAITING_CALLS as u64,
            waiting_bytes: WAITING_BYTES as u64,
            line_bytes: LINE_BYTES as u64,
            backlog_bytes: BACKLOG_BYTES as u64,
            beat_ms: BEAT_WITHIN.as_millis() as u64,
        },
        ..ShimHello::default()
    }
}

/// Opens the folders in which locks are taken. `told` is a fault that was told
/// already.
pub(super) fn lock_folders(
    options: &ShimOptions,
    told: Option<&str>,
    warn: &mut dyn FnMut(&str),
) -> Vec<MeetingFolder> {
    if options.is_watch_only {
        return Vec::new();
    }
    let mut folders = Vec::new();
    for folder in MeetingFolder::all_made(options.via.as_deref()) {
        match folder.map_err(|error| error.to_string()) {
            Ok(folder) => folders.push(folder),
            Err(fault) if !options.is_governed || told == Some(fault.as_str()) => {}
            Err(fault) => warn(&format!(
                "no lock is shared with other proxies by it: {fault}"
            )),
        }
    }
    folders
}

/// Returns the key of a lock that follows from the server's command. Variables
/// that the agent's configuration adds cannot be told from the agent's own.
fn default_lock(name: &str, command: &[String]) -> String {
    let mut words = command.iter().map(OsString::from);
    let program = words.next().unwrap_or_default();
    let args: Vec<OsString> = words.collect();
    let server = ServerCommand {
        program: &program,
        args: &args,
        cwd: &std::env::current_dir().unwrap_or_default(),
        env: &BTreeMap::new(),
        search: &std::env::var_os("PATH").unwrap_or_default(),
    };
    server.lock_key(name)
}

pub(super) fn begin_recording(
    options: &ShimOptions,
    about: &ShimHello,
    ended: mpsc::Sender<String>,
    warn: &mut dyn FnMut(&str),
) -> Option<Recording> {
    let path = options.record.as_ref()?;
    let path = path
        .to_string_lossy()
        .replace("{pid}", &about.shim_pid.to_string())
        .replace("{time}", &(about.started_unix_us / 1_000_000).to_string());
    let head = RecordingHead {
        fanout_wire: 1,
        name: &about.name,
        argv: &about.argv,
        started_unix_us: about.started_unix_us,
        agent: &about.agent,
    };
    match Recording::begin(path.as_ref(), &head, ended) {
        Ok(recording) => Some(recording),
        Err(error) => {
            warn(&format!("nothing is recorded: {path}: {error}"));
            None
        }
    }
}
