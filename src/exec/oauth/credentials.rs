//! One grant, as the OAuth library reads and writes it while it renews it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rmcp::transport::{AuthError, CredentialRefreshGuard, CredentialStore, StoredCredentials};
use tokio::time::{self, Instant};

use super::grant::Grant;
use super::grants::GrantStore;

/// Longest wait for another process that renews a grant.
const OTHERS: Duration = Duration::from_secs(30);

/// Pause between two looks whether it is done.
const LOOK: Duration = Duration::from_millis(100);

/// Credentials of one server, kept in a store.
pub(super) struct Credentials {
    store: GrantStore,
    /// The grant without its tokens, which the store has.
    frame: Mutex<Grant>,
}

impl Credentials {
    /// Takes a grant that is in the store.
    pub(super) fn new(store: GrantStore, grant: Grant) -> Self {
        Self {
            store,
            frame: Mutex::new(grant),
        }
    }

    fn frame(&self) -> Grant {
        let frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        frame.clone()
    }
}

#[async_trait]
impl CredentialStore for Credentials {
    async fn load(&self) -> Result<Option<StoredCredentials>, AuthError> {
        let resource = self.frame().resource;
        let kept = self
            .store
            .load(&resource)
            .await
            .map_err(|error| store_error(&error))?;
        Ok(kept.map(|grant| grant.credentials))
    }

    async fn save(&self, credentials: StoredCredentials) -> Result<(), AuthError> {
        let mut grant = self.frame();
        grant.credentials = credentials;
        self.store
            .save(&grant)
            .await
            .map(drop)
            .map_err(|error| store_error(&error))
    }

    async fn clear(&self) -> Result<(), AuthError> {
        let resource = self.frame().resource;
        let removed = self.store.remove(&resource).await;
        removed.map(drop).map_err(|error| store_error(&error))
    }

    async fn acquire_refresh_guard(&self) -> Result<Option<CredentialRefreshGuard>, AuthError> {
        let deadline = Instant::now() + OTHERS;
        while Instant::now() < deadline {
            let store = self.store.clone();
            let lock = tokio::task::spawn_blocking(move || store.try_lock()).await;
            if let Ok(Some(lock)) = lock {
                return Ok(Some(CredentialRefreshGuard::new(lock)));
            }
            time::sleep(LOOK).await;
        }
        // The other process may be stopped; a second renewal is the lesser evil.
        Ok(None)
    }
}

fn store_error<E: ToString>(error: &E) -> AuthError {
    AuthError::CredentialStoreError(error.to_string())
}
