//! Bounds on the evaluation of JSON Schemas. A schema comes from a server or a
//! file that nobody has read: it may branch exponentially, refer to itself
//! through thousands of steps, or hold a regular expression that backtracks.
//!
//! Every subschema is given a keyword of our own, which counts a step whenever
//! the subschema is evaluated. When a bound is hit, the keyword unwinds the
//! evaluator without a panic message.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{Keyword, PatternOptions, ValidationError};
use serde_json::{Map, Value, json};

use super::size::{Size, size_of};

/// Keyword that counts steps; its value is the weight of the subschema.
pub(super) const STEP: &str = "x-fanout-step";

/// Keyword of a pattern that needs backtracking.
pub(super) const BACKTRACKING: &str = "x-fanout-pattern";

/// Most backtracking steps of one match.
const MOST_BACKTRACKS: usize = 5_000;

/// Longest text that a backtracking pattern is tried on, in bytes. Each step
/// may scan the text.
const LONGEST_BACKTRACKED: usize = 2 << 10;

/// Most bytes of a compiled pattern, and of all of a schema together.
const MOST_PATTERN_BYTES: usize = 1 << 20;
const MOST_BYTES_OF_PATTERNS: usize = 64 << 20;

/// Deepest recursion of the evaluator: schemas applied to one value, times the
/// depth of the value.
const DEEPEST: usize = 16 << 10;

/// Recursion that a thread's ordinary stack holds.
const SHALLOW: usize = 48;

/// Stack for deeper recursion, in bytes; only touched pages are used.
const DEEP_STACK: usize = 512 << 20;

/// A bound that an evaluation hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bound {
    /// Too many steps.
    #[error("the schema takes too many steps to evaluate")]
    Steps,
    /// Too much time.
    #[error("the schema takes too long to evaluate")]
    Time,
    /// Too deep a recursion.
    #[error("the schema is nested too deeply to evaluate")]
    Depth,
    /// A pattern that backtracks too often, or a text too long for one that does.
    #[error("the schema has a pattern that would take too long on this text")]
    Pattern,
}

/// Most work that an evaluation may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    steps: u64,
    time: Duration,
}

impl Limits {
    /// For threads that have time.
    pub(crate) const FULL: Self = Self {
        steps: 100_000_000,
        time: Duration::from_secs(1),
    };

    /// For threads that must answer: the screen's and the engine's.
    pub(crate) const QUICK: Self = Self {
        steps: 1_000_000,
        time: Duration::from_millis(10),
    };

    /// For the list of violations, each of which takes memory.
    pub(super) const fn for_messages(self) -> Self {
        const MOST: u64 = 1_000_000;
        let steps = if self.steps < MOST { self.steps } else { MOST };
        Self { steps, ..self }
    }
}

#[derive(Debug, Clone, Copy)]
struct Budget {
    steps_left: u64,
    end: Instant,
}

thread_local! {
    /// Budget left to the evaluation on this thread.
    static BUDGET: Cell<Option<Budget>> = const { Cell::new(None) };
}

/// Runs an evaluation of a schema of this size on a value, within limits.
pub(super) fn within<T: Send>(
    limits: Limits,
    schema: Size,
    value: &Value,
    evaluate: impl FnOnce() -> T + Send,
) -> Result<T, Bound> {
    let value = size_of(value);
    // Trying patterns on keys is one step, which nothing interrupts.
    if schema.widest.saturating_mul(value.widest) as u64 > limits.steps / 100 {
        return Err(Bound::Steps);
    }
    let depth = schema.deepest.saturating_mul(value.deepest);
    if depth > DEEPEST {
        return Err(Bound::Depth);
    }
    let run = || budgeted(limits, evaluate);
    with_stack(depth, run).ok_or(Bound::Depth)?
}

/// Runs what recurses this deep where the stack holds it; `None` where there is
/// no room for such a stack.
pub(super) fn with_stack<T: Send>(depth: usize, run: impl FnOnce() -> T + Send) -> Option<T> {
    if depth <= SHALLOW {
        return Some(run());
    }
    let deep = std::thread::Builder::new().stack_size(DEEP_STACK);
    std::thread::scope(|scope| {
        let thread = deep.spawn_scoped(scope, run).ok()?;
        Some(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

fn budgeted<T>(limits: Limits, evaluate: impl FnOnce() -> T) -> Result<T, Bound> {
    let outer = BUDGET.replace(Some(Budget {
        steps_left: limits.steps,
        end: Instant::now() + limits.time,
    }));
    // The evaluator keeps no state between evaluations, so that an unwound one
    // leaves nothing half done.
    let result = catch_unwind(AssertUnwindSafe(evaluate));
    BUDGET.set(outer);
    result.or_else(|payload| match payload.downcast::<Bound>() {
        Ok(bound) => Err(*bound),
        Err(panic) => resume_unwind(panic),
    })
}

fn stop(bound: Bound) -> ! {
    resume_unwind(Box::new(bound))
}

/// Takes steps from the budget of this thread.
fn take(steps: u64) {
    let Some(mut budget) = BUDGET.get() else {
        return;
    };
    let before = budget.steps_left;
    let Some(left) = before.checked_sub(steps) else {
        stop(Bound::Steps)
    };
    // The clock is read once in 32 steps.
    if before / 32 != left / 32 && Instant::now() > budget.end {
        stop(Bound::Time);
    }
    budget.steps_left = left;
    BUDGET.set(Some(budget));
}

/// Counts the steps of a subschema.
struct Step {
    weight: u64,
}

impl Step {
    fn count(&self, value: &Value) {
        let size = match value {
            Value::Array(items) => items.len(),
            Value::Object(entries) => entries.len(),
            Value::String(text) => text.len() / 256,
            _ => 0,
        };
        take(self.weight.saturating_mul(size as u64 + 1));
    }
}

impl<'i> Keyword<'i> for Step {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        self.count(value);
        Ok(())
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        self.count(value);
        true
    }
}

/// A pattern that needs backtracking.
struct Backtracking {
    pattern: String,
    validator: jsonschema::Validator,
}

impl<'i> Keyword<'i> for Backtracking {
    fn validate(&self, value: &'i Value) -> Result<(), ValidationError<'i>> {
        if Keyword::is_valid(self, value) {
            return Ok(());
        }
        let value = match value.to_string() {
            long if long.len() > 100 => "the value".to_owned(),
            short => short,
        };
        let message = format!("{value} does not match {:?}", self.pattern);
        Err(ValidationError::custom(message))
    }

    fn is_valid(&self, value: &'i Value) -> bool {
        if value
            .as_str()
            .is_some_and(|it| it.len() > LONGEST_BACKTRACKED)
        {
            stop(Bound::Pattern);
        }
        take(1);
        match self.validator.validate(value) {
            Ok(()) => true,
            // It was not tried to the end: neither answer is known.
            Err(error) if matches!(error.kind(), Kind::BacktrackLimitExceeded { .. }) => {
                stop(Bound::Pattern)
            }
            Err(_) => false,
        }
    }
}

/// Most bytes of each compiled pattern of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PatternLimit(usize);

impl PatternLimit {
    /// Returns the limit in a schema with so many patterns.
    pub(super) fn of(patterns: usize) -> Self {
        let each = MOST_BYTES_OF_PATTERNS / patterns.max(1);
        Self(each.min(MOST_PATTERN_BYTES))
    }
}

/// Options of the validators: patterns in linear time, and our own keywords.
pub(super) fn build(
    schema: &Value,
    limit: PatternLimit,
) -> Result<jsonschema::Validator, ValidationError<'static>> {
    let linear = PatternOptions::regex().size_limit(limit.0);
    jsonschema::options()
        .offline()
        .with_pattern_options(linear)
        .with_keyword(
            STEP,
            |_: &Map<String, Value>, weight: &Value, _| -> Made<'_> {
                let weight = weight.as_u64().unwrap_or(1);
                Ok(Box::new(Step { weight }))
            },
        )
        .with_keyword(
            BACKTRACKING,
            move |_: &Map<String, Value>, pattern: &Value, _| -> Made<'_> {
                let validator = backtracking(pattern, limit).map_err(ValidationError::to_owned)?;
                let pattern = pattern.as_str().unwrap_or_default().to_owned();
                Ok(Box::new(Backtracking { pattern, validator }))
            },
        )
        .build(schema)
}

type Made<'a> = Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>>;

fn backtracking(
    pattern: &Value,
    limit: PatternLimit,
) -> Result<jsonschema::Validator, ValidationError<'static>> {
    let options = PatternOptions::fancy_regex()
        .backtrack_limit(MOST_BACKTRACKS)
        .size_limit(limit.0);
    jsonschema::options()
        .offline()
        .with_pattern_options(options)
        .build(&json!({ "pattern": pattern }))
}

/// Whether a pattern cannot be matched in linear time, and can be otherwise.
pub(super) fn needs_backtracking(pattern: &Value, limit: PatternLimit) -> bool {
    let linear = PatternOptions::regex().size_limit(limit.0);
    let linear = jsonschema::options()
        .offline()
        .with_pattern_options(linear)
        .build(&json!({ "pattern": pattern }));
    linear.is_err() && backtracking(pattern, limit).is_ok()
}
