//! `fanout mcp`: stands between an agent and one server.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, FromArgMatches, ValueEnum};

use super::exit::{Exit, complain};
use crate::exec::proxy::frames::OnLost;
use crate::exec::proxy::{self, ShimOptions};
use crate::model::Cap;
use crate::output::Safe;

/// Stands between an agent and one of its MCP servers.
///
/// An agent starts it in the server's place. Every message passes as it came;
/// a dashboard can watch, hold, change and cancel the agent's calls. With
/// --govern, calls that may write wait for one another, also those of other
/// agents, whether or not a dashboard is open. That keeps data whole; it is no
/// sandbox: the server can do whatever it could do before.
///
/// The server gets the arguments, environment, folder and limits that it would
/// have had. The exit code is the server's.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout mcp --name mem -- npx -y @modelcontextprotocol/server-memory
  fanout mcp --govern=4 --record /tmp/mem-{time}.ndjson -- node server.js")]
pub(super) struct Mcp {
    /// Name of the server, as the agent's configuration has it
    #[arg(long)]
    name: Option<String>,
    /// Folder to meet dashboards in, in place of the usual one
    #[arg(long, value_name = "DIR")]
    via: Option<PathBuf>,
    /// Write everything that passes to this file; {time} and {pid} are filled in
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Name of the lock that servers of the same data share
    #[arg(long, value_name = "KEY")]
    lock: Option<String>,
    /// Time that the agent waits for a tool, in milliseconds
    #[arg(long, value_name = "MS")]
    limit: Option<u64>,
    /// Let calls that may write wait for one another; CAP bounds the calls at once
    #[arg(long, value_name = "CAP", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "an option whose value may be absent")]
    govern: Option<Option<Cap>>,
    /// Let this tool run beside others; may be given more than once
    #[arg(long, value_name = "TOOL")]
    parallel: Vec<String>,
    /// Let dashboards watch only
    #[arg(long, conflicts_with = "govern")]
    watch_only: bool,
    /// Treatment of waiting calls when the dashboard that decides is lost
    #[arg(long, value_name = "WHAT", default_value = "forward")]
    on_lost: Lost,
    /// The server's command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Treatment of waiting calls.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lost {
    /// They are sent
    Forward,
    /// They are answered with an error
    Fail,
}

impl Mcp {
    /// Reads a command line that is this command and right; `None` for every other,
    /// which the whole program reads. An agent waits for its server: describing
    /// all other commands first would cost it time, and each proxy memory.
    pub(super) fn alone(args: &[OsString]) -> Option<Self> {
        let own = args.get(1..)?;
        if own.first()? != "mcp" {
            return None;
        }
        let command = Self::augment_args(clap::Command::new("mcp"));
        let matches = command.try_get_matches_from(own).ok()?;
        Self::from_arg_matches(&matches).ok()
    }

    pub(super) fn run(self) -> Exit {
        let options = ShimOptions {
            argv: self.command,
            name: self.name,
            via: self.via,
            record: self.record,
            lock: self.lock,
            limit: self.limit.map(Duration::from_millis),
            is_governed: self.govern.is_some(),
            cap: self.govern.flatten(),
            is_watch_only: self.watch_only,
            on_lost: match self.on_lost {
                Lost::Forward => OnLost::Forward,
                Lost::Fail => OnLost::Fail,
            },
            parallel: self.parallel.into_iter().collect(),
        };
        match proxy::run(options, &mut |text| complain(Safe::new(text).as_str())) {
            Ok(code) => Exit::Server(code),
            Err(error) => {
                complain(Safe::new(&error.to_string()).as_str());
                Exit::Server(error.code())
            }
        }
    }
}
