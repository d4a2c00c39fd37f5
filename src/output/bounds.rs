//! How much of what calls print is kept, and where.

/// The limits on kept output. Everything beyond them is counted as dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes per block: the unit in which output is kept, indexed and written
    /// to disk.
    pub block_bytes: usize,
    /// First bytes of each stream kept in memory.
    pub head_bytes: usize,
    /// Last bytes of each stream kept in memory.
    pub tail_bytes: usize,
    /// Bytes on disk for one call, both streams and all attempts together.
    pub call_disk_bytes: u64,
    /// Bytes on disk for all calls.
    pub all_disk_bytes: u64,
    /// Bytes in memory for all calls.
    pub all_memory_bytes: u64,
    /// Largest result that is read back whole.
    pub result_bytes: u64,
    /// Attempts of one call that stay readable; older ones are forgotten.
    pub attempts: usize,
}

impl Default for Bounds {
    /// The bounds of the contract.
    fn default() -> Self {
        Self {
            block_bytes: 64 * KIB,
            head_bytes: 256 * KIB,
            tail_bytes: 1024 * KIB,
            call_disk_bytes: 256 * MIB,
            all_disk_bytes: 2048 * MIB,
            all_memory_bytes: 256 * MIB,
            result_bytes: 16 * MIB,
            attempts: 32,
        }
    }
}

impl Bounds {
    /// Blocks of the head.
    pub(super) fn head_blocks(&self) -> usize {
        self.head_bytes / self.block_bytes
    }

    /// Full blocks of the tail, at least one.
    pub(super) fn tail_blocks(&self) -> usize {
        (self.tail_bytes / self.block_bytes).max(1)
    }
}

const KIB: usize = 1024;
const MIB: u64 = 1024 * 1024;
