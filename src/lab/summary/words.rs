//! The sum of a run in plain sentences.

use super::{MachineUse, OneLane, OutcomeCount, RunSummary};
use crate::lab::BindingConstraint;
use crate::lab::words::{percent, seconds};

impl RunSummary {
    /// Returns what the run is measured against: one lane, and the bound; nothing
    /// where its time says nothing about lanes.
    pub fn measures(&self) -> Vec<String> {
        if self.is_comparable() {
            vec![self.one_lane_words(), self.bound_words()]
        } else {
            Vec::new()
        }
    }

    /// Returns how long one lane takes, and whether that was measured.
    pub fn one_lane_words(&self) -> String {
        match self.one_lane {
            OneLane::Measured(time) => {
                format!("one lane took {}, measured", seconds(time.as_secs_f64()))
            }
            OneLane::Estimated(time) => format!(
                "one lane would take ~{}, all run times added up",
                seconds(time.as_secs_f64())
            ),
        }
    }

    /// Returns the bound on the time, where it comes from, and how near the run
    /// came to it.
    fn bound_words(&self) -> String {
        let bound = seconds(self.bounds.lower_bound.as_secs_f64());
        let from = match &self.bounds.binding {
            BindingConstraint::CriticalPath => "the longest chain of calls".to_owned(),
            BindingConstraint::Slots => format!("all work in {} lanes", self.lanes),
            BindingConstraint::Cores => format!("CPU time on {} cores", self.machine.cores),
            BindingConstraint::Lock(key) => format!("the lock {key}"),
            BindingConstraint::Tool(tool) => format!("the limit of {tool}"),
            BindingConstraint::Rate(tool) => format!("the rate of {tool}"),
            BindingConstraint::Backoff => "the delays before retries".to_owned(),
        };
        let unavoidable = self.unavoidable().map(|share| share.min(1.0));
        let share = unavoidable.map_or_else(String::new, |share| {
            format!(", {} of the time it took", percent(share))
        });
        format!("no order of these calls takes less than {bound}: {from}{share}")
    }
}

impl MachineUse {
    /// Returns what the calls used of the machine.
    pub fn words(&self) -> String {
        let mut cores = format!(
            "the calls used {:.1} of {} cores on average",
            self.cores_used, self.cores
        );
        if let Some(foreign) = self.foreign_cores.filter(|cores| *cores >= 0.2) {
            cores = format!("{cores}, other programs {foreign:.1}");
        }
        let Some(peak) = self.peak_bytes else {
            return cores;
        };
        let size = |bytes: u64| bytesize::ByteSize(bytes).display().iec_short().to_string();
        let of = self
            .memory_bytes
            .map_or_else(String::new, |total| format!(" of {}", size(total)));
        format!("{cores}; the largest {}{of} of memory", size(peak))
    }
}

impl OutcomeCount {
    /// Returns the count in words, with how many of them were planned.
    pub fn words(&self) -> String {
        let Self {
            outcome,
            count,
            planned,
        } = self;
        match planned {
            0 => format!("{count} {outcome}"),
            _ if planned == count => format!("{count} {outcome} as planned"),
            _ => format!("{count} {outcome}, {planned} of them as planned"),
        }
    }
}
