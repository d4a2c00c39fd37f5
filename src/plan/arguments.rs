//! Arguments of a plan against the tool's schema, as far as they are known
//! before the run. Values that hold references are checked when these are
//! resolved.

use serde_json::Value;

use super::parsed::ParsedCall;
use super::reference::{has_reference, is_whole_reference};
use crate::catalogue::document::Node;
use crate::catalogue::findings::Findings;
use crate::catalogue::{ArgumentProblem, Bound, Catalogue, DependsOn, Violation, command, http};
use crate::model::{Tool, ToolAction, ToolName};

/// Reports what of the arguments cannot fit, whatever the references bring.
pub(super) fn check(
    tool: &Tool,
    args: &Value,
    call: &ParsedCall,
    catalogue: &Catalogue,
    findings: &mut Findings<'_>,
) {
    let span = call.args.as_ref().map_or(&call.span, |node| &node.span);
    let violations = match certain(&tool.name, args, catalogue) {
        Ok(violations) => violations,
        Err(bound) => {
            let message = format!("these arguments are checked when the call starts: {bound}");
            findings.warn(span, message);
            return;
        }
    };
    for violation in &violations {
        let span = match &call.args {
            Some(node) => span_of(violation, node),
            None => call.span.clone(),
        };
        let mut problem = findings.at(&span, format!("{}: {violation}", tool.name));
        if let Some(help) = &violation.help {
            problem = problem.with_help(help);
        }
        findings.push(problem);
    }
    if violations.is_empty() && !has_reference(args) {
        warn_of_action(tool, args, call, findings);
    }
}

/// The same as plain problems: the arguments of a call that no file holds.
pub(super) fn problems(
    tool: &ToolName,
    args: &Value,
    catalogue: &Catalogue,
) -> Vec<ArgumentProblem> {
    if !args.is_object() {
        return catalogue.validate_quickly(tool, args);
    }
    // Where a bound is hit, they are checked when the call starts.
    let violations = certain(tool, args, catalogue).unwrap_or_default();
    violations.into_iter().map(ArgumentProblem::from).collect()
}

fn certain(tool: &ToolName, args: &Value, catalogue: &Catalogue) -> Result<Vec<Violation>, Bound> {
    let mut violations = catalogue.violations(tool, args)?;
    violations.retain(|violation| is_certain(violation, args));
    Ok(violations)
}

/// Whether a violation stands whatever the references bring.
fn is_certain(violation: &Violation, args: &Value) -> bool {
    let Some(value) = at(args, &violation.path) else {
        return true;
    };
    match violation.depends_on {
        DependsOn::Shape => !is_whole_reference(value),
        DependsOn::Everything => !has_reference(value),
        DependsOn::Others => !has_reference(args),
    }
}

fn at<'v>(args: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(args, |value, part| match value {
        Value::Object(table) => table.get(part),
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

fn span_of(violation: &Violation, args: &Node) -> std::ops::Range<usize> {
    let node = args.nearest_to(violation.path.iter().cloned());
    let key = violation.key.as_ref().and_then(|key| node.entry(key));
    key.map_or_else(|| node.span.clone(), |entry| entry.key_span.clone())
}

/// Warns of a call that fits the schema and still cannot become a command or a
/// request.
fn warn_of_action(tool: &Tool, args: &Value, call: &ParsedCall, findings: &mut Findings<'_>) {
    let error = match &tool.action {
        ToolAction::Command { argv, dash, .. } => {
            let templates = argv.get(1..).unwrap_or_default();
            let filled = command::fill(templates, args, dash);
            filled.err().map(|error| error.to_string())
        }
        ToolAction::Http { request } => http::dry_run(request, args).map(|error| error.to_string()),
        ToolAction::Mcp { .. } | ToolAction::Wait { .. } => None,
    };
    if let Some(error) = error {
        let span = call.args.as_ref().map_or(&call.span, |node| &node.span);
        findings.warn(span, format!("this call will fail: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::document::parse;
    use crate::catalogue::schema;
    use crate::catalogue::source::Source;

    /// The messages of what is certainly wrong with the arguments.
    fn certain(schema: &Value, args: &Value) -> Vec<String> {
        let source = Source::new("schema.json", &schema.to_string());
        let mut findings = Findings::new(&source);
        let node = parse(&mut findings).expect("JSON");
        let schema = schema::read(&node, &mut findings).expect("a schema");
        let violations = schema
            .violations(args, schema::Limits::FULL)
            .expect("in bounds")
            .into_iter();
        let certain = violations.filter(|violation| is_certain(violation, args));
        certain.map(|violation| violation.to_string()).collect()
    }

    #[test]
    fn what_rests_on_a_reference_is_left_open() {
        let schema = json!({
            "required": ["a"],
            "properties": {
                "a": {"type": "integer"},
                "b": {"enum": ["x"]},
                "c": {"maxLength": 1},
                "d": {"oneOf": [{"required": ["p"]}, {"properties": {"q": {"const": 1}}}]},
                "e": {"items": {"type": "integer"}, "minItems": 2},
            },
        });
        let whole = "{{c.output}}";
        let open = json!({
            "a": whole, "b": whole, "c": "long {{c.output}}", "d": {"p": 1, "q": whole},
            "e": [whole, 3],
        });
        assert!(
            certain(&schema, &open).is_empty(),
            "{:?}",
            certain(&schema, &open)
        );
        let closed = json!({"a": "x {{c.output}}", "b": "y", "c": "{{{{", "e": [whole]});
        assert_eq!(
            certain(&schema, &closed),
            [
                "`a`: \"x {{c.output}}\" is not of type \"integer\"",
                "`b`: \"y\" is not one of \"x\"",
                "`c`: \"{{{{\" is longer than 1 character",
                "`e`: [\"{{c.output}}\"] has less than 2 items",
            ]
        );
    }

    #[test]
    fn what_stands_under_a_condition_is_left_open() {
        let schema = json!({
            "if": {"properties": {"mode": {"const": "x"}}},
            "then": {"required": ["x"]},
            "else": {"required": ["y"]},
        });
        assert!(certain(&schema, &json!({"mode": "{{c.output}}"})).is_empty());
        assert_eq!(
            certain(&schema, &json!({"mode": "x"})),
            ["the argument \"x\" is missing"]
        );
    }
}
