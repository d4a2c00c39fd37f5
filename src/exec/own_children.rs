//! Children that this process started outside of supervision, each in a session
//! of its own. The list belongs to the process, like the children.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

static OWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Starts a child and lists it; [`all`] never misses one that runs.
pub(super) fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut own = lock();
    let child = command.spawn()?;
    own.insert(child.id());
    Ok(child)
}

/// Does something, such as stopping this process with its group, while no child
/// is between its start and its program: one that is stopped there would hold
/// the thread that starts it, which then never stops.
pub fn while_none_starts<T>(something: impl FnOnce() -> T) -> T {
    let _own = lock();
    something()
}

/// Removes a child that has been waited for.
pub(super) fn disown(pid: u32) {
    lock().remove(&pid);
}

/// Returns the pids listed now.
pub(super) fn all() -> BTreeSet<u32> {
    lock().clone()
}

fn lock() -> MutexGuard<'static, BTreeSet<u32>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}
