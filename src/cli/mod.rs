//! The command line: one file a command. It joins the rooms, owns nothing
//! lasting, and is the only room besides `main` that may use `tui`.

mod agents;
mod arguments;
mod bare;
mod call;
mod caps;
mod check;
mod colour;
mod compare;
mod completions;
mod config;
mod dashboard;
mod demo;
mod doctor;
mod ending;
mod exit;
mod experiment;
mod headless;
mod help;
mod keys;
mod load;
#[cfg(feature = "http")]
mod login;
mod looks;
mod man;
mod mcp;
mod one_call;
mod options;
mod outputs;
mod own_servers;
mod recalled;
mod run;
mod schema;
mod screenshot;
mod settings;
mod simulate;
mod summary;
mod sweep;
mod terminal;
mod theme;
mod tools;
mod with;
mod wrap;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};

pub use exit::Exit;

use crate::app::log;
use crate::exec;

/// Runs an agent's tool calls in parallel lanes, and shows them.
#[derive(Debug, Parser)]
#[command(
    name = "fanout",
    version,
    before_help = "\
Examples:
  fanout demo                     the dashboard with a sample plan
  fanout .mcp.json                the MCP servers of your agent
  fanout run plan.toml --cap 8    a plan of your own, eight lanes
  fanout call word-count path=README.md
                                  one tool, its output only",
    max_term_width = 80,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Subcommands>,
    /// Write a log of what fanout does to this file, for bug reports
    #[arg(long, global = true, value_name = "FILE")]
    log: Option<PathBuf>,
    #[command(flatten)]
    bare: bare::Bare,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Run the sample plan on the dashboard; needs nothing but this program
    Demo(demo::Demo),
    /// Run a plan: on the dashboard on a terminal, as plain lines otherwise
    Run(run::Run),
    /// Run one tool and print its output only
    Call(call::Call),
    /// List the catalogue
    Tools(tools::Tools),
    /// Sign in to a server that asks for it, in the browser
    #[cfg(feature = "http")]
    Login(login::Login),
    /// Delete what a sign-in to a server brought
    #[cfg(feature = "http")]
    Logout(login::Logout),
    /// Check a plan without running it
    Check(check::Check),
    /// List, show and check themes
    Theme(theme::Theme),
    /// Estimate how long a plan takes at several caps; nothing is run
    Simulate(simulate::Simulate),
    /// Stand between an agent and one of its MCP servers
    Mcp(mcp::Mcp),
    /// Put fanout before the servers of your agents, after showing the change
    Wrap(wrap::Wrap),
    /// Take fanout away from the servers of your agents
    Unwrap(wrap::Unwrap),
    /// Start an agent with fanout before its servers, this once
    With(with::With),
    /// List and check the keys of the dashboard
    Keys(keys::Keys),
    /// Show where your files are, check them, list what can stand in them
    Config(config::ConfigArgs),
    /// List the agents whose servers `fanout mcp` stands before
    Agents(agents::Agents),
    /// Show what fanout finds here: terminal, colours, folders, containment
    Doctor(doctor::Doctor),
    /// Run a plan at several caps: how long each takes, whether results differ
    Compare(compare::Compare),
    /// Measure which cap is worth using
    Sweep(sweep::Sweep),
    /// Measure a tool under load: calls per second, percentiles, errors
    Load(Box<load::Load>),
    /// Draw a picture of the dashboard as SVG, from a recorded run
    Screenshot(screenshot::Screenshot),
    /// Print what a shell needs to complete commands, tools, plans and themes
    Completions(completions::Completions),
    /// Show the reference: plan, catalogue, keys, load, exit-codes, or a command
    Help(help::Help),
    /// Print the manual page
    Man(man::Man),
    /// One of the sample tools; what their manifest runs
    #[command(hide = true, disable_help_flag = true)]
    SampleTool {
        /// Name and arguments of the sample tool
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

/// Reads the command line, does what it says and returns how it went.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    // Nothing may come before this: the process may have been started to be a
    // helper of another one.
    exec::prepare();
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(command) = mcp::Mcp::alone(&args) {
        return command.run();
    }
    if let Some(exit) = completions::answer(&args, Cli::command) {
        return exit;
    }
    match conduct(&args) {
        Exit::Again(words) => exit::start_again(&words),
        exit => exit,
    }
}

fn conduct(args: &[OsString]) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    if let Some(path) = &cli.log
        && let Err(error) = log::start(path, args)
    {
        return exit::cannot_run(&error);
    }
    match cli.command {
        None => cli.bare.run(&Cli::command()),
        Some(Subcommands::Demo(command)) => command.run(),
        Some(Subcommands::Run(command)) => command.run(),
        Some(Subcommands::Call(command)) => command.run(),
        Some(Subcommands::Tools(command)) => command.run(),
        #[cfg(feature = "http")]
        Some(Subcommands::Login(command)) => command.run(),
        #[cfg(feature = "http")]
        Some(Subcommands::Logout(command)) => command.run(),
        Some(Subcommands::Check(command)) => command.run(),
        Some(Subcommands::Theme(command)) => command.run(),
        Some(Subcommands::Simulate(command)) => command.run(),
        Some(Subcommands::Compare(command)) => command.run(),
        Some(Subcommands::Sweep(command)) => command.run(),
        Some(Subcommands::Load(command)) => command.run(),
        Some(Subcommands::Mcp(command)) => command.run(),
        Some(Subcommands::Wrap(command)) => command.run(),
        Some(Subcommands::Unwrap(command)) => command.run(),
        Some(Subcommands::With(command)) => command.run(),
        Some(Subcommands::Keys(command)) => command.run(),
        Some(Subcommands::Config(command)) => command.run(),
        Some(Subcommands::Agents(command)) => command.run(),
        Some(Subcommands::Doctor(command)) => command.run(),
        Some(Subcommands::Screenshot(command)) => command.run(),
        Some(Subcommands::Completions(command)) => command.run(),
        Some(Subcommands::Help(command)) => command.run(Cli::command()),
        Some(Subcommands::Man(command)) => command.run(Cli::command()),
        Some(Subcommands::SampleTool { args }) => exit::sample_tool(&args),
    }
}
