//! Where grants are kept: in the desktop's keyring where one runs, else in a
//! file each that only its owner can read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::grant::{Grant, KeptGrant};
use super::keeping::{GrantStoreError, KeptIn};
use super::resource::Resource;
use crate::output::{FolderLock, PrivateFileError, PrivateFolder};

/// Length of a file, in bytes, beyond which it is neither read nor written.
const MOST_BYTES: u64 = 256 << 10;

/// Number of files that are listed.
const MOST_LISTED: usize = 1000;

/// Store of grants; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct GrantStore {
    /// Folder of the files; `None` where there is no home folder.
    folder: Option<PathBuf>,
}

impl GrantStore {
    /// Takes the folder of the files; it is made when it is needed.
    pub fn at(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Returns the grant of a server.
    pub(super) async fn load(&self, resource: &Resource) -> Result<Option<Grant>, GrantStoreError> {
        #[cfg(feature = "keyring")]
        if let Some(keyring) = super::keyring::Keyring::open().await
            && let Some(text) = keyring.load(resource).await?
        {
            return parse(Path::new("keyring"), &text).map(Some);
        }
        let Some(folder) = self.find()? else {
            return Ok(None);
        };
        read(&folder, &resource.file_name())
    }

    /// Keeps a grant in place of what was kept for its server; returns where.
    pub(super) async fn save(&self, grant: &Grant) -> Result<KeptIn, GrantStoreError> {
        let text = serde_json::to_string(grant).unwrap_or_default();
        #[cfg(feature = "keyring")]
        if let Some(keyring) = super::keyring::Keyring::open().await
            && keyring.save(&grant.resource, &text).await.is_ok()
        {
            if let Some(folder) = self.find()? {
                folder.remove(&grant.resource.file_name())?;
            }
            return Ok(KeptIn::Keyring);
        }
        let folder = self.folder.as_deref().ok_or(GrantStoreError::NoPlace)?;
        let folder = PrivateFolder::create(folder)?;
        let name = grant.resource.file_name();
        folder.write(&name, &text, MOST_BYTES)?;
        Ok(KeptIn::File(folder.path().join(name)))
    }

    /// Forgets the grant of a server; returns whether there was one.
    pub(super) async fn remove(&self, resource: &Resource) -> Result<bool, GrantStoreError> {
        #[cfg(feature = "keyring")]
        let was_in_keyring = match super::keyring::Keyring::open().await {
            Some(keyring) => keyring.remove(resource).await?,
            None => false,
        };
        #[cfg(not(feature = "keyring"))]
        let was_in_keyring = false;
        let Some(folder) = self.find()? else {
            return Ok(was_in_keyring);
        };
        let name = resource.file_name();
        let was_in_file = folder.read(&name, MOST_BYTES).is_ok_and(|it| it.is_some());
        folder.remove(&name)?;
        Ok(was_in_keyring || was_in_file)
    }

    /// Lists what is kept, without tokens. What cannot be read is left out.
    pub async fn list(&self) -> Vec<KeptGrant> {
        let mut found = BTreeMap::new();
        let files = self
            .folder
            .as_deref()
            .and_then(|folder| fs::read_dir(folder).ok());
        let names = files.into_iter().flatten().take(MOST_LISTED).flatten();
        let names = names.filter_map(|file| file.file_name().into_string().ok());
        if let Ok(Some(folder)) = self.find() {
            let is_grant = |name: &String| Path::new(name).extension() == Some("json".as_ref());
            for name in names.filter(is_grant) {
                if let Ok(Some(grant)) = read(&folder, &name) {
                    let kept_in = KeptIn::File(folder.path().join(&name));
                    found.insert(grant.resource.clone(), grant.shown(kept_in));
                }
            }
        }
        #[cfg(feature = "keyring")]
        if let Some(keyring) = super::keyring::Keyring::open().await {
            for text in keyring.list().await.unwrap_or_default() {
                if let Ok(grant) = parse(Path::new("keyring"), &text) {
                    found.insert(grant.resource.clone(), grant.shown(KeptIn::Keyring));
                }
            }
        }
        found.into_values().collect()
    }

    /// Takes the lock under which one process at a time renews grants; `None`
    /// while another one holds it, or where there is no folder.
    pub(super) fn try_lock(&self) -> Option<FolderLock> {
        let folder = PrivateFolder::create(self.folder.as_deref()?).ok()?;
        folder.create_folder("renewing").ok()?.lock().ok()
    }

    fn find(&self) -> Result<Option<PrivateFolder>, PrivateFileError> {
        match &self.folder {
            Some(folder) => PrivateFolder::find(folder),
            None => Ok(None),
        }
    }
}

fn read(folder: &PrivateFolder, name: &str) -> Result<Option<Grant>, GrantStoreError> {
    match folder.read(name, MOST_BYTES)? {
        Some(text) => parse(&folder.path().join(name), &text).map(Some),
        None => Ok(None),
    }
}

fn parse(path: &Path, text: &str) -> Result<Grant, GrantStoreError> {
    // The decoder's words may hold a part of the text, and so of a token.
    serde_json::from_str(text).map_err(|error| GrantStoreError::Malformed {
        path: path.to_owned(),
        reason: format!("line {}, column {}", error.line(), error.column()),
    })
}
