//! Tools that fail, always or for a while.

use super::{Arguments, Exit, SampleToolError, Streams};

/// Says why on standard error and exits with a code other than 0.
pub(super) fn fail(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let code = arguments.number("code", 1, 255)?.max(1);
    let wait = arguments.millis("ms", 0)?;
    let message = arguments.text("message")?;
    arguments.finish()?;
    std::thread::sleep(wait);
    let message = message.unwrap_or_else(|| "asked to fail".to_owned());
    writeln!(streams.stderr, "error: {message}").map_err(SampleToolError::Output)?;
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}

/// Fails the first `fails` attempts, which `FANOUT_ATTEMPT` counts, and
/// succeeds from then on.
pub(super) fn flaky(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let fails = arguments.number("fails", 1, 1_000)?;
    let wait = arguments.millis("ms", 500)?;
    arguments.finish()?;
    let attempt = std::env::var("FANOUT_ATTEMPT")
        .ok()
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or(1);
    std::thread::sleep(wait);
    if attempt <= fails {
        writeln!(streams.stderr, "error: connection reset, attempt {attempt}")
            .map_err(SampleToolError::Output)?;
        return Ok(1);
    }
    writeln!(streams.stdout, "connected").map_err(SampleToolError::Output)?;
    Ok(0)
}
