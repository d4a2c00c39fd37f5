//! What every run is contained by, and what is told of earlier runs.

use std::path::PathBuf;

use super::exit;
use crate::exec;
use crate::model::Leftover;
use crate::output::Safe;

/// Starts the containment, and tells what it found of earlier runs.
pub(super) fn start() -> Result<exec::Containment, exec::ContainmentError> {
    let containment = exec::Containment::start(exec::Options {
        state: state_folder(),
        ..exec::Options::default()
    })?;
    if let Some(error) = containment.ledger_error() {
        exit::complain(&format!(
            "this run is not written down, and if it is killed, what it leaves is not found: {error}"
        ));
    }
    let swept = containment.swept();
    for (word, leftovers) in [
        ("killed", &swept.killed),
        ("could not kill", &swept.unconfirmed),
    ] {
        if !leftovers.is_empty() {
            exit::complain(&format!(
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

/// The state folder of the XDG base directory specification; `None` without
/// a home.
fn state_folder() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let state = folder("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(folder("HOME")?.join(".local/state")));
    Some(state?.join("fanout"))
}
