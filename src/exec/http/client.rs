//! HTTP clients that all calls share.

use std::time::Duration;

use reqwest::redirect::{Action, Attempt, Policy};
use rustls::crypto::{CryptoProvider, ring};
use tokio::sync::OnceCell;

use crate::model::is_loopback;

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// Longest time to connect; the run timeout covers the rest.
pub(in crate::exec) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Reason why there is no client.
#[derive(Debug, thiserror::Error)]
pub(in crate::exec) enum ClientError {
    #[error("no HTTP client could be made: {0}")]
    Unusable(#[from] reqwest::Error),
    #[error("no HTTP client could be made: {0}")]
    Died(#[from] tokio::task::JoinError),
}

/// Clients, each made when it is first needed: reading the certificates that
/// the system trusts takes a while.
#[derive(Debug, Default)]
pub(in crate::exec) struct Clients {
    pooled: OnceCell<reqwest::Client>,
    fresh: OnceCell<reqwest::Client>,
    unredirected: OnceCell<reqwest::Client>,
    pooled_direct: OnceCell<reqwest::Client>,
    fresh_direct: OnceCell<reqwest::Client>,
    unredirected_direct: OnceCell<reqwest::Client>,
}

/// Connection that a request goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exec) enum Pooling {
    /// One that was used before, where there is one. The other side may have
    /// closed it meanwhile: only for requests that may be sent twice.
    Reuse,
    /// A new one.
    Fresh,
    /// One that was used before; redirects are answers like any other.
    Unredirected,
}

impl Clients {
    /// Returns the client for a request to this host. A host of this machine is
    /// reached directly, whatever proxy the environment names.
    pub(in crate::exec) async fn get(
        &self,
        host: &str,
        pooling: Pooling,
    ) -> Result<&reqwest::Client, ClientError> {
        let is_direct = is_loopback(host);
        let client = match (pooling, is_direct) {
            (Pooling::Reuse, false) => &self.pooled,
            (Pooling::Fresh, false) => &self.fresh,
            (Pooling::Unredirected, false) => &self.unredirected,
            (Pooling::Reuse, true) => &self.pooled_direct,
            (Pooling::Fresh, true) => &self.fresh_direct,
            (Pooling::Unredirected, true) => &self.unredirected_direct,
        };
        client.get_or_try_init(|| build(pooling, is_direct)).await
    }
}

/// Makes a client, away from the runtime's threads.
async fn build(pooling: Pooling, is_direct: bool) -> Result<reqwest::Client, ClientError> {
    let built = tokio::task::spawn_blocking(move || {
        // Whoever installed one before is as good.
        let _installed_before = CryptoProvider::install_default(ring::default_provider());
        let builder = || builder(pooling, is_direct);
        builder().build().or_else(|_| {
            // A system without certificates: nothing encrypted can be checked,
            // and so nothing encrypted is spoken.
            builder().tls_certs_only([]).build()
        })
    });
    Ok(built.await??)
}

fn builder(pooling: Pooling, is_direct: bool) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("fanout/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::custom(redirect))
        .referer(false)
        .retry(reqwest::retry::never());
    let builder = match pooling {
        Pooling::Reuse => builder,
        Pooling::Fresh => builder.pool_max_idle_per_host(0),
        Pooling::Unredirected => builder.redirect(Policy::none()),
    };
    if is_direct {
        builder.no_proxy()
    } else {
        builder
    }
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
