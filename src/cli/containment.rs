//! What every run is contained by, and what is told of earlier runs.

use std::path::PathBuf;

use super::config::Folders;
use crate::exec;
use crate::model::Leftover;
use crate::output::Safe;

/// Starts the containment, and complains of what it found of earlier runs.
pub(super) fn start(
    complain: &mut dyn FnMut(&str),
) -> Result<exec::Containment, exec::ContainmentError> {
    let containment = exec::Containment::start(exec::ContainmentOptions {
        state: state_folder(),
        ..exec::ContainmentOptions::default()
    })?;
    if let Some(error) = containment.ledger_error() {
        complain(&format!(
            "this run is not written down, and if it is killed, what it leaves is not found: {error}"
        ));
    }
    let swept = containment.swept();
    for (word, leftovers) in [
        ("killed", &swept.killed),
        ("could not kill", &swept.unconfirmed),
    ] {
        if !leftovers.is_empty() {
            complain(&format!(
                "{word} what an earlier run left: {}",
                names(leftovers)
            ));
        }
    }
    Ok(containment)
}

fn names(leftovers: &[Leftover]) -> String {
    let each = leftovers.iter().map(|leftover| {
        let name = Safe::new(&leftover.name);
        format!("{} ({})", name.as_str(), leftover.pid)
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What holds the processes of a run here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Supervisors, and a control group around them all.
    Group,
    /// Supervisors only.
    Supervisors,
}

/// Starts a containment that runs nothing, and looks at what it became. What
/// earlier runs left stays as it is.
pub(super) fn try_out() -> Result<Level, exec::ContainmentError> {
    /// Looks at the group that often, 10 ms apart: the warden enters it once
    /// it has started.
    const LOOKS: usize = 30;
    let containment = exec::Containment::start(exec::ContainmentOptions::default())?;
    let groups = format!("/proc/{}/cgroup", containment.warden_pid());
    for _ in 0..LOOKS {
        let group = std::fs::read_to_string(&groups).unwrap_or_default();
        if group
            .trim_end()
            .rsplit('/')
            .next()
            .is_some_and(|it| it.starts_with("fanout-"))
        {
            return Ok(Level::Group);
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    Ok(Level::Supervisors)
}

/// The state folder; `None` without a home.
fn state_folder() -> Option<PathBuf> {
    Folders::find().map(|it| it.state())
}
