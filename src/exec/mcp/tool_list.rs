//! Reads the tools that a server lists, page by page and tool by tool: what
//! cannot be read is named, and the rest is used.

use std::collections::HashSet;

use rmcp::model::{
    ClientRequest, ListToolsRequest, ListToolsResult, PaginatedRequestParams, ServerResult, Tool,
};
use rmcp::service::{PeerRequestOptions, ServiceError};
use rmcp::{Peer, RoleClient};
use serde_json::{Map, Value, json};
use tokio::time::{self, Instant};

use super::answer::Answer;
use super::decode::{described, excerpt};
use super::pending_request::{PendingRequest, RequestTag};
use super::salvage::{PRUNED, REPLACED};
use crate::model::{Annotations, ListedTool, McpOperation};

/// Tools that are read of one server.
const MAX_TOOLS: usize = 100_000;

/// Bytes of tools that are read of one server, as JSON.
const MAX_BYTES: usize = 64 << 20;

/// Problems that are kept; further ones are counted.
const MAX_PROBLEMS: usize = 100;

/// Key of a schema that has an argument sent in a header as well.
const MARK: &str = "x-mcp-header";

/// Reason that a tool with marks which the protocol forbids is not used.
const BAD_MARKS: &str = "its `x-mcp-header` is none that can be sent (a name of a header, once, for a text, an integer or a boolean)";

/// Tools of one server.
#[derive(Debug, Default)]
pub(super) struct ToolList {
    /// Tools that can be used.
    pub(super) tools: Vec<ListedTool>,
    /// Problems with the list, each with the name of its tool. Untrusted text.
    pub(super) problems: Vec<String>,
    names: HashSet<String>,
    bytes: usize,
    further_problems: usize,
}

/// Reason why no tools are known at all. Untrusted text.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListError {
    #[error("its tools could not be listed: {message} (error {code})")]
    Refused {
        /// Number of the error.
        code: String,
        /// Words of the server.
        message: String,
    },
    #[error("its tools could not be listed: {0}")]
    Failed(String),
    #[error("its tools could not be listed: the connection broke")]
    Broken,
    #[error("they did not come in time")]
    Late,
}

impl ListError {
    /// Returns the reason alone, whatever was asked for.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Refused { code, message } => format!("{message} (error {code})"),
            Self::Failed(reason) => reason.clone(),
            Self::Broken => "the connection broke".to_owned(),
            Self::Late => "no answer came in time".to_owned(),
        }
    }
}

/// Lists the tools of a server. A page that fails, or that has not come at the
/// deadline, ends the list; the tools before it are used.
pub(super) async fn list(
    peer: &Peer<RoleClient>,
    deadline: Instant,
) -> Result<ToolList, ListError> {
    let mut list = ToolList::default();
    let mut cursors = HashSet::new();
    let mut cursor: Option<String> = None;
    for page in 1.. {
        let asked = time::timeout_at(deadline, ask(peer, cursor.as_deref()));
        let result = match asked.await.unwrap_or(Err(ListError::Late)) {
            Ok((mut result, kept)) => {
                for name in take_refused(&mut result, kept.as_ref()) {
                    list.note(format!("{} cannot be used: {BAD_MARKS}", excerpt(&name)));
                }
                result
            }
            Err(error) if page == 1 => return Err(error),
            Err(error) => {
                list.note(format!("page {page} of its tools: {error}"));
                break;
            }
        };
        list.add_page(&result);
        if list.is_full() {
            list.note(format!(
                "it lists more than {MAX_TOOLS} tools or {} MiB: the rest is not read",
                MAX_BYTES >> 20
            ));
            break;
        }
        match result.get("nextCursor") {
            None | Some(Value::Null) => break,
            // Servers write this for "no more".
            Some(Value::String(next)) if next.is_empty() => break,
            Some(Value::String(next)) => {
                if !cursors.insert(next.clone()) {
                    let next = excerpt(next);
                    list.note(format!(
                        "its list does not advance: the cursor `{next}` came twice"
                    ));
                    break;
                }
                cursor = Some(next.clone());
            }
            Some(other) => {
                let other = described(other);
                list.note(format!("its list breaks off: `nextCursor` is {other}"));
                break;
            }
        }
    }
    Ok(list.finished())
}

/// Removes the tools whose arguments are marked for headers in a way that the
/// protocol forbids; returns their names. The protocol library looks at the
/// marks, where they matter, and keeps the other tools.
fn take_refused(page: &mut Value, kept: Option<&ListToolsResult>) -> Vec<String> {
    let (Some(kept), Some(Value::Array(tools))) = (kept, page.get_mut("tools")) else {
        return Vec::new();
    };
    let kept: HashSet<&str> = kept.tools.iter().map(|tool| tool.name.as_ref()).collect();
    let mut refused = Vec::new();
    tools.retain(|tool| {
        let name = tool.get("name").and_then(Value::as_str);
        let is_refused = name.is_some_and(|name| !kept.contains(name))
            && tool.get("inputSchema").is_some_and(has_marks)
            && serde_json::from_value::<Tool>(tool.clone()).is_ok();
        if is_refused {
            refused.extend(name.map(str::to_owned));
        }
        !is_refused
    });
    refused
}

/// Whether arguments are marked for headers anywhere in a schema.
fn has_marks(schema: &Value) -> bool {
    match schema {
        Value::Object(object) => object.contains_key(MARK) || object.values().any(has_marks),
        Value::Array(items) => items.iter().any(has_marks),
        _ => false,
    }
}

/// Asks for one page; returns it as it came, and as the protocol library keeps
/// it.
async fn ask(
    peer: &Peer<RoleClient>,
    cursor: Option<&str>,
) -> Result<(Value, Option<ListToolsResult>), ListError> {
    let pending = PendingRequest::for_server();
    let mut request = ListToolsRequest::default();
    if let Some(cursor) = cursor {
        let params = PaginatedRequestParams::default().with_cursor(Some(cursor.to_owned()));
        request.params = Some(params);
    }
    request.extensions.insert(RequestTag(pending.clone()));
    let (result, read) =
        send_whole(peer, ClientRequest::ListToolsRequest(request), &pending).await?;
    let kept = match read {
        Some(ServerResult::ListToolsResult(kept)) => Some(kept),
        _ => None,
    };
    Ok((result, kept))
}

/// Sends a request that belongs to no call; returns its result as it came.
pub(super) async fn send(
    peer: &Peer<RoleClient>,
    request: ClientRequest,
    pending: &PendingRequest,
) -> Result<Value, ListError> {
    Ok(send_whole(peer, request, pending).await?.0)
}

/// Sends a request that belongs to no call; returns its result as it came, and
/// as the protocol library reads it.
async fn send_whole(
    peer: &Peer<RoleClient>,
    request: ClientRequest,
    pending: &PendingRequest,
) -> Result<(Value, Option<ServerResult>), ListError> {
    let options = PeerRequestOptions::no_options();
    let sent = peer.send_cancellable_request(request, options).await;
    let ended = match sent {
        Ok(handle) => handle
            .rx
            .await
            .unwrap_or(Err(ServiceError::TransportClosed)),
        Err(error) => Err(error),
    };
    match (pending.take_answer(), ended) {
        (Some(Answer::Result(result)), read) => Ok((result, read.ok())),
        (Some(Answer::Error(error)), _) => Err(ListError::Refused {
            message: excerpt(&error.message),
            code: error.code,
        }),
        (Some(Answer::Failed(failure)), _) => Err(ListError::Failed(failure.to_string())),
        (None, Err(ServiceError::McpError(error))) => {
            Err(ListError::Failed(excerpt(&error.message)))
        }
        (None, _) => Err(ListError::Broken),
    }
}

impl ToolList {
    fn add_page(&mut self, page: &Value) {
        let tools = match page.get("tools") {
            Some(Value::Array(tools)) => tools,
            Some(other) => {
                let other = described(other);
                return self.note(format!("its list of tools is {other}"));
            }
            None => return self.note("its list has no `tools`".to_owned()),
        };
        for tool in tools {
            if self.is_full() {
                return;
            }
            self.bytes += tool.to_string().len();
            let at = self.tools.len() + 1;
            match read_tool(tool) {
                Ok((tool, _)) if !self.names.insert(tool.name.clone()) => {
                    let name = excerpt(&tool.name);
                    self.note(format!("{name} is listed twice: the first is used"));
                }
                Ok((tool, doubts)) => {
                    for doubt in doubts {
                        self.note(format!("{}: {doubt}", excerpt(&tool.name)));
                    }
                    self.tools.push(tool);
                }
                Err(reason) => {
                    let name = tool.get("name").and_then(Value::as_str);
                    let name = name.filter(|name| !name.trim().is_empty());
                    let name = name.map_or_else(|| format!("tool {at}"), excerpt);
                    self.note(format!("{name} cannot be used: {reason}"));
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.tools.len() >= MAX_TOOLS || self.bytes > MAX_BYTES
    }

    pub(super) fn note(&mut self, problem: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        } else {
            self.further_problems += 1;
        }
    }

    fn finished(mut self) -> Self {
        if self.further_problems > 0 {
            let further = self.further_problems;
            self.problems.push(format!("and {further} problems more"));
        }
        self
    }
}

/// Reads the tools of a list in the form in which servers give it, as JSON.
///
/// # Errors
///
/// The text is not JSON, or no list, or one of its tools cannot be used.
pub fn listed_tools(text: &str) -> Result<Vec<ListedTool>, ToolTextError> {
    let tools: Vec<Value> = serde_json::from_str(text)?;
    let tools = tools.iter().map(read_tool);
    let tools: Result<Vec<_>, ToolProblem> = tools.map(|tool| Ok(tool?.0)).collect();
    Ok(tools?)
}

/// Reason why a text is no list of tools.
#[derive(Debug, thiserror::Error)]
pub enum ToolTextError {
    /// It is not JSON, or no list.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// One of its tools cannot be used.
    #[error(transparent)]
    Tool(#[from] ToolProblem),
}

/// Reason why a tool cannot be used. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolProblem {
    /// It is no object.
    #[error("it is {0} and not an object")]
    Kind(String),
    /// It has no name.
    #[error("it has no name")]
    NoName,
    /// Its input schema is no object.
    #[error("its input schema is {0} and not an object")]
    InputSchema(String),
    /// It is nested too deep.
    #[error("it is nested too deep")]
    TooDeep,
}

/// Reads one tool, with the parts of it that are left out.
fn read_tool(tool: &Value) -> Result<(ListedTool, Vec<String>), ToolProblem> {
    let Value::Object(tool) = tool else {
        return Err(ToolProblem::Kind(described(tool)));
    };
    let has_text = |wanted: &dyn Fn(&str) -> bool| tool.values().any(|it| any_text(it, wanted));
    if has_text(&|text| text == PRUNED) {
        return Err(ToolProblem::TooDeep);
    }
    let mut doubts = Vec::new();
    if has_text(&|text| text.contains(REPLACED)) {
        doubts.push("characters of it that are not valid are replaced".to_owned());
    }
    let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(ToolProblem::NoName);
    }
    let input_schema = match tool.get("inputSchema") {
        Some(Value::Object(schema)) => Value::Object(schema.clone()),
        None | Some(Value::Null | Value::Bool(true)) => {
            doubts.push("it has no input schema: any object is taken".to_owned());
            json!({ "type": "object" })
        }
        Some(other) => return Err(ToolProblem::InputSchema(described(other))),
    };
    let output_schema = match tool.get("outputSchema") {
        None | Some(Value::Null) => None,
        Some(Value::Object(schema)) => Some(Value::Object(schema.clone())),
        Some(other) => {
            let other = described(other);
            doubts.push(format!("its output schema is {other} and is not used"));
            None
        }
    };
    let description = match tool.get("description") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => {
            let other = described(other);
            doubts.push(format!("its description is {other} and is not used"));
            String::new()
        }
    };
    let annotations = read_annotations(tool, &mut doubts);
    let tool = ListedTool {
        name: name.to_owned(),
        description,
        input_schema,
        output_schema,
        annotations,
        operation: McpOperation::CallTool,
    };
    Ok((tool, doubts))
}

/// Whether any text within a value is wanted.
fn any_text(value: &Value, wanted: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => wanted(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, wanted)),
        Value::Object(object) => object.values().any(|value| any_text(value, wanted)),
        _ => false,
    }
}

fn read_annotations(tool: &Map<String, Value>, doubts: &mut Vec<String>) -> Annotations {
    let hints = match tool.get("annotations") {
        None | Some(Value::Null) => return Annotations::default(),
        Some(Value::Object(hints)) => hints,
        Some(other) => {
            let other = described(other);
            doubts.push(format!("its annotations are {other} and are not used"));
            return Annotations::default();
        }
    };
    let mut hint = |key: &str| match hints.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::Bool(value)) => Some(*value),
        Some(other) => {
            let other = described(other);
            doubts.push(format!("its hint `{key}` is {other} and is not used"));
            None
        }
    };
    Annotations {
        read_only: hint("readOnlyHint"),
        idempotent: hint("idempotentHint"),
        destructive: hint("destructiveHint"),
        open_world: hint("openWorldHint"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(tools: &Value) -> ToolList {
        let mut list = ToolList::default();
        list.add_page(&json!({ "tools": tools }));
        list.finished()
    }

    #[test]
    fn a_tool_that_cannot_be_read_is_named_and_the_others_are_used() {
        let list = page(&json!([
            { "name": "good", "inputSchema": { "type": "object" } },
            { "inputSchema": {} },
            { "name": "list", "inputSchema": [] },
            42,
        ]));
        let names: Vec<&str> = list.tools.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["good"]);
        assert_eq!(
            list.problems,
            [
                "tool 2 cannot be used: it has no name",
                "list cannot be used: its input schema is a list and not an object",
                "tool 2 cannot be used: it is the number 42 and not an object",
            ]
        );
    }

    #[test]
    fn a_name_that_is_listed_twice_is_a_fault_of_the_list() {
        let list = page(&json!([
            { "name": "t", "description": "first", "inputSchema": {} },
            { "name": "t", "description": "second", "inputSchema": {} },
        ]));
        assert_eq!(list.tools.len(), 1);
        assert_eq!(list.tools[0].description, "first");
        assert_eq!(list.problems, ["t is listed twice: the first is used"]);
    }

    #[test]
    fn a_part_that_cannot_be_read_loses_itself_only() {
        let list = page(&json!([
            { "name": "bare" },
            { "name": "null", "inputSchema": null, "description": null, "annotations": null },
            { "name": "hint", "inputSchema": {}, "annotations": { "readOnlyHint": "true", "idempotentHint": true } },
            { "name": "odd", "inputSchema": {}, "outputSchema": 1, "description": 2, "annotations": [] },
        ]));
        assert_eq!(list.tools.len(), 4);
        assert_eq!(list.tools[2].annotations.read_only, None);
        assert_eq!(list.tools[2].annotations.idempotent, Some(true));
        assert_eq!(
            list.problems,
            [
                "bare: it has no input schema: any object is taken",
                "null: it has no input schema: any object is taken",
                "hint: its hint `readOnlyHint` is the text \"true\" and is not used",
                "odd: its output schema is the number 1 and is not used",
                "odd: its description is the number 2 and is not used",
                "odd: its annotations are a list and are not used",
            ]
        );
    }

    #[test]
    fn a_tool_whose_marks_the_library_refuses_is_taken_out() {
        let marked = |name: &str| {
            let argument = json!({ "type": "string", "x-mcp-header": "Region" });
            json!({ "name": name, "inputSchema": { "type": "object", "properties": { "r": argument } } })
        };
        let plain = json!({ "name": "plain", "inputSchema": { "type": "object" } });
        let mut page =
            json!({ "tools": [marked("good"), marked("bad"), plain, { "name": "bare" }] });
        let kept = ListToolsResult::with_all_items(vec![
            serde_json::from_value(marked("good")).expect("a tool"),
        ]);
        assert_eq!(take_refused(&mut page, Some(&kept)), ["bad"]);
        let left = page["tools"].as_array().expect("a list");
        let left: Vec<_> = left.iter().filter_map(|it| it["name"].as_str()).collect();
        assert_eq!(left, ["good", "plain", "bare"]);
        assert_eq!(take_refused(&mut page, None), [""; 0]);
    }

    #[test]
    fn problems_and_tools_are_bounded() {
        let list = page(&Value::Array(vec![json!(1); MAX_PROBLEMS + 5]));
        assert_eq!(list.problems.len(), MAX_PROBLEMS + 1);
        assert_eq!(list.problems[MAX_PROBLEMS], "and 5 problems more");
        let mut list = ToolList::default();
        let long = json!([{ "name": "x", "description": "d".repeat(MAX_BYTES) }, { "name": "y" }]);
        list.add_page(&json!({ "tools": long }));
        assert!(list.is_full() && list.tools.len() == 1);
    }
}
