//! The client that all calls share.

use std::time::Duration;

use reqwest::redirect::{Action, Attempt, Policy};
use rustls::crypto::{CryptoProvider, ring};

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// Longest time to connect; the run timeout covers the rest.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// No client can be made.
#[derive(Debug, thiserror::Error)]
pub(in crate::exec) enum ClientError {
    #[error("HTTP cannot be spoken here: {0}")]
    Unusable(#[from] reqwest::Error),
    #[error("HTTP cannot be spoken here: {0}")]
    Died(#[from] tokio::task::JoinError),
}

/// Makes the client. That reads the certificates that the system trusts, away
/// from the runtime's threads.
pub(in crate::exec) async fn build() -> Result<reqwest::Client, ClientError> {
    let built = tokio::task::spawn_blocking(|| {
        // Whoever installed one before is as good.
        let _installed_before = CryptoProvider::install_default(ring::default_provider());
        builder().build().or_else(|_| {
            // A system without certificates: nothing encrypted can be checked,
            // and so nothing encrypted is spoken.
            builder().tls_certs_only([]).build()
        })
    });
    Ok(built.await??)
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("fanout/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::custom(redirect))
        .referer(false)
        .retry(reqwest::retry::never())
}

/// Follows a redirect within the same service. Another one was named by nobody
/// but the first, and would get what was meant for that.
fn redirect(attempt: Attempt<'_>) -> Action {
    let is_same = attempt
        .previous()
        .first()
        .is_some_and(|first| first.origin() == attempt.url().origin());
    if !is_same {
        attempt.stop()
    } else if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error(format!("redirected more than {MAX_REDIRECTS} times"))
    } else {
        attempt.follow()
    }
}
