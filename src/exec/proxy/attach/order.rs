//! Orders to a shim.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::exec::proxy::frames::{
    AnswerCall, Command, CommandNo, DashboardFrame, DashboardHello, EditCall, GoCall, HoldCalls,
    Mode, ReleaseCalls, Role, SetMode, ShimCall, Side, VERSION, Which, encode,
};
use crate::model::AgentMode;

/// An order to a shim.
#[derive(Debug, Clone, PartialEq)]
pub enum ProxyOrder {
    /// Let this program control what passes.
    Control {
        /// Also where another one does.
        is_takeover: bool,
    },
    /// Watch or govern, and whether calls are let go before their agent gives
    /// up.
    SetMode {
        /// The mode.
        mode: AgentMode,
        /// Whether calls are let go in time.
        lets_go: bool,
    },
    /// Send a call to the server.
    Go {
        /// The call.
        call: ShimCall,
        /// Whether it takes no lock of the shim's.
        is_unlocked: bool,
    },
    /// Keep a call from its server, or its answer from the agent.
    Hold {
        /// The call.
        call: ShimCall,
        /// Which of the two.
        side: Side,
        /// The one who holds it, such as `held by you`.
        why: Arc<str>,
    },
    /// Let a held call, or its held answer, go.
    Release {
        /// The call.
        call: ShimCall,
        /// Which of the two.
        side: Side,
    },
    /// Replace the arguments of a held call, or the result of a held answer.
    Edit {
        /// The call.
        call: ShimCall,
        /// Which of the two.
        side: Side,
        /// The value that takes its place.
        value: Arc<Value>,
        /// Whether it is let go with that.
        is_released: bool,
    },
    /// Answer a call in the server's place.
    Answer {
        /// The call.
        call: ShimCall,
        /// The result.
        result: Arc<Value>,
    },
    /// Cancel a call.
    Cancel {
        /// The call.
        call: ShimCall,
    },
    /// Kill the server.
    Kill,
}

/// Reason that an order does not reach its shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// It is not connected.
    #[error("its proxy is gone")]
    Gone,
    /// It takes no orders any more.
    #[error("its proxy does not answer")]
    Silent,
}

impl ProxyOrder {
    /// The call that it is about.
    pub fn call(&self) -> Option<ShimCall> {
        match self {
            Self::Go { call, .. }
            | Self::Hold { call, .. }
            | Self::Release { call, .. }
            | Self::Edit { call, .. }
            | Self::Answer { call, .. }
            | Self::Cancel { call } => Some(*call),
            Self::Control { .. } | Self::SetMode { .. } | Self::Kill => None,
        }
    }

    /// In words, for a message about one that was refused.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Control { .. } => "taking control",
            Self::SetMode { .. } => "changing the mode",
            Self::Go { .. } => "sending the call",
            Self::Hold { .. } => "holding",
            Self::Release { .. } => "letting go",
            Self::Edit { .. } => "editing",
            Self::Answer { .. } => "answering",
            Self::Cancel { .. } => "cancelling",
            Self::Kill => "killing the server",
        }
    }

    /// The bytes of its frame.
    pub(super) fn encode(&self, n: CommandNo) -> Vec<u8> {
        let mut body = None;
        let command = match self {
            Self::Control { is_takeover } => {
                return hello(n, Role::Control, *is_takeover);
            }
            Self::SetMode { mode, lets_go } => Command::Mode(SetMode {
                n,
                mode: match mode {
                    AgentMode::Watch => Mode::Watch,
                    AgentMode::Govern => Mode::Govern,
                },
                on_lost: None,
                auto_release: Some(*lets_go),
            }),
            Self::Go { call, is_unlocked } => Command::Go(GoCall {
                n,
                call: *call,
                unlocked: *is_unlocked,
            }),
            Self::Hold { call, side, why } => Command::Hold(HoldCalls {
                n,
                call: Which::One(*call),
                what: *side,
                why: Some(why.to_string()),
            }),
            Self::Release { call, side } => Command::Release(ReleaseCalls {
                n,
                call: Which::One(*call),
                what: *side,
            }),
            Self::Edit {
                call,
                side,
                value,
                is_released,
            } => {
                // A call's are its parameters, of which the arguments are taken.
                body = Some(match side {
                    Side::Call => json!({ "arguments": value.as_ref() }).to_string(),
                    Side::Answer => value.to_string(),
                });
                Command::Edit(EditCall {
                    n,
                    call: *call,
                    what: *side,
                    release: *is_released,
                })
            }
            Self::Answer { call, result } => {
                body = Some(result.to_string());
                Command::Answer(AnswerCall { n, call: *call })
            }
            Self::Cancel { call } => Command::Cancel(AnswerCall { n, call: *call }),
            Self::Kill => Command::Kill { n },
        };
        encode(
            &DashboardFrame::Command(command),
            body.as_deref().map(str::as_bytes),
        )
    }
}

/// The bytes of an introduction.
pub(super) fn hello(n: CommandNo, role: Role, takeover: bool) -> Vec<u8> {
    let hello = DashboardHello {
        n,
        v: VERSION,
        role,
        takeover,
        name: "fanout".to_owned(),
    };
    encode(&DashboardFrame::Hello(hello), None)
}
