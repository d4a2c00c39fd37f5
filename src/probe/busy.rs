//! CPU time used so far: by the whole machine, and by this process.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time that all processes of the machine used since it started, to the
/// clock tick; `None` where this system does not tell. Format: `proc_stat(5)`.
pub fn machine_cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    parse(&text, per_second)
}

/// CPU time of this process, without its children.
pub fn own_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
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
        assert!(own_cpu_time() > Duration::ZERO);
    }
}
