//! The words of the program as plain data: ids, tools, calls, plans, states,
//! outcomes, samples and the snapshot.
//!
//! Every room may use these types; this room uses none. It owns no running
//! state and must not know how anything is executed, scheduled or drawn.

mod access;
mod agent;
mod call;
mod cap;
mod counts;
mod event;
mod gauge;
mod http;
mod id;
mod inspection;
mod intercept;
mod load_news;
mod lock;
mod need;
mod outcome;
mod pace;
mod plan;
mod plural;
mod policy;
mod privacy;
mod protocol;
mod proxied_call;
mod question;
mod rate;
mod secret;
mod server;
mod shared_vec;
mod sign_in;
mod snapshot;
mod state;
mod tool;
mod wait;
mod work;

pub use access::{Access, Annotations};
pub use agent::{
    AgentMark, AgentMode, AgentRow, Agents, Direction, LostMessages, ProxiedServer,
    ProxiedServerState, ProxyControl, ProxyId, WireKind, WireMessage,
};
pub use call::{
    Call, CallOrigin, Claims, ComparisonRules, Edge, EdgeKind, IgnoredPart, Timeouts,
    UNKNOWN_RUN_TIME,
};
pub use cap::{
    AutoCap, CapCause, CapChange, CapControl, CapParseError, CapSetting, CapStep, LoadSample,
    ServiceShare,
};
pub use counts::{Bytes, CallCounts};
pub use event::{AttemptSummary, EventKind, RunEvent, Stream};
pub use gauge::{
    CallSample, DEFAULT_PERIOD, Flow, History, MachineSample, MeasureSource, Measured, MemoryScope,
    Pressure, PressureSource,
};
pub use http::{BodyTemplate, HttpRequest, Method, RequestTemplate};
pub use id::{
    AttemptId, AttemptNo, CallId, CallName, Cap, Epoch, LaneId, RunId, ServerName, ToolName,
};
pub use inspection::{InspectedProcess, Inspection};
pub use intercept::{Intercept, InterceptPattern, Intercepted, PatternError};
pub use load_news::LoadNews;
pub use lock::{LockKey, LockMode, LockSet};
pub use need::{ArgsFingerprint, LearnedNeed, LearnedVariant};
pub use outcome::{AskedTime, AttemptRecord, Ending, Leftover, Outcome};
pub use pace::Pace;
pub use plan::Plan;
pub use plural::plural;
pub use policy::{FailurePolicy, Order, Policy};
pub use privacy::{is_loopback, is_private};
pub use protocol::{NoProtocol, ProtocolChoice};
pub use proxied_call::{
    Batch, EndedBy, HeldAnswer, Hold, LetGo, Patience, ProxiedCall, ProxiedRoute, ProxiedStage,
};
pub use question::{
    Asked, ClientSettings, LogLevel, Question, QuestionId, QuestionKind, QuestionReply,
    with_defaults,
};
pub use rate::Rate;
pub use secret::{MASK, Secret, is_secret_name, looks_secret};
pub use server::{
    CallProgress, CancelStatus, ChangedTool, Faults, HeldBack, ListedTool, McpServer,
    OverlapHazard, PartialAnswer, RemoteStatus, ServerCommand, ServerRow, ServerState,
    ServerTransport, SignInStatus, ToolOverride,
};
pub use shared_vec::SharedVec;
pub use sign_in::{IdentityProvider, OauthClient, SignIn, SignInGrant};
pub use snapshot::{CallRow, OutputStat, RunPhase, Snapshot, run_origin};
pub use state::{CallState, StopCause, StopStep};
pub use tool::{OutputKind, StdinKind, Tool, ToolAction};
pub use wait::{WaitReason, WaitSpan, Waited};
pub use work::{Launch, McpOperation, McpRequest, ProcessSpec, Stdin, Work};
