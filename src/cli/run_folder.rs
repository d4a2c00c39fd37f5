//! The fresh folder of one run.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use jiff::Zoned;

use super::session::SessionError;
use crate::model::RunId;

/// Runs of one process that may begin within a second.
const MOST_A_SECOND: u32 = 1000;

/// The fresh folder of one run; removed with everything in it when dropped.
#[derive(Debug)]
pub(super) struct RunFolder {
    pub(super) run: RunId,
    pub(super) path: PathBuf,
}

impl RunFolder {
    pub(super) fn create() -> Result<Self, SessionError> {
        let stamp = Zoned::now().strftime("%Y%m%d-%H%M%S");
        let base = format!("{stamp}-{}", std::process::id());
        // An experiment may have several runs within a second.
        let numbered = (2..MOST_A_SECOND).map(|number| format!("{base}-{number}"));
        for name in std::iter::once(base.clone()).chain(numbered) {
            let path = std::env::temp_dir().join(format!("fanout-{name}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let run = RunId::new(name);
                    return Ok(Self { run, path });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(SessionError::Folder { path, source }),
            }
        }
        let path = std::env::temp_dir().join(format!("fanout-{base}"));
        let source = io::ErrorKind::AlreadyExists.into();
        Err(SessionError::Folder { path, source })
    }

    /// Where long outputs are kept.
    pub(super) fn outputs(&self) -> PathBuf {
        self.path.join(".outputs")
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning of
        // temporary files; the run itself is over and not affected.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
