//! CPU time used so far: by the whole machine, and by this process and those
//! under it.

use std::time::Duration;

/// CPU time that all processes of the machine used since it started, to the
/// clock tick; `None` where this system does not tell. Format: `proc_stat(5)`.
pub fn machine_cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    parse(&text, per_second)
}

/// CPU time of this process and of those under it that have ended and were
/// waited for; `None` where the system does not tell.
pub fn own_cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    parse_own(&text, per_second)
}

/// Fields 14 to 17 of `proc_pid_stat(5)`: user and system time, and those of
/// children. The name in field 2 may have blanks and brackets in it.
fn parse_own(text: &str, ticks_per_second: u64) -> Option<Duration> {
    let (_, fields) = text.rsplit_once(')')?;
    let fields = fields.split_ascii_whitespace().skip(11).take(4);
    let ticks: Option<Vec<u64>> = fields.map(|field| field.parse().ok()).collect();
    let ticks = ticks
        .filter(|ticks| ticks.len() == 4)?
        .into_iter()
        .sum::<u64>();
    Some(Duration::from_secs_f64(
        ticks as f64 / ticks_per_second as f64,
    ))
}

fn parse(text: &str, ticks_per_second: u64) -> Option<Duration> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let mut fields = line.split_ascii_whitespace().map(str::parse::<u64>);
    let mut next = || fields.next()?.ok();
    let (user, nice, system) = (next()?, next()?, next()?);
    // Idle and waiting for disks is no use of a core.
    let (_idle, _waiting) = (next()?, next()?);
    let (irq, soft_irq) = (next()?, next()?);
    let ticks = user + nice + system + irq + soft_irq;
    Some(Duration::from_secs_f64(
        ticks as f64 / ticks_per_second as f64,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_is_not_use() {
        let text = "intr 5\ncpu  100 20 30 9000 400 5 7 1 0 0\ncpu0 1 2 3\n";
        assert_eq!(parse(text, 100), Some(Duration::from_millis(1_620)));
        assert_eq!(parse("cpu0 1 2 3\n", 100), None);
    }

    #[test]
    fn this_process_has_used_some() {
        let own = own_cpu_time().expect("the system tells");
        let machine = machine_cpu_time().expect("the system tells");
        assert!(own <= machine, "{own:?} of {machine:?}");
    }

    #[test]
    fn own_time_is_that_of_the_children_too() {
        let text = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 5\n";
        assert_eq!(parse_own(text, 100), Some(Duration::from_millis(1_270)));
        assert_eq!(parse_own("7 (a) S 1", 100), None);
    }
}
