//! Readings of the machine and of process trees, taken on a thread of its own.
