//! A control group (cgroup v2) around everything that a runner starts, where
//! the system lets us make one. One write kills all of it, also at the next
//! start, when no process is left that knows its processes.
//!
//! No controller is needed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::probe::procfs::ProcessIdentity;

/// First part of the name of a runner's group.
const PREFIX: &str = "fanout-";

/// Groups that one start removes at most.
const MOST_REMOVED: usize = 1000;

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
    let name = format!("{PREFIX}{}-{}", runner.pid, runner.started_ticks);
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

/// Moves this process, the last one of its group, to the group above, and
/// removes its own.
pub(super) fn leave(group: &Path) {
    if let Some(above) = group.parent() {
        let _refused = fs::write(above.join("cgroup.procs"), "0");
    }
    remove(group);
}

/// Removes the empty groups of dead runners, at most [`MOST_REMOVED`].
///
/// A runner of another pid namespace may seem dead; its group is kept while a
/// process is in it.
pub(super) fn remove_dead() {
    let Some(entries) = own_folder().and_then(|folder| fs::read_dir(folder).ok()) else {
        return;
    };
    let dead = entries.flatten().filter(|entry| {
        let runner = entry.file_name().to_str().and_then(runner_of);
        runner.is_some_and(|runner| !runner.is_alive())
    });
    for entry in dead.take(MOST_REMOVED) {
        remove(&entry.path());
    }
}

/// Returns the number of processes and threads that the groups of this process
/// may still start (`pids.max`); `None` without a limit.
pub(super) fn free_processes() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let number = |folder: &Path, name: &str| {
        let text = fs::read_to_string(folder.join(name)).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let limited = groups.lines().filter_map(|group| {
        let mut fields = group.splitn(3, ':');
        let (_, controllers, own) = (fields.next()?, fields.next()?, fields.next()?);
        let controller = match controllers {
            "" => None,
            _ => Some(controllers.split(',').find(|it| *it == "pids")?),
        };
        mounts
            .lines()
            .find_map(|line| folder_under(line, own, controller))
    });
    // A limit of a group above counts its whole subtree.
    let free = limited.flat_map(|folder| {
        let above: Vec<u64> = folder
            .ancestors()
            .filter_map(|it| {
                Some(number(it, "pids.max")?.saturating_sub(number(it, "pids.current")?))
            })
            .collect();
        above
    });
    free.min()
}

/// Reads the runner from the name of its group.
fn runner_of(name: &str) -> Option<ProcessIdentity> {
    let (pid, started_ticks) = name.strip_prefix(PREFIX)?.split_once('-')?;
    Some(ProcessIdentity {
        pid: pid.parse().ok()?,
        started_ticks: started_ticks.parse().ok()?,
    })
}

/// Returns the folder of the group that this process is in.
fn own_folder() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    mounts
        .lines()
        .find_map(|line| folder_under(line, own, None))
}

/// Returns the folder of the group `own` under a mount, if that is one of
/// cgroup v2, or of a controller of v1 (`proc_pid_mountinfo(5)`).
fn folder_under(mount: &str, own: &str, controller: Option<&str>) -> Option<PathBuf> {
    let (place, kind) = mount.split_once(" - ")?;
    let is_wanted = match controller {
        None => kind.starts_with("cgroup2 "),
        Some(name) => {
            let mut options = kind.rsplit(' ').next()?.split(',');
            kind.starts_with("cgroup ") && options.any(|option| option == name)
        }
    };
    is_wanted.then_some(())?;
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
    fn the_name_of_a_group_names_its_runner() {
        let runner = ProcessIdentity {
            pid: 17,
            started_ticks: 4242,
        };
        assert_eq!(runner_of("fanout-17-4242"), Some(runner));
        for foreign in ["fanout-17", "fanout-x-1", "system.slice", "fanout-1-2-3"] {
            assert_eq!(runner_of(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_group_is_found_under_its_mount() {
        let whole = "41 30 0:29 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw";
        assert_eq!(
            folder_under(whole, "/user.slice/a", None),
            Some(PathBuf::from("/sys/fs/cgroup/user.slice/a"))
        );
        let part = "41 30 0:29 /user.slice /mnt rw - cgroup2 cgroup2 rw";
        assert_eq!(
            folder_under(part, "/user.slice/a", None),
            Some(PathBuf::from("/mnt/a"))
        );
        assert_eq!(folder_under(part, "/system.slice", None), None);
        let old = "35 30 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu";
        assert_eq!(folder_under(old, "/", None), None);
        assert_eq!(folder_under(old, "/", Some("pids")), None);
        assert_eq!(
            folder_under(old, "/a", Some("cpu")),
            Some(PathBuf::from("/sys/fs/cgroup/cpu/a"))
        );
    }
}
