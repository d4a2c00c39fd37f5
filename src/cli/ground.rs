//! What calls and servers run on, before there is a plan to run: the
//! containment, the runtime, the folder of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::containment;
use super::exit::{self, Exit};
use super::run_folder::RunFolder;
use super::session::SessionError;
use super::trust::Pins;
use crate::catalogue::{self, Catalogue, ServerSurroundings};
use crate::engine::RunSurroundings;
use crate::exec::{self, Attempts, Containment, Servers};
use crate::model::{Plan, ServerName, ToolAction, ToolName};
use crate::output::{Bounds, Safe, Store, Wiretap};

/// What calls and servers run on. Servers that run when it is dropped are
/// killed with everything else that is contained.
pub(super) struct Ground {
    pub(super) containment: Containment,
    pub(super) runtime: Runtime,
    pub(super) store: Store,
    pub(super) folder: RunFolder,
    pub(super) surroundings: RunSurroundings,
    pub(super) servers: Servers,
    pins: Arc<Pins>,
}

impl Ground {
    /// Starts the containment and the runtime, and makes the run's folder. No
    /// server is started.
    pub(super) fn prepare(catalogue: &Catalogue) -> Result<Self, SessionError> {
        Self::prepare_telling(catalogue, &mut exit::complain)
    }

    /// The same for whoever hears complaints elsewhere than on standard error.
    pub(super) fn prepare_telling(
        catalogue: &Catalogue,
        complain: &mut dyn FnMut(&str),
    ) -> Result<Self, SessionError> {
        let containment = containment::start(complain)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .thread_name("fanout-io")
            .build()
            .map_err(SessionError::Runtime)?;
        let folder = RunFolder::create()?;
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
            let launch = catalogue::server_process_spec(server, &around);
            (server.as_ref().clone(), launch)
        });
        let pins = Arc::new(Pins::of(catalogue));
        let remembering: Arc<dyn exec::Pins> = Arc::clone(&pins) as _;
        let servers = Servers::new(&containment, Wiretap::default(), &remembering, configured);
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

    /// Starts servers side by side; the catalogue with their tools, or why
    /// some did not start.
    pub(super) fn connect(
        &self,
        mut catalogue: Catalogue,
        names: &[ServerName],
    ) -> Result<Catalogue, Vec<String>> {
        let started = self.runtime.block_on(self.servers.start(names));
        let mut reasons = Vec::new();
        for (name, listed) in names.iter().zip(started) {
            match listed {
                Ok(tools) => {
                    let (with, doubts) = catalogue.with_listed(name, &tools);
                    catalogue = with;
                    for doubt in doubts {
                        exit::complain(Safe::new(&doubt).as_str());
                    }
                }
                Err(error) => reasons.push(error.to_string()),
            }
        }
        if reasons.is_empty() {
            Ok(catalogue)
        } else {
            Err(reasons)
        }
    }

    /// Whether these tools may be used: of those that a server describes
    /// otherwise than before, the difference is shown and asked about.
    pub(super) fn review<'t>(
        &self,
        catalogue: &Catalogue,
        tools: impl IntoIterator<Item = &'t ToolName>,
    ) -> Result<(), Exit> {
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
            Err(Exit::Invalid)
        }
    }

    /// What starts attempts.
    pub(super) fn attempts(&self) -> Arc<Attempts> {
        Arc::new(Attempts {
            containment: self.containment.clone(),
            servers: self.servers.clone(),
            #[cfg(feature = "http")]
            web: crate::exec::HttpClient::default(),
        })
    }

    /// Closes every server, and says what could not be confirmed dead.
    pub(super) fn close_servers(&self) {
        self.close_servers_telling(&mut exit::complain);
    }

    /// The same for whoever hears complaints elsewhere than on standard error.
    pub(super) fn close_servers_telling(&self, complain: &mut dyn FnMut(&str)) {
        for left in self.runtime.block_on(self.servers.stop_all()) {
            let name = Safe::new(&left.name);
            let pid = left.pid;
            complain(&format!(
                "{} ({pid}) of a server could not be confirmed dead",
                name.as_str()
            ));
        }
    }
}

/// The servers whose tools a plan names.
pub(super) fn servers_of(plan: &Plan, catalogue: &Catalogue) -> Vec<ServerName> {
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

/// The environment as text; variables that are no text are left out, since a
/// manifest cannot name them.
fn inherited_env() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
