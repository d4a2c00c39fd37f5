//! How each agent is handed other servers, and its life as a child of this
//! process: the terminal is the agent's alone.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::private_folder::LaunchFolder;
use super::servers::{Server, Servers};
use crate::app;
use crate::catalogue::document;
use crate::catalogue::findings::Findings;
use crate::catalogue::source::Source;
use crate::cli::exit::{self, Exit};
use crate::cli::wrap::agents::Folders;
use crate::output::PrivateFileError;

/// Variable with the folder in which Gemini CLI has its own folder. Settings for
/// the whole system, which could be named as well, it takes from root only.
const GEMINI_HOME: &str = "GEMINI_CLI_HOME";

/// File of its settings.
const SETTINGS: &str = "settings.json";

/// Variable with a configuration that opencode merges over its files.
const OPENCODE_CONFIG: &str = "OPENCODE_CONFIG_CONTENT";

/// Reason why an agent is not started.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaunchError {
    #[error("the servers cannot be handed over")]
    File(#[from] PrivateFileError),
    #[error("{what} is not JSON: it cannot be added to")]
    NotJson { what: String },
    #[error("{program} cannot be started")]
    NotStarted { program: String, source: io::Error },
}

/// An agent, ready to be started.
pub(super) struct Launch {
    command: Command,
    program: String,
    /// Kept until the agent has ended.
    _folder: Option<LaunchFolder>,
}

impl Launch {
    pub(super) fn of(
        agent: &str,
        program: &OsStr,
        args: &[OsString],
        servers: &Servers,
        folders: &Folders,
    ) -> Result<Self, LaunchError> {
        let mut command = Command::new(program);
        let mut folder = None;
        match agent {
            "claude" => {
                let made = LaunchFolder::create()?;
                let file = made.write("servers.json", &json!({ "mcpServers": servers.table() }))?;
                command.arg("--mcp-config").arg(file);
                command.arg("--strict-mcp-config");
                folder = Some(made);
            }
            "codex" => {
                command.args(overrides(servers));
            }
            "gemini" => {
                let made = LaunchFolder::create()?;
                let own = gemini_folder(folders);
                let settings = gemini_settings(servers, &own.join(SETTINGS))?;
                made.write_over(&own, SETTINGS, &settings)?;
                command.env(GEMINI_HOME, made.path());
                folder = Some(made);
            }
            _ => {
                command.env(OPENCODE_CONFIG, opencode_config(servers)?.to_string());
            }
        }
        command.args(args);
        Ok(Self {
            command,
            program: program.to_string_lossy().into_owned(),
            _folder: folder,
        })
    }

    /// Runs the agent to its end and takes over its exit code.
    pub(super) fn run(mut self) -> Exit {
        let mut run = || {
            let runtime = app::start_current_thread()?;
            runtime.block_on(async {
                let child = self.command.spawn()?;
                waited(child).await
            })
        };
        match run() {
            Ok(status) => Exit::Server(code(status)),
            Err(source) => exit::cannot_run(&LaunchError::NotStarted {
                program: self.program,
                source,
            }),
        }
    }
}

/// Waits for the agent's end. The terminal sends its signals to both: they are
/// the agent's to obey. Others are passed on.
async fn waited(mut child: Child) -> io::Result<ExitStatus> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let pass = |signal| {
        if let Some(pid) = pid {
            let _gone = kill_process(pid, signal);
        }
    };
    loop {
        tokio::select! {
            status = child.wait() => return status,
            _ = interrupt.recv() => {}
            _ = quit.recv() => {}
            _ = terminate.recv() => pass(Signal::TERM),
            _ = hangup.recv() => pass(Signal::HUP),
        }
    }
}

fn code(status: ExitStatus) -> u8 {
    let signal = status.signal().map(|signal| 128 + signal);
    let code = status.code().or(signal).unwrap_or_default();
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// Options of Codex that give servers another command; all else of them stays
/// in its file.
fn overrides(servers: &Servers) -> Vec<String> {
    let wrapped = servers.all.iter();
    let wrapped =
        wrapped.filter_map(|it| it.command.as_ref()?.split_first().map(|parts| (it, parts)));
    let mut words = Vec::new();
    for (Server { name, .. }, (program, args)) in wrapped {
        let program = Value::from(program.as_str());
        words.extend([
            "-c".to_owned(),
            format!("mcp_servers.{name}.command={program}"),
        ]);
        words.extend([
            "-c".to_owned(),
            format!("mcp_servers.{name}.args={}", json!(args)),
        ]);
    }
    words
}

/// Gemini CLI's own folder.
fn gemini_folder(folders: &Folders) -> PathBuf {
    let home = std::env::var_os(GEMINI_HOME).filter(|home| !home.is_empty());
    let home = home.map_or_else(|| folders.home.clone(), PathBuf::from);
    home.join(".gemini")
}

fn gemini_settings(servers: &Servers, path: &Path) -> Result<Value, LaunchError> {
    let mut settings = match std::fs::read_to_string(path) {
        Ok(text) => lax_json(&path.display().to_string(), &text)?,
        Err(_) => json!({}),
    };
    if let Some(own) = servers.table().as_object() {
        let table = &mut settings["mcpServers"];
        if !table.is_object() {
            *table = json!({});
        }
        for (name, value) in own {
            table[name] = value.clone();
        }
    }
    Ok(settings)
}

fn opencode_config(servers: &Servers) -> Result<Value, LaunchError> {
    let mut config = match std::env::var(OPENCODE_CONFIG) {
        Ok(text) => lax_json(OPENCODE_CONFIG, &text)?,
        Err(_) => json!({}),
    };
    if !config["mcp"].is_object() {
        config["mcp"] = json!({});
    }
    for server in &servers.all {
        if let Some(command) = &server.command {
            config["mcp"][&server.name] = json!({ "type": "local", "command": command });
        }
    }
    Ok(config)
}

fn lax_json(what: &str, text: &str) -> Result<Value, LaunchError> {
    let source = Source::new(what, text);
    let mut findings = Findings::new(&source);
    let root = document::parse_with_comments(&mut findings);
    let value = root.map(|root| root.to_json());
    let what = what.to_owned();
    value
        .filter(Value::is_object)
        .ok_or(LaunchError::NotJson { what })
}
