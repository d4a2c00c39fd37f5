//! Lines of diagnostics on standard error.

use std::io::{self, Write};

/// Prints one line of diagnostics on standard error.
pub(crate) fn complain(text: &str) {
    tracing::warn!("{text}");
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(io::stderr().lock(), "fanout: {text}");
}

/// Returns an error and its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
