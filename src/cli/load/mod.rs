//! `fanout load`: how a tool or a service does under load.

mod events;
mod number;
mod options;
mod print;
mod rows;
mod source;
mod watch;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Map;

use super::exit::{self, Exit};
use super::experiment::{ConditionOptions, Exports};
use super::one_call::OneCall;
use super::options::{AnswerOptions, CatalogueOptions, ProtocolOption};
use super::{completions, dashboard, outputs, terminal};
use crate::app::{self, LiveRunner, MakeArguments, PlannedCalls, Session, Signals};
use crate::lab::ExperimentError;
use crate::lab::load::{LoadFindings, LoadObserver, LoadRequest};
use crate::model::{Plan, Tool};
use options::{LevelOptions, LoopOptions, VerdictOptions};
use rows::Rows;
use source::Source;
use watch::Watch;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout load fetch url=https://a.example ms=40 -n 200 --cap 4
  fanout load notes.search query={{i}} --caps 1,2,4,8,16
  fanout load notes.search query=x --rates 5,10,20 --for 30s
  fanout load fetch url=x ms=40 --find 'p95<100ms'
  fanout load mix.toml --cap 8 --budget 'p99<1s' --budget 'errors<1%'

Latency counts from when a call should have started to when its outcome is
known. With --cap so many callers each send their next call when their last has
ended. With --rate calls start on schedule, whatever the ones before do: a
service that stalls shows it in every call that was due meanwhile. `fanout help
load` explains the figures.")]
pub(super) struct Load {
    /// A tool, or a plan whose calls are made in turn
    #[arg(value_name = "TOOL|PLAN", add = completions::tools())]
    target: String,
    /// Arguments of the tool: KEY=VALUE typed by its schema, KEY:=JSON raw;
    /// {{i}} stands for the call's number
    #[arg(value_name = "KEY=VALUE", add = completions::arguments())]
    pairs: Vec<String>,
    /// All arguments as one JSON object; pairs stand over it
    #[arg(long, value_name = "JSON")]
    args: Option<String>,
    /// Take the arguments of each call from a line of this file in turn: JSON
    /// Lines, or CSV with a header
    #[arg(long, value_name = "FILE")]
    args_from: Option<PathBuf>,
    #[command(flatten)]
    levels: LevelOptions,
    #[command(flatten)]
    conduct: LoopOptions,
    #[command(flatten)]
    verdict: VerdictOptions,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    protocol: ProtocolOption,
    #[command(flatten)]
    answers: AnswerOptions,
    #[command(flatten)]
    conditions: ConditionOptions,
    /// Print plain lines
    #[arg(long, conflicts_with_all = ["json", "events"])]
    plain: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "events")]
    json: bool,
    /// Print one JSON object for each call and step, and nothing else
    #[arg(long)]
    events: bool,
    /// Write the JSON report to this file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    exports: Exports,
}

/// A load that is ready to be run.
struct Prepared {
    plan: Plan,
    calls: PlannedCalls,
    runner: LiveRunner<Signals>,
}

impl Load {
    pub(super) fn run(self) -> Exit {
        if let Err(clash) = self.clash() {
            return exit::usage_text(&clash.to_string());
        }
        let request = match self.request() {
            Ok(request) => request,
            Err(text) => return exit::usage_text(&text),
        };
        if self.is_shown() {
            return self.show(request);
        }
        let mut prepared = match self.prepare() {
            Ok(prepared) => prepared,
            Err(exit) => return exit,
        };
        let mut watch = Watch::new(self.json, self.events);
        watch.begin(&request);
        let Prepared {
            plan,
            calls,
            runner,
        } = &mut prepared;
        let findings = match runner.conduct_load(plan, calls, request, &mut watch) {
            Ok(findings) => findings,
            Err(error) => return exit::cannot_run(&error),
        };
        let written = watch.end(&findings);
        let exported = self.export(&findings);
        let interruption = prepared.runner.take_interruption().map(Exit::from);
        let verdict = interruption.unwrap_or_else(|| verdict(&findings));
        exit::first_failure(exit::first_failure(written, exported), verdict)
    }

    /// Whether it is shown on the dashboard.
    fn is_shown(&self) -> bool {
        terminal::is_terminal() && !(self.plain || self.json || self.events)
    }

    /// Shows it on the dashboard, and prints its result when that is left.
    fn show(&self, request: LoadRequest) -> Exit {
        let (mut session, arguments) = match self.open() {
            Ok(opened) => opened,
            Err(exit) => return exit,
        };
        let (left, findings) = dashboard::load(&mut session, request, arguments);
        let Some(findings) = findings else {
            return left;
        };
        let mut watch = Watch::new(false, false);
        watch.begin(&findings.request);
        for step in &findings.steps {
            watch.step_ended(step);
        }
        let written = watch.end(&findings);
        let exported = self.export(&findings);
        let ended = exit::first_failure(exit::first_failure(written, exported), left);
        exit::first_failure(ended, verdict(&findings))
    }

    fn clash(&self) -> Result<(), outputs::OutputClash> {
        let target = Path::new(&self.target);
        let read = self.catalogue.and_plan(target);
        let read = read.chain(self.args_from.as_deref());
        let mut files = self.exports.files();
        files.extend(self.report.as_deref().map(|path| outputs::NamedOutput {
            option: "--report",
            path,
        }));
        outputs::clash(read, &files)
    }

    fn request(&self) -> Result<LoadRequest, String> {
        let mut request = LoadRequest::usual(&self.target, self.levels.levels(&self.verdict));
        self.conduct.put_into(&mut request)?;
        self.verdict.put_into(&mut request);
        request.seed = self.conditions.seed;
        Ok(request)
    }

    /// Whether a plan is meant, and not a tool.
    fn is_plan(&self) -> bool {
        let path = Path::new(&self.target);
        let extension = path.extension().and_then(|it| it.to_str());
        path.is_file() || matches!(extension, Some("toml" | "json"))
    }

    /// Opens the tool or the plan.
    fn open(&self) -> Result<(Session, Option<MakeArguments>), Exit> {
        if self.is_plan() {
            return Ok((self.open_plan()?, None));
        }
        let rows = self.args_from.as_deref().map(Rows::read).transpose();
        let rows = rows.map_err(|error| exit::usage_text(&error.to_string()))?;
        self.open_tool(rows)
    }

    fn prepare(&self) -> Result<Prepared, Exit> {
        let (session, arguments) = self.open()?;
        let plan = session.plan.clone();
        let ignores = self.verdict.ignores_limits();
        let calls = PlannedCalls::new(&plan, &session.catalogue, arguments, ignores);
        let calls = calls.map_err(|error| {
            exit::complain(&format!("{}: {error}", self.target));
            session.environment.close_servers();
            Exit::Invalid
        })?;
        let conditions = self.conditions.conditions();
        let runner = LiveRunner::of_session(session, conditions, Signals::listen);
        Ok(Prepared {
            plan,
            calls,
            runner: runner.map_err(|error| exit::cannot_run(&error))?,
        })
    }

    fn open_plan(&self) -> Result<Session, Exit> {
        let is_given = !self.pairs.is_empty() || self.args.is_some() || self.args_from.is_some();
        if is_given {
            return Err(exit::usage_text(
                "a plan has the arguments of its calls: KEY=VALUE, --args and --args-from go with a tool",
            ));
        }
        let opened = self.answers.read().and_then(|answers| {
            let path = Path::new(&self.target);
            app::open_session(path, self.catalogue.files(), &answers, exit::warn)
        });
        opened.map_err(exit::not_opened)
    }

    /// Opens a tool, whose arguments are checked for the first call, and for each
    /// row of a file.
    fn open_tool(&self, rows: Option<Rows>) -> Result<(Session, Option<MakeArguments>), Exit> {
        let pairs = number::filled_each(&self.pairs, 1);
        let whole = self.args.as_deref().map(|text| number::filled(text, 1));
        let first_row = |tool: &Tool| match &rows {
            Some(rows) => rows.get(0, 1, tool).map_err(|error| error.to_string()),
            None => Ok(Map::new()),
        };
        let call = OneCall {
            tool: &self.target,
            whole: whole.as_deref(),
            pairs: &pairs,
            others: Some(&first_row),
        };
        let session = call.prepare(&self.catalogue, &self.protocol, &self.answers)?;
        let make = self.arguments(&session, rows);
        match make {
            Ok(make) => Ok((session, Some(make))),
            Err(exit) => {
                session.environment.close_servers();
                Err(exit)
            }
        }
    }

    fn arguments(&self, session: &Session, rows: Option<Rows>) -> Result<MakeArguments, Exit> {
        let call = session.plan.calls.first();
        let tool = call.and_then(|call| session.catalogue.get(&call.tool));
        let Some(tool) = tool.cloned() else {
            return Err(Exit::CannotRun);
        };
        let source = Source {
            tool,
            pairs: self.pairs.clone(),
            whole: self.args.clone(),
            rows,
        };
        source
            .check(&session.catalogue)
            .map_err(|error| exit::usage_text(&error.to_string()))?;
        Ok(source.into_arguments())
    }

    fn export(&self, findings: &LoadFindings) -> Exit {
        let report = self.report.as_ref().map_or(Exit::Success, |path| {
            let text = format!("{:#}\n", findings.document());
            let written = crate::output::write_file(path, text.as_bytes());
            written.map_or_else(|error| exit::cannot_run(&error), |()| Exit::Success)
        });
        let charts = self
            .exports
            .write(|| findings.csv(), || crate::tui::svg::load_chart(findings));
        exit::first_failure(report, charts)
    }
}

/// The exit code of a load that nobody interrupted.
fn verdict(findings: &LoadFindings) -> Exit {
    match &findings.error {
        Some(error @ ExperimentError::RunFailed { .. }) => exit::experiment_failed(error),
        _ if findings.is_kept() => Exit::Success,
        _ => Exit::CallFailed,
    }
}
