//! CPU time used so far: by the whole machine, and by this process and those
//! under it.

use std::time::Duration;

use super::procfs::{ProcessStat, duration_of};

/// Returns the CPU time that all processes of the machine used since it was
/// started, to the clock tick; `None` where the system does not tell. Format:
/// `proc_stat(5)`.
pub fn machine_cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    busy_ticks(&text).map(duration_of)
}

/// Returns the CPU time of this process and of those under it that have ended
/// and were waited for; `None` where the system does not tell.
pub fn own_cpu_time() -> Option<Duration> {
    ProcessStat::read(std::process::id()).map(|stat| stat.cpu_time())
}

fn busy_ticks(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let mut fields = line.split_ascii_whitespace().map(str::parse::<u64>);
    let mut next = || fields.next()?.ok();
    let (user, nice, system) = (next()?, next()?, next()?);
    // Idle time and time waiting for disks use no core.
    let (_idle, _waiting) = (next()?, next()?);
    let (irq, soft_irq) = (next()?, next()?);
    Some(user + nice + system + irq + soft_irq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_is_not_use() {
        let text = "intr 5\ncpu  100 20 30 9000 400 5 7 1 0 0\ncpu0 1 2 3\n";
        assert_eq!(busy_ticks(text), Some(162));
        assert_eq!(busy_ticks("cpu0 1 2 3\n"), None);
        assert_eq!(duration_of(162), Duration::from_millis(1_620));
    }

    #[test]
    fn this_process_has_used_some() {
        let own = own_cpu_time().expect("the system tells");
        let machine = machine_cpu_time().expect("the system tells");
        assert!(own <= machine, "{own:?} of {machine:?}");
    }

    #[test]
    fn own_time_is_that_of_the_children_too() {
        let text = b"7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 5 6 7\n";
        let stat = ProcessStat::parse(text).expect("the fields are complete");
        assert_eq!(stat.cpu_time(), Duration::from_millis(1_270));
        assert_eq!(ProcessStat::parse(b"7 (a) S 1"), None);
    }
}
