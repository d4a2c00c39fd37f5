//! Results of an experiment, written into files of the current folder.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::lab::{Experiment, ExperimentFindings};
use crate::tui::svg;

/// Names that are tried before it is given up.
const MOST_FILES: usize = 99;

/// Writes an experiment as JSON, as CSV and as an SVG chart, into files that
/// only the user can read; the common part of their names.
pub(in crate::tui) fn export(experiment: &Experiment) -> io::Result<PathBuf> {
    let plan = &experiment.plan;
    let (kind, document, csv) = match &experiment.findings {
        ExperimentFindings::Sweep(it) => ("sweep", it.document(plan), it.csv()),
        ExperimentFindings::Load(it) => ("load", it.document(), it.csv()),
        ExperimentFindings::Comparison(it) => ("compare", it.document(plan), it.csv()),
    };
    let json = serde_json::to_string_pretty(&document)? + "\n";
    let folder = std::env::current_dir()?;
    let texts = [
        ("json", json),
        ("csv", csv),
        ("svg", svg::chart(experiment)),
    ];
    for number in 1..=MOST_FILES {
        let base = folder.join(format!("fanout-{kind}-{number}"));
        let is_taken = texts
            .iter()
            .any(|(extension, _)| base.with_extension(extension).exists());
        if is_taken {
            continue;
        }
        for (extension, text) in &texts {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            let mut file = options.open(base.with_extension(extension))?;
            file.write_all(text.as_bytes())?;
        }
        return Ok(base);
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
