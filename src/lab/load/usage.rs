//! Use of the machine by the servers of a load's tools.

/// Use of the machine by the servers of tools.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ToolUsage {
    /// CPU time so far, in milliseconds; `None` where it is not known.
    pub cpu_ms: Option<u64>,
    /// Memory now, in bytes.
    pub memory_bytes: Option<u64>,
}
