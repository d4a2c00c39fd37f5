//! `fanout check`: a plan validated, nothing run.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::completions;
use super::exit::{self, Exit};
use super::options::CatalogueOptions;
use crate::app;
use crate::catalogue::{Catalogue, FileKind};
use crate::lab::{self, CallCost, Capacity, TimeBounds};
use crate::model::{Plan, plural};
use crate::output::Safe;
use crate::plan::{self, Summary};
use crate::sched::ToolLimits;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout check plan.toml
  fanout check plan.toml --catalogue fanout.toml --json")]
pub(super) struct Check {
    /// The plan: TOML, JSON or a `WfFormat` file
    #[arg(value_name = "PLAN", add = completions::plans())]
    plan: PathBuf,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> Exit {
        if let Some(FileKind::Catalogue { .. }) = FileKind::of(&self.plan) {
            let path = self.plan.display();
            return exit::usage_text(&format!(
                "{path} is a catalogue and no plan: `fanout tools --catalogue {path}` checks it"
            ));
        }
        let (catalogue, loaded) = match app::open_plan(&self.plan, self.catalogue.files()) {
            Ok(opened) => opened,
            Err(error) => return exit::not_opened(error),
        };
        let summary = plan::check(&loaded);
        let bounds = estimated_bounds(&loaded.plan, &catalogue);
        let out = io::stdout().lock();
        let written = if self.json {
            exit::print_json(&as_json(&summary, bounds.as_ref()), out)
        } else {
            exit::warn(loaded.warnings);
            print(&summary, bounds.as_ref(), out)
        };
        exit::written(written)
    }
}

/// Returns the bounds from the plan's estimates; `None` where not every call has one.
fn estimated_bounds(plan: &Plan, catalogue: &Catalogue) -> Option<TimeBounds> {
    let costs: Option<Vec<CallCost>> = plan
        .calls
        .iter()
        .map(|call| Some(CallCost::once(call, call.estimate?)))
        .collect();
    let tools: Vec<ToolLimits> = catalogue.tools().filter_map(ToolLimits::of).collect();
    let capacity = Capacity {
        cap: plan.cap.unwrap_or_default().get(),
        cores: None,
        tools: &tools,
    };
    Some(lab::bounds(&costs?, &capacity))
}

fn print(summary: &Summary, bounds: Option<&TimeBounds>, mut out: impl Write) -> io::Result<()> {
    let name = Safe::new(&summary.name);
    writeln!(
        out,
        "{}: {}, {}",
        name.as_str(),
        plural(summary.calls, "call"),
        plural(summary.edges, "dependency")
    )?;
    let calls = |number| plural(number, "call");
    writeln!(out, "  longest chain    {}", calls(summary.depth))?;
    writeln!(out, "  ready at once    {}", calls(summary.roots))?;
    let cap = summary.cap.unwrap_or_default();
    writeln!(out, "  cap              {cap}")?;
    match bounds {
        Some(bounds) => {
            let (path, least) = (bounds.critical_path, bounds.lower_bound);
            writeln!(out, "  critical path    ~{:.1} s", path.as_secs_f64())?;
            writeln!(
                out,
                "  takes at least   ~{:.1} s at this cap (bound by {})",
                least.as_secs_f64(),
                bounds.binding.in_words()
            )?;
            if let Some(speed_up) = allowed_speed_up(bounds) {
                writeln!(
                    out,
                    "  structure allows ~{speed_up:.1} times as fast as one call at a time"
                )?;
            }
        }
        None => writeln!(
            out,
            "  critical path    unknown: not every call has an estimate"
        )?,
    }
    for (tool, number) in &summary.tools {
        let tool = Safe::new(tool.as_str());
        writeln!(out, "  {:<16} {}", tool.as_str(), calls(*number))?;
    }
    Ok(())
}

/// Returns how many times as fast as one call at a time the plan can be with
/// lanes enough: all its work by its longest chain. `None` where nothing takes
/// any time.
fn allowed_speed_up(bounds: &TimeBounds) -> Option<f64> {
    let path = bounds.critical_path.as_secs_f64();
    (path > 0.0).then(|| bounds.work.as_secs_f64() / path)
}

fn as_json(summary: &Summary, bounds: Option<&TimeBounds>) -> Value {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    json!({
        "version": 1,
        "plan": summary,
        "estimated": bounds.map(|bounds| json!({
            "critical_path_ms": ms(bounds.critical_path),
            "lower_bound_ms": ms(bounds.lower_bound),
            "allowed_speed_up": allowed_speed_up(bounds),
            "binding": bounds.binding.to_string(),
        })),
    })
}
