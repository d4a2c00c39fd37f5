//! The gate of one server: knows every open call, and decides for each message
//! whether it passes now, waits, or goes nowhere.
//!
//! It owns what is known of the calls and what waits to be written in either
//! direction. It has no clock, no socket and no process: time and messages
//! come in, and what else is to be done comes out as effects. Only
//! `tools/call` may wait; everything else overtakes what waits.

mod answers;
mod arrival;
mod batch;
mod call;
mod clock;
mod ending;
mod flow;
mod governor;
mod own_messages;
mod session;
mod steering;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use self::batch::Batch;
use self::call::{OpenCall, Phase};
use self::governor::Governor;
pub(super) use self::session::Session;
use super::envelope::RpcId;
use super::frames::{CallMoved, Direction, Message, Mode, OnLost, ShimCall, ShimFrame, ShimTime};
use super::relay::Outgoing;
use crate::model::Cap;

/// Most calls that wait or are held, and most bytes of them.
pub(super) const WAITING_CALLS: usize = 1024;
pub(super) const WAITING_BYTES: usize = 64 << 20;

/// Bytes of a message that are shown; of a longer one its beginning.
const SHOWN_BYTES: usize = 256 * 1024;

/// The longest `_meta` that is told with a call, in bytes.
const META_BYTES: usize = 8 * 1024;

/// Requests of the server that are remembered as open.
const MOST_SERVER_REQUESTS: usize = 1024;

/// Settings of a gate, by the command line.
#[derive(Debug, Clone, Default)]
pub(super) struct GateSettings {
    /// Whether it governs while no dashboard decides, and the cap.
    pub(super) govern: Option<OwnRule>,
    /// Key of the server's lock.
    pub(super) lock: String,
    /// Whether locks among shims can be taken.
    pub(super) has_locks: bool,
    /// Tools that run beside others whatever they do.
    pub(super) parallel: BTreeSet<String>,
    /// The agent's limit on a call, where it is given.
    pub(super) limit: Option<Duration>,
    pub(super) on_lost: OnLost,
    /// The agent's session, where its environment tells.
    pub(super) session: Option<String>,
}

/// The rule of a shim that governs by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OwnRule {
    pub(super) cap: Option<Cap>,
}

/// Something that the gate wants done.
#[derive(Debug)]
pub(super) enum GateEffect {
    /// Tell those who are attached.
    Tell(ShimFrame, Option<Vec<u8>>),
    /// Tell them about the shim itself anew.
    Introduce,
    /// Take the lock for a call.
    Lock(LockOrder),
    /// Release the lock of a call, or withdraw its order.
    Unlock(ShimCall),
    /// Note what became of a message in the recording.
    Note(serde_json::Value),
    /// Kill the server.
    Kill,
}

/// An order to take the lock among shims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LockOrder {
    pub(super) call: ShimCall,
    pub(super) is_shared: bool,
}

/// Calls that wait or are held.
#[derive(Debug, Clone, Copy, Default)]
struct Unsent {
    calls: usize,
    bytes: usize,
}

/// The controller's settings.
#[derive(Debug, Clone, Copy)]
struct Control {
    /// Its mode, once it has said one.
    mode: Option<Mode>,
    on_lost: OnLost,
    /// Whether calls are let go before their agent gives up.
    lets_go: bool,
}

/// Whoever decides when a call is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruler {
    Nobody,
    /// The shim's own scheduler.
    Own,
    /// The dashboard that controls.
    Controller,
}

/// The gate.
#[derive(Debug)]
pub(super) struct Gate {
    settings: GateSettings,
    pub(super) to_server: Outgoing,
    pub(super) to_agent: Outgoing,
    effects: Vec<GateEffect>,
    calls: BTreeMap<ShimCall, OpenCall>,
    by_rpc: BTreeMap<RpcId, ShimCall>,
    by_token: BTreeMap<String, ShimCall>,
    /// Calls that something is due for at a time.
    timed: BTreeSet<ShimCall>,
    /// Open requests of the server that may make its agent call again.
    server_requests: BTreeSet<RpcId>,
    session: Session,
    governor: Option<Governor>,
    control: Option<Control>,
    /// Usual run time by tool.
    usual: BTreeMap<String, Duration>,
    unsent: Unsent,
    /// Calls at the server that their agent waits for.
    at_server: usize,
    last_call: u64,
    last_seq: u64,
    batch: Batch,
    is_agent_gone: bool,
    /// Whether anybody is attached.
    pub(super) is_watched: bool,
}

impl Gate {
    pub(super) fn new(settings: GateSettings) -> Self {
        let rule = settings.govern;
        Self {
            governor: rule.map(|rule| Governor::new(rule.cap, &settings.lock)),
            session: Session::new(settings.session.clone()),
            settings,
            to_server: Outgoing::default(),
            to_agent: Outgoing::default(),
            effects: Vec::new(),
            calls: BTreeMap::new(),
            by_rpc: BTreeMap::new(),
            by_token: BTreeMap::new(),
            timed: BTreeSet::new(),
            server_requests: BTreeSet::new(),
            control: None,
            usual: BTreeMap::new(),
            unsent: Unsent::default(),
            at_server: 0,
            last_call: 0,
            last_seq: 0,
            batch: Batch::default(),
            is_agent_gone: false,
            is_watched: false,
        }
    }

    /// Takes what is to be done.
    pub(super) fn take_effects(&mut self) -> Vec<GateEffect> {
        std::mem::take(&mut self.effects)
    }

    /// Returns what is known of the agent and the server's tools.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the number of calls so far, and of those that wait or are held.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.last_call, self.unsent.calls as u64)
    }

    /// Whether a call waits for its turn; held ones do not, but for a person.
    pub(super) fn has_waiting(&self) -> bool {
        let mut calls = self.calls.values();
        calls.any(|call| matches!(call.phase, Phase::Waiting(_)))
    }

    /// Whether a call waits for its turn, or for its server's answer.
    pub(super) fn has_unanswered(&self) -> bool {
        self.at_server > 0 || self.has_waiting()
    }

    pub(super) fn mode(&self) -> Mode {
        match self.ruler() {
            Ruler::Nobody => Mode::Watch,
            Ruler::Own | Ruler::Controller => Mode::Govern,
        }
    }

    pub(super) fn on_lost(&self) -> OnLost {
        self.control.map_or(self.settings.on_lost, |it| it.on_lost)
    }

    fn ruler(&self) -> Ruler {
        match self.control.and_then(|control| control.mode) {
            Some(Mode::Govern) => Ruler::Controller,
            None if self.governor.is_some() => Ruler::Own,
            Some(Mode::Watch) | None => Ruler::Nobody,
        }
    }

    /// Tells of every open call: what it is and how it stands.
    pub(super) fn open_calls(&self, now: Duration) -> Vec<ShimFrame> {
        let each = self.calls.values().flat_map(|call| {
            let came = ShimFrame::Call(Box::new(self.introduced(call, None)));
            [came, ShimFrame::State(self.moved(now, call))]
        });
        each.collect()
    }

    /// Passes a part of a line that is too long to be read.
    pub(super) fn part(&mut self, to: Direction, bytes: Vec<u8>, is_last: bool) {
        let outgoing = match to {
            Direction::ToServer => &mut self.to_server,
            Direction::ToAgent | Direction::Stderr => &mut self.to_agent,
        };
        outgoing.part(bytes, is_last);
        if is_last {
            self.session.unread += 1;
            self.effects.push(GateEffect::Introduce);
        }
    }

    /// Tells of a line of the server's standard error.
    pub(super) fn stderr_line(&mut self, now: Duration, line: &[u8]) {
        self.tell_message(now, Direction::Stderr, None, line);
    }

    fn tell(&mut self, frame: ShimFrame) {
        self.effects.push(GateEffect::Tell(frame, None));
    }

    fn tell_message(&mut self, now: Duration, dir: Direction, call: Option<ShimCall>, line: &[u8]) {
        self.tell_line(now, dir, call, line, false);
    }

    /// Tells of a message that fanout wrote in the place of one side.
    fn tell_own(&mut self, now: Duration, dir: Direction, call: ShimCall, line: &[u8]) {
        self.tell_line(now, dir, Some(call), line, true);
    }

    fn tell_line(
        &mut self,
        now: Duration,
        dir: Direction,
        call: Option<ShimCall>,
        line: &[u8],
        own: bool,
    ) {
        self.last_seq += 1;
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let shown = text.get(..SHOWN_BYTES);
        let message = Message {
            seq: self.last_seq,
            t: time(now),
            dir,
            call,
            full: shown.map(|_| text.len() as u64),
            own,
        };
        let body = shown.unwrap_or(text).to_vec();
        let frame = ShimFrame::Msg(message);
        self.effects.push(GateEffect::Tell(frame, Some(body)));
    }

    fn moved(&self, now: Duration, call: &OpenCall) -> CallMoved {
        let until = call.clock.let_go_at.filter(|_| self.lets_go());
        CallMoved {
            call: call.call,
            t: time(now),
            state: call.state(),
            why: call.told_why.clone(),
            by: None,
            until: until.filter(|_| !call.is_at_server()).map(time),
            unlocked: call.is_unlocked,
        }
    }

    fn lets_go(&self) -> bool {
        self.control.is_none_or(|control| control.lets_go)
    }
}

fn time(time: Duration) -> ShimTime {
    ShimTime(time.as_micros() as u64)
}
