//! The fresh folder of one run.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use jiff::Zoned;

use super::session::SessionError;
use crate::model::RunId;

/// The fresh folder of one run; removed with everything in it when dropped.
#[derive(Debug)]
pub(super) struct RunFolder {
    pub(super) run: RunId,
    pub(super) path: PathBuf,
}

impl RunFolder {
    pub(super) fn create() -> Result<Self, SessionError> {
        let stamp = Zoned::now().strftime("%Y%m%d-%H%M%S");
        let run = RunId::new(format!("{stamp}-{}", std::process::id()));
        let path = std::env::temp_dir().join(format!("fanout-{run}"));
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|source| SessionError::Folder {
                path: path.clone(),
                source,
            })?;
        Ok(Self { run, path })
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
