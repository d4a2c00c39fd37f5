//! One process as the operating system describes it.

/// A process at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessUsage {
    pub(super) pid: u32,
    /// When it started, in a unit that only serves to tell two processes with
    /// the same pid apart and to compare with [`ProcessTable::now`].
    pub(super) start: u64,
    pub(super) parent: u32,
    pub(super) group: u32,
    pub(super) session: u32,
    /// CPU time of it and of the ended children it has waited for, where the
    /// system tells; in milliseconds.
    pub(super) cpu_ms: u64,
    /// Resident memory in bytes; pages shared by several processes count in
    /// each of them.
    pub(super) rss_bytes: u64,
    /// Bytes read from and written to disks, as `cpu_ms`.
    pub(super) disk_bytes: Option<u64>,
    /// Its living threads' time on a core, and waiting for one, in
    /// nanoseconds; `None` where the system does not tell.
    pub(super) turns: Option<SchedTime>,
}

/// Time on a core, and time waiting for one, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SchedTime {
    pub(super) ran: u64,
    pub(super) waited: u64,
}

/// How processes are looked up.
pub(super) trait ProcessTable {
    /// Now, in the unit of [`ProcessUsage::start`].
    fn now(&self) -> u64;

    /// One process; `None` where it is gone or may not be read.
    fn read(&mut self, pid: u32) -> Option<ProcessUsage>;

    /// Its children; `None` where the system does not tell, and
    /// [`ProcessTable::all`] must be searched instead.
    fn children(&mut self, pid: u32) -> Option<Vec<u32>>;

    /// Every process. Costly: asked for rarely.
    fn all(&mut self) -> Vec<ProcessUsage>;
}
