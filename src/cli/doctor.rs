//! `fanout doctor`: what the program finds here, and why it behaves as it
//! does.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use serde_json::{Map, Value, json};

use super::colour::ColourOptions;
use super::exit::{self, Exit};
use super::settings;
use super::wrap::agents;
use super::wrap::survey::AgentsFound;
use super::{looks, terminal};
use crate::app::{self, ContainmentLevel, Folders};
use crate::output::Safe;
use crate::theme::{Appearance, ColourChoice, Depth, Signals};
use crate::tui::text::glyphs::Glyphs;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout doctor
  fanout doctor --json
  fanout doctor --color always")]
pub(super) struct Doctor {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    colours: ColourOptions,
}

/// One thing that was looked at.
struct Finding {
    /// Name of the finding, one word.
    what: &'static str,
    /// Value that was found.
    found: String,
    /// Reason or meaning.
    why: String,
}

impl Finding {
    fn new(what: &'static str, found: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            what,
            found: found.into(),
            why: why.into(),
        }
    }
}

impl Doctor {
    pub(super) fn run(self) -> Exit {
        let findings = findings(self.colours);
        let mut out = io::stdout().lock();
        if self.json {
            return exit::written(exit::print_json(&as_json(&findings), out));
        }
        exit::written(findings.iter().try_for_each(|it| {
            let (found, why) = (Safe::new(&it.found), Safe::new(&it.why));
            writeln!(out, "{:<12} {}", it.what, found.as_str())?;
            if it.why.is_empty() {
                return Ok(());
            }
            writeln!(out, "{:<12}   {}", "", why.as_str())
        }))
    }
}

fn as_json(findings: &[Finding]) -> Value {
    let entries = findings.iter().map(|it| {
        let entry = json!({ "found": it.found, "why": it.why });
        (it.what.to_owned(), entry)
    });
    let entries: Map<String, Value> = entries.collect();
    json!({ "version": 1, "findings": entries })
}

fn findings(colours: ColourOptions) -> Vec<Finding> {
    let (options, problems) = settings::options();
    let written = options.color.map(ColourChoice::from);
    let choice = colours.choice().or(written).unwrap_or_default();
    let mut findings = vec![terminal(), depth(choice)];
    let glyphs = options.glyphs.map(Glyphs::from).unwrap_or_default();
    findings.push(match glyphs {
        Glyphs::Unicode => Finding::new(
            "glyphs",
            "unicode",
            "if lines look broken here, set glyphs = \"ascii\" in config.toml",
        ),
        Glyphs::Ascii => Finding::new("glyphs", "ascii", "set in config.toml"),
    });
    findings.push(background());
    findings.push(multiplexer());
    findings.push(clipboard());
    findings.extend(folders(problems.len()));
    #[cfg(feature = "http")]
    findings.extend(sign_ins());
    findings.push(contained());
    findings.extend(wrapped());
    findings
}

fn terminal() -> Finding {
    let term = std::env::var("TERM").unwrap_or_default();
    let (input, output) = (io::stdin().is_terminal(), io::stdout().is_terminal());
    let why = match (input && output, term.as_str()) {
        (_, "dumb" | "") => "of this terminal nothing is known: the dashboard is not shown",
        (true, _) => "the dashboard can be shown",
        (false, _) => "no terminal on both standard input and output: runs are plain lines",
    };
    let size = crossterm::terminal::size().ok().filter(|_| output);
    let size = size.map_or_else(String::new, |(width, height)| format!(", {width}x{height}"));
    let name = if term.is_empty() {
        "TERM is not set"
    } else {
        &term
    };
    Finding::new("terminal", format!("{name}{size}"), why)
}

fn depth(choice: ColourChoice) -> Finding {
    let signals = Signals::read();
    let found = match signals.depth(choice) {
        Depth::Mono => "none",
        Depth::Ansi => "16",
        Depth::Indexed => "256",
        Depth::True => "24 bits",
    };
    let why = match choice {
        ColourChoice::Always => "asked for by --color or config.toml",
        ColourChoice::Never => "refused by --color or config.toml",
        ColourChoice::Auto if signals.is_refused => "NO_COLOR is set",
        ColourChoice::Auto if signals.is_forced => "CLICOLOR_FORCE is set",
        ColourChoice::Auto if signals.clicolor == Some(false) => "CLICOLOR=0",
        ColourChoice::Auto if !signals.is_capable => "TERM names no terminal with colours",
        ColourChoice::Auto if signals.is_true => "COLORTERM promises 24 bits",
        ColourChoice::Auto => "TERM says so",
    };
    Finding::new("colours", found, why)
}

fn multiplexer() -> Finding {
    let known = [("tmux", "TMUX"), ("zellij", "ZELLIJ"), ("screen", "STY")];
    let mut inside = known
        .iter()
        .filter(|(_, variable)| std::env::var_os(variable).is_some());
    match inside.next() {
        Some((name, variable)) => Finding::new(
            "multiplexer",
            *name,
            format!("{variable} is set; every default key works inside"),
        ),
        None => Finding::new("multiplexer", "none", ""),
    }
}

/// Asks the terminal for its background, as the dashboard would for
/// `theme = "auto"`.
fn background() -> Finding {
    if !terminal::is_terminal() {
        return Finding::new("background", "unknown", "there is no terminal to be asked");
    }
    match looks::background() {
        Some(Appearance::Dark) => Finding::new("background", "dark", "the terminal says so"),
        Some(Appearance::Light) => Finding::new("background", "light", "the terminal says so"),
        None => Finding::new(
            "background",
            "unknown",
            "the terminal does not say; theme = \"auto\" takes the dark one",
        ),
    }
}

fn clipboard() -> Finding {
    let is_set = |variable| std::env::var_os(variable).is_some();
    let why = if is_set("TMUX") {
        "tmux passes it on with `set -g set-clipboard on`"
    } else if is_set("ZELLIJ") {
        "zellij passes it on"
    } else if is_set("STY") {
        "screen does not pass it on"
    } else {
        "also over SSH; whether the terminal takes it cannot be asked"
    };
    Finding::new("clipboard", "by the terminal (OSC 52)", why)
}

/// Where the user's files are, and whether something is wrong with them.
fn folders(problems: usize) -> Vec<Finding> {
    let Some(folders) = Folders::find() else {
        return vec![Finding::new("folders", "none", "there is no home folder")];
    };
    let options = folders.options();
    let folder = options.parent().unwrap_or(&options);
    let keys = settings::keys().problems.len();
    let why = match problems + keys {
        0 if folder.exists() => {
            "options, keys and themes; nothing is wrong with the files".to_owned()
        }
        0 => "options, keys and themes; not there, and need not be".to_owned(),
        count => format!("`fanout config check` names {count} problems"),
    };
    let state = "what outlives a run; made when it is needed";
    vec![
        Finding::new("config", folder.display().to_string(), why),
        Finding::new("state", folders.state().display().to_string(), state),
    ]
}

/// Lists the servers of agents that fanout stands before, and those whose
/// fanout is gone: these cannot be started any more.
fn wrapped() -> Option<Finding> {
    let found = AgentsFound::here(&agents::Folders::find()?);
    let names = |list: &[String]| list.join(", ");
    let why = match (found.gone.as_slice(), found.wrapped.is_empty()) {
        ([], true) => "`fanout wrap` puts fanout before servers".to_owned(),
        ([], false) => "`fanout unwrap` takes it away, before fanout is uninstalled".to_owned(),
        (gone, _) => format!(
            "their fanout is gone, so that their agents cannot start them: {}; \
             `fanout unwrap` mends it",
            names(gone)
        ),
    };
    let wrapped = if found.wrapped.is_empty() {
        "no server is wrapped".to_owned()
    } else {
        format!("wrapped: {}", names(&found.wrapped))
    };
    Some(Finding::new("agents", wrapped, why))
}

/// Lists the servers that were signed in to, without tokens.
#[cfg(feature = "http")]
fn sign_ins() -> Option<Finding> {
    let runtime = app::start_current_thread().ok()?;
    let kept = runtime.block_on(Folders::grants().list());
    if kept.is_empty() {
        let why = "`fanout login` signs in to a server that asks for it";
        return Some(Finding::new("sign-ins", "none", why));
    }
    let listed: Vec<String> = kept.iter().map(sign_in).collect();
    let why = "`fanout logout` deletes one";
    Some(Finding::new("sign-ins", listed.join("; "), why))
}

#[cfg(feature = "http")]
fn sign_in(kept: &crate::exec::KeptGrant) -> String {
    let issuer = kept.issuer.as_deref().unwrap_or("an issuer without a name");
    let is_over = kept
        .ends_at
        .is_some_and(|end| end <= std::time::SystemTime::now());
    let state = match (is_over, kept.can_be_renewed) {
        (_, true) => "renewed by itself",
        (true, false) => "ended",
        (false, false) => "good until the server refuses it",
    };
    format!(
        "{} at {issuer}, {state}, in {}",
        kept.resource, kept.kept_in
    )
}

/// Starts the containment as a run would, and says how it went.
fn contained() -> Finding {
    match app::try_containment() {
        Ok(ContainmentLevel::Group) => Finding::new(
            "containment",
            "supervisors and a control group",
            "each call's supervisor adopts what it orphans; one write kills all that is left",
        ),
        Ok(ContainmentLevel::Supervisors) => Finding::new(
            "containment",
            "supervisors",
            "each call's supervisor adopts what it orphans; no control group (cgroup v2) can be made here",
        ),
        Err(error) => Finding::new("containment", "none", exit::chain(&error)),
    }
}
