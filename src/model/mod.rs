//! The words of the program as plain data: ids, tools, calls, plans, states,
//! outcomes, samples and the snapshot.
//!
//! Every room may use these types; this room uses none. It owns no running
//! state and must not know how anything is executed, scheduled or drawn.

mod call;
mod cap;
mod counts;
mod event;
mod gauge;
mod http;
mod id;
mod launch;
mod lock;
mod need;
mod outcome;
mod plan;
mod plural;
mod policy;
mod server;
mod snapshot;
mod state;
mod tool;
mod wait;

pub use call::{Call, Claims, Edge, EdgeKind, Origin, Timeouts};
pub use cap::{AutoCap, CapCause, CapChange, CapControl, CapStep, Pulse};
pub use counts::{Bytes, Counts};
pub use event::{AttemptEnd, Happening, RunEvent, Stream};
pub use gauge::{
    CallSample, DEFAULT_PERIOD, Flow, History, MachineSample, Measured, MemoryScope, Pressure,
    PressureSource, Source,
};
pub use http::{Method, Request, WrittenBody, WrittenRequest};
pub use id::{AttemptNo, CallId, CallName, Cap, Epoch, LaneId, RunId, ToolName};
pub use launch::{Launch, Question, Stdin};
pub use lock::{LockKey, LockMode, LockSet};
pub use need::{ArgsFingerprint, LearnedNeed, LearnedVariant};
pub use outcome::{AttemptRecord, Ending, Leftover, Outcome};
pub use plan::Plan;
pub use plural::plural;
pub use policy::{FailurePolicy, Order, Policy};
pub use server::{
    Access, CancelTruth, ChangedTool, Concealed, Faults, Hazard, HeldBack, ListedTool, McpServer,
    Progress, Reach, Remote, ServerName, ServerOrder, ServerRow, ServerState, ToolOverride,
};
pub use snapshot::{CallRow, OutputStat, RunPhase, Snapshot};
pub use state::{CallState, StopCause, StopStep};
pub use tool::{Action, Annotations, OutputKind, Rate, StdinKind, Tool};
pub use wait::{WaitReason, WaitSpan, Waited};
