//! Scenario files: what the scheduler is told when, and what it must order.
//!
//! A step's `effects` are all effects of that step, in order; without the key
//! there must be none. `why` names the reason that a call waits after the
//! step, `state` its state, `next` the next deadline.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use fanout::model::{
    CallId, Cap, Claims, Edge, EdgeKind, FailurePolicy, LockSet, Order, Policy, Rate, Timeouts,
    ToolName,
};
use fanout::sched::{CallSpec, Effect, Input, SchedulerSettings, ToolLimits};
use rand_pcg::Pcg64Mcg;
use serde::Deserialize;

use crate::words::{Names, time};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What it shows.
    #[expect(dead_code, reason = "for the reader of the file")]
    pub about: String,
    #[serde(default)]
    seed: u64,
    cap: Option<u32>,
    #[serde(default)]
    on_failure: FailurePolicy,
    #[serde(default = "fifo")]
    order: Order,
    cores: Option<f64>,
    memory: Option<u64>,
    #[serde(default)]
    tool: Vec<Tool>,
    call: Vec<Call>,
    pub step: Vec<Step>,
}

fn fifo() -> Order {
    Order::Fifo
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    max_parallel: Option<u32>,
    /// Starts a second.
    rate: Option<u32>,
    #[serde(default)]
    burst: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Call {
    id: String,
    tool: Option<String>,
    after: Vec<String>,
    priority: i32,
    group: Option<String>,
    start_after: Option<String>,
    timeout: Option<String>,
    queue_timeout: Option<String>,
    idle_timeout: Option<String>,
    grace: Option<String>,
    retries: u32,
    locks: LockSet,
    late_locks: bool,
    cpus: Option<f64>,
    memory: Option<u64>,
    estimate: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub at: String,
    pub input: String,
    #[serde(default)]
    pub effects: Vec<String>,
    #[serde(default)]
    pub why: BTreeMap<String, String>,
    #[serde(default)]
    pub state: BTreeMap<String, String>,
    pub next: Option<String>,
    pub queue: Option<Vec<String>>,
}

impl Scenario {
    pub(crate) fn settings(&self) -> SchedulerSettings {
        let policy = Policy {
            cap: self
                .cap
                .map_or(Cap::DEFAULT, |cap| Cap::new(cap).expect("a cap above 0")),
            on_failure: self.on_failure,
            order: self.order,
            ..Policy::default()
        };
        let mut settings = SchedulerSettings::new(policy, Pcg64Mcg::new(u128::from(self.seed)));
        settings.cores = self.cores;
        settings.memory_bytes = self.memory;
        settings.tools = self.tool.iter().map(limits).collect();
        settings
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.call.iter().map(|call| call.id.clone()).collect()
    }

    pub(crate) fn specs(&self) -> Vec<CallSpec> {
        let names = self.names();
        let calls = self.call.iter().enumerate();
        calls
            .map(|(index, call)| spec(index, call, &names))
            .collect()
    }
}

fn limits(tool: &Tool) -> ToolLimits {
    ToolLimits {
        tool: ToolName::new(&tool.name),
        max_parallel: tool.max_parallel,
        rate: tool.rate.map(|starts| Rate {
            starts,
            per: Duration::from_secs(1),
            burst: tool.burst.max(1),
        }),
    }
}

/// An edge is `a`, `a done` or `a output`.
fn edge(text: &str, names: &[String]) -> Edge {
    let (name, on) = match text.split_once(' ') {
        None => (text, EdgeKind::Ok),
        Some((name, "done")) => (name, EdgeKind::Done),
        Some((name, "output")) => (name, EdgeKind::Output),
        Some(_) => panic!("no edge: {text}"),
    };
    let at = names.iter().position(|known| known == name);
    let call = CallId::from_index(at.expect("a call of the scenario"));
    Edge { call, on }
}

fn spec(index: usize, call: &Call, names: &[String]) -> CallSpec {
    let limit = |text: &Option<String>| text.as_deref().map(time);
    let tool = call.tool.as_deref().unwrap_or("tool");
    CallSpec {
        after: call.after.iter().map(|text| edge(text, names)).collect(),
        priority: call.priority,
        group: call.group.as_deref().map(Into::into),
        start_after: limit(&call.start_after),
        timeouts: Timeouts {
            run: limit(&call.timeout),
            queue: limit(&call.queue_timeout),
            idle: limit(&call.idle_timeout),
            grace: limit(&call.grace).unwrap_or(Timeouts::DEFAULT_GRACE),
        },
        retries: call.retries,
        locks: call.locks.clone(),
        is_lock_pending: call.late_locks,
        claims: Claims {
            cpus: call.cpus,
            memory_bytes: call.memory,
        },
        estimate: limit(&call.estimate),
        ..CallSpec::new(CallId::from_index(index), ToolName::new(tool))
    }
}

/// One step of a history that was run.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub at: Duration,
    pub input: Input,
    pub effects: Vec<Effect>,
}

/// Writes a history as a scenario file, with what the scheduler did as what it
/// must do: to be corrected by hand, then kept.
pub(crate) fn written(
    seed: u32,
    settings: &SchedulerSettings,
    specs: &[CallSpec],
    steps: &[Told],
) -> String {
    let names: Vec<String> = specs
        .iter()
        .map(|spec| format!("c{}", spec.id.number()))
        .collect();
    let mut text = format!("about = \"\"\nseed = {seed}\n");
    write_settings(&mut text, settings);
    for spec in specs {
        write_call(&mut text, spec, &names);
    }
    let mut words = Names {
        names: &names,
        epochs: BTreeMap::new(),
    };
    let mut policy = settings.policy;
    for step in steps {
        let input = words.input_text(&step.input, policy);
        write_line(
            &mut text,
            &format!("\n[[step]]\nat = \"{:?}\"\ninput = \"{input}\"", step.at),
        );
        if let Input::PolicyChanged(new) = &step.input {
            policy = *new;
        }
        for effect in &step.effects {
            if let Effect::Start { id, epoch, .. } = effect {
                words.epochs.insert(*id, epoch.0);
            }
        }
        let effects = step.effects.iter().map(|effect| words.effect(effect));
        let effects: Vec<String> = effects.collect();
        if !effects.is_empty() {
            write_line(&mut text, &format!("effects = {effects:?}"));
        }
    }
    text
}

fn write_line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a string");
}

fn write_settings(text: &mut String, settings: &SchedulerSettings) {
    let policy = settings.policy;
    write_line(text, &format!("cap = {}", policy.cap));
    let on_failure = format!("{:?}", policy.on_failure).to_lowercase();
    let order = match policy.order {
        Order::Fifo => "fifo",
        Order::CriticalPath => "critical-path",
    };
    write_line(
        text,
        &format!("on_failure = \"{on_failure}\"\norder = \"{order}\""),
    );
    if let Some(cores) = settings.cores {
        write_line(text, &format!("cores = {cores:?}"));
    }
    if let Some(memory) = settings.memory_bytes {
        write_line(text, &format!("memory = {memory}"));
    }
    for tool in &settings.tools {
        write_line(text, &format!("\n[[tool]]\nname = \"{}\"", tool.tool));
        if let Some(max) = tool.max_parallel {
            write_line(text, &format!("max_parallel = {max}"));
        }
        if let Some(rate) = tool.rate {
            write_line(
                text,
                &format!("rate = {}\nburst = {}", rate.starts, rate.burst),
            );
        }
    }
}

fn write_call(text: &mut String, spec: &CallSpec, names: &[String]) {
    let plain = CallSpec::new(spec.id, ToolName::new("tool"));
    write_line(
        text,
        &format!("\n[[call]]\nid = \"{}\"", names[spec.id.index()]),
    );
    let mut line = |key: &str, value: String, is_worth: bool| {
        if is_worth {
            write_line(text, &format!("{key} = {value}"));
        }
    };
    let edges = spec.after.iter().map(|edge| {
        let on = match edge.on {
            EdgeKind::Ok => "",
            EdgeKind::Done => " done",
            EdgeKind::Output => " output",
        };
        format!("{}{on}", names[edge.call.index()])
    });
    let edges: Vec<String> = edges.collect();
    line(
        "tool",
        format!("\"{}\"", spec.tool),
        spec.tool != plain.tool,
    );
    line("after", format!("{edges:?}"), !edges.is_empty());
    line("priority", spec.priority.to_string(), spec.priority != 0);
    line(
        "group",
        format!("{:?}", spec.group.as_deref().unwrap_or("")),
        spec.group.is_some(),
    );
    let limits = spec.timeouts;
    let times = [
        ("start_after", spec.start_after),
        ("timeout", limits.run),
        ("queue_timeout", limits.queue),
        ("idle_timeout", limits.idle),
        (
            "grace",
            Some(limits.grace).filter(|grace| *grace != Timeouts::DEFAULT_GRACE),
        ),
        ("estimate", spec.estimate),
    ];
    for (key, time) in times {
        line(
            key,
            format!("\"{:?}\"", time.unwrap_or_default()),
            time.is_some(),
        );
    }
    line("retries", spec.retries.to_string(), spec.retries > 0);
    let keys = |keys: &[fanout::model::LockKey]| -> Vec<String> {
        keys.iter().map(ToString::to_string).collect()
    };
    let locks = format!(
        "{{ write = {:?}, read = {:?} }}",
        keys(&spec.locks.write),
        keys(&spec.locks.read)
    );
    line("locks", locks, !spec.locks.is_empty());
    line("late_locks", "true".to_owned(), spec.is_lock_pending);
    let claims = spec.claims;
    line(
        "cpus",
        format!("{:?}", claims.cpus.unwrap_or_default()),
        claims.cpus.is_some(),
    );
    line(
        "memory",
        claims.memory_bytes.unwrap_or_default().to_string(),
        claims.memory_bytes.is_some(),
    );
}
