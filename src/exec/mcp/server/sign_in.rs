//! Sign-in to one server: what it asks for, and what a person does about it.

use std::sync::Arc;

use super::{Server, lock};
use crate::exec::oauth::{SignInError, SignedIn};
use crate::model::{ServerState, SignInStatus};

impl Server {
    /// Returns the sign-in that it asks for, or that is under way.
    pub(super) fn sign_in_status(&self) -> Option<SignInStatus> {
        if let Some(address) = lock(&self.sign_in_page).clone() {
            return Some(SignInStatus::Open(address));
        }
        let need = self.authorizer.as_ref()?.need()?;
        let text = need.to_string().into();
        need.is_for_a_person().then_some(SignInStatus::Needed(text))
    }

    /// Lets a person sign in to it; `tell` gets the address, which is also
    /// opened in the browser. A connection that runs goes on as it is.
    pub(in crate::exec::mcp) async fn sign_in(
        self: &Arc<Self>,
        scopes: Vec<String>,
        tell: impl FnOnce(&str),
    ) -> Result<SignedIn, SignInError> {
        let Some(authorizer) = &self.authorizer else {
            return Err(SignInError::NotApplicable(self.config.name.clone()));
        };
        if authorizer.need().is_none() && self.live().is_none() {
            // Its refusal says best where to sign in.
            let _refused = self.start().await;
        }
        let signed_in = authorizer.sign_in(scopes, |address| {
            *lock(&self.sign_in_page) = Some(address.into());
            self.notify();
            tell(address);
        });
        let signed_in = signed_in.await;
        lock(&self.sign_in_page).take();
        self.notify();
        signed_in
    }

    /// Shows why a sign-in failed; a connection that runs goes on.
    pub(in crate::exec::mcp) fn note_sign_in_failure(&self, error: &SignInError) {
        if self.live().is_none() {
            let reason = format!("not signed in: {error}");
            self.set_state(ServerState::Failed(reason.into()));
        }
    }
}
