//! Messages that are kept for the user: those about each call, and those by
//! which a server is connected.

use std::sync::Arc;

use rmcp::model::RequestId;
use serde_json::Value;

use super::RequestTable;
use crate::exec::mcp::pending_request::PendingRequest;
use crate::model::ServerName;
use crate::output::Side;

impl RequestTable {
    /// Keeps the messages by which this server is connected.
    pub(in crate::exec::mcp) fn keeping_handshake_of(mut self, server: &ServerName) -> Self {
        self.protocol_log.begin_handshake(server);
        self.server = Some(server.clone());
        self
    }

    /// Returns the calls that a request of the server may be about: the one in
    /// whose exchange it came, else all that are not answered.
    pub(in crate::exec::mcp) fn asking_calls(
        &self,
        #[cfg_attr(
            not(feature = "http"),
            expect(unused_variables, reason = "one stream does not tell them apart")
        )]
        request: &RequestId,
    ) -> Vec<Arc<PendingRequest>> {
        #[cfg(feature = "http")]
        if let Some(pending) = self.inner().asked_within.remove(request) {
            return vec![pending];
        }
        self.open_calls()
    }

    /// Returns the calls that are not answered.
    fn open_calls(&self) -> Vec<Arc<PendingRequest>> {
        let inner = self.inner();
        let open = inner.open.values().filter_map(|open| open.pending.as_ref());
        open.filter(|it| it.call().is_some()).cloned().collect()
    }

    /// Keeps a request of the server beside the messages of the calls that it
    /// may be about.
    pub(in crate::exec::mcp) fn log_ask(&self, calls: &[Arc<PendingRequest>], request: &Value) {
        let text = self.mask().text(&request.to_string());
        for call in calls {
            self.log(call, Side::Server, &text);
        }
    }

    /// Keeps the reply to a request of the server.
    pub(in crate::exec::mcp) fn log_reply(&self, calls: &[Arc<PendingRequest>], text: &str) {
        for call in calls {
            self.log(call, Side::Fanout, text);
        }
    }

    /// Masks secrets in a value.
    pub(in crate::exec::mcp) fn mask_value(&self, value: &mut Value) {
        self.mask().value(value);
    }

    /// Keeps a line that is no message beside the server's standard error, and in
    /// the output of the only call that it can be about.
    pub(super) fn log_noise(&self, line: &str) {
        let line = format!("no message, on standard output: {line}\n");
        if let Some(server) = &self.server {
            self.protocol_log.add_stderr(server, line.as_bytes());
        }
        if let [call] = self.open_calls().as_slice() {
            call.write(&line);
        }
    }

    pub(super) fn log_handshake(&self, by: Side, text: &str) {
        if let Some(server) = &self.server {
            let text = self.mask().text(text);
            self.protocol_log.add_handshake(server, by, &text);
        }
    }

    pub(super) fn log(&self, pending: &PendingRequest, by: Side, text: &str) {
        if let Some(call) = pending.call() {
            let text = match by {
                Side::Fanout => self.mask().text(text),
                Side::Server | Side::Agent => text.to_owned(),
            };
            self.protocol_log.add_message(call, by, &text);
        }
    }
}
