//! Runs one attempt: processes, containment and the stop ladder.
