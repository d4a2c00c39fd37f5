//! The kernel's choice of a process to kill when memory runs out: tools before
//! the runner.

use std::ffi::CString;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Points that a tool has above the runner: as if it held that many thousandths
/// more of the memory that it may use (`proc_pid_oom_score_adj(5)`). The
/// runner's own use never comes to that.
const TOOL_POINTS: i32 = 800;

/// Highest value that the system takes.
const MOST_POINTS: i32 = 1000;

/// Kills by the kernel that were counted before, or that were told of.
static KNOWN_KILLS: Mutex<Option<u64>> = Mutex::new(None);

/// Returns the text of a tool's `/proc/self/oom_score_adj`. Raising the value
/// is always allowed.
pub(super) fn tool_score() -> CString {
    let own = fs::read_to_string("/proc/self/oom_score_adj").unwrap_or_default();
    let own: i32 = own.trim().parse().unwrap_or(0);
    let points = (own + TOOL_POINTS).min(MOST_POINTS);
    CString::new(points.to_string()).unwrap_or_default()
}

/// Counts the kills so far as known.
pub(super) fn forget_kills() {
    *known_kills() = kills();
}

/// Whether the kernel killed a process of this machine for lack of memory that
/// is not known yet. Each kill is told once.
pub(super) fn take_kill() -> bool {
    let mut known = known_kills();
    let is_new = known.zip(kills()).is_some_and(|(known, now)| now > known);
    if is_new {
        *known = known.map(|known| known + 1);
    }
    is_new
}

fn known_kills() -> MutexGuard<'static, Option<u64>> {
    KNOWN_KILLS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kills() -> Option<u64> {
    let vmstat = fs::read_to_string("/proc/vmstat").ok()?;
    let mut lines = vmstat.lines();
    lines.find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok())
}
