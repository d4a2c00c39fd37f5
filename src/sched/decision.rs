//! Records of a run's decisions, by which it can be replayed exactly.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Effects, Input, Scheduler, SchedulerSettings};

/// One record: the settings of the run first, then one record a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionRecord {
    /// Settings of the run; the first record.
    Begun(Box<SchedulerSettings>),
    /// One step, with what came of it.
    Stepped {
        /// Time since the run's start.
        now: Duration,
        /// Input of the step.
        input: Input,
        /// Effects that the scheduler returned.
        effects: Effects,
    },
}

/// A scheduler that takes the recorded steps again and compares the effects.
#[derive(Debug, Default)]
pub struct Replay {
    scheduler: Option<Scheduler>,
    steps: usize,
}

/// Difference between a replay and its record.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplayError {
    /// The first record does not hold the settings, or a later one does.
    #[error("step {step} is out of place")]
    OutOfPlace {
        /// Number of the step, from 1; 0 is the beginning.
        step: usize,
    },
    /// The scheduler returned other effects.
    #[error("step {step} differs: recorded {recorded:?}, now {now:?}")]
    Differs {
        /// Number of the step, from 1.
        step: usize,
        /// Recorded effects.
        recorded: Effects,
        /// Effects of the replayed step.
        now: Effects,
    },
}

impl Replay {
    /// Takes the next record.
    pub fn step(&mut self, line: DecisionRecord) -> Result<(), ReplayError> {
        let step = self.steps;
        self.steps += 1;
        match (line, &mut self.scheduler) {
            (DecisionRecord::Begun(settings), scheduler @ None) => {
                *scheduler = Some(Scheduler::new(*settings));
                Ok(())
            }
            (
                DecisionRecord::Stepped {
                    now,
                    input,
                    effects: recorded,
                },
                Some(scheduler),
            ) => {
                let now = scheduler.step(now, input);
                if now == recorded {
                    Ok(())
                } else {
                    Err(ReplayError::Differs {
                        step,
                        recorded,
                        now,
                    })
                }
            }
            _ => Err(ReplayError::OutOfPlace { step }),
        }
    }

    /// Number of records taken, the settings included.
    pub fn steps(&self) -> usize {
        self.steps
    }
}
