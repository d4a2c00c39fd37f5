//! Reads the `http` table of a tool.

use serde_json::Value;

use super::fill::kind;
use super::parts::{Part, parts, variables_of};
use super::url::UrlTemplate;
use crate::catalogue::document::{Item, KeyValue, Node};
use crate::catalogue::fields::{Fields, choice, text, wrong_kind};
use crate::catalogue::findings::Findings;
use crate::catalogue::placeholders::Placeholders;
use crate::model::{BodyTemplate, Method, RequestTemplate};

const METHODS: [(&str, Method); 7] = [
    ("GET", Method::Get),
    ("HEAD", Method::Head),
    ("OPTIONS", Method::Options),
    ("PUT", Method::Put),
    ("DELETE", Method::Delete),
    ("POST", Method::Post),
    ("PATCH", Method::Patch),
];

/// Headers that belong to the connection: with them one request could be read
/// as two (request smuggling).
const OF_THE_CONNECTION: [&str; 11] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-authorization",
    "proxy-connection",
];

/// Reads the request of a tool; what is wrong with it is reported.
pub(in crate::catalogue) fn read(
    node: &Node,
    placeholders: &Placeholders<'_>,
    findings: &mut Findings<'_>,
) -> Option<RequestTemplate> {
    if !cfg!(feature = "http") {
        findings.error(
            &node.span,
            "this fanout was built without HTTP (the feature `http`)",
        );
    }
    let mut fields = Fields::of(node, "a request", findings)?;
    let method = fields.read("method", findings, |node, findings| {
        choice(node, &METHODS, findings)
    });
    let url_node = fields.need("url", findings);
    let url = url_node.and_then(|node| text(node, findings));
    let headers = fields.read("headers", findings, headers);
    let body_node = fields.take("body");
    let request = RequestTemplate {
        method: method.unwrap_or(Method::Get),
        url: url.unwrap_or_default().to_owned(),
        headers: headers.unwrap_or_default(),
        body: body_node.map_or(BodyTemplate::None, |node| body(node, findings)),
    };
    fields.finish(findings);
    check_holes(node, placeholders, findings);
    check_url(&request, url_node?, findings);
    if let Some(node) = body_node {
        check_body(&request, node, findings);
    }
    Some(request)
}

fn headers(node: &Node, findings: &mut Findings<'_>) -> Option<Vec<(String, String)>> {
    let Item::Table(entries) = &node.item else {
        wrong_kind(node, "a table of headers", findings);
        return None;
    };
    let mut headers = Vec::new();
    for entry in entries {
        if let Some(value) = text(&entry.node, findings) {
            check_header(entry, value, findings);
            headers.push((entry.key.clone(), value.to_owned()));
        }
    }
    Some(headers)
}

/// Reports an invalid header.
pub(in crate::catalogue) fn check_header(
    entry: &KeyValue,
    value: &str,
    findings: &mut Findings<'_>,
) {
    let name = entry.key.as_str();
    let is_token =
        |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
    if name.is_empty() || !name.chars().all(is_token) {
        findings.error(
            &entry.key_span,
            format!("{name:?} cannot be a header's name"),
        );
    }
    if OF_THE_CONNECTION.contains(&name.to_ascii_lowercase().as_str()) {
        findings.error(&entry.key_span, format!("`{name}` is set by fanout itself"));
    }
    if value.chars().any(char::is_control) {
        findings.error(
            &entry.node.span,
            "a control character cannot stand in a header",
        );
    }
}

fn body(node: &Node, findings: &mut Findings<'_>) -> BodyTemplate {
    match &node.item {
        Item::Text(text) => BodyTemplate::Text(text.clone()),
        Item::Table(_) | Item::List(_) => BodyTemplate::Json(node.to_json()),
        _ => {
            wrong_kind(node, "a text, or a table to be sent as JSON", findings);
            BodyTemplate::None
        }
    }
}

/// Checks the placeholders of every text within.
fn check_holes(node: &Node, placeholders: &Placeholders<'_>, findings: &mut Findings<'_>) {
    match &node.item {
        Item::Text(text) => {
            if let Err(error) = parts(text) {
                let problem = findings
                    .at(&node.span, error.to_string())
                    .with_help("literals are written `{{{{` and `$${`");
                findings.push(problem);
            } else {
                placeholders.check(node, findings);
            }
        }
        Item::List(items) => {
            for item in items {
                check_holes(item, placeholders, findings);
            }
        }
        Item::Table(entries) => {
            for entry in entries {
                check_holes(&entry.node, placeholders, findings);
            }
        }
        _ => {}
    }
}

fn check_url(request: &RequestTemplate, node: &Node, findings: &mut Findings<'_>) {
    match UrlTemplate::parse(&request.url) {
        Ok(url) => {
            let has_secrets = !variables_of(request).is_empty();
            if has_secrets && !url.is_private() {
                let problem = findings
                    .at(
                        &node.span,
                        "variables would go over the network without encryption",
                    )
                    .with_help("use https://, or an address of this machine");
                findings.push(problem);
            }
        }
        // Holes that are not closed have been reported.
        Err(super::url::UrlProblem::Template(_)) => {}
        Err(problem) => findings.error(&node.span, problem.to_string()),
    }
}

fn check_body(request: &RequestTemplate, node: &Node, findings: &mut Findings<'_>) {
    if request.method.is_safe() {
        let message = format!("a {} request has no body", request.method);
        findings.error(&node.span, message);
    }
    let BodyTemplate::Text(text) = &request.body else {
        return;
    };
    let is_json = kind(request).is_some_and(|kind| kind.contains("json"))
        || serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
    let is_open = |text: &str| {
        let parts = parts(text).unwrap_or_default();
        parts.iter().any(|part| !matches!(part, Part::Text(_)))
    };
    if is_json && is_open(text) {
        let problem = findings
            .at(
                &node.span,
                "a value could change the form of a JSON document that is written as text",
            )
            .with_help("write it as a table: body = { key = \"{{argument}}\" }");
        findings.push(problem);
    }
}
