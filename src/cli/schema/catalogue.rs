//! The form of a catalogue.
#![expect(dead_code, reason = "these types are described, never made")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::plan::{Locks, Span};

/// Tools, and how they are called.
#[derive(JsonSchema)]
#[schemars(title = "fanout catalogue")]
pub(super) struct Catalogue {
    /// The tools.
    tool: Option<Vec<Tool>>,
    /// Servers of the Model Context Protocol by name; their tools appear as
    /// `name.tool`.
    mcp: Option<BTreeMap<String, Server>>,
}

/// A program, or a service, that can be called.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Tool {
    /// Its name in plans.
    #[schemars(length(max = 128), regex(pattern = r"^[A-Za-z0-9_.-]+$"))]
    name: String,
    /// What it does, in a sentence.
    description: Option<String>,
    /// Program and arguments, never a shell. `{{name}}` is an argument; an
    /// element that is one optional argument without a value is dropped. A
    /// program with a slash is relative to the catalogue.
    #[schemars(length(min = 1))]
    command: Option<Vec<String>>,
    /// What is asked of a service by HTTP, instead of a command.
    http: Option<Request>,
    /// The working directory; by default where fanout was started.
    cwd: Option<String>,
    /// What the tool reads: nothing, or all arguments as one JSON object.
    #[schemars(extend("default" = "none"))]
    stdin: Option<Stdin>,
    /// What its standard output is.
    #[schemars(extend("default" = "auto"))]
    output: Option<Output>,
    /// It changes nothing. This and the next three are MCP's annotations.
    read_only: Option<bool>,
    /// Calling it again changes nothing more.
    idempotent: Option<bool>,
    /// What it changes may be lost.
    destructive: Option<bool>,
    /// It deals with things outside of this machine.
    open_world: Option<bool>,
    /// Longest run time.
    timeout: Option<Span>,
    /// Longest time from being ready to the first start.
    queue_timeout: Option<Span>,
    /// Longest time without output.
    idle_timeout: Option<Span>,
    /// From the soft stop (SIGTERM) to the hard one (SIGKILL); 5s by default.
    grace: Option<Span>,
    /// How many calls of this tool may run at once.
    #[schemars(range(min = 1))]
    max_parallel: Option<u32>,
    /// How often it may be started.
    rate: Option<Rate>,
    /// Locks that its calls hold; `{{name}}` is an argument.
    locks: Option<Locks>,
    /// Variables of its environment.
    env: Option<BTreeMap<String, String>>,
    /// Names of variables that it gets from fanout's environment.
    env_pass: Option<Vec<String>>,
    /// Arguments whose values may begin with a dash.
    dash: Option<Vec<String>>,
    /// Expected run time of a call.
    estimate: Option<Span>,
    /// JSON Schema of the arguments; without one, any object is taken.
    input_schema: Option<Map<String, Value>>,
}

/// A request. In its texts `{{name}}` is an argument and `${NAME}` a variable
/// of the environment, whose value is never shown.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Request {
    /// GET by default.
    method: Option<Method>,
    /// Where. Scheme and host are fixed; values are encoded by where they stand.
    #[schemars(regex(pattern = r"^https?://"))]
    url: String,
    /// Headers by name.
    headers: Option<BTreeMap<String, String>>,
    /// A text, or a table to be sent as JSON.
    body: Option<Value>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "UPPERCASE")]
enum Method {
    Get,
    Head,
    Options,
    Put,
    Delete,
    Post,
    Patch,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Stdin {
    /// End of file at once.
    None,
    /// All arguments as one JSON object.
    Json,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Output {
    /// JSON if it is, else text.
    Auto,
    /// One JSON document; anything else is a failure.
    Json,
    /// Text, without its final newline.
    Text,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Rate {
    /// Starts that are spread evenly.
    Even(Limit),
    /// Starts of which some may come at once.
    Burst(Burst),
}

/// Starts in a time, such as "5/s", "100/m" or "1/10s".
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Limit(#[schemars(regex(pattern = r"^\s*[0-9]+\s*/"))] String);

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Burst {
    /// Starts in a time.
    limit: Limit,
    /// How many may come at once.
    #[schemars(range(min = 1))]
    burst: Option<u32>,
}

/// A server that is started when a plan names one of its tools.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Server {
    /// Program and arguments, never a shell.
    #[schemars(length(min = 1))]
    command: Vec<String>,
    /// Variables of its environment.
    env: Option<BTreeMap<String, String>>,
    /// Names of variables that it gets from fanout's environment.
    env_pass: Option<Vec<String>>,
    /// The working directory; by default where fanout was started.
    cwd: Option<String>,
    /// Longest time until it has answered the handshake.
    startup_timeout: Option<Span>,
    /// Longest run time of its calls.
    timeout: Option<Span>,
    /// Whether all of its calls may overlap, whatever its tools say.
    parallel: Option<bool>,
    /// The tools to take over; by default all.
    only: Option<Vec<String>>,
    /// The tools to leave out.
    except: Option<Vec<String>>,
    /// What is said of single tools, by the server's name for them.
    tools: Option<BTreeMap<String, ServerTool>>,
}

/// What is said of one tool of a server.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ServerTool {
    /// Longest run time.
    timeout: Option<Span>,
    /// Longest time without progress.
    idle_timeout: Option<Span>,
    /// From the request to cancel to the end of waiting for an answer.
    grace: Option<Span>,
    /// Locks instead of the lock on the whole server; `{{name}}` is an
    /// argument.
    locks: Option<Locks>,
    /// Whether its calls may overlap, whatever the tool says.
    parallel: Option<bool>,
    /// How many of its calls may run at once.
    #[schemars(range(min = 1))]
    max_parallel: Option<u32>,
    /// How often it may be started.
    rate: Option<Rate>,
    /// Expected run time of a call.
    estimate: Option<Span>,
}
