//! What is kept of a run: events, report and plain lines.
