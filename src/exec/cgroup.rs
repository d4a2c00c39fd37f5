//! A control group (cgroup v2) around everything that a runner starts, where
//! the system lets us make one. One write kills all of it, also at the next
//! start, when no process is left that knows its processes.
//!
//! No controller is needed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::probe::procfs::ProcessIdentity;

/// Makes the group of a runner and moves this process, and everything that it
/// starts from here on, into it. `None` where that is not possible.
pub(super) fn enter(runner: ProcessIdentity) -> Option<PathBuf> {
    let group = path_for(runner)?;
    fs::create_dir(&group).ok()?;
    let can_kill = group.join("cgroup.kill").exists();
    if can_kill && fs::write(group.join("cgroup.procs"), "0").is_ok() {
        return Some(group);
    }
    remove(&group);
    None
}

/// Returns the folder of the group that a runner's warden makes for itself.
pub(super) fn path_for(runner: ProcessIdentity) -> Option<PathBuf> {
    let name = format!("fanout-{}-{}", runner.pid, runner.started_ticks);
    Some(own_folder()?.join(name))
}

/// Sends SIGKILL to everything in the group.
pub(super) fn kill(group: &Path) {
    let _refused = fs::write(group.join("cgroup.kill"), "1");
}

/// Removes a group that is empty.
pub(super) fn remove(group: &Path) {
    let _in_use = fs::remove_dir(group);
}

/// Returns the folder of the group that this process is in.
fn own_folder() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    mounts.lines().find_map(|line| folder_under(line, own))
}

/// Returns the folder of the group `own` under a mount, if that is one of
/// cgroup v2 (`proc_pid_mountinfo(5)`).
fn folder_under(mount: &str, own: &str) -> Option<PathBuf> {
    let (place, kind) = mount.split_once(" - ")?;
    kind.starts_with("cgroup2 ").then_some(())?;
    let mut fields = place.split(' ');
    let root = fields.nth(3)?;
    let point = fields.next()?;
    let inside = Path::new(own).strip_prefix(root).ok()?;
    Some(Path::new(point).join(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_under_its_mount() {
        let whole = "41 30 0:29 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw";
        assert_eq!(
            folder_under(whole, "/user.slice/a"),
            Some(PathBuf::from("/sys/fs/cgroup/user.slice/a"))
        );
        let part = "41 30 0:29 /user.slice /mnt rw - cgroup2 cgroup2 rw";
        assert_eq!(
            folder_under(part, "/user.slice/a"),
            Some(PathBuf::from("/mnt/a"))
        );
        assert_eq!(folder_under(part, "/system.slice"), None);
        let old = "35 30 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu";
        assert_eq!(folder_under(old, "/"), None);
    }
}
