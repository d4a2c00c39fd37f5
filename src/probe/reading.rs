//! The words of a reading: targets, and samples of them.

use crate::model::{
    CallId, CallSample, Epoch, InspectedProcess, MachineSample, ProxyId, ServerName,
};

/// Owner of the processes that are read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// One start of a call.
    Call(CallId, Epoch),
    /// A tool server, which serves many calls.
    Server(ServerName),
    /// A server behind the proxy of an agent.
    ProxiedServer(ProxyId),
}

/// A process tree to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its owner.
    pub subject: Subject,
    /// Its first process.
    pub pid: u32,
}

/// One reading of the machine and of all targets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProbeReading {
    /// Number of this reading, from 1; 0 before the first.
    pub taken: u64,
    /// Readings that were due and not taken, so far.
    pub missed: u64,
    /// The machine; `None` where it could not be read.
    pub machine: Option<MachineSample>,
    /// Each target; `None` where nothing of it could be read.
    pub trees: Vec<TreeReading>,
    /// The processes of the target that is looked at, where there is one.
    pub inspection: Option<TreeInspection>,
}

/// A look at each process of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TreeInspection {
    /// The processes, a parent before its children.
    pub processes: Vec<InspectedProcess>,
    /// Number of processes that are left out.
    pub further: usize,
}

/// Reading of one process tree.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeReading {
    /// Its owner.
    pub subject: Subject,
    /// Use of its processes; `None` where none could be read.
    pub sample: Option<CallSample>,
}
