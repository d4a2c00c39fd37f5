//! Warnings about parts of a plan that are allowed and probably not meant.

use std::collections::HashSet;
use std::ops::Range;

use super::names::CallIds;
use super::parsed::ParsedCall;
use crate::catalogue::findings::Findings;
use crate::catalogue::{Catalogue, Elsewhere};
use crate::model::{Call, OutputKind, Tool, ToolAction, ToolName};

/// Warns of arguments that nothing checks, of references that cannot lead
/// anywhere, and of tools that start work elsewhere.
pub(super) fn collect(
    calls: &[ParsedCall],
    names: &CallIds,
    catalogue: &Catalogue,
    findings: &mut Findings<'_>,
) {
    let mut unchecked = HashSet::new();
    let mut elsewhere = HashSet::new();
    for call in calls {
        if let Some(name) = &call.tool
            && let Some(program) = tool_of(call, catalogue).and_then(Elsewhere::of_tool)
            && elsewhere.insert(&name.value)
        {
            findings.warn(&name.span, format!("{}: {program}", name.value));
        }
        if let Some(name) = unchecked_tool(call, catalogue)
            && unchecked.insert(name)
        {
            let why = match catalogue.unlisted_server(name) {
                Some(server) => format!("server `{}` is not connected", server.name),
                None => "it has no schema".to_owned(),
            };
            let message = format!("the arguments of `{name}` are not checked: {why}");
            let span = call.args.as_ref().map_or(&call.span, |node| &node.span);
            findings.warn(span, message);
        }
        for reference in &call.references {
            let parent = names.get(&reference.value.call);
            let parent = parent.and_then(|parent| tool_of(&calls[parent.index()], catalogue));
            let prints_text = parent.is_some_and(|tool| tool.output == OutputKind::Text);
            if prints_text && !reference.value.path.is_empty() {
                let message = format!(
                    "this call will fail: the output of `{}` is text, which has no parts",
                    reference.value.call
                );
                findings.warn(&reference.span, message);
            }
        }
    }
}

/// Warns of a call that would be stopped before it can end.
pub(super) fn of_times(call: &Call, span: &Range<usize>, findings: &mut Findings<'_>) {
    if let (Some(estimate), Some(limit)) = (call.estimate, call.timeouts.run)
        && estimate > limit
    {
        let message = format!(
            "this call will time out: it is expected to run {estimate:?} and may run {limit:?}"
        );
        findings.warn(span, message);
    }
}

/// The tool of a call with arguments that no schema describes.
fn unchecked_tool<'c>(call: &'c ParsedCall, catalogue: &Catalogue) -> Option<&'c ToolName> {
    let tool = tool_of(call, catalogue)?;
    let has_args = call.args.as_ref().and_then(|args| args.as_table());
    let has_args = has_args.is_some_and(|entries| !entries.is_empty());
    let takes_arguments = !matches!(tool.action, ToolAction::Wait { .. });
    let is_unchecked = takes_arguments && has_args && tool.input_schema.is_none();
    call.tool
        .as_ref()
        .map(|at| &at.value)
        .filter(|_| is_unchecked)
}

fn tool_of<'c>(call: &ParsedCall, catalogue: &'c Catalogue) -> Option<&'c Tool> {
    call.tool.as_ref().and_then(|at| catalogue.get(&at.value))
}
