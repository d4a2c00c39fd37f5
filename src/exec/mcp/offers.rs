//! Resources and prompts that a server lists, as operations that can be called
//! like its tools: one that reads a resource, one that gets a prompt.

use std::collections::HashSet;

use rmcp::model::{
    ClientRequest, ListPromptsRequest, ListResourceTemplatesRequest, ListResourcesRequest,
    PaginatedRequestParams,
};
use rmcp::{Peer, RoleClient};
use serde_json::{Map, Value, json};
use tokio::time::{self, Duration, Instant};

use super::decode::excerpt;
use super::pending_request::{PendingRequest, RequestTag};
use super::tool_list::{ListError, ToolList, send};
use crate::model::{Annotations, ListedTool, McpOperation};

/// Resources and prompts that are read of one server, each.
const MAX_OFFERS: usize = 1000;

/// Characters of descriptions that name them.
const MAX_DESCRIPTION: usize = 4000;

/// Longest time that the lists of resources and prompts may hold up a start.
const LONGEST: Duration = Duration::from_secs(5);

/// Adds the operations of a connected server, by what it says that it has.
pub(super) async fn add(peer: &Peer<RoleClient>, deadline: Instant, list: &mut ToolList) {
    let Some(info) = peer.peer_info() else {
        return;
    };
    let deadline = deadline.min(Instant::now() + LONGEST);
    if info.capabilities.resources.is_some() {
        let resources = collected(peer, Listing::Resources, deadline, list).await;
        let templates = collected(peer, Listing::Templates, deadline, list).await;
        list.tools.push(resource_operation(&resources, &templates));
    }
    if info.capabilities.prompts.is_some() {
        let prompts = collected(peer, Listing::Prompts, deadline, list).await;
        list.tools.push(prompt_operation(&prompts));
    }
}

/// Things that a server lists page by page.
#[derive(Debug, Clone, Copy)]
enum Listing {
    Resources,
    Templates,
    Prompts,
}

impl Listing {
    /// Returns the key of its items.
    fn key(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
            Self::Prompts => "prompts",
        }
    }

    fn request(self, cursor: Option<String>, tag: RequestTag) -> ClientRequest {
        let params = cursor.map(|it| PaginatedRequestParams::default().with_cursor(Some(it)));
        match self {
            Self::Resources => {
                let mut request = ListResourcesRequest {
                    params,
                    ..Default::default()
                };
                request.extensions.insert(tag);
                ClientRequest::ListResourcesRequest(request)
            }
            Self::Templates => {
                let mut request = ListResourceTemplatesRequest {
                    params,
                    ..Default::default()
                };
                request.extensions.insert(tag);
                ClientRequest::ListResourceTemplatesRequest(request)
            }
            Self::Prompts => {
                let mut request = ListPromptsRequest {
                    params,
                    ..Default::default()
                };
                request.extensions.insert(tag);
                ClientRequest::ListPromptsRequest(request)
            }
        }
    }
}

/// Returns the items of all pages. What fails is noted, and the rest is used.
async fn collected(
    peer: &Peer<RoleClient>,
    listing: Listing,
    deadline: Instant,
    list: &mut ToolList,
) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursors = HashSet::new();
    let mut cursor: Option<String> = None;
    loop {
        let pending = PendingRequest::for_server();
        let request = listing.request(cursor.take(), RequestTag(pending.clone()));
        let asked = time::timeout_at(deadline, send(peer, request, &pending)).await;
        let page = match asked.unwrap_or(Err(ListError::Late)) {
            Ok(page) => page,
            // Servers that have none of a kind may not know its list.
            Err(ListError::Refused { code, .. }) if code == "-32601" => return items,
            Err(error) => {
                list.note(format!("its {}: {}", listing.key(), error.reason()));
                return items;
            }
        };
        if let Some(Value::Array(found)) = page.get(listing.key()) {
            items.extend(found.iter().take(MAX_OFFERS - items.len()).cloned());
        }
        match page.get("nextCursor").and_then(Value::as_str) {
            Some(next) if !next.is_empty() && items.len() < MAX_OFFERS => {
                if !cursors.insert(next.to_owned()) {
                    return items;
                }
                cursor = Some(next.to_owned());
            }
            _ => return items,
        }
    }
}

fn operation(
    operation: McpOperation,
    name: &str,
    description: String,
    input_schema: Value,
) -> ListedTool {
    ListedTool {
        name: name.to_owned(),
        description,
        input_schema,
        output_schema: None,
        annotations: Annotations {
            read_only: Some(true),
            ..Annotations::default()
        },
        operation,
    }
}

fn resource_operation(resources: &[Value], templates: &[Value]) -> ListedTool {
    let mut lines = Vec::new();
    for (items, key) in [(resources, "uri"), (templates, "uriTemplate")] {
        lines.extend(items.iter().filter_map(|item| line(item, key)));
    }
    let examples: Vec<&Value> = resources.iter().filter_map(|it| it.get("uri")).collect();
    let schema = json!({
        "type": "object",
        "required": ["uri"],
        "additionalProperties": false,
        "properties": {"uri": {
            "type": "string",
            "description": "Address of the resource",
            "examples": examples,
        }},
    });
    let text = described("Reads a resource of the server as text", lines);
    operation(McpOperation::ReadResource, "resource", text, schema)
}

fn prompt_operation(prompts: &[Value]) -> ListedTool {
    let has_name = |it: &&Value| it.get("name").is_some_and(Value::is_string);
    let prompts: Vec<&Value> = prompts.iter().filter(has_name).collect();
    let lines = prompts.iter().filter_map(|item| line(item, "name"));
    let names: Vec<&Value> = prompts.iter().filter_map(|it| it.get("name")).collect();
    let mut arguments = Map::new();
    for prompt in &prompts {
        let of_prompt = prompt.get("arguments").and_then(Value::as_array);
        for argument in of_prompt.into_iter().flatten() {
            if let Some(name) = argument.get("name").and_then(Value::as_str) {
                let prompt = prompt.get("name").and_then(Value::as_str);
                let about = argument.get("description").and_then(Value::as_str);
                let about = about.unwrap_or_default();
                let about = format!("Of {}: {about}", prompt.unwrap_or_default());
                let schema = json!({"type": "string", "description": about});
                arguments.entry(name).or_insert(schema);
            }
        }
    }
    let mut prompt = json!({"type": "string", "description": "Name of the prompt"});
    if !names.is_empty()
        && let Some(prompt) = prompt.as_object_mut()
    {
        prompt.insert("enum".to_owned(), json!(names));
    }
    let schema = json!({
        "type": "object",
        "required": ["prompt"],
        "additionalProperties": false,
        "properties": {
            "prompt": prompt,
            "arguments": {"type": "object", "properties": arguments},
        },
    });
    let text = described("Gets a prompt of the server as text", lines.collect());
    operation(McpOperation::GetPrompt, "prompt", text, schema)
}

/// Returns the name of an item, and its description in short.
fn line(item: &Value, key: &str) -> Option<String> {
    let name = excerpt(item.get(key)?.as_str()?);
    let about = item.get("description").or_else(|| item.get("title"));
    let about = about.and_then(Value::as_str).map(excerpt);
    Some(match about.filter(|it| !it.is_empty()) {
        Some(about) => format!("{name}: {about}"),
        None => name,
    })
}

fn described(first: &str, lines: Vec<String>) -> String {
    let count = lines.len();
    let mut text = format!("{first}; it lists {count}");
    for line in lines {
        if text.len() + line.len() > MAX_DESCRIPTION {
            text.push_str("\n…");
            break;
        }
        text.push('\n');
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_become_one_operation_with_all_of_their_arguments() {
        let prompts = [
            json!({"name": "plain", "description": "No arguments"}),
            json!({"name": "weather", "arguments": [
                {"name": "city", "description": "Where", "required": true}, {"name": "state"},
            ]}),
            json!({"no": "name"}),
        ];
        let listed = prompt_operation(&prompts);
        let schema = &listed.input_schema;
        assert_eq!(
            schema["properties"]["prompt"]["enum"],
            json!(["plain", "weather"])
        );
        let arguments = &schema["properties"]["arguments"]["properties"];
        assert_eq!(arguments["city"]["description"], "Of weather: Where");
        assert!(arguments.get("state").is_some());
        let text = "Gets a prompt of the server as text; it lists 2\nplain: No arguments\nweather";
        assert_eq!(listed.description, text);
    }
}
