//! The containment of every run, and warnings about earlier runs.

use super::Folders;
use crate::exec;
use crate::model::Leftover;
use crate::output::Safe;

/// Starts the containment. `warn` gets what it found of earlier runs.
pub(super) fn start(
    warn: &mut dyn FnMut(&str),
) -> Result<exec::Containment, exec::ContainmentError> {
    let containment = exec::Containment::start(exec::ContainmentOptions {
        state: Folders::find().map(|it| it.state()),
        ..exec::ContainmentOptions::default()
    })?;
    if let Some(error) = containment.ledger_error() {
        warn(&format!(
            "this run is not written down, and if it is killed, what it leaves is not found: {error}"
        ));
    }
    let swept = containment.swept();
    for (word, leftovers) in [
        ("killed", &swept.killed),
        ("could not kill", &swept.unconfirmed),
    ] {
        if !leftovers.is_empty() {
            warn(&format!(
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

/// Means that contain the processes of a run on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContainmentLevel {
    /// Supervisors, and a control group around them all.
    Group,
    /// Supervisors only.
    Supervisors,
}

/// Starts a containment that runs nothing, and returns its level. Leftovers of
/// earlier runs stay as they are.
pub(crate) fn try_containment() -> Result<ContainmentLevel, exec::ContainmentError> {
    /// Number of looks at the warden's control group, 10 ms apart: the warden
    /// enters it once it has started.
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
            return Ok(ContainmentLevel::Group);
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    Ok(ContainmentLevel::Supervisors)
}
