//! A look at the processes of one call, taken on request.

use super::CallId;

/// The processes of one call as they were at the latest reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The call.
    pub call: CallId,
    /// Its processes, a parent before its children; at most
    /// [`Inspection::MOST`].
    pub processes: Vec<InspectedProcess>,
    /// Number of processes that are left out.
    pub further: usize,
}

impl Inspection {
    /// Number of processes that are looked at.
    pub const MOST: usize = 64;
}

/// One process. Its texts are untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectedProcess {
    /// Process id.
    pub pid: u32,
    /// Process id of its parent.
    pub parent: u32,
    /// State letter of the system, such as `R`, `S`, `D`, `T` or `Z`.
    pub state: char,
    /// Program and arguments, else the name that the system has for it.
    pub command: String,
    /// Number of its threads.
    pub threads: u64,
    /// Number of its open files; `None` where it cannot be read.
    pub open_files: Option<usize>,
    /// Function of the system in which it sleeps; empty where that is unknown.
    pub waits_in: String,
}

impl InspectedProcess {
    /// Returns the state in a word.
    pub fn state_word(&self) -> &'static str {
        match self.state {
            'R' => "runs",
            'S' | 'I' => "sleeps",
            'D' => "waits for the disk",
            'T' | 't' => "stopped",
            'Z' | 'X' => "dead",
            _ => "unknown",
        }
    }
}
