//! Frames of one shim, put into the words of the news.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::news::{AnswerLine, CallFacts, CallMove, CallResult, PassedMessage, ProxyEvent};
use super::summary::{arguments, kind, progress, shortened, summary};
use crate::exec::proxy::envelope::Envelope;
use crate::exec::proxy::frames::{
    CallCame, CallEnded, CallMoved, Direction as Way, Message, ProxiedState, RawFrame, ServerEvent,
    ServerNews, ShimCall, ShimFrame, ShimTime,
};
use crate::model::{Direction, LostMessages, WireKind};

/// Calls of which arguments or an answer wait for the frame they belong to; of
/// more, the oldest are forgotten.
const CALLS: usize = 256;

/// Bytes of a message that are kept as text.
const RAW: usize = 16 << 10;

/// Reads what a shim tells. Of the messages it keeps no more than it needs to
/// join them with the calls.
#[derive(Debug, Default)]
pub(super) struct Teller {
    /// Wall time of the shim's start.
    started: Duration,
    parts: BTreeMap<ShimCall, CallParts>,
    /// Number of the latest message.
    pub(super) last_message: u64,
    /// The latest call.
    pub(super) last_call: ShimCall,
    /// Calls up to this one were told of over an earlier connection.
    told_before: ShimCall,
    /// How the server ended, once it has.
    pub(super) server_end: Option<Arc<str>>,
}

/// Parts of a call that came before the frame they belong to.
#[derive(Debug, Default)]
struct CallParts {
    is_known: bool,
    args: Option<Arc<Value>>,
    /// Its request, where that came first.
    request: Option<ProxyEvent>,
    /// The call itself, until its request or its state comes.
    came: Option<Box<CallFacts>>,
    answer: Option<AnswerLine>,
    /// Whether that answer is not the server's.
    is_own: bool,
}

impl Teller {
    /// Reads on after an earlier connection: messages and calls up to these are
    /// known.
    pub(super) fn after(last_message: u64, last_call: ShimCall) -> Self {
        Self {
            last_message,
            last_call,
            told_before: last_call,
            ..Self::default()
        }
    }

    /// Notes the shim's clock.
    pub(super) fn set_start(&mut self, unix_us: u64) {
        self.started = Duration::from_micros(unix_us);
    }

    /// Reads a frame that is neither an introduction nor an answer.
    pub(super) fn read(&mut self, frame: ShimFrame, raw: RawFrame) -> Vec<ProxyEvent> {
        match frame {
            ShimFrame::Tools => tools(raw.body.as_deref()).into_iter().collect(),
            ShimFrame::Msg(message) => self.message(&message, raw.body.unwrap_or_default()),
            ShimFrame::Call(call) => self.came(*call),
            ShimFrame::State(state) => {
                let mut told = self.introduced(state.call);
                told.push(self.moved(state));
                told
            }
            ShimFrame::End(end) => {
                let mut told = self.introduced(end.call);
                told.push(self.ended(end));
                told
            }
            ShimFrame::Late(late) => vec![ProxyEvent::AnsweredLate(late.call)],
            ShimFrame::Server(news) => self.server(&news).into_iter().collect(),
            ShimFrame::Lost(lost) => vec![ProxyEvent::Lost(LostMessages {
                frames: lost.frames,
                bytes: lost.bytes,
            })],
            ShimFrame::Hello(_)
            | ShimFrame::Ok { .. }
            | ShimFrame::No(_)
            | ShimFrame::Beat
            | ShimFrame::Bye
            | ShimFrame::Unknown => Vec::new(),
        }
    }

    fn wall(&self, t: ShimTime) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.started + Duration::from_micros(t.0)
    }

    fn age(&self, t: ShimTime) -> Duration {
        SystemTime::now()
            .duration_since(self.wall(t))
            .unwrap_or_default()
    }

    /// The parts of a call; the oldest call's are forgotten where there are too
    /// many.
    fn parts(&mut self, call: ShimCall) -> &mut CallParts {
        if self.parts.len() >= CALLS && !self.parts.contains_key(&call) {
            self.parts.pop_first();
        }
        self.parts.entry(call).or_default()
    }

    fn message(&mut self, message: &Message, body: Vec<u8>) -> Vec<ProxyEvent> {
        if message.seq > 0 && message.seq <= self.last_message {
            return Vec::new();
        }
        self.last_message = message.seq;
        let full = message.full.unwrap_or(body.len() as u64);
        let read = match message.dir {
            Way::Stderr => None,
            Way::ToServer | Way::ToAgent => Envelope::read(&body).filter(is_message),
        };
        let passed = self.passed(message, read.as_ref(), &body, full);
        let Some(call) = message.call else {
            return vec![ProxyEvent::Passed(Box::new(passed))];
        };
        let kind = passed.kind;
        let mut told = self.about_call(call, read.as_ref());
        let parts = self.parts(call);
        let passed = ProxyEvent::Passed(Box::new(passed));
        if kind == WireKind::Call && !parts.is_known {
            parts.request = Some(passed);
        } else {
            told.push(passed);
        }
        // The agent gets what was written here, whatever the server says later.
        let is_answer = matches!(kind, WireKind::Answer | WireKind::Error);
        if is_answer && (message.own || !parts.is_own) {
            let bytes = body.into();
            parts.answer = Some(AnswerLine { bytes, full });
            parts.is_own = message.own;
        }
        told
    }

    /// A message, for the list of what passed.
    fn passed(
        &self,
        message: &Message,
        read: Option<&Envelope<'_>>,
        body: &[u8],
        full: u64,
    ) -> PassedMessage {
        let text = String::from_utf8_lossy(body);
        let end = text.floor_char_boundary(text.len().min(RAW));
        let kept = text.get(..end).unwrap_or_default();
        let kind = match (read, message.dir) {
            (Some(read), _) => kind(read),
            (None, Way::ToServer) if message.call.is_some() => WireKind::Call,
            (None, Way::ToAgent) if message.call.is_some() => WireKind::Answer,
            (None, _) => WireKind::Line,
        };
        PassedMessage {
            call: message.call,
            at: self.wall(message.t),
            direction: match message.dir {
                Way::ToServer => Direction::ToServer,
                Way::ToAgent => Direction::ToAgent,
                Way::Stderr => Direction::Stderr,
            },
            kind,
            text: read.map_or_else(|| shortened(kept), summary),
            bytes: full,
            raw: kept.into(),
        }
    }

    /// Reads from a message the arguments of its call, or how far it is.
    fn about_call(&mut self, call: ShimCall, read: Option<&Envelope<'_>>) -> Vec<ProxyEvent> {
        let mut told = Vec::new();
        if let Some(args) = read.and_then(arguments) {
            let parts = self.parts(call);
            parts.args = Some(Arc::clone(&args));
            let is_told = parts.is_known && parts.came.is_none();
            told.extend(self.introduced(call));
            if is_told {
                told.push(ProxyEvent::ArgumentsKnown(call, args));
            }
        }
        let progress = read.and_then(progress);
        told.extend(progress.map(|progress| ProxyEvent::Progressed(call, progress)));
        told
    }

    fn came(&mut self, came: CallCame) -> Vec<ProxyEvent> {
        let age = self.age(came.t);
        let was_told = came.call <= self.told_before;
        self.last_call = self.last_call.max(came.call);
        let parts = self.parts(came.call);
        let is_known = std::mem::replace(&mut parts.is_known, true) || was_told;
        let meta = came.meta.as_deref();
        parts.came = (!is_known).then(|| {
            Box::new(CallFacts {
                call: came.call,
                age,
                request_id: came.rpc.get().into(),
                tool: came.tool.into(),
                read_only: came.ro,
                args: None,
                limit: came.limit_ms.map(Duration::from_millis),
                is_prolonged: came.extends,
                meta: meta.and_then(|meta| serde_json::from_str(meta.get()).ok()),
            })
        });
        match parts.args {
            Some(_) => self.introduced(came.call),
            // Its request follows at once.
            None => Vec::new(),
        }
    }

    /// Tells of a call that was kept back, and of its request.
    fn introduced(&mut self, call: ShimCall) -> Vec<ProxyEvent> {
        let Some(parts) = self.parts.get_mut(&call) else {
            return Vec::new();
        };
        let Some(mut facts) = parts.came.take() else {
            return Vec::new();
        };
        facts.args.clone_from(&parts.args);
        let request = parts.request.take();
        let came = ProxyEvent::CallCame(facts);
        std::iter::once(came).chain(request).collect()
    }

    fn moved(&mut self, state: CallMoved) -> ProxyEvent {
        let until = state.until.map(|until| self.wall(until));
        let left = until.map(|until| until.duration_since(SystemTime::now()).unwrap_or_default());
        let held = match state.state {
            ProxiedState::AnswerHeld => self.parts(state.call).answer.clone(),
            _ => None,
        };
        let read = held.as_ref().and_then(|line| Envelope::read(&line.bytes));
        let result = read.as_ref().and_then(|read| read.result);
        let result: Option<Arc<Value>> =
            result.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let says_error = |result: &Arc<Value>| result.get("isError") == Some(&Value::Bool(true));
        ProxyEvent::CallMoved(Box::new(CallMove {
            call: state.call,
            age: self.age(state.t),
            state: state.state,
            why: state.why.map(Arc::from),
            by: state.by,
            let_go_in: left,
            is_unlocked: state.unlocked,
            is_error: result.as_ref().is_some_and(says_error)
                || read.is_some_and(|read| read.error.is_some()),
            answer: result,
            answer_bytes: held.map_or(0, |line| line.full),
        }))
    }

    fn ended(&mut self, end: CallEnded) -> ProxyEvent {
        let answer = self.parts.remove(&end.call).and_then(|parts| parts.answer);
        ProxyEvent::CallEnded(Box::new(CallResult {
            call: end.call,
            outcome: end.outcome,
            is_error: end.is_error,
            reason: end.reason.map(Arc::from),
            by: end.by,
            answer,
        }))
    }

    fn server(&mut self, news: &ServerNews) -> Option<ProxyEvent> {
        if news.event != ServerEvent::Exited {
            return None;
        }
        let how: Arc<str> = match (news.code, news.signal) {
            (Some(code), _) => format!("exit code {code}").into(),
            (None, Some(signal)) => {
                format!("killed by {}", crate::exec::exit::signal_name(signal)).into()
            }
            (None, None) => "ended".into(),
        };
        self.server_end = Some(Arc::clone(&how));
        Some(ProxyEvent::ServerEnded(how))
    }
}

/// Whether an object is a message, and not merely JSON.
fn is_message(read: &Envelope<'_>) -> bool {
    read.raw_id().is_some() || read.method.is_some()
}

fn tools(body: Option<&[u8]>) -> Option<ProxyEvent> {
    let text = std::str::from_utf8(body?).ok()?;
    // A tool that cannot be understood costs the list its types and names, not
    // the calls.
    let tools = crate::exec::listed_tools(text).ok()?;
    Some(ProxyEvent::ToolsListed(Arc::new(tools)))
}
