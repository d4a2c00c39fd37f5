//! First causes of connections that do not come about, and what is shown of a
//! server that connects.

use std::time::Duration;

use rmcp::model::{ErrorCode, ProtocolVersion};
use rmcp::service::ClientInitializeError;

use super::decode::excerpt;
use super::process::ServerProcess;
use super::request_table::RequestTable;
use super::start_error::ConnectionCause;
use crate::exec::secret_mask::SecretMask;
use crate::model::{Ending, McpServer, ProtocolChoice, ServerTransport};

/// Longest time until the end of a process is known once its pipes have ended.
pub(super) const END_DEADLINE: Duration = Duration::from_millis(1500);

/// Returns the cause with the end of the process, where that came first; else
/// the process is closed, and the cause stands.
pub(super) async fn ended_cause(
    process: &ServerProcess,
    cause: ConnectionCause,
) -> ConnectionCause {
    if let ConnectionCause::Closed(_) = cause
        && let Some(ending) = process.ended_within(END_DEADLINE).await
    {
        return ConnectionCause::Ended(exit_reason(&ending));
    }
    process.close().await;
    cause
}

/// Returns the first cause of a handshake that failed: what the server said
/// before what became of the connection.
pub(super) fn handshake_cause(
    requests: &RequestTable,
    protocol: ProtocolChoice,
    error: &ClientInitializeError,
) -> ConnectionCause {
    if protocol == ProtocolChoice::Discover
        && let ClientInitializeError::JsonRpcError(error) = error
    {
        return ConnectionCause::NotDiscovered(excerpt(&error.message));
    }
    if let Some(reason) = requests.handshake_failure() {
        return ConnectionCause::Handshake(reason);
    }
    match requests.end() {
        Some(reason) => ConnectionCause::Closed(reason),
        None => ConnectionCause::of(error),
    }
}

/// Whether a server refused `initialize` because it speaks the newer era only.
pub(super) fn wants_discovery(error: &ClientInitializeError) -> bool {
    match error {
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => wants_discovery(fallback),
        ClientInitializeError::JsonRpcError(error) => {
            let codes = [
                ErrorCode::UNSUPPORTED_PROTOCOL_VERSION,
                ErrorCode::METHOD_NOT_FOUND,
            ];
            let words = ["server/discover", ProtocolVersion::LATEST.as_str()];
            codes.contains(&error.code) || words.iter().any(|word| error.message.contains(word))
        }
        _ => false,
    }
}

/// Returns how a process ended, in words.
pub(super) fn exit_reason(ending: &Ending) -> String {
    let reason = ending.reason.clone();
    reason.unwrap_or_else(|| "exit code 0".to_owned())
}

/// Returns what is started or asked, without secrets.
pub(super) fn target(config: &McpServer) -> String {
    let mask = SecretMask::new(&config.secrets);
    match &config.transport {
        ServerTransport::Stdio { argv, .. } => mask.text(&argv.join(" ")),
        ServerTransport::Http { url, .. } => match url.split_once('?') {
            Some((place, _)) => mask.text(&format!("{place}?…")),
            None => mask.text(url),
        },
    }
}
