//! Servers of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::watch;

use super::client::Client;
use super::pins::Pins;
use super::questions::{CheckValue, Questions};
use super::sampling::Sampling;
use super::server::Server;
use super::start_error::StartError;
use super::tool_call;
#[cfg(feature = "http")]
use crate::exec::oauth::{GrantStore, SignInError, SignedIn};
use crate::exec::reporter::Reporter;
use crate::exec::{AttemptContext, Containment};
use crate::model::{
    Ending, Leftover, ListedTool, McpRequest, McpServer, ProcessSpec, ServerCommand, ServerName,
    ServerRow,
};
use crate::output::ProtocolLog;

/// Servers of a run; cheap to clone.
#[derive(Clone)]
pub struct Servers(Arc<Shared>);

struct Shared {
    servers: BTreeMap<ServerName, Arc<Server>>,
    protocol_log: ProtocolLog,
    news: watch::Sender<u64>,
    questions: Arc<Questions>,
}

/// One server, before it is started.
#[derive(Debug, Clone)]
pub struct ServerSetup {
    /// Its configuration.
    pub config: McpServer,
    /// Process to start; `None` where it is reached over the network.
    pub launch: Option<ProcessSpec>,
    /// Program that answers for a model where the server asks for that.
    pub sampling: Option<ProcessSpec>,
}

impl Servers {
    /// Creates the servers; none is started. Answers that are given before are
    /// checked by `check`.
    pub fn new(
        containment: &Containment,
        protocol_log: ProtocolLog,
        pins: &Arc<dyn Pins>,
        #[cfg(feature = "http")] grants: &GrantStore,
        check: CheckValue,
        configured: impl IntoIterator<Item = ServerSetup>,
    ) -> Self {
        let news = watch::Sender::new(0);
        let questions = Arc::new(Questions::new(news.clone(), check));
        let servers = configured.into_iter().map(|setup| {
            let name = setup.config.name.clone();
            let sampling = setup.sampling.map(|launch| Sampling {
                launch,
                containment: containment.clone(),
            });
            let client = Client {
                server: name.clone(),
                settings: setup.config.client.clone(),
                sampling,
                questions: Arc::clone(&questions),
                protocol_log: protocol_log.clone(),
            };
            let server = Server::new(
                setup.config,
                setup.launch,
                containment.clone(),
                news.clone(),
                Arc::clone(pins),
                #[cfg(feature = "http")]
                grants,
                client,
            );
            (name, Arc::new(server))
        });
        Self(Arc::new(Shared {
            servers: servers.collect(),
            protocol_log,
            news,
            questions,
        }))
    }

    /// Returns the questions of the servers.
    pub fn questions(&self) -> &Questions {
        &self.0.questions
    }

    /// Starts servers side by side; returns the tools of each, in the order of
    /// the names.
    pub async fn start(
        &self,
        names: &[ServerName],
    ) -> Vec<Result<Arc<Vec<ListedTool>>, StartError>> {
        join_all(names.iter().map(|name| async move {
            match self.0.servers.get(name) {
                Some(server) => server.start().await,
                None => Err(StartError::Unknown {
                    server: name.clone(),
                }),
            }
        }))
        .await
    }

    /// Starts, stops or restarts a server, and returns at once; its row shows
    /// what comes of it.
    pub fn execute(&self, name: &ServerName, order: ServerCommand) {
        let Some(server) = self.0.servers.get(name).cloned() else {
            return;
        };
        tokio::spawn(async move {
            match order {
                ServerCommand::Start => {}
                ServerCommand::Stop | ServerCommand::Restart => drop(server.stop().await),
                ServerCommand::SignIn => {
                    #[cfg(feature = "http")]
                    if let Err(error) = server.sign_in(Vec::new(), |_address| {}).await {
                        return server.note_sign_in_failure(&error);
                    }
                    drop(server.stop().await);
                }
                ServerCommand::Accept(revision) => return server.accept(revision),
            }
            if order != ServerCommand::Stop {
                // Why it did not start stands in its row.
                let _listed = server.start().await;
            }
        });
    }

    /// Lets a person sign in to a server; `tell` gets the address, which is also
    /// opened in the browser.
    #[cfg(feature = "http")]
    pub async fn sign_in(
        &self,
        name: &ServerName,
        scopes: Vec<String>,
        tell: impl FnOnce(&str),
    ) -> Result<SignedIn, SignInError> {
        match self.0.servers.get(name) {
            Some(server) => server.sign_in(scopes, tell).await,
            None => Err(SignInError::Unknown(name.clone())),
        }
    }

    /// Closes every server, side by side; returns what could not be confirmed
    /// dead.
    pub async fn stop_all(&self) -> Vec<Leftover> {
        let all = self.0.servers.values();
        let endings = join_all(all.map(|server| server.stop())).await;
        let left = |ending: Arc<Ending>| ending.unconfirmed.clone();
        endings.into_iter().flatten().flat_map(left).collect()
    }

    /// Returns the problems with the list of tools of a server.
    pub fn list_problems(&self, name: &ServerName) -> Arc<[String]> {
        let server = self.0.servers.get(name);
        server.map_or_else(Arc::default, |server| server.snapshot().list_problems)
    }

    /// Returns the row of each.
    pub fn rows(&self) -> Vec<ServerRow> {
        let all = self.0.servers.values();
        all.map(|server| server.snapshot()).collect()
    }

    /// Subscribes to changes of any row.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.news.subscribe()
    }

    /// Returns the log of the messages exchanged with the servers, and of their
    /// standard error.
    pub fn protocol_log(&self) -> &ProtocolLog {
        &self.0.protocol_log
    }

    /// Starts an attempt that asks a server, and returns at once. Exactly one
    /// [`AttemptEvent::Ended`](crate::exec::AttemptEvent::Ended) follows.
    pub fn start_request(&self, request: McpRequest, context: AttemptContext) {
        let AttemptContext { stop, sink, events } = context;
        let reporter = Reporter::new(request.call, request.epoch, events);
        let server = self.0.servers.get(&request.server).cloned();
        tokio::spawn(async move {
            let ending = match server {
                Some(server) => tool_call::run(&server, &request, &stop, &sink, &reporter).await,
                None => Ending::refused(format!("there is no server {}", request.server)),
            };
            sink.finish();
            reporter.ended(ending).await;
        });
    }
}
