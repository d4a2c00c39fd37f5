//! The environment of calls and servers, before there is a plan to run: the
//! containment, the runtime, the run's folder, the servers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

#[cfg(feature = "http")]
use super::Folders;
use super::containment;
use super::diagnostics::complain;
use super::error::{OpenError, SessionError};
use super::run_folder::RunFolder;
use super::runtime::{self, IoRuntime};
use super::trust::PinStore;
use crate::catalogue::{self, Catalogue, ServerSurroundings};
use crate::engine::{AgentFeed, RunSurroundings};
use crate::exec::proxy::attach::Attachments;
use crate::exec::{self, Attempts, Containment, ServerSetup, Servers, StartError};
use crate::model::{Plan, ServerName, ToolAction, ToolName};
use crate::output::{Bounds, ProtocolLog, Safe, Store};

/// The environment of calls and servers. Servers that run when it is dropped are
/// killed with everything else that is contained.
pub(crate) struct RunEnvironment {
    pub(crate) containment: Containment,
    pub(crate) runtime: IoRuntime,
    pub(crate) store: Store,
    pub(crate) folder: RunFolder,
    pub(crate) surroundings: RunSurroundings,
    pub(crate) servers: Servers,
    pins: Arc<PinStore>,
}

impl RunEnvironment {
    /// Starts the containment and the runtime, and makes the run's folder. No
    /// server is started. Warnings go to standard error.
    pub(crate) fn prepare(catalogue: &Catalogue) -> Result<Self, SessionError> {
        Self::prepare_warning(catalogue, &mut complain)
    }

    /// As [`Self::prepare`], with warnings to `warn`.
    pub(crate) fn prepare_warning(
        catalogue: &Catalogue,
        warn: &mut dyn FnMut(&str),
    ) -> Result<Self, SessionError> {
        let containment = containment::start(warn)?;
        let runtime = runtime::start_multi_thread().map_err(SessionError::Runtime)?;
        let folder = RunFolder::create()?;
        tracing::debug!(folder = %folder.path.display(), "environment ready");
        let store = Store::new(Some(folder.outputs()), Bounds::default());
        let surroundings = RunSurroundings {
            started_in: std::env::current_dir().map_err(SessionError::CurrentFolder)?,
            own_program: std::env::current_exe().map_err(SessionError::OwnProgram)?,
            inherited_env: inherited_env(),
            run_dir: folder.path.clone(),
        };
        let around = ServerSurroundings {
            started_in: &surroundings.started_in,
            own_program: &surroundings.own_program,
            inherited_env: &surroundings.inherited_env,
            run_dir: &surroundings.run_dir,
        };
        let configured = catalogue.servers().map(|server| {
            let mut config = server.as_ref().clone();
            if config.client.roots.is_empty() {
                config.client.roots = vec![surroundings.started_in.clone()];
            }
            let sampling = config.client.sampling.as_ref();
            let sampling = sampling.map(|it| catalogue::program_process_spec(it, &around));
            ServerSetup {
                launch: catalogue::server_process_spec(server, &around),
                sampling,
                config,
            }
        });
        let pins = Arc::new(PinStore::of(catalogue));
        let remembering: Arc<dyn exec::Pins> = Arc::clone(&pins) as _;
        let servers = Servers::new(
            &containment,
            ProtocolLog::default(),
            &remembering,
            #[cfg(feature = "http")]
            &Folders::grants(),
            catalogue::check_value,
            configured,
        );
        Ok(Self {
            containment,
            runtime,
            store,
            folder,
            surroundings,
            servers,
            pins,
        })
    }

    /// Starts servers side by side. Returns the catalogue with their tools, or
    /// the errors of those that did not start.
    pub(crate) fn connect(
        &self,
        catalogue: Catalogue,
        names: &[ServerName],
    ) -> Result<Catalogue, OpenError> {
        let connected = self.connect_each(catalogue, names);
        if connected.errors.is_empty() {
            Ok(connected.catalogue)
        } else {
            Err(OpenError::NotConnected(connected.errors))
        }
    }

    /// Starts servers side by side. Returns the catalogue with the tools of
    /// those that connected.
    pub(crate) fn connect_each(&self, mut catalogue: Catalogue, names: &[ServerName]) -> Connected {
        let started = self.runtime.block_on(self.servers.start(names));
        let mut errors = Vec::new();
        for (name, listed) in names.iter().zip(started) {
            match listed {
                Ok(tools) => {
                    let (with, mut doubts) = catalogue.with_listed(name, &tools);
                    catalogue = with;
                    doubts.extend(catalogue.compile_listed(name));
                    let problems = self.servers.list_problems(name);
                    let problems = problems.iter().map(|it| format!("server {name}: {it}"));
                    for doubt in problems.chain(doubts.iter().map(ToString::to_string)) {
                        complain(Safe::new(&doubt).as_str());
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        Connected { catalogue, errors }
    }

    /// Asks the user about those of the tools that their server describes
    /// otherwise than before.
    ///
    /// # Errors
    ///
    /// The user did not agree to one of them.
    pub(crate) fn review<'t>(
        &self,
        catalogue: &Catalogue,
        tools: impl IntoIterator<Item = &'t ToolName>,
    ) -> Result<(), OpenError> {
        let used: BTreeSet<&ToolName> = tools.into_iter().collect();
        let used = used
            .into_iter()
            .filter_map(|name| match &catalogue.get(name)?.action {
                ToolAction::Mcp { server, tool, .. } => Some((server, tool.as_str())),
                ToolAction::Command { .. } | ToolAction::Http { .. } | ToolAction::Wait { .. } => {
                    None
                }
            });
        if self.pins.review(used) {
            Ok(())
        } else {
            Err(OpenError::NotAgreed)
        }
    }

    /// Returns what starts attempts.
    pub(crate) fn attempts(&self) -> Arc<Attempts> {
        Arc::new(Attempts {
            containment: self.containment.clone(),
            servers: self.servers.clone(),
            #[cfg(feature = "http")]
            web: crate::exec::HttpClient::default(),
        })
    }

    /// Begins to look for agents at work, in the user's folder or in `via`.
    pub(crate) fn agents(&self, via: Option<PathBuf>, lets_go: bool) -> AgentFeed {
        let _inside = self.runtime.enter();
        let (attachments, news) = Attachments::begin(via);
        AgentFeed {
            attachments,
            news,
            protocol_log: self.servers.protocol_log().clone(),
            lets_go,
        }
    }

    /// Closes every server, and names on standard error the processes that
    /// could not be confirmed dead.
    pub(crate) fn close_servers(&self) {
        self.close_servers_warning(&mut complain);
    }

    /// As [`Self::prepare_warning`], with the servers of a plan started.
    pub(super) fn with_servers_of(
        plan: &Plan,
        catalogue: &Catalogue,
        warn: &mut dyn FnMut(&str),
    ) -> Result<Self, SessionError> {
        let environment = Self::prepare_warning(catalogue, warn)?;
        let servers = servers_of(plan, catalogue);
        let started = environment
            .runtime
            .block_on(environment.servers.start(&servers));
        match started.into_iter().find_map(Result::err) {
            None => Ok(environment),
            Some(error) => {
                environment.close_servers_warning(warn);
                Err(error.into())
            }
        }
    }

    /// As [`Self::close_servers`], with warnings to `warn`.
    pub(crate) fn close_servers_warning(&self, warn: &mut dyn FnMut(&str)) {
        for left in self.runtime.block_on(self.servers.stop_all()) {
            let name = Safe::new(&left.name);
            let pid = left.pid;
            warn(&format!(
                "{} ({pid}) of a server could not be confirmed dead",
                name.as_str()
            ));
        }
    }
}

/// Servers that were started.
pub(crate) struct Connected {
    /// The catalogue with the tools of those that connected.
    pub(crate) catalogue: Catalogue,
    /// Reasons of those that did not.
    pub(crate) errors: Vec<StartError>,
}

/// Returns the servers whose tools a plan names.
pub(crate) fn servers_of(plan: &Plan, catalogue: &Catalogue) -> Vec<ServerName> {
    let tools = plan
        .calls
        .iter()
        .filter_map(|call| catalogue.get(&call.tool));
    let mut names: Vec<ServerName> = tools
        .filter_map(|tool| match &tool.action {
            ToolAction::Mcp { server, .. } => Some(server.clone()),
            ToolAction::Command { .. } | ToolAction::Http { .. } | ToolAction::Wait { .. } => None,
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Returns the environment as text, without variables that are no text: a
/// manifest cannot name them.
fn inherited_env() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
