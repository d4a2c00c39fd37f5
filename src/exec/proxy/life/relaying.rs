//! Bytes between agent and server: cut into lines, recorded, and handed to the
//! gate.

use std::time::Duration;

use super::server::Server;
use super::shim::{FINISH_WITHIN, Shim};
use super::streams::{Relay, Streams};
use crate::exec::proxy::frames::Direction;
use crate::exec::proxy::relay::Piece;
use crate::exec::proxy::stdio::Stdio;

impl Shim {
    pub(super) fn agent_said(&mut self, relay: &mut Relay, server: &Server, bytes: &[u8]) {
        let is_end = bytes.is_empty();
        relay.agent.push(bytes);
        let now = self.now();
        while let Some(piece) = relay.agent.next_piece() {
            self.piece_of_agent(now, piece);
            // A lock that is free is taken now: calls that need none must not
            // overtake those that only have to ask.
            self.do_effects(server);
        }
        if is_end {
            if let Some(piece) = relay.agent.rest() {
                self.piece_of_agent(now, piece);
            }
            relay.is_agent_open = false;
            relay.last_word = Some(now);
        }
    }

    pub(super) fn piece_of_agent(&mut self, now: Duration, piece: Piece) {
        let to = Direction::ToServer;
        self.record(now, to, &piece);
        match piece {
            Piece::Line(line) => self.gate.agent_said(now, line),
            Piece::Part { bytes, is_last } => self.gate.part(to, bytes, is_last),
        }
    }

    /// Ends what an agent that says nothing more has left: at once where nothing
    /// waits or nobody reads the answers, else when everything was answered. A
    /// server may end with its input, and these calls came later than without us.
    pub(super) fn finish(&mut self, relay: &mut Relay, streams: &Streams) {
        let Some(since) = relay.last_word else { return };
        let reads = streams.stdout.as_ref().is_some_and(Stdio::has_other_end);
        let is_over = self.now() >= since + FINISH_WITHIN;
        relay.has_late |= self.gate.has_waiting();
        let is_open = relay.has_late && self.gate.has_unanswered();
        if is_over || !reads || !is_open {
            self.agent_left(relay, streams);
        }
    }

    /// Begins to end: the agent is gone, or wants it.
    pub(super) fn agent_left(&mut self, relay: &mut Relay, streams: &Streams) {
        let now = self.now();
        relay.is_agent_open = false;
        relay.last_word = None;
        let reads = streams.stdout.as_ref().is_some_and(Stdio::has_other_end);
        self.gate.agent_left(now, reads);
        self.ladder.begin(now);
    }

    pub(super) fn server_said(&mut self, relay: &mut Relay, server: &mut Server, bytes: &[u8]) {
        let is_end = bytes.is_empty();
        relay.server.push(bytes);
        let now = self.now();
        while let Some(piece) = relay.server.next_piece() {
            self.piece_of_server(now, piece);
        }
        if is_end {
            if let Some(piece) = relay.server.rest() {
                self.piece_of_server(now, piece);
            }
            server.stdout = None;
        }
    }

    pub(super) fn piece_of_server(&mut self, now: Duration, piece: Piece) {
        let to = Direction::ToAgent;
        self.record(now, to, &piece);
        match piece {
            Piece::Line(line) => self.gate.server_said(now, line),
            Piece::Part { bytes, is_last } => self.gate.part(to, bytes, is_last),
        }
    }

    pub(super) fn stderr_said(&mut self, relay: &mut Relay, server: &mut Server, bytes: &[u8]) {
        if bytes.is_empty() {
            server.stderr = None;
        } else {
            self.to_stderr.line(bytes.to_vec());
        }
        relay.stderr.push(bytes);
        let now = self.now();
        let rest = bytes.is_empty().then(|| relay.stderr.rest()).flatten();
        let pieces = std::iter::from_fn(|| relay.stderr.next_piece());
        for piece in pieces.chain(rest) {
            self.record(now, Direction::Stderr, &piece);
            if let Piece::Line(line) = piece {
                self.gate.stderr_line(now, &line);
            }
        }
    }

    pub(super) fn record(&mut self, now: Duration, direction: Direction, piece: &Piece) {
        if let Some(recording) = &mut self.recording {
            let (Piece::Line(bytes) | Piece::Part { bytes, .. }) = piece;
            recording.message(now, direction, bytes);
        }
    }
}
