//! Inputs, effects and reasons as the words of scenario files, both ways.

use std::collections::BTreeMap;
use std::time::Duration;

use fanout::model::{
    CallId, Cap, Epoch, FailurePolicy, LockKey, LockSet, Order, Outcome, Policy, StopCause,
    WaitReason,
};
use fanout::sched::{
    AttemptResult, CallSpec, Effect, Force, Input, MachineReading, Reason, StopSignal,
};

/// A time as `1.5s`; the unit is one of `m`, `s`, `ms`, `µs` and `ns`.
pub(crate) fn time(text: &str) -> Duration {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let nanos: u64 = match unit {
        "m" => 60_000_000_000,
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "µs" => 1_000,
        "ns" => 1,
        _ => panic!("no unit of time: {text}"),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut total: u64 = whole.parse::<u64>().expect("a number") * nanos;
    let mut place = nanos;
    for digit in part.chars() {
        place /= 10;
        total += place * u64::from(digit.to_digit(10).expect("a digit"));
    }
    Duration::from_nanos(total)
}

/// The names of a scenario's calls, and the epochs of their latest starts.
pub(crate) struct Names<'a> {
    pub names: &'a [String],
    pub epochs: BTreeMap<CallId, u64>,
}

impl Names<'_> {
    pub(crate) fn name(&self, id: CallId) -> &str {
        self.names.get(id.index()).map_or("?", String::as_str)
    }

    pub(crate) fn id(&self, name: &str) -> CallId {
        let at = self.names.iter().position(|known| known == name);
        CallId::from_index(at.unwrap_or_else(|| panic!("no call {name}")))
    }

    /// `a` is the latest start of `a`, `a@3` the start with epoch 3.
    fn attempt(&self, text: &str) -> (CallId, Epoch) {
        let (name, epoch) = match text.split_once('@') {
            Some((name, epoch)) => (name, Some(epoch.parse().expect("an epoch"))),
            None => (text, None),
        };
        let id = self.id(name);
        let latest = self.epochs.get(&id).copied().unwrap_or_default();
        (id, Epoch(epoch.unwrap_or(latest)))
    }

    fn attempt_text(&self, id: CallId, epoch: Epoch) -> String {
        if self.epochs.get(&id) == Some(&epoch.0) {
            self.name(id).to_owned()
        } else {
            format!("{}@{}", self.name(id), epoch.0)
        }
    }

    /// Reads an input. `next` are the specs that have not been queued yet.
    pub(crate) fn input(&self, text: &str, next: &[CallSpec], policy: Policy) -> Input {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (verb, rest) = words.split_first().expect("an input");
        let ids = || rest.iter().map(|name| self.id(name)).collect();
        let cancel = |cause, force| Input::CancelRequested {
            ids: ids(),
            cause,
            force,
        };
        match *verb {
            "queue" => {
                let count = rest
                    .first()
                    .map_or(next.len(), |n| n.parse().expect("a number"));
                Input::CallsQueued(next[..count].to_vec())
            }
            "locks" => Input::LocksResolved {
                id: self.id(rest[0]),
                locks: locks(&rest[1..]),
            },
            "cancel" => cancel(StopCause::User, Force::Ladder),
            "kill" => cancel(StopCause::User, Force::Kill),
            "withdraw" => Input::CallsWithdrawn(ids()),
            "cap" | "on-failure" | "order" => Input::PolicyChanged(changed(policy, verb, rest[0])),
            "pause" => Input::Paused,
            "resume" => Input::Resumed,
            "started" => {
                let (id, epoch) = self.attempt(rest[0]);
                Input::AttemptStarted { id, epoch }
            }
            "ended" => {
                let (id, epoch) = self.attempt(rest[0]);
                let end = end(&rest[1..]);
                Input::AttemptEnded { id, epoch, end }
            }
            "output" => {
                let (id, epoch) = self.attempt(rest[0]);
                Input::OutputSeen { id, epoch }
            }
            "asked" => {
                let (id, epoch) = self.attempt(rest[0]);
                Input::QuestionAsked { id, epoch }
            }
            "answered" => {
                let (id, epoch) = self.attempt(rest[0]);
                Input::QuestionAnswered { id, epoch }
            }
            "move" => Input::CallMoved {
                id: self.id(rest[0]),
                before: (rest[1] == "before").then(|| self.id(rest[2])),
            },
            "priority" => Input::PriorityChanged {
                id: self.id(rest[0]),
                priority: rest[1].parse().expect("a priority"),
            },
            "next" => Input::RunNextRequested {
                id: self.id(rest[0]),
            },
            "read" => Input::MachineRead(MachineReading {
                pressure: rest.first().and_then(|word| word.parse().ok()),
                busy: rest.get(1).and_then(|word| word.parse().ok()),
                ..MachineReading::default()
            }),
            "tick" => Input::Ticked,
            "shutdown" => Input::ShutdownRequested,
            "drain" => Input::DrainRequested,
            _ => panic!("no input: {text}"),
        }
    }

    /// Writes an input so that [`Names::input`] reads it.
    pub(crate) fn input_text(&self, input: &Input, policy: Policy) -> String {
        let name = |id: &CallId| self.name(*id).to_owned();
        match input {
            Input::CallsQueued(specs) => format!("queue {}", specs.len()),
            Input::LocksResolved { id, locks } => {
                let words = locks.write.iter().map(|key| format!(" write:{key}"));
                let words = words.chain(locks.read.iter().map(|key| format!(" read:{key}")));
                format!("locks {}{}", name(id), words.collect::<String>())
            }
            Input::CallsWithdrawn(ids) => {
                let names: Vec<String> = ids.iter().map(name).collect();
                format!("withdraw {}", names.join(" "))
            }
            Input::CancelRequested { ids, force, .. } => {
                let verb = if *force == Force::Kill {
                    "kill"
                } else {
                    "cancel"
                };
                let names: Vec<String> = ids.iter().map(name).collect();
                format!("{verb} {}", names.join(" "))
            }
            Input::PolicyChanged(new) if new.cap != policy.cap => format!("cap {}", new.cap),
            Input::PolicyChanged(new) if new.order != policy.order => match new.order {
                Order::Fifo => "order fifo".to_owned(),
                Order::CriticalPath => "order critical-path".to_owned(),
            },
            Input::PolicyChanged(new) => match new.on_failure {
                FailurePolicy::Skip => "on-failure skip".to_owned(),
                FailurePolicy::Continue => "on-failure continue".to_owned(),
                FailurePolicy::Stop => "on-failure stop".to_owned(),
            },
            Input::Paused => "pause".to_owned(),
            Input::Resumed => "resume".to_owned(),
            Input::AttemptStarted { id, epoch } => {
                format!("started {}", self.attempt_text(*id, *epoch))
            }
            Input::AttemptEnded { id, epoch, end } => {
                let last = if end.is_retryable { "" } else { " for-good" };
                let hold = end.retry_after.map(|time| format!(" retry-after {time:?}"));
                let at = self.attempt_text(*id, *epoch);
                format!(
                    "ended {at} {}{last}{}",
                    end.outcome,
                    hold.unwrap_or_default()
                )
            }
            Input::OutputSeen { id, epoch } => {
                format!("output {}", self.attempt_text(*id, *epoch))
            }
            Input::QuestionAsked { id, epoch } => {
                format!("asked {}", self.attempt_text(*id, *epoch))
            }
            Input::QuestionAnswered { id, epoch } => {
                format!("answered {}", self.attempt_text(*id, *epoch))
            }
            Input::CallMoved { id, before: None } => format!("move {} last", name(id)),
            Input::CallMoved {
                id,
                before: Some(before),
            } => {
                format!("move {} before {}", name(id), name(before))
            }
            Input::PriorityChanged { id, priority } => format!("priority {} {priority}", name(id)),
            Input::RunNextRequested { id } => format!("next {}", name(id)),
            Input::MachineRead(reading) => {
                let word = |figure: Option<f64>| figure.map_or("-".to_owned(), |it| it.to_string());
                format!("read {} {}", word(reading.pressure), word(reading.busy))
            }
            Input::Ticked => "tick".to_owned(),
            Input::ShutdownRequested => "shutdown".to_owned(),
            Input::DrainRequested => "drain".to_owned(),
        }
    }

    /// Writes an effect.
    pub(crate) fn effect(&self, effect: &Effect) -> String {
        match effect {
            Effect::ResolveLocks { id } => format!("resolve {}", self.name(*id)),
            Effect::Start {
                id, lane, attempt, ..
            } => {
                let again = match attempt.0 {
                    1 => String::new(),
                    number => format!(" attempt {number}"),
                };
                format!("start {} lane {lane}{again}", self.name(*id))
            }
            Effect::Stop { id, signal, .. } => {
                let signal = if *signal == StopSignal::Soft {
                    "soft"
                } else {
                    "hard"
                };
                format!("stop {} {signal}", self.name(*id))
            }
            Effect::Retry {
                id, outcome, at, ..
            } => {
                format!("retry {} {outcome}, again at {at:?}", self.name(*id))
            }
            Effect::StepCap(step) => step.to_string(),
            Effect::Finished {
                id,
                outcome,
                reason,
            } => {
                let reason = match reason {
                    Reason::Ending => String::new(),
                    Reason::Culprit { call } => format!(", because of {}", self.name(*call)),
                    reason => format!(", {reason}"),
                };
                format!("finish {} {outcome}{reason}", self.name(*id))
            }
        }
    }

    /// Writes a reason to wait.
    pub(crate) fn reason(&self, reason: &WaitReason) -> String {
        match reason {
            WaitReason::After { call } => format!("after {}", self.name(*call)),
            WaitReason::StartAfter { at } => format!("start time {at:?}"),
            WaitReason::Lock { key, holder } => {
                format!("lock {key} held by {}", self.name(*holder))
            }
            WaitReason::Rate { limit, at, .. } => format!("rate {limit} until {at:?}"),
            WaitReason::Retry { at } => format!("retry at {at:?}"),
            WaitReason::Reserved { call } => format!("reserved for {}", self.name(*call)),
            other => other.to_string(),
        }
    }
}

fn changed(mut policy: Policy, what: &str, to: &str) -> Policy {
    match (what, to) {
        ("cap", cap) => policy.cap = Cap::new(cap.parse().expect("a cap")).expect("not 0"),
        (_, "skip") => policy.on_failure = FailurePolicy::Skip,
        (_, "continue") => policy.on_failure = FailurePolicy::Continue,
        (_, "stop") => policy.on_failure = FailurePolicy::Stop,
        (_, "fifo") => policy.order = Order::Fifo,
        (_, "critical-path") => policy.order = Order::CriticalPath,
        _ => panic!("no {what}: {to}"),
    }
    policy
}

fn end(words: &[&str]) -> AttemptResult {
    let outcome = Outcome::ALL
        .into_iter()
        .find(|outcome| outcome.word() == words[0]);
    let mut end = AttemptResult::plain(outcome.expect("an outcome"));
    end.is_retryable = !words.contains(&"for-good");
    let hold = words.iter().position(|word| *word == "retry-after");
    end.retry_after = hold.map(|at| time(words[at + 1]));
    end
}

fn locks(words: &[&str]) -> LockSet {
    let mut locks = LockSet::default();
    for word in words {
        match word.split_once(':') {
            Some(("write", key)) => locks.write.push(LockKey::new(key)),
            Some(("read", key)) => locks.read.push(LockKey::new(key)),
            _ => panic!("no lock: {word}"),
        }
    }
    locks
}
