//! Loads of a service in virtual time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::lab::{CallResult, ExperimentError};
use crate::model::{
    Call, CallId, CallName, CallRow, CallState, Cap, History, LoadNews, Outcome, ToolName,
};

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// A service with slots and a queue, in a time that jumps.
struct Service {
    now: Duration,
    /// When each of its slots is free.
    slots: Vec<Duration>,
    work: Duration,
    /// It does nothing until the end of such a time.
    stall: Option<(Duration, Duration)>,
    /// It has one slot from then on.
    worn_from: Option<Duration>,
    /// Every so many calls one fails.
    fails_each: u64,
    calls: u64,
    events: BTreeMap<(Duration, u64), LoadEvent>,
    /// Requests of its user, each with its time.
    asked: Vec<(Duration, LoadEvent)>,
    /// Makes its answer beside so many calls.
    answer: fn(&Call, usize) -> serde_json::Value,
    answers: BTreeMap<CallId, serde_json::Value>,
}

impl Service {
    fn new(slots: usize, work: u64) -> Self {
        Self {
            now: ms(5),
            slots: vec![Duration::ZERO; slots],
            work: ms(work),
            stall: None,
            worn_from: None,
            fails_each: 0,
            calls: 0,
            events: BTreeMap::new(),
            asked: Vec::new(),
            answer: |_, _| json!(null),
            answers: BTreeMap::new(),
        }
    }

    fn take(&mut self, call: &Arc<Call>) {
        let is_no_op = call.tool.as_str() == "no-op";
        let work = if is_no_op { Duration::ZERO } else { self.work };
        if self.worn_from.is_some_and(|from| self.now >= from) {
            self.slots.truncate(1);
        }
        let slot = self.slots.iter_mut().min().expect("a slot");
        let mut begun = self.now.max(*slot);
        if let Some((from, to)) = self.stall
            && (from..to).contains(&begun)
        {
            begun = to;
        }
        let ended = begun + work;
        *slot = ended;
        self.calls += 1;
        let fails = self.fails_each > 0 && self.calls.is_multiple_of(self.fails_each);
        let outcome = if fails {
            Outcome::Failed
        } else {
            Outcome::Succeeded
        };
        let mut row = CallRow::new(Arc::clone(call), Arc::new(History::new(1)), self.now);
        row.state = CallState::Ended(outcome);
        row.started = Some(self.now);
        row.ended = Some(ended);
        row.reason = fails.then(|| "status 503 Service Unavailable".into());
        let news = LoadNews::Started {
            call: call.id,
            at: self.now,
        };
        let busy = self.slots.iter().filter(|free| **free > self.now).count();
        self.answers.insert(call.id, (self.answer)(call, busy));
        self.events
            .insert((self.now, self.calls * 2), LoadEvent::News(news));
        let news = LoadNews::Ended(Arc::new(row));
        self.events
            .insert((ended, self.calls * 2 + 1), LoadEvent::News(news));
    }
}

impl LoadTarget for Service {
    fn now(&self) -> Duration {
        self.now
    }

    fn set_cap(&mut self, _cap: Cap) -> Result<(), ExperimentError> {
        Ok(())
    }

    fn queue(&mut self, calls: Vec<Arc<Call>>) -> Result<(), ExperimentError> {
        for call in &calls {
            self.take(call);
        }
        Ok(())
    }

    fn next(&mut self, until: Option<Duration>) -> LoadEvent {
        let next = self.events.keys().next().copied();
        let asked = self.asked.first().map(|(at, _)| *at);
        let until = until.unwrap_or(Duration::MAX);
        if let Some(at) = asked.filter(|at| *at <= until)
            && next.is_none_or(|(next, _)| at <= next)
        {
            self.now = self.now.max(at);
            return self.asked.remove(0).1;
        }
        let Some(key) = next.filter(|(at, _)| *at <= until) else {
            self.now = self.now.max(until);
            return LoadEvent::Due;
        };
        self.now = self.now.max(key.0);
        self.events.remove(&key).expect("an event")
    }

    fn stop_calls(&mut self) -> Result<(), ExperimentError> {
        for event in std::mem::take(&mut self.events).into_values() {
            if let LoadEvent::News(LoadNews::Ended(row)) = event {
                let mut row = CallRow::clone(&row);
                row.state = CallState::Ended(Outcome::Cancelled);
                row.ended = Some(self.now);
                let key = (self.now, u64::from(row.call.id.number()));
                let news = LoadNews::Ended(Arc::new(row));
                self.events.insert(key, LoadEvent::News(news));
            }
        }
        Ok(())
    }

    fn usage(&self) -> ToolUsage {
        ToolUsage::default()
    }

    fn result(&self, row: &CallRow) -> CallResult {
        let answer = self.answers.get(&row.call.id).cloned();
        CallResult::new(Some(Outcome::Succeeded), answer, &row.call.comparison)
    }
}

struct Calls;

impl LoadCalls for Calls {
    fn call(&self, _turn: u64, number: u64, place: CallId) -> Arc<Call> {
        let args = json!({ "number": number % 4 });
        Arc::new(Call::new(
            place,
            CallName::new("c"),
            ToolName::new("t"),
            args,
        ))
    }

    fn no_op(&self, place: CallId) -> Arc<Call> {
        let name = CallName::new("c");
        Arc::new(Call::new(place, name, ToolName::new("no-op"), json!({})))
    }
}

struct Nobody;

impl LoadObserver for Nobody {}

fn cap(lanes: u32) -> LoadLevel {
    LoadLevel::Cap(Cap::new(lanes).expect("a cap"))
}

fn rate(per_second: f64) -> LoadLevel {
    LoadLevel::Rate(CallRate::new(per_second).expect("a rate"))
}

fn request(levels: &[LoadLevel]) -> LoadRequest {
    LoadRequest {
        time: None,
        ..LoadRequest::usual("t", levels.to_vec())
    }
}

fn load(request: LoadRequest, service: &mut Service) -> LoadFindings {
    conduct_load(request, &Calls, service, &mut Nobody)
}

/// Whether a time is within half a percent of another.
fn is_near(time: Duration, expected: u64) -> bool {
    (time.as_secs_f64() * 1000.0 / expected as f64 - 1.0).abs() < 0.005
}

#[test]
fn closed_loop_fills_the_slots_and_then_waits_in_the_queue() {
    let mut service = Service::new(5, 40);
    let findings = load(request(&[cap(1), cap(5), cap(10)]), &mut service);
    let steps = &findings.steps;
    assert_eq!(steps.len(), 3);
    let rates: Vec<f64> = steps.iter().map(|it| it.throughput().round()).collect();
    assert_eq!(rates, [25.0, 125.0, 125.0]);
    assert!(is_near(steps[0].latency.p99, 40) && is_near(steps[2].latency.p50, 80));
    assert_eq!(steps[2].in_flight_most, 10);
    assert!(
        (9.0..=10.0).contains(&steps[2].in_flight_mean),
        "{}",
        steps[2].in_flight_mean
    );
    assert_eq!((steps[0].calls, steps[0].unfinished), (200, 0));
    let sentence = findings.sentence().expect("a result");
    assert_eq!(
        sentence,
        "5 lanes: 125 calls/s; 10 lanes give no more and 2 times the p95."
    );
    assert_eq!(
        (findings.error, findings.own_cost),
        (None, Some(Duration::ZERO))
    );
}

/// A service that stands still for 2 of 10 seconds: every call that was due
/// meanwhile shows its part, though few were sent late.
#[test]
fn open_loop_shows_a_stall_in_every_call_that_was_due_meanwhile() {
    let mut service = Service::new(100, 10);
    service.stall = Some((ms(4000), ms(6000)));
    let mut asked = request(&[rate(50.0)]);
    (asked.calls, asked.time, asked.warm_up) = (None, Some(ms(10_000)), Some(0));
    let findings = load(asked, &mut service);
    let step = &findings.steps[0];
    assert_eq!((step.calls, step.late), (500, 0));
    // Of 500 calls 100 were due in the stall, evenly from 2 s down to 0.
    let mut schedule: Vec<f64> = (0..500)
        .map(|call| f64::from(call) * 0.02 + 0.005)
        .map(|due| {
            if (4.0..6.0).contains(&due) {
                6.0 - due
            } else {
                0.0
            }
        })
        .map(|wait| wait + 0.01)
        .collect();
    schedule.sort_by(f64::total_cmp);
    for (found, part) in [(step.latency.p90, 0.9), (step.latency.p99, 0.99)] {
        let expected = schedule[(500.0 * part) as usize - 1];
        let found = found.as_secs_f64();
        assert!(
            (found / expected - 1.0).abs() < 0.05,
            "{part}: {found} {expected}"
        );
    }
}

#[test]
fn a_search_finds_the_highest_cap_that_keeps_a_condition() {
    let mut asked = request(&[cap(1)]);
    asked.find = "p95<100ms".parse().ok();
    let findings = load(asked.clone(), &mut Service::new(5, 40));
    let Some(Found::Level { level, broken }) = findings.found else {
        panic!("{:?}", findings.found);
    };
    // Work of one length comes in rounds: an eleventh caller waits for a third.
    assert_eq!((level, broken), (cap(10), Some(cap(11))));
    assert!(findings.is_kept());
    let sentence = findings.sentence().expect("a result");
    assert_eq!(
        sentence,
        "10 lanes is the most that keeps p95<100 ms: 11 lanes break it."
    );

    let mut service = Service::new(5, 40);
    service.worn_from = Some(ms(40_000));
    let findings = load(asked, &mut service);
    assert!(
        matches!(findings.found, Some(Found::Changed { .. })),
        "{:?}",
        findings.found
    );
    assert!(!findings.is_kept());
    let sentence = findings.sentence().expect("a result");
    assert!(
        sentence.starts_with("It cannot be said what keeps p95<100 ms"),
        "{sentence}"
    );
}

#[test]
fn errors_are_counted_by_kind_and_end_nothing_unless_that_is_asked() {
    let mut service = Service::new(5, 40);
    service.fails_each = 10;
    let mut asked = request(&[cap(2)]);
    asked.budgets = vec!["errors<1%".parse().expect("a condition")];
    asked.find = Some("p95<100ms".parse().expect("a condition"));
    let findings = load(asked.clone(), &mut service);
    let [.., last] = findings.steps.as_slice() else {
        panic!("a step");
    };
    let errors = &last.errors;
    assert_eq!(
        (errors.len(), errors[0].kind, errors[0].count),
        (1, THROTTLED, 20)
    );
    assert_eq!(&*errors[0].first, "status 503 Service Unavailable");
    assert!(!last.checks[0].is_kept && last.checks[1].is_kept);
    assert!(
        matches!(findings.found, Some(Found::Nothing { .. })),
        "times of errors tell nothing"
    );

    asked.find = None;
    asked.fails_fast = true;
    let findings = load(asked, &mut service);
    assert!(findings.has_failed_fast && !findings.is_kept());
    assert!(findings.steps[0].calls < 20);
}

#[test]
fn a_stop_keeps_what_is_known_and_a_changed_cap_begins_a_row() {
    let mut service = Service::new(5, 40);
    let mut asked = request(&[cap(2)]);
    asked.calls = None;
    let cap_asked = LoadEvent::CapAsked(Cap::new(5).expect("a cap"));
    service.asked = vec![(ms(1000), cap_asked), (ms(2000), LoadEvent::StopAsked)];
    let findings = load(asked, &mut service);
    assert_eq!(findings.error, Some(ExperimentError::Stopped));
    let [first, second] = findings.steps.as_slice() else {
        panic!("{:?}", findings.steps);
    };
    assert_eq!((first.level, second.level), (cap(2), cap(5)));
    let rates = [first, second].map(|step| step.throughput().round());
    assert!(
        (45.0..=52.0).contains(&rates[0]) && (115.0..=130.0).contains(&rates[1]),
        "{rates:?}"
    );
    assert_eq!((second.in_flight_most, second.unfinished), (5, 5));
}

#[test]
fn outputs_that_differ_only_beside_others_are_hazards() {
    let mut service = Service::new(5, 40);
    let mut asked = request(&[cap(4)]);
    asked.compares = true;
    service.answer = |call, busy| match (&call.args["number"], busy) {
        (number, 2..) if *number == json!(3) => json!("lost"),
        (number, _) => number.clone(),
    };
    let findings = load(asked.clone(), &mut service);
    let [difference] = findings.differences.as_slice() else {
        panic!("{:?}", findings.differences);
    };
    assert_eq!(
        (&*difference.args, difference.level),
        (&json!({"number": 3}), cap(4))
    );
    assert_eq!(difference.found.output, Some(json!("lost")));
    assert!(!findings.is_kept());
    let levels: Vec<LoadLevel> = findings.steps.iter().map(|step| step.level).collect();
    assert_eq!(levels, [cap(1), cap(4), cap(1)], "confirmed at one lane");

    let mut service = Service::new(5, 40);
    service.answer = |call, _| call.args["number"].clone();
    assert!(load(asked, &mut service).is_kept());
}
