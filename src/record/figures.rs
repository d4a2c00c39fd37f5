//! How figures are written.

use std::time::Duration;

use serde_json::{Number, Value};

/// A time in milliseconds, to the microsecond: whole where it is whole.
pub(super) fn ms(time: Duration) -> Value {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    if micros.is_multiple_of(1_000) {
        return Value::from(micros / 1_000);
    }
    Number::from_f64(micros as f64 / 1_000.0).map_or(Value::Null, Value::Number)
}

/// A time in milliseconds, or null where it is unknown.
pub(super) fn ms_or_null(time: Option<Duration>) -> Value {
    time.map_or(Value::Null, ms)
}

/// A text as part of one line: control characters become spaces.
pub(super) fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_milliseconds_to_the_microsecond() {
        assert_eq!(ms(Duration::from_secs(2)).to_string(), "2000");
        assert_eq!(ms(Duration::from_nanos(1_234_567)).to_string(), "1.234");
        assert_eq!(ms_or_null(None), Value::Null);
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(on_one_line("a\r\n\u{1b}[2Jb"), "a   [2Jb");
    }
}
