//! The file of a report while its run is under way.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::Report;
use crate::output::{ReplaceError, WholeFile};

/// Reason why a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file cannot be replaced.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    /// The pipe or device cannot be written to.
    #[error("{}: {source}", path.display())]
    Stream {
        /// The path that was given.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A pipe has no reader, so that writing to it would wait without end.
    #[error("{} is a pipe that nobody reads", path.display())]
    NoReader {
        /// The path that was given.
        path: PathBuf,
    },
}

/// The file of a report: whole at every moment of the run.
///
/// A pipe or a device gets the report once, at the end.
#[derive(Debug)]
pub struct ReportFile(Target);

#[derive(Debug)]
enum Target {
    File(WholeFile),
    Stream { path: PathBuf, stream: File },
}

impl ReportFile {
    /// Opens the place of a report, before anything starts. What is there
    /// stays.
    ///
    /// # Errors
    ///
    /// Nothing can be written there.
    pub fn open(path: &Path) -> Result<Self, ReportError> {
        match WholeFile::at(path) {
            Ok(file) => Ok(Self(Target::File(file))),
            Err(ReplaceError::NotAFile { .. }) if !path.is_dir() => open_stream(path),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the report is written once only, at the end, because its place
    /// is a pipe or a device.
    pub fn is_stream(&self) -> bool {
        matches!(self.0, Target::Stream { .. })
    }

    /// Writes the report of a run that has begun. The report that was there
    /// before is kept as `FILE.previous`.
    ///
    /// # Errors
    ///
    /// The file cannot be replaced; the one before is as it was.
    pub fn begin(&self, report: &Report<'_>) -> Result<(), ReportError> {
        if let Target::File(file) = &self.0 {
            file.keep_previous()?;
            file.replace(|out| report.write(out))?;
        }
        Ok(())
    }

    /// Writes the report of a run that is over.
    ///
    /// # Errors
    ///
    /// The file cannot be replaced: the report of the begun run stands there.
    pub fn end(&self, report: &Report<'_>) -> Result<(), ReportError> {
        match &self.0 {
            Target::File(file) => Ok(file.replace(|out| report.write(out))?),
            Target::Stream { path, stream } => {
                let mut out = BufWriter::new(stream);
                let written = report.write(&mut out).and_then(|()| out.flush());
                written.map_err(|source| ReportError::Stream {
                    path: path.clone(),
                    source,
                })
            }
        }
    }
}

fn open_stream(path: &Path) -> Result<ReportFile, ReportError> {
    let failed = |errno: rustix::io::Errno| ReportError::Stream {
        path: path.to_owned(),
        source: errno.into(),
    };
    // Opening a pipe must not wait for its reader; writing to it may.
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let stream = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(stream) => stream,
        Err(rustix::io::Errno::NXIO) => {
            let path = path.to_owned();
            return Err(ReportError::NoReader { path });
        }
        Err(errno) => return Err(failed(errno)),
    };
    let flags = rustix::fs::fcntl_getfl(&stream).map_err(failed)?;
    rustix::fs::fcntl_setfl(&stream, flags - OFlags::NONBLOCK).map_err(failed)?;
    Ok(ReportFile(Target::Stream {
        path: path.to_owned(),
        stream: File::from(stream),
    }))
}
