//! What is kept of a run so that its decisions can be replayed exactly.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Effects, Input, Scheduler, SchedulerSettings};

/// One line of a tape. The first is the beginning, each later one a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionRecord {
    /// What the scheduler started from.
    Begun(Box<SchedulerSettings>),
    /// One step, with what came of it.
    Stepped {
        /// Time since the run's start.
        now: Duration,
        /// What the scheduler was told.
        input: Input,
        /// What it ordered.
        effects: Effects,
    },
}

/// A scheduler that goes through the steps of a tape again.
#[derive(Debug, Default)]
pub struct Replay {
    scheduler: Option<Scheduler>,
    steps: usize,
}

/// Where a replay went another way than the tape.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplayError {
    /// The first line is not the beginning, or another one is.
    #[error("step {step} is out of place")]
    OutOfPlace {
        /// Number of the step, from 1; 0 is the beginning.
        step: usize,
    },
    /// The scheduler ordered something else.
    #[error("step {step} went another way: taped {taped:?}, now {now:?}")]
    Differs {
        /// Number of the step, from 1.
        step: usize,
        /// What the tape says.
        taped: Effects,
        /// What was ordered now.
        now: Effects,
    },
}

impl Replay {
    /// Takes the next line of the tape.
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
                    effects: taped,
                },
                Some(scheduler),
            ) => {
                let now = scheduler.step(now, input);
                if now == taped {
                    Ok(())
                } else {
                    Err(ReplayError::Differs { step, taped, now })
                }
            }
            _ => Err(ReplayError::OutOfPlace { step }),
        }
    }

    /// Steps taken, the beginning included.
    pub fn steps(&self) -> usize {
        self.steps
    }
}
