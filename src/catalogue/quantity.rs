//! Durations, sizes and rates as people write them.

use std::time::Duration;

use bytesize::ByteSize;
use jiff::fmt::friendly::{SpanParser, SpanPrinter};

use crate::model::Rate;

/// Longest duration that is taken: a year. It keeps sums of times far from
/// where they would overflow.
pub(crate) const LONGEST: Duration = Duration::from_hours(366 * 24);

/// Why a quantity was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QuantityError {
    /// Not a duration.
    #[error("not a duration such as \"1.5s\", \"250ms\" or \"2m 30s\"")]
    Duration,
    /// A duration longer than a year.
    #[error("longer than a year")]
    TooLong,
    /// Not a size.
    #[error("not a size such as \"256MiB\" or \"1.5GB\"")]
    Size,
    /// Not a rate.
    #[error("not a rate such as \"5/s\", \"100/m\" or \"1/10s\"")]
    Rate,
}

/// Reads a duration: a number with its unit, as jiff's friendly format takes
/// it (`1.5s`, `250ms`, `2m 30s`, `1h`).
pub(crate) fn parse_duration(text: &str) -> Result<Duration, QuantityError> {
    let parsed = SpanParser::new().parse_unsigned_duration(text.trim());
    let time = parsed.map_err(|_reason| QuantityError::Duration)?;
    if time > LONGEST {
        return Err(QuantityError::TooLong);
    }
    Ok(time)
}

/// Writes a duration so that [`parse_duration`] reads it back.
pub(crate) fn written_duration(time: Duration) -> String {
    SpanPrinter::new().unsigned_duration_to_string(&time)
}

/// Writes a size so that [`parse_bytes`] reads it back, in the greatest unit
/// that says it exactly.
pub(crate) fn written_bytes(bytes: u64) -> String {
    let short = ByteSize(bytes).display().iec().to_string();
    let is_exact = parse_bytes(&short) == Ok(bytes);
    if is_exact { short } else { format!("{bytes}B") }
}

/// Reads a size in bytes: `256MiB` is binary, `256MB` decimal.
pub(crate) fn parse_bytes(text: &str) -> Result<u64, QuantityError> {
    let size: ByteSize = text.trim().parse().map_err(|_reason| QuantityError::Size)?;
    Ok(size.as_u64())
}

/// Reads a rate: starts, a slash, and `s`, `m`, `h` or a duration. Its burst
/// is 1: starts are spread evenly.
pub(crate) fn parse_rate(text: &str) -> Result<Rate, QuantityError> {
    let (starts, per) = text.split_once('/').ok_or(QuantityError::Rate)?;
    let starts: u32 = starts
        .trim()
        .parse()
        .map_err(|_reason| QuantityError::Rate)?;
    let per = match per.trim() {
        "s" => Duration::from_secs(1),
        "m" | "min" => Duration::from_mins(1),
        "h" => Duration::from_hours(1),
        per => parse_duration(per).map_err(|_reason| QuantityError::Rate)?,
    };
    if starts == 0 || per.is_zero() {
        return Err(QuantityError::Rate);
    }
    Ok(Rate {
        starts,
        per,
        burst: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for bytes in [1, 1023, 1 << 20, 256 << 20, (3 << 29) + 1, 1_500_000_000] {
            let text = written_bytes(bytes);
            assert_eq!(parse_bytes(&text), Ok(bytes), "{text}");
        }
        for time in [0, 1, 1500, 90_000, 3_600_000].map(Duration::from_millis) {
            let text = written_duration(time);
            assert_eq!(parse_duration(&text), Ok(time), "{text}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2m 30s"), Ok(Duration::from_secs(150)));
        assert_eq!(parse_duration("0s"), Ok(Duration::ZERO));
        for wrong in ["", "5", "-1s", "soon", "1s ago", "99999999999999999999s"] {
            assert_eq!(
                parse_duration(wrong),
                Err(QuantityError::Duration),
                "{wrong}"
            );
        }
        assert_eq!(parse_duration("9000h"), Err(QuantityError::TooLong));
    }

    #[test]
    fn sizes_are_binary_or_decimal_as_written() {
        assert_eq!(parse_bytes("256MiB"), Ok(256 << 20));
        assert_eq!(parse_bytes("1.5 kB"), Ok(1500));
        assert_eq!(parse_bytes("-1"), Err(QuantityError::Size));
        assert_eq!(parse_bytes("much"), Err(QuantityError::Size));
    }

    #[test]
    fn rates_are_starts_per_time() {
        let rate = |text| parse_rate(text).map(|rate| (rate.starts, rate.per.as_secs()));
        assert_eq!(rate("5/s"), Ok((5, 1)));
        assert_eq!(rate("100/m"), Ok((100, 60)));
        assert_eq!(rate("1 / 10s"), Ok((1, 10)));
        for wrong in ["5", "0/s", "-1/s", "5/", "/s", "5/0s", "5/fortnight"] {
            assert_eq!(rate(wrong), Err(QuantityError::Rate), "{wrong}");
        }
    }
}
