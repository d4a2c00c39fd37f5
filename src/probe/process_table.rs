//! The process table of an operating system, as far as sampling needs it.

/// One process at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessUsage {
    pub(super) pid: u32,
    /// Start time in clock ticks; tells two processes with the same pid apart,
    /// and compares with [`ProcessTable::now_ticks`].
    pub(super) started_ticks: u64,
    pub(super) parent: u32,
    pub(super) group: u32,
    pub(super) session: u32,
    /// CPU time of the process and of the children that it has waited for, in
    /// milliseconds.
    pub(super) cpu_ms: u64,
    /// Resident memory in bytes; pages shared by several processes count in
    /// each of them.
    pub(super) rss_bytes: u64,
    /// Bytes read from and written to disks, counted as `cpu_ms` is.
    pub(super) disk_bytes: Option<u64>,
    /// Times of its living threads; `None` where the system does not tell.
    pub(super) sched_time: Option<SchedTime>,
}

/// Time on a core, and time ready to run and waiting for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SchedTime {
    /// Nanoseconds on a core.
    pub(super) ran_ns: u64,
    /// Nanoseconds waiting for a core.
    pub(super) waited_ns: u64,
}

/// Looks processes up.
pub(super) trait ProcessTable {
    /// Returns the present time on the clock of
    /// [`ProcessUsage::started_ticks`].
    fn now_ticks(&self) -> u64;

    /// Reads one process; `None` where it is gone or may not be read.
    fn read(&mut self, pid: u32) -> Option<ProcessUsage>;

    /// Lists the children of a process; `None` where the system does not tell,
    /// and [`ProcessTable::all`] must be searched instead.
    fn children(&mut self, pid: u32) -> Option<Vec<u32>>;

    /// Reads every process. Costly: called for one reading in several.
    fn all(&mut self) -> Vec<ProcessUsage>;
}
