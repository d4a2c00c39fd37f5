//! A look at single processes: what each is, what it does and what it waits in.
//!
//! It reads a few small files of `/proc` for each, only of processes that
//! somebody asks about. It must not know why they are looked at.

use std::fs::{self, File};
use std::io::Read;

use super::procfs::ProcessStat;
use super::reading::TreeInspection;
use crate::model::{InspectedProcess, Inspection};

/// Longest part of a command line that is read, in bytes.
const LONGEST_COMMAND: u64 = 4 * 1024;

/// Open files that are counted; a process with more has at least so many.
const MOST_FILES: usize = 4096;

/// Looks at processes; puts each behind its parent.
pub(super) fn processes(pids: &[u32]) -> TreeInspection {
    let found = pids.iter().take(Inspection::MOST);
    let found: Vec<InspectedProcess> = found.filter_map(|pid| process(*pid)).collect();
    TreeInspection {
        processes: by_parent(found),
        further: pids.len().saturating_sub(Inspection::MOST),
    }
}

/// Looks at one process; `None` where it is gone.
fn process(pid: u32) -> Option<InspectedProcess> {
    let stat = ProcessStat::read(pid)?;
    let command = command_line(pid);
    Some(InspectedProcess {
        pid,
        parent: stat.parent,
        state: stat.state,
        command: if command.is_empty() {
            stat.name
        } else {
            command
        },
        threads: stat.threads,
        open_files: open_files(pid),
        waits_in: wait_channel(pid),
    })
}

/// Returns program and arguments with blanks between them; empty of a process
/// that has none.
fn command_line(pid: u32) -> String {
    let mut line = Vec::new();
    let read = File::open(format!("/proc/{pid}/cmdline"))
        .and_then(|file| file.take(LONGEST_COMMAND).read_to_end(&mut line));
    if read.is_err() {
        return String::new();
    }
    let words = line.split(|byte| *byte == 0).filter(|it| !it.is_empty());
    let words: Vec<_> = words.map(String::from_utf8_lossy).collect();
    words.join(" ")
}

fn open_files(pid: u32) -> Option<usize> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    Some(files.take(MOST_FILES).count())
}

fn wait_channel(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
    // `0` stands for a process that waits in nothing, or that hides it.
    if name == "0" { String::new() } else { name }
}

/// Puts each process behind its parent, and those without one first.
fn by_parent(found: Vec<InspectedProcess>) -> Vec<InspectedProcess> {
    let pids: Vec<u32> = found.iter().map(|it| it.pid).collect();
    let mut left = found;
    let mut sorted: Vec<InspectedProcess> = Vec::new();
    // Depth first: the next one is a child of the last that has any left.
    let mut line: Vec<u32> = Vec::new();
    while !left.is_empty() {
        let is_child = |it: &InspectedProcess, of: Option<&u32>| match of {
            Some(parent) => it.parent == *parent,
            None => !pids.contains(&it.parent),
        };
        match left.iter().position(|it| is_child(it, line.last())) {
            Some(at) => {
                let next = left.remove(at);
                line.push(next.pid);
                sorted.push(next);
            }
            None if line.pop().is_none() => sorted.append(&mut left),
            None => {}
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(pid: u32, parent: u32) -> InspectedProcess {
        InspectedProcess {
            pid,
            parent,
            state: 'S',
            command: String::new(),
            threads: 1,
            open_files: None,
            waits_in: String::new(),
        }
    }

    #[test]
    fn children_stand_behind_their_parents() {
        let found = vec![made(30, 20), made(20, 10), made(40, 10), made(10, 1)];
        let sorted: Vec<u32> = by_parent(found).iter().map(|it| it.pid).collect();
        assert_eq!(sorted, [10, 20, 30, 40]);
        // A circle, which a table that changes while it is read may show.
        let found = vec![made(1, 2), made(2, 1)];
        assert_eq!(by_parent(found).len(), 2);
    }

    #[test]
    fn this_process_is_seen_as_it_is() {
        let own = processes(&[std::process::id()]);
        let own = own.processes.first().expect("this process runs");
        assert!(own.open_files.is_some_and(|count| count >= 3));
        assert!(!own.command.is_empty() && own.threads >= 1);
    }
}
