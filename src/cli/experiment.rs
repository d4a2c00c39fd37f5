//! Options and progress that the commands of experiments share.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use super::exit::{self, Exit};
use super::options::{OrderChoice, parse_scale};
use super::outputs::NamedOutput;
use super::settings;
use crate::app::Conditions;
use crate::lab::{ExperimentProgress, Observer, RunPurpose};
use crate::output;

/// Settings that all runs of an experiment share.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct ConditionOptions {
    /// In which order ready calls of equal priority start
    #[arg(long, value_name = "ORDER", default_value = "critical-path")]
    order: OrderChoice,
    /// Seed of the order of the caps in each block
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Factor on waits that a plan records or asks for, such as 0.01
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = parse_scale)]
    time_scale: f64,
}

impl ConditionOptions {
    /// Returns them with the user's sample period.
    pub(super) fn conditions(self) -> Conditions {
        Conditions {
            order: self.order.into(),
            seed: self.seed,
            time_scale: self.time_scale,
            sample_period: settings::sample_period(),
        }
    }
}

/// Files that findings are written to besides.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Exports {
    /// Write a line for each cap to this file, as comma-separated values
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Draw a chart into this file, as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Exports {
    /// The files, each with its option.
    pub(super) fn files(&self) -> Vec<NamedOutput<'_>> {
        let files = [("--csv", &self.csv), ("--svg", &self.svg)];
        let named = files.into_iter().filter_map(|(option, path)| {
            let path = path.as_deref()?;
            Some(NamedOutput { option, path })
        });
        named.collect()
    }

    /// Writes the files that were asked for; complains of what fails.
    pub(super) fn write(&self, csv: impl FnOnce() -> String, svg: impl FnOnce() -> String) -> Exit {
        let csv = self.csv.as_ref().map(|path| (path, csv()));
        let svg = self.svg.as_ref().map(|path| (path, svg()));
        for (path, text) in csv.into_iter().chain(svg) {
            let written = output::write_file(path, text.as_bytes());
            if let Err(error) = written {
                return exit::cannot_run(&error);
            }
        }
        Exit::Success
    }
}

/// One line of progress on standard error, on a terminal only.
pub(super) struct ProgressLine {
    is_terminal: bool,
    is_shown: bool,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        Self {
            is_terminal: io::stderr().is_terminal(),
            is_shown: false,
        }
    }

    /// Removes the line.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

impl Observer for ProgressLine {
    fn run_starting(&mut self, progress: &ExperimentProgress) {
        if self.is_terminal {
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(io::stderr().lock(), "\r\x1b[K{}", line(progress));
            self.is_shown = true;
        }
    }

    fn warned(&mut self, text: &str) {
        self.clear();
        exit::complain(text);
    }
}

/// Returns the progress of an experiment on one line.
fn line(progress: &ExperimentProgress) -> String {
    let step = match progress.step {
        RunPurpose::WarmUp => "warm-up".to_owned(),
        RunPurpose::Block { number, of } => format!("block {number}/{of}"),
        RunPurpose::Confirming => "confirming".to_owned(),
        RunPurpose::Reducing => "looking for the smallest set of calls".to_owned(),
        RunPurpose::Trying => "trying a lock".to_owned(),
    };
    let (number, cap) = (progress.done + 1, progress.cap);
    match progress.left {
        Some(left) => format!(
            "{step}, run {number}/{} at cap {cap}, ~{:.0} s left; Ctrl-C prints what is known",
            progress.of,
            left.as_secs_f64()
        ),
        None => format!("{step}, run {number} at cap {cap}"),
    }
}
