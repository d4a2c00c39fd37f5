//! Rates at which the machine reads, writes, receives and sends.
//!
//! The kernel counts bytes since the start of the machine; rates are
//! differences between two readings.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use crate::model::Flow;

/// A sector of `/proc/diskstats` has 512 bytes, whatever the disk's own have
/// (`Documentation/block/stat.rst`).
const SECTOR_BYTES: u64 = 512;

/// Bytes that went through a device since the machine was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ByteTotals {
    /// Received or read.
    incoming: u64,
    /// Sent or written.
    outgoing: u64,
}

/// The totals of each device, by its name.
type DeviceTotals = BTreeMap<String, ByteTotals>;

/// Reads the rates of a kind of devices, as differences between readings.
#[derive(Debug)]
pub(super) struct TrafficReader {
    read: fn() -> Option<DeviceTotals>,
    last: Option<TotalsAt>,
}

/// The totals at one moment.
#[derive(Debug)]
struct TotalsAt {
    at: Instant,
    totals: DeviceTotals,
}

impl TrafficReader {
    /// Reads the network devices, the loopback left out.
    pub(super) fn of_network() -> Self {
        Self {
            read: || network(&std::fs::read_to_string("/proc/net/dev").ok()?),
            last: None,
        }
    }

    /// Reads the disks.
    pub(super) fn of_disks() -> Self {
        Self {
            read: || disks(&std::fs::read_to_string("/proc/diskstats").ok()?),
            last: None,
        }
    }

    /// Returns the rates since the last reading; `None` at the first, and where
    /// the system tells nothing.
    pub(super) fn read(&mut self) -> Option<Flow> {
        let totals = (self.read)()?;
        let now = Instant::now();
        let before = self.last.replace(TotalsAt {
            at: now,
            totals: totals.clone(),
        })?;
        let seconds = now.saturating_duration_since(before.at).as_secs_f64();
        Some(flow(&before.totals, &totals, seconds))
    }
}

/// Returns the rates between two readings. A device that is new, or whose
/// counters went back, adds nothing.
fn flow(before: &DeviceTotals, now: &DeviceTotals, seconds: f64) -> Flow {
    let (mut incoming, mut outgoing) = (0, 0);
    for (name, total) in now {
        let last = before.get(name).unwrap_or(total);
        incoming += total.incoming.saturating_sub(last.incoming);
        outgoing += total.outgoing.saturating_sub(last.outgoing);
    }
    let rate = |bytes: u64| (bytes as f64 / seconds.max(1e-3)) as u64;
    Flow {
        in_bytes_per_second: rate(incoming),
        out_bytes_per_second: rate(outgoing),
    }
}

/// Returns the network devices of `/proc/net/dev` that are hardware, so that a
/// bridge does not count what its devices count; where none is, as in a
/// container, all but the loopback.
fn network(text: &str) -> Option<DeviceTotals> {
    let all = interfaces(text);
    let is_hardware = |name: &str| {
        Path::new("/sys/class/net")
            .join(name)
            .join("device")
            .exists()
    };
    let hardware: DeviceTotals = all
        .iter()
        .filter(|(name, _)| is_hardware(name))
        .map(|(name, total)| (name.clone(), *total))
        .collect();
    let chosen = if hardware.is_empty() { all } else { hardware };
    (!chosen.is_empty()).then_some(chosen)
}

/// Parses the lines of `/proc/net/dev`, without the loopback.
fn interfaces(text: &str) -> DeviceTotals {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let totals = lines.filter_map(|(name, figures)| {
        let mut figures = figures.split_whitespace();
        let totals = ByteTotals {
            incoming: figures.next()?.parse().ok()?,
            outgoing: figures.nth(7)?.parse().ok()?,
        };
        Some((name.trim().to_owned(), totals))
    });
    totals.filter(|(name, _)| name != "lo").collect()
}

/// Returns the disks of `/proc/diskstats` that are hardware, so that neither
/// partitions nor stacked devices count the same bytes again.
fn disks(text: &str) -> Option<DeviceTotals> {
    let mut disks = devices(text);
    disks.retain(|name, _| Path::new("/sys/block").join(name).join("device").exists());
    (!disks.is_empty()).then_some(disks)
}

/// Parses the lines of `/proc/diskstats`.
fn devices(text: &str) -> DeviceTotals {
    let totals = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let name = words.nth(2)?;
        let read: u64 = words.nth(2)?.parse().ok()?;
        let written: u64 = words.nth(3)?.parse().ok()?;
        let totals = ByteTotals {
            incoming: read.saturating_mul(SECTOR_BYTES),
            outgoing: written.saturating_mul(SECTOR_BYTES),
        };
        Some((name.to_owned(), totals))
    });
    totals.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(incoming: u64, outgoing: u64) -> ByteTotals {
        ByteTotals { incoming, outgoing }
    }

    #[test]
    fn interfaces_are_read_without_the_loopback() {
        let text = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 5000 10 0 0 0 0 0 0 5000 10 0 0 0 0 0 0
  eth0:123456 99 0 0 0 0 0 0 654321 88 0 0 0 0 0 0
 wlan0: 1 2 3 broken
";
        let totals = interfaces(text);
        assert_eq!(
            totals,
            DeviceTotals::from([("eth0".into(), bytes(123_456, 654_321))])
        );
        assert_eq!(interfaces(""), DeviceTotals::new());
    }

    #[test]
    fn disks_are_read_in_sectors_of_512_bytes() {
        let text = "\
 259       0 nvme0n1 100 0 2000 50 200 0 4000 60 0 70 80 0 0 0 0 0 0
 259       1 nvme0n1p1 1 0 2 5 2 0 4 6 0 7 8
   8       0 sda 7 short
";
        let totals = devices(text);
        let whole = totals.get("nvme0n1").copied();
        assert_eq!(whole, Some(bytes(2_000 * 512, 4_000 * 512)));
        assert!(!totals.contains_key("sda"));
    }

    #[test]
    fn a_device_that_is_new_or_counts_anew_adds_nothing() {
        let before = DeviceTotals::from([
            ("a".into(), bytes(1_000, 500)),
            ("b".into(), bytes(9_000, 9_000)),
        ]);
        let now = DeviceTotals::from([
            ("a".into(), bytes(3_000, 1_500)),
            ("b".into(), bytes(10, 10)),
            ("c".into(), bytes(7_000, 7_000)),
        ]);
        let flow = flow(&before, &now, 2.0);
        assert_eq!(flow.in_bytes_per_second, 1_000);
        assert_eq!(flow.out_bytes_per_second, 500);
    }

    #[test]
    fn the_first_reading_has_no_rate() {
        let mut traffic = TrafficReader {
            read: || Some(DeviceTotals::from([("a".into(), bytes(1, 1))])),
            last: None,
        };
        assert_eq!(traffic.read(), None);
        assert_eq!(traffic.read(), Some(Flow::default()));
    }
}
