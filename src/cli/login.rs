//! `fanout login` and `fanout logout`: sign-in to servers that ask for it.

use std::io::{self, Write};

use clap::Args;
use url::Url;

use super::exit::{self, Exit};
use super::options::CatalogueOptions;
use crate::app::{Folders, OpenError, RunEnvironment, Untrusted, complain, start_current_thread};
use crate::catalogue::Catalogue;
use crate::exec::{KeptGrant, Resource};
use crate::model::{McpServer, ServerName, ServerTransport};
use crate::output::Safe;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout login linear
  fanout login linear --scope 'read write'
  BROWSER=firefox fanout login linear --catalogue .mcp.json")]
pub(super) struct Login {
    /// The server
    #[arg(value_name = "SERVER")]
    server: String,
    /// Scopes to agree to, separated by blanks [default: those that the server
    /// names]
    #[arg(long, value_name = "SCOPES", default_value = "")]
    scope: String,
    #[command(flatten)]
    catalogue: CatalogueOptions,
}

impl Login {
    pub(super) fn run(self) -> Exit {
        let catalogue = match self.catalogue.load(Untrusted::End) {
            Ok(catalogue) => catalogue,
            Err(error) => return exit::not_opened(error),
        };
        let Some(server) = find(&catalogue, &self.server) else {
            return Exit::Invalid;
        };
        let environment = match RunEnvironment::prepare(&catalogue) {
            Ok(environment) => environment,
            Err(error) => return exit::cannot_run(&error),
        };
        let ended = self.sign_in(&environment, &catalogue, server);
        environment.close_servers();
        ended
    }

    fn sign_in(
        &self,
        environment: &RunEnvironment,
        catalogue: &Catalogue,
        server: &McpServer,
    ) -> Exit {
        let name = &server.name;
        let scopes = self.scope.split_whitespace().map(str::to_owned).collect();
        let tell = |address: &str| {
            let address = Safe::new(address);
            complain(&format!("sign in on this page: {}", address.as_str()));
        };
        let signing_in = environment.servers.sign_in(name, scopes, tell);
        let grant = match environment.runtime.block_on(signing_in) {
            Ok(signed_in) => signed_in.grant,
            Err(error) => {
                let text = format!("not signed in to {name}: {error}");
                complain(Safe::new(&text).as_str());
                return Exit::Invalid;
            }
        };
        let told = exit::written(tell_grant(name, &grant, io::stdout().lock()));
        // What was granted before is of no use any more.
        environment.close_servers();
        let connected = environment.connect_each(catalogue.clone(), std::slice::from_ref(name));
        if connected.errors.is_empty() {
            return told;
        }
        exit::not_opened(OpenError::NotConnected(connected.errors))
    }
}

fn tell_grant(name: &ServerName, grant: &KeptGrant, mut out: impl Write) -> io::Result<()> {
    let issuer = grant.issuer.as_deref().unwrap_or(grant.resource.as_str());
    writeln!(
        out,
        "signed in to {name} ({}) at {}",
        grant.resource,
        Safe::new(issuer).as_str()
    )?;
    writeln!(out, "kept in {}", grant.kept_in)
}

/// Returns the server of this name; says which there are otherwise.
fn find<'c>(catalogue: &'c Catalogue, name: &str) -> Option<&'c McpServer> {
    if let Some(server) = catalogue.servers().find(|it| it.name.as_str() == name) {
        return Some(server);
    }
    let mut unusable = catalogue.unusable_servers().iter();
    if let Some((name, reason)) = unusable.find(|(other, _)| other.as_str() == name) {
        let text = format!("server {name} is not usable: {reason}");
        complain(Safe::new(&text).as_str());
        return None;
    }
    let names: Vec<&str> = catalogue.servers().map(|it| it.name.as_str()).collect();
    let known = match names.as_slice() {
        [] => "no server is configured".to_owned(),
        names => format!("there are {}", names.join(", ")),
    };
    complain(&format!("unknown server {name:?}: {known}"));
    None
}

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout logout linear
  fanout logout https://mcp.linear.app/mcp")]
pub(super) struct Logout {
    /// The server, by its name or its address
    #[arg(value_name = "SERVER")]
    server: String,
    #[command(flatten)]
    catalogue: CatalogueOptions,
}

impl Logout {
    pub(super) fn run(self) -> Exit {
        let resource = match self.resource() {
            Ok(resource) => resource,
            Err(exit) => return exit,
        };
        let runtime = match start_current_thread() {
            Ok(runtime) => runtime,
            Err(error) => return exit::cannot_run(&error),
        };
        match runtime.block_on(Folders::grants().sign_out(&resource)) {
            Ok(Some(revocation)) => {
                let mut out = io::stdout().lock();
                let revocation = revocation.to_string();
                exit::written(writeln!(
                    out,
                    "signed out of {resource}: its tokens are deleted here, and {}",
                    Safe::new(&revocation).as_str()
                ))
            }
            Ok(None) => {
                complain(&format!("no sign-in to {resource} is kept"));
                Exit::Invalid
            }
            Err(error) => exit::cannot_run(&error),
        }
    }

    /// Returns the server's address.
    fn resource(&self) -> Result<Resource, Exit> {
        if let Ok(url) = Url::parse(&self.server) {
            return Ok(Resource::of(&url));
        }
        let catalogue = self.catalogue.load(Untrusted::End);
        let catalogue = catalogue.map_err(exit::not_opened)?;
        let server = find(&catalogue, &self.server).ok_or(Exit::Invalid)?;
        let url = match &server.transport {
            ServerTransport::Http { url, .. } => Url::parse(url).ok(),
            ServerTransport::Stdio { .. } => None,
        };
        url.map(|url| Resource::of(&url)).ok_or_else(|| {
            complain(&format!(
                "server {} is a program and is not signed in to",
                server.name
            ));
            Exit::Invalid
        })
    }
}
