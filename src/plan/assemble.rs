//! Turns a parsed plan into a plan: names become numbers, tools and arguments are
//! checked, missing settings are filled in.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::arguments;
use super::first_and_last;
use super::graph::{Edges, cycles};
use super::names::{self, CallIds};
use super::parsed::{CallSettings, ParsedCall, ParsedPlan, Spanned};
use super::reference::has_reference;
use super::warnings;
use crate::catalogue::document::Node;
use crate::catalogue::findings::Findings;
use crate::catalogue::locks::{identified, locks_where};
use crate::catalogue::text::nearest;
use crate::catalogue::{Catalogue, discover};
use crate::model::{
    Call, CallId, CallName, Edge, EdgeKind, LockSet, Plan, Timeouts, Tool, ToolName,
};

/// Names that unknown ones are compared with, in all. Comparing is slow, and
/// the first suggestions are enough to see what went wrong.
const MOST_COMPARISONS: usize = 50_000;

/// Calls named of a long cycle.
const MOST_OF_CYCLE: usize = 12;

/// Everything needed while a plan is put together.
pub(super) struct Assembly<'a, 's> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) findings: &'a mut Findings<'s>,
    /// The plan's file, to look for a catalogue beside it.
    pub(super) path: Option<&'a Path>,
    /// Comparisons with known names that are left.
    comparisons: usize,
}

impl<'a, 's> Assembly<'a, 's> {
    pub(super) fn new(
        catalogue: &'a Catalogue,
        findings: &'a mut Findings<'s>,
        path: Option<&'a Path>,
    ) -> Self {
        Self {
            catalogue,
            findings,
            path,
            comparisons: MOST_COMPARISONS,
        }
    }

    /// The plan; sound only if nothing was found.
    pub(super) fn plan(mut self, written: ParsedPlan, file_stem: &str) -> Plan {
        let (in_order, names) = names::assign(&written.calls, self.findings);
        let mut edges: Vec<Vec<Edge>> = (written.calls.iter().enumerate())
            .map(|(index, call)| self.edges(CallId::from_index(index), call, &names))
            .collect();
        first_and_last::place(&written.calls, &mut edges, self.findings);
        self.report_cycles(&edges, &in_order, &written.calls);
        warnings::collect(&written.calls, &names, self.catalogue, self.findings);
        let expected = (written.calls.iter().zip(&in_order))
            .filter(|(call, _)| call.is_expected_to_fail)
            .map(|(_, name)| name.clone());
        let expected_failures = expected.collect();
        // Not collected: that would keep the larger allocation it comes from.
        let mut calls = Vec::with_capacity(in_order.len());
        let parsed = written.calls.into_iter().zip(in_order).zip(edges);
        for (index, ((call, name), after)) in parsed.enumerate() {
            let mut call = self.call(CallId::from_index(index), name, after, call);
            call.comparison.ignore.extend_from_slice(&written.ignore);
            calls.push(Arc::new(call));
        }
        Plan {
            name: written.name.unwrap_or_else(|| file_stem.to_owned()),
            cap: written.cap,
            on_failure: written.on_failure,
            calls,
            expected_failures,
        }
    }

    fn edges(&mut self, id: CallId, call: &ParsedCall, names: &CallIds) -> Vec<Edge> {
        let mut edges = Edges::default();
        for reference in &call.references {
            let name = Spanned {
                value: reference.value.call.as_str(),
                span: reference.span.clone(),
            };
            if let Some(parent) = self.parent(id, &name, names) {
                edges.add(parent, EdgeKind::Output);
            }
        }
        for after in &call.after {
            let name = Spanned {
                value: after.value.call.as_str(),
                span: after.span.clone(),
            };
            let Some(parent) = self.parent(id, &name, names) else {
                continue;
            };
            let on = after.value.on;
            if let Some(before) = edges.add(parent, on) {
                self.warn_of_double(before, on, &name);
            }
        }
        edges.into_list()
    }

    fn parent(&mut self, id: CallId, name: &Spanned<&str>, names: &CallIds) -> Option<CallId> {
        let parent = names.get(&CallName::new(name.value)).copied();
        if parent == Some(id) {
            let message = format!("`{0}` waits for itself: {0} -> {0}", name.value);
            self.findings.error(&name.span, message);
            return None;
        }
        if parent.is_none() {
            let message = format!("there is no call `{}`", name.value);
            let mut problem = self.findings.at(&name.span, message);
            if let Some(near) = self.suggestion(name.value, names) {
                problem = problem.with_help(format!("did you mean `{near}`?"));
            }
            self.findings.push(problem);
        }
        parent
    }

    fn suggestion(&mut self, written: &str, names: &CallIds) -> Option<String> {
        self.comparisons = self.comparisons.checked_sub(names.len())?;
        let mut known: Vec<&str> = names.keys().map(CallName::as_str).collect();
        known.sort_unstable();
        nearest(written, known).map(str::to_owned)
    }

    fn warn_of_double(&mut self, before: EdgeKind, on: EdgeKind, name: &Spanned<&str>) {
        let message = match (before, on) {
            (EdgeKind::Output, EdgeKind::Done) => format!(
                "`on = \"done\"` has no effect: the output of `{}` is an argument, so it must \
                 succeed",
                name.value
            ),
            (EdgeKind::Output, _) => format!(
                "`{}` need not stand in `after`: a reference is a dependency",
                name.value
            ),
            _ => format!("`{}` stands in `after` twice", name.value),
        };
        self.findings.warn(&name.span, message);
    }

    fn report_cycles(&mut self, edges: &[Vec<Edge>], names: &[CallName], calls: &[ParsedCall]) {
        for cycle in cycles(edges) {
            let ids = cycle.iter().map(|call| names[call.index()].as_str());
            let mut shown: Vec<&str> = ids.take(MOST_OF_CYCLE).collect();
            if cycle.len() > MOST_OF_CYCLE {
                shown.push("…");
            }
            shown.push(names[cycle[0].index()].as_str());
            let next = names[cycle[1 % cycle.len()].index()].as_str();
            let call = &calls[cycle[0].index()];
            let message = format!("these calls wait for one another: {}", shown.join(" -> "));
            let problem = self.findings.at(&place_of_edge(call, next), message);
            let problem = problem.with_label(format!("waits for `{next}`"));
            self.findings.push(problem);
        }
    }

    fn call(&mut self, id: CallId, name: CallName, after: Vec<Edge>, written: ParsedCall) -> Call {
        let tool = written.tool.as_ref().and_then(|tool| self.tool(tool));
        let args = written.args.as_ref().map(Node::to_json);
        let args = args.unwrap_or_else(|| Value::Object(Map::new()));
        if let Some(tool) = tool {
            arguments::check(tool, &args, &written, self.catalogue, self.findings);
        }
        // The tool's own name, which all of its calls share.
        let tool_name = tool.map(|tool| tool.name.clone());
        let tool_name = tool_name.or(written.tool.map(|at| at.value));
        let mut call = Call {
            foreign_name: written.foreign_name,
            after,
            ..Call::new(
                id,
                name,
                tool_name.unwrap_or_else(|| ToolName::new("")),
                args,
            )
        };
        if let Some(tool) = tool {
            apply_settings(&mut call, written.settings, tool);
            warnings::of_times(&call, &written.span, self.findings);
        }
        call
    }

    fn tool(&mut self, name: &Spanned<ToolName>) -> Option<&'a Tool> {
        let tool = self.catalogue.get(&name.value);
        if tool.is_none() && !self.catalogue.is_broken(&name.value) {
            let message = format!("there is no tool `{}`", name.value);
            let problem = self.findings.at(&name.span, message);
            if let Some((server, reason)) = self.catalogue.unusable_server_of(&name.value) {
                let help = format!("server `{server}` cannot be used: {reason}");
                self.findings.push(problem.with_help(help));
                return tool;
            }
            let left = self.comparisons.checked_sub(self.catalogue.tools().len());
            self.comparisons = left.unwrap_or(self.comparisons);
            let near = left.and_then(|_| self.catalogue.suggest(name.value.as_str()));
            let unread = || self.path.and_then(|path| discover(self.catalogue, path));
            self.findings.push(match near {
                Some(near) => problem.with_help(format!("did you mean `{near}`?")),
                None => match unread() {
                    Some(path) => problem.with_help(format!(
                        "{0} is read only if it is given: --catalogue {0}",
                        path.display()
                    )),
                    None => problem.with_help("`fanout tools` lists the tools there are"),
                },
            });
        }
        tool
    }
}

/// Gives a call its settings; what they leave open is filled from the tool's
/// manifest.
pub(super) fn apply_settings(call: &mut Call, settings: CallSettings, tool: &Tool) {
    call.priority = settings.priority;
    call.group = settings.group;
    call.start_after = settings.start_after;
    call.timeouts = Timeouts {
        run: settings.timeout.or(tool.timeouts.run),
        queue: settings.queue_timeout.or(tool.timeouts.queue),
        idle: settings.idle_timeout.or(tool.timeouts.idle),
        grace: settings.grace.unwrap_or(tool.timeouts.grace),
    };
    call.retries = settings.retries;
    call.claims = settings.claims;
    call.estimate = settings.estimate.or(tool.estimate);
    call.is_reset = settings.is_reset;
    call.is_verify = settings.is_verify;
    call.comparison = settings.comparison;
    call.locks = identified(&settings.locks, tool);
    let known = locks_where(tool, &call.args, |value| !has_reference(value));
    merge_locks(&mut call.locks, known);
}

/// Returns the locks of a call beside those of its tool.
pub fn own_locks(call: &Call, tool: &Tool) -> LockSet {
    let tools = locks_where(tool, &call.args, |value| !has_reference(value));
    let mut own = call.locks.clone();
    own.write.retain(|key| !tools.write.contains(key));
    own.read.retain(|key| !tools.read.contains(key));
    own
}

/// Adds locks that are not there yet. A lock that is written and read is only
/// written.
pub(super) fn merge_locks(locks: &mut LockSet, others: LockSet) {
    for key in others.write {
        if !locks.write.contains(&key) {
            locks.write.push(key);
        }
    }
    for key in others.read {
        if !locks.read.contains(&key) {
            locks.read.push(key);
        }
    }
    let LockSet { write, read } = locks;
    read.retain(|key| !write.contains(key));
}

/// Returns the span where a call names one it waits for.
fn place_of_edge(call: &ParsedCall, parent: &str) -> std::ops::Range<usize> {
    let after = call.after.iter().find(|edge| edge.value.call == parent);
    let after = after.map(|edge| edge.span.clone());
    let reference = call.references.iter();
    let reference = reference
        .filter(|at| at.value.call.as_str() == parent)
        .map(|at| at.span.clone())
        .next();
    after.or(reference).unwrap_or_else(|| call.span.clone())
}
