//! Numbers as the screen writes them: times, sizes, shares and counts.

use std::time::{Duration, SystemTime};

use bytesize::ByteSize;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Piece;
use crate::model::{self, CallId, Cap, LaneId};

/// A count.
pub fn count(number: usize) -> Piece<'static> {
    Piece::formatted(number.to_string())
}

/// A call's number, such as `#7`.
pub fn call(id: CallId) -> Piece<'static> {
    Piece::formatted(id.to_string())
}

/// A lane's number.
pub fn lane(id: LaneId) -> Piece<'static> {
    Piece::formatted(id.to_string())
}

/// The cap.
pub fn cap(cap: Cap) -> Piece<'static> {
    Piece::formatted(cap.to_string())
}

/// Two counts as a part of a whole, such as `3/4`.
pub fn part(part: impl Into<u64>, whole: impl Into<u64>) -> Piece<'static> {
    let (part, whole): (u64, u64) = (part.into(), whole.into());
    Piece::formatted(format!("{part}/{whole}"))
}

/// Minutes, seconds and tenths: `01:03.9`; hours beyond one.
pub fn clock(time: Duration) -> Piece<'static> {
    let tenths = time.as_millis() / 100;
    let (seconds, tenth) = (tenths / 10, tenths % 10);
    if seconds >= 3600 {
        return whole_clock(time);
    }
    Piece::formatted(format!("{:02}:{:02}.{tenth}", seconds / 60, seconds % 60))
}

/// A time that something took: `8 ms` below a second, else as a clock.
pub fn took(time: Duration) -> Piece<'static> {
    match time.as_millis() {
        ms @ ..1000 => Piece::formatted(format!("{ms} ms")),
        _ => clock(time),
    }
}

/// Minutes and seconds: `02:14`; hours beyond one.
pub fn whole_clock(time: Duration) -> Piece<'static> {
    let seconds = time.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    Piece::formatted(match hours {
        0 => format!("{minutes:02}:{:02}", seconds % 60),
        hours => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
    })
}

/// A moment with milliseconds: `01:03.940`, at most 9 cells below 100 minutes.
pub fn stamp(at: Duration) -> Piece<'static> {
    let (minutes, seconds) = (at.as_secs() / 60, at.as_secs() % 60);
    Piece::formatted(format!(
        "{minutes:02}:{seconds:02}.{:03}",
        at.subsec_millis()
    ))
}

/// A time left, such as `1.2 s`; whole seconds from ten on.
pub fn left(time: Duration) -> Piece<'static> {
    let tenths = time.as_millis().div_ceil(100);
    Piece::formatted(if tenths < 100 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        format!("{} s", tenths.div_ceil(10))
    })
}

/// A time in whole units, such as `47 s`, `5 min` or `28 h`.
pub fn about(time: Duration) -> Piece<'static> {
    let seconds = time.as_millis().div_ceil(1000);
    Piece::formatted(match seconds {
        0..100 => format!("{seconds} s"),
        100..6000 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h", (seconds + 1800) / 3600),
    })
}

/// A time of day with milliseconds: `16:03:35.868`.
pub fn time_of_day(at: SystemTime, zone: &TimeZone) -> Piece<'static> {
    let at = Timestamp::try_from(at).unwrap_or_default();
    let at = at.to_zoned(zone.clone());
    Piece::formatted(at.strftime("%H:%M:%S%.3f").to_string())
}

/// A process, such as `pid 4711`.
pub fn pid(pid: u32) -> Piece<'static> {
    Piece::formatted(format!("pid {pid}"))
}

/// A size in at most five cells, such as `9.1M` or `112M`.
pub fn bytes(bytes: u64) -> Piece<'static> {
    let size = ByteSize(bytes).display().iec_short();
    let exact = size.to_string();
    let is_long = exact.len() > 5;
    Piece::formatted(if is_long { format!("{size:.0}") } else { exact })
}

/// A number that may be below 0.
pub fn signed(number: i32) -> Piece<'static> {
    Piece::formatted(number.to_string())
}

/// A share as a whole percentage: 0.61 is `61%`.
pub fn percent(share: f32) -> Piece<'static> {
    // Adding it makes the zero that is below zero one that is not.
    Piece::formatted(format!("{:.0}%", (share.max(0.0) + 0.0) * 100.0))
}

/// Cores as a number with one decimal.
pub fn cores(cores: f64) -> Piece<'static> {
    Piece::formatted(format!("{cores:.1}"))
}

/// An amount in a unit that is not known: `3`, `0.5`.
pub fn amount(amount: f64) -> Piece<'static> {
    Piece::formatted(format!("{amount}").chars().take(12).collect())
}

/// How many times as much something is, such as `3.20`.
pub fn times(times: f64) -> Piece<'static> {
    Piece::formatted(format!("{times:.2}"))
}

/// How many a second, such as `11.8/s`.
pub fn per_second(rate: f64) -> Piece<'static> {
    Piece::formatted(match rate {
        ..100.0 => format!("{rate:.1}/s"),
        _ => format!("{rate:.0}/s"),
    })
}

/// A short time in seconds, such as `0.63 s`; without decimals from 100 s on.
pub fn seconds(time: Duration) -> Piece<'static> {
    let seconds = time.as_secs_f64();
    Piece::formatted(match seconds {
        ..10.0 => format!("{seconds:.2} s"),
        10.0..100.0 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.0} s"),
    })
}

/// A size of the screen.
pub fn size(width: u16, height: u16) -> Piece<'static> {
    Piece::formatted(format!("{width}×{height}"))
}

/// A plural: `1 call`, `2 calls`.
pub fn plural(number: usize, noun: &'static str) -> Piece<'static> {
    Piece::formatted(model::plural(number, noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn times() {
        assert_eq!(percent(-0.0).as_str(), "0%");
        assert_eq!(took(ms(8)).as_str(), "8 ms");
        assert_eq!(clock(ms(63_940)).as_str(), "01:03.9");
        assert_eq!(clock(ms(3_600_000)).as_str(), "1:00:00");
        assert_eq!(whole_clock(ms(134_000)).as_str(), "02:14");
        assert_eq!(left(ms(1_150)).as_str(), "1.2 s");
        assert_eq!(left(ms(9_950)).as_str(), "10 s");
        assert_eq!(left(ms(0)).as_str(), "0.0 s");
    }

    #[test]
    fn sizes_fit_five_cells() {
        for (size, text) in [
            (0, "0B"),
            (1023, "1023B"),
            (9 << 20, "9.0M"),
            (640 << 20, "640M"),
            ((1 << 30) - 1, "1024M"),
            (5 << 30, "5.0G"),
        ] {
            assert_eq!(bytes(size).as_str(), text);
            assert!(bytes(size).width() <= 5);
        }
    }
}
