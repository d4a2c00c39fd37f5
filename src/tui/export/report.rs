//! The report of a run, written into a file of the current folder.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::catalogue::Catalogue;
use crate::lab::RunSummary;
use crate::model::{CallId, Snapshot};
use crate::output::OutputReader;
use crate::record::{Bounds, Report, ReportState, ReportedOutput};

/// Names that are tried before it is given up.
const MOST_FILES: usize = 99;

/// Writes the report of a run into a new file that only the user can read.
/// Returns its place.
pub(in crate::tui) fn write(
    run: &Snapshot,
    summary: Option<&RunSummary>,
    catalogue: &Catalogue,
    reader: &OutputReader,
) -> io::Result<PathBuf> {
    let bounds = summary.map_or_else(Bounds::default, |summary| Bounds {
        critical_path: Some(summary.bounds.critical_path),
        lower_bound: Some(summary.bounds.lower_bound),
        binding: Some(summary.bounds.binding.to_string()),
        summary: Some(summary.document()),
    });
    let outputs = |id: CallId| {
        let row = run.row(id);
        row.map_or_else(ReportedOutput::default, |row| {
            let tool = catalogue.get(&row.tool);
            let kind = tool.map(|tool| tool.output).unwrap_or_default();
            ReportedOutput::of(reader.store(), row, kind)
        })
    };
    let report = Report {
        state: ReportState::Ended,
        last: run,
        bounds,
        outputs: &outputs,
    };
    let folder = std::env::current_dir()?;
    for number in 1..=MOST_FILES {
        let path = folder.join(format!("fanout-report-{number}.json"));
        let mut options = OpenOptions::new();
        let opened = options.write(true).create_new(true).mode(0o600).open(&path);
        match opened {
            Ok(file) => {
                let mut out = BufWriter::new(file);
                report.write(&mut out)?;
                out.flush()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
