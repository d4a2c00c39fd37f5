//! Random histories out of random words: one word for the setup, one for each
//! call, one for each step. The word 0 is the plainest of its kind, so that
//! shrinking leads to plain histories.

use std::time::Duration;

use fanout::model::{
    ArgsFingerprint, CallId, Cap, Claims, Edge, EdgeKind, FailurePolicy, LockKey, LockSet, Order,
    Policy, Rate, Timeouts, ToolName,
};
use fanout::sched::{CallSpec, SchedulerSettings, ToolLimits};
use rand_pcg::Pcg64Mcg;

/// Takes choices off a random word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choices(pub u64);

impl Choices {
    /// One of `count`, the first for a word of zeros.
    pub(crate) fn below(&mut self, count: u64) -> usize {
        let choice = self.0 % count;
        self.0 /= count;
        choice as usize
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64)].clone()
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The seed of the generator of a run.
pub(crate) fn seed(word: u64) -> u32 {
    (word >> 33) as u32
}

/// The settings of a run, and whether edges point at later calls.
pub(crate) fn settings(word: u64) -> (SchedulerSettings, bool) {
    let mut choices = Choices(word);
    let policy = Policy {
        cap: Cap::new(choices.pick(&[2, 1, 3, 4, 8])).expect("a cap above 0"),
        on_failure: choices.pick(&[
            FailurePolicy::Skip,
            FailurePolicy::Continue,
            FailurePolicy::Skip,
            FailurePolicy::Stop,
        ]),
        order: choices.pick(&[Order::Fifo, Order::CriticalPath, Order::CriticalPath]),
        ..Policy::default()
    };
    let is_forward = choices.below(3) == 1;
    let mut settings = SchedulerSettings::new(policy, Pcg64Mcg::new(u128::from(seed(word))));
    settings.cores = choices.pick(&[None, Some(2.0), Some(4.0)]);
    settings.memory_bytes = choices.pick(&[None, Some(100)]);
    let rate = |burst| {
        Some(Rate {
            starts: 1,
            per: ms(1_000),
            burst,
        })
    };
    let limits = |tool, max_parallel, rate| ToolLimits {
        tool: ToolName::new(tool),
        max_parallel,
        rate,
    };
    settings.tools = vec![
        limits("single", Some(1), None),
        limits("paced", None, rate(2)),
        limits("both", Some(2), rate(1)),
    ];
    (settings, is_forward)
}

/// The spec of the call at `index` of `count`.
pub(crate) fn spec(word: u64, index: usize, count: usize, is_forward: bool) -> CallSpec {
    let mut choices = Choices(word);
    let tools = ["tool", "tool", "single", "tool", "paced", "both"];
    let mut spec = CallSpec::new(
        CallId::from_index(index),
        ToolName::new(choices.pick(&tools)),
    );
    spec.after = edges(&mut choices, index, count, is_forward);
    spec.locks = locks(&mut choices);
    spec.is_lock_pending = choices.below(8) == 1;
    spec.priority = choices.pick(&[0, 0, 0, 1, -1]);
    spec.group = choices
        .pick(&[None, None, Some("g"), Some("h")])
        .map(Into::into);
    spec.retries = choices.pick(&[0, 0, 1, 2]);
    spec.estimate = choices.pick(&[None, Some(ms(200)), Some(ms(1_000)), Some(ms(5_000))]);
    spec.claims = Claims {
        cpus: choices.pick(&[None, None, Some(1.0), Some(1.5), Some(3.0)]),
        memory_bytes: choices.pick(&[None, None, Some(40), Some(70), Some(300)]),
    };
    spec.start_after = choices.pick(&[None, None, None, Some(ms(500)), Some(ms(2_000))]);
    spec.timeouts = Timeouts {
        run: choices.pick(&[None, None, Some(ms(1_500))]),
        queue: choices.pick(&[None, None, None, Some(ms(2_500))]),
        idle: choices.pick(&[None, None, Some(ms(700))]),
        grace: ms(choices.pick(&[5_000, 1_000, 0])),
    };
    let known = word.rotate_left(17) % 3;
    spec.args = (known > 0).then(|| ArgsFingerprint::of(&known.into()));
    spec
}

fn edges(choices: &mut Choices, index: usize, count: usize, is_forward: bool) -> Vec<Edge> {
    let others = if is_forward { count - 1 - index } else { index };
    let edges = choices.pick(&[0, 0, 1, 1, 2]);
    let mut after: Vec<Edge> = Vec::new();
    for _ in 0..edges {
        let kinds = [EdgeKind::Ok, EdgeKind::Ok, EdgeKind::Done, EdgeKind::Output];
        let (on, back) = (choices.pick(&kinds), choices.below(12));
        if others > 0 {
            let distance = back % others + 1;
            let other = if is_forward {
                index + distance
            } else {
                index - distance
            };
            let call = CallId::from_index(other);
            after.push(Edge { call, on });
        }
    }
    after
}

pub(crate) fn locks(choices: &mut Choices) -> LockSet {
    let key = |name: &str| vec![LockKey::new(name)];
    let none = LockSet::default();
    let write = |name| LockSet {
        write: key(name),
        read: Vec::new(),
    };
    let read = |name| LockSet {
        write: Vec::new(),
        read: key(name),
    };
    choices.pick(&[
        none.clone(),
        none.clone(),
        none,
        write("db"),
        read("db"),
        write("file:a/b"),
        read("file:a"),
        write("file:a"),
        LockSet {
            write: key("file:a/c"),
            read: key("db"),
        },
    ])
}
