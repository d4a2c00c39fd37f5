//! The desktop's keyring (Secret Service: GNOME Keyring, `KWallet` and others).

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use secret_service::{EncryptionType, Error, Item, SecretService};
use tokio::time;

use super::keeping::GrantStoreError;
use super::resource::Resource;

/// Longest wait for a keyring that runs to answer.
const ANSWER: Duration = Duration::from_secs(3);

/// Longest wait for a person who is asked to unlock it.
const UNLOCK: Duration = Duration::from_mins(1);

/// Attribute by which our items are found, and its value.
const APPLICATION: (&str, &str) = ("application", "fanout");

/// Attribute of the server that an item is for.
const RESOURCE: &str = "resource";

/// An open keyring.
pub(super) struct Keyring(SecretService<'static>);

impl Keyring {
    /// Opens the keyring; `None` where none runs.
    pub(super) async fn open() -> Option<Self> {
        if !has_bus() {
            return None;
        }
        let connecting = SecretService::connect(EncryptionType::Dh);
        let service = time::timeout(ANSWER, connecting).await.ok()?.ok()?;
        let default = time::timeout(ANSWER, service.get_default_collection()).await;
        matches!(default, Ok(Ok(_))).then_some(Self(service))
    }

    /// Returns the text kept for a server.
    pub(super) async fn load(
        &self,
        resource: &Resource,
    ) -> Result<Option<String>, GrantStoreError> {
        let kept = self.texts(Some(resource)).await?;
        Ok(kept.into_iter().next())
    }

    /// Returns all that is kept.
    pub(super) async fn list(&self) -> Result<Vec<String>, GrantStoreError> {
        self.texts(None).await
    }

    async fn texts(&self, resource: Option<&Resource>) -> Result<Vec<String>, GrantStoreError> {
        let mut texts = Vec::new();
        for item in self.items(resource).await? {
            let secret = within(UNLOCK, item.get_secret()).await?;
            texts.push(String::from_utf8_lossy(&secret).into_owned());
        }
        Ok(texts)
    }

    /// Keeps a text for a server in place of the one before.
    pub(super) async fn save(
        &self,
        resource: &Resource,
        text: &str,
    ) -> Result<(), GrantStoreError> {
        let collection = within(ANSWER, self.0.get_default_collection()).await?;
        within(UNLOCK, collection.unlock()).await?;
        let label = format!("fanout: sign-in to {resource}");
        let attributes = HashMap::from([APPLICATION, (RESOURCE, resource.as_str())]);
        let created = collection.create_item(
            &label,
            attributes,
            text.as_bytes(),
            true,
            "application/json",
        );
        within(UNLOCK, created).await.map(drop)
    }

    /// Removes what is kept for a server; returns whether there was anything.
    pub(super) async fn remove(&self, resource: &Resource) -> Result<bool, GrantStoreError> {
        let items = self.items(Some(resource)).await?;
        for item in &items {
            within(UNLOCK, item.delete()).await?;
        }
        Ok(!items.is_empty())
    }

    async fn items(&self, resource: Option<&Resource>) -> Result<Vec<Item<'_>>, GrantStoreError> {
        let mut attributes = HashMap::from([APPLICATION]);
        if let Some(resource) = resource {
            attributes.insert(RESOURCE, resource.as_str());
        }
        let found = within(ANSWER, self.0.search_items(attributes)).await?;
        let mut items = found.unlocked;
        for item in found.locked {
            within(UNLOCK, item.unlock()).await?;
            items.push(item);
        }
        Ok(items)
    }
}

/// Whether there is a session bus to ask for it.
fn has_bus() -> bool {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR");
    std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
        || runtime.is_some_and(|folder| Path::new(&folder).join("bus").exists())
}

async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, GrantStoreError> {
    let error = |text: &str| GrantStoreError::Keyring(text.to_owned());
    let answer = time::timeout(limit, asked).await;
    let answer = answer.map_err(|_elapsed| error("it does not answer"))?;
    answer.map_err(|reason| error(&reason.to_string()))
}
