//! The form of a plan.
#![expect(dead_code, reason = "these types are described, never made")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

/// A set of calls with dependencies.
#[derive(JsonSchema)]
#[schemars(title = "fanout plan", deny_unknown_fields)]
pub(super) struct Plan {
    /// What the plan is called on the screen and in reports.
    name: Option<String>,
    /// How many lanes may be busy; 4 by default. The command line wins.
    #[schemars(range(min = 1))]
    cap: Option<u32>,
    /// What a failure does to the rest.
    #[schemars(extend("default" = "skip"))]
    on_failure: Option<OnFailure>,
    /// What may differ in the output of every call from run to run.
    ignore: Option<Vec<Pointer>>,
    /// The calls, at least one.
    #[schemars(length(min = 1))]
    call: Vec<Call>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum OnFailure {
    /// Dependents of a call that did not succeed are skipped.
    Skip,
    /// Dependents run, unless they need the missing output.
    Continue,
    /// Nothing more is started; running calls finish.
    Stop,
}

/// One request to run a tool with arguments.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Call {
    /// Names the call; generated where it is missing.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]+$"))]
    id: Option<String>,
    /// The tool's name in the catalogue.
    tool: String,
    /// The arguments. `{{id.output}}`, then `.key` or `.0`, is the output of
    /// another call, which must have succeeded before; `{{{{` is a literal
    /// `{{`.
    args: Option<BTreeMap<String, Value>>,
    /// Calls that must have succeeded before this one starts.
    after: Option<Vec<After>>,
    /// Higher starts first; 0 by default.
    priority: Option<i32>,
    /// Calls of one group share lanes fairly with other groups.
    group: Option<String>,
    /// Not before this time of the run.
    start_after: Option<Span>,
    /// Longest run time.
    timeout: Option<Span>,
    /// Longest time from being ready to the first start.
    queue_timeout: Option<Span>,
    /// Longest time without output.
    idle_timeout: Option<Span>,
    /// From the soft stop (SIGTERM) to the hard one (SIGKILL); 5s by default.
    grace: Option<Span>,
    /// Further attempts after a failure or timeout; 0 by default.
    #[schemars(range(max = 1000))]
    retries: Option<u32>,
    /// Locks that are held while the call runs.
    locks: Option<Locks>,
    /// Cores that the call needs.
    #[schemars(extend("exclusiveMinimum" = 0))]
    cpus: Option<f64>,
    /// Memory that the call needs.
    memory: Option<Size>,
    /// Expected run time: for ranks, forecasts and what is left.
    estimate: Option<Span>,
    /// It reads the final state back: it runs after all others.
    verify: Option<bool>,
    /// What may differ in its output from run to run.
    ignore: Option<Vec<Pointer>>,
    /// The call is planned to fail: that is no failure of the run.
    expect: Option<Expected>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum After {
    /// The call must have succeeded.
    Succeeded(String),
    /// The call must have ended as `on` says.
    Edge(Edge),
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Edge {
    /// The call.
    call: String,
    /// How it must have ended.
    on: Option<On>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum On {
    /// It succeeded.
    Ok,
    /// It ended, whatever its outcome.
    Done,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Expected {
    /// It fails.
    Failed,
}

/// Locks by name; a `file:` lock covers everything under its path.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Locks {
    /// Held alone.
    write: Option<Vec<String>>,
    /// Shared with other readers.
    read: Option<Vec<String>>,
}

/// A time such as "1.5s", "250ms" or "2m 30s".
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Span(#[schemars(regex(pattern = r"^\s*[0-9]"))] String);

/// A size in bytes such as "256MiB" or "1.5GB".
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Size(#[schemars(regex(pattern = r"^\s*[0-9]"))] String);

/// A JSON pointer such as `/took_ms`; the empty one is the whole.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Pointer(#[schemars(regex(pattern = r"^(/|$)"))] String);
