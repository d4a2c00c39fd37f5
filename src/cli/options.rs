//! Groups of options that several commands share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::looks::LookOptions;
use super::outputs::NamedOutput;
use super::{settings, terminal};
use crate::app::{
    self, Conditions, GivenAnswers, LeakPolicy, OpenError, RunEnvironment, RunSettings, Untrusted,
};
use crate::catalogue::Catalogue;
use crate::engine::AgentFeed;
use crate::model::{Cap, CapSetting, FailurePolicy, Order, Plan, Policy, ProtocolChoice};
use crate::record::HistoryStore;

/// Where tools come from.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct CatalogueOptions {
    /// A catalogue file to take tools from (repeatable) [default: a fanout.toml
    /// that is found and trusted, else your own, else the sample tools]
    #[arg(long = "catalogue", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl CatalogueOptions {
    /// Reads the tools of the files given; else of the file found from the
    /// current folder, if it is trusted; else of the user's own; else the
    /// sample tools.
    pub(super) fn load(&self, untrusted: Untrusted) -> Result<Arc<Catalogue>, OpenError> {
        app::load_catalogue(&self.files, untrusted)
    }

    /// The files given, and the plan.
    pub(super) fn and_plan<'f>(&'f self, plan: &'f Path) -> impl Iterator<Item = &'f Path> {
        self.files.iter().map(PathBuf::as_path).chain([plan])
    }

    /// The files given.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }
}

/// Revision of the protocol that servers are spoken to in.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ProtocolOption {
    /// Speak this revision of the Model Context Protocol to servers, whatever
    /// the catalogue says
    #[arg(long, value_name = "REVISION", value_parser = protocol_words())]
    protocol: Option<ProtocolChoice>,
}

impl ProtocolOption {
    /// Returns the catalogue with the revision that is asked for.
    pub(super) fn applied(&self, catalogue: &Catalogue) -> Catalogue {
        let catalogue = catalogue.clone();
        match self.protocol {
            Some(protocol) => catalogue.speaking(protocol),
            None => catalogue,
        }
    }
}

fn protocol_words() -> impl TypedValueParser<Value = ProtocolChoice> {
    PossibleValuesParser::new(ProtocolChoice::WORDS).try_map(|word| word.parse::<ProtocolChoice>())
}

/// Answers to what servers ask.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct AnswerOptions {
    /// Answer what servers ask of you from this JSON file, checked by their
    /// schemas: {"SERVER": {"FIELD": value}}
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
}

impl AnswerOptions {
    /// Reads the answers, and what the options say of models.
    pub(super) fn read(&self) -> Result<GivenAnswers, OpenError> {
        let (options, _) = settings::options();
        let sampling = options.sampling.map(|it| it.0).filter(|it| !it.is_empty());
        Ok(GivenAnswers::read(self.answer.as_deref(), sampling)?)
    }
}

/// How a run is conducted.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct PolicyOptions {
    /// How many lanes may be busy, 1 to 1024; "auto" goes by what calls need and how the
    /// machine is doing, up to 64 lanes, "auto:16" up to 16 [default: the plan's, else
    /// the config's, else 4]
    #[arg(long, value_name = "N|auto")]
    pub(super) cap: Option<CapSetting>,
    /// How a failure affects the rest [default: the plan's, else skip]
    #[arg(long, value_name = "POLICY")]
    pub(super) on_failure: Option<OnFailure>,
    /// In which order ready calls of equal priority start
    #[arg(long, value_name = "ORDER", default_value = "critical-path")]
    pub(super) order: OrderChoice,
    /// Seed of the random delays before retries
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Factor on waits that a plan records or asks for, such as 0.01
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = parse_scale)]
    pub(super) time_scale: f64,
}

impl PolicyOptions {
    /// Returns the settings of a run of this plan.
    pub(super) fn settings(&self, plan: &Plan) -> RunSettings {
        RunSettings {
            policy: self.policy(plan),
            seed: self.seed,
            time_scale: self.time_scale,
            sample_period: settings::sample_period(),
        }
    }

    /// Returns the settings of the experiments beside such a run.
    pub(super) fn conditions(&self) -> Conditions {
        Conditions {
            order: self.order.into(),
            seed: self.seed,
            time_scale: self.time_scale,
            sample_period: settings::sample_period(),
        }
    }

    /// Returns the policy in force: the command line wins over the plan.
    fn policy(&self, plan: &Plan) -> Policy {
        let named = || plan.cap.unwrap_or_else(default_cap);
        let chosen = self.cap.unwrap_or_else(|| CapSetting::pinned(named()));
        Policy {
            cap: chosen.cap,
            control: chosen.control,
            on_failure: self
                .on_failure
                .map(FailurePolicy::from)
                .or(plan.on_failure)
                .unwrap_or_default(),
            order: self.order.into(),
        }
    }
}

/// In which order ready calls start.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum OrderChoice {
    /// The longest chain of dependents first, with ageing
    #[default]
    CriticalPath,
    /// The order of the plan
    Fifo,
}

impl From<OrderChoice> for Order {
    fn from(choice: OrderChoice) -> Self {
        match choice {
            OrderChoice::CriticalPath => Self::CriticalPath,
            OrderChoice::Fifo => Self::Fifo,
        }
    }
}

/// Effect of a failure on the rest of the plan.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum OnFailure {
    /// Skip its dependents
    Skip,
    /// Run its dependents, unless they need its output
    Continue,
    /// Start nothing more; running calls finish
    Stop,
}

impl From<OnFailure> for FailurePolicy {
    fn from(choice: OnFailure) -> Self {
        match choice {
            OnFailure::Skip => Self::Skip,
            OnFailure::Continue => Self::Continue,
            OnFailure::Stop => Self::Stop,
        }
    }
}

/// Where a run is shown and what is kept of it.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct OutputOptions {
    /// Print plain lines instead of showing the dashboard
    #[arg(long, conflicts_with = "events")]
    pub(super) plain: bool,
    /// Print one JSON object per event and nothing else
    #[arg(long)]
    pub(super) events: bool,
    /// Write a JSON report of the run to this file
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
    /// Neither read nor write what is kept of earlier runs and sessions
    #[arg(long)]
    pub(super) no_history: bool,
    /// Record every decision of the scheduler to this file, for an exact replay
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Whether a success that left processes behind counts as a success
    #[arg(long, value_name = "VERDICT", default_value = "pass")]
    pub(super) leaks: Leaks,
    #[command(flatten)]
    pub(super) looks: LookOptions,
    #[command(flatten)]
    pub(super) agents: AgentOptions,
}

impl OutputOptions {
    /// Returns the files kept between sessions, unless the options say
    /// otherwise or there is no home folder.
    pub(super) fn history(&self) -> Option<HistoryStore> {
        (!self.no_history).then(app::history).flatten()
    }

    /// The files that the run writes, each with its option.
    pub(super) fn files(&self) -> Vec<NamedOutput<'_>> {
        let files = [("--report", &self.report), ("--record", &self.record)];
        let named = files.into_iter().filter_map(|(option, path)| {
            let path = path.as_deref()?;
            Some(NamedOutput { option, path })
        });
        named.collect()
    }

    /// Whether the run goes on without a dashboard.
    pub(super) fn is_headless(&self) -> bool {
        self.plain || self.events || !terminal::is_terminal()
    }
}

/// Where agents at work are looked for.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct AgentOptions {
    /// Meet agents in this folder instead of the one of this user
    #[arg(long, value_name = "DIR")]
    pub(super) via: Option<PathBuf>,
}

impl AgentOptions {
    /// Begins to look for agents, unless the options say otherwise.
    pub(super) fn feed(&self, environment: &RunEnvironment) -> Option<AgentFeed> {
        let (options, _) = settings::options();
        let options = options.agents.unwrap_or_default();
        let attaches = options.attach.unwrap_or(true);
        attaches.then(|| environment.agents(self.via.clone(), options.auto_release.unwrap_or(true)))
    }
}

/// How a leaked success counts for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Leaks {
    /// A success
    #[default]
    Pass,
    /// A failure
    Fail,
}

impl From<Leaks> for LeakPolicy {
    fn from(leaks: Leaks) -> Self {
        match leaks {
            Leaks::Pass => Self::Pass,
            Leaks::Fail => Self::Fail,
        }
    }
}

/// The cap where neither the command line nor the plan names one.
fn default_cap() -> Cap {
    let (options, _) = settings::options();
    options.cap.map(|it| it.0).unwrap_or_default()
}

/// Greatest factor on waits: with it, sums of a plan's longest times still fit
/// a `Duration`.
const MAX_SCALE: f64 = 1000.0;

/// Reason that a text is no factor on waits.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a number from 0 to {MAX_SCALE} is needed")]
pub(super) struct ScaleError;

/// Reads a factor on waits.
pub(super) fn parse_scale(text: &str) -> Result<f64, ScaleError> {
    let scale = text.parse().ok();
    scale
        .filter(|scale| (0.0..=MAX_SCALE).contains(scale))
        .ok_or(ScaleError)
}
