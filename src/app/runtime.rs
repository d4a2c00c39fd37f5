//! Starts runtimes, with all the threads that they must have.
//!
//! tokio panics where a thread or a descriptor of a new runtime is refused, and
//! lets blocking work wait for ever where no thread for it can be started. So
//! both are tried out before, and the first threads for blocking work are
//! started at once and kept.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time;

/// Threads that run asynchronous work.
const IO_THREADS: usize = 2;

/// Threads for blocking work that are there from the start: one may print
/// events for as long as the run lasts.
const BLOCKING_THREADS: usize = 3;

/// Most threads for blocking work; more of it waits.
const MOST_BLOCKING_THREADS: usize = 64;

/// Descriptors of a runtime: for readiness, waking, timers and signals, and a
/// few for the threads' start.
const DESCRIPTORS: usize = 8;

/// Time that an idle thread for blocking work is kept: for the whole run.
const KEEP_ALIVE: Duration = Duration::from_hours(24 * 365);

/// Time in which threads that the system granted must run.
const RUNNING_WITHIN: Duration = Duration::from_secs(10);

/// Longest wait at the end for work that was begun and is of no use any more:
/// a library may be in the middle of what a hostile server sent.
const SHUTDOWN_DEADLINE: Duration = Duration::from_millis(500);

/// Runtime that drives attempts and servers. Whatever has to be finished is
/// waited for before it is dropped.
#[derive(Debug)]
pub(crate) struct IoRuntime {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Deref for IoRuntime {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for IoRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(SHUTDOWN_DEADLINE);
        }
    }
}

/// Starts the runtime that drives attempts and servers, or returns the system's
/// answer.
pub(super) fn start_multi_thread() -> io::Result<IoRuntime> {
    try_out_threads(IO_THREADS + BLOCKING_THREADS)?;
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(IO_THREADS).thread_name("fanout-io");
    let runtime = start(&mut builder, BLOCKING_THREADS)?;
    Ok(IoRuntime {
        handle: runtime.handle().clone(),
        runtime: Some(runtime),
    })
}

/// Starts a runtime for the present thread, with one thread for blocking work,
/// or returns the system's answer.
pub(crate) fn start_current_thread() -> io::Result<Runtime> {
    try_out_threads(1)?;
    start(&mut Builder::new_current_thread(), 1)
}

fn start(builder: &mut Builder, blocking_threads: usize) -> io::Result<Runtime> {
    try_out_descriptors()?;
    builder
        .max_blocking_threads(MOST_BLOCKING_THREADS)
        .thread_keep_alive(KEEP_ALIVE)
        .enable_all();
    let runtime = without_panic(|| builder.build())?;
    start_blocking_threads(&runtime, blocking_threads)?;
    Ok(runtime)
}

/// Opens as many descriptors as the runtime will, and closes them again.
fn try_out_descriptors() -> io::Result<()> {
    let open = |_| File::open("/dev/null");
    let opened: io::Result<Vec<File>> = (0..DESCRIPTORS).map(open).collect();
    opened.map(drop)
}

/// Starts that many threads, and ends them again.
fn try_out_threads(count: usize) -> io::Result<()> {
    let (held, release) = std::sync::mpsc::sync_channel::<()>(0);
    let release = Arc::new(std::sync::Mutex::new(release));
    let started: Vec<io::Result<thread::JoinHandle<()>>> = (0..count)
        .map(|_| {
            let release = Arc::clone(&release);
            thread::Builder::new().spawn(move || {
                // Ends when the sender is dropped.
                let waiting = release.lock().map(|release| release.recv());
                let _released = waiting;
            })
        })
        .collect();
    drop(held);
    let mut tried = Ok(());
    for thread in started {
        match thread {
            Ok(thread) => {
                let _ended = thread.join();
            }
            Err(error) => tried = Err(error),
        }
    }
    tried
}

/// Runs `build`; a panic of it means that a thread could not be started.
fn without_panic(build: impl FnOnce() -> io::Result<Runtime>) -> io::Result<Runtime> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let runtime = panic::catch_unwind(AssertUnwindSafe(build));
    panic::set_hook(hook);
    runtime.unwrap_or_else(|_| Err(Errno::AGAIN.into()))
}

fn start_blocking_threads(runtime: &Runtime, count: usize) -> io::Result<()> {
    let all_run = Arc::new(Barrier::new(count));
    let waiting: Vec<_> = (0..count)
        .map(|_| {
            let all_run = Arc::clone(&all_run);
            runtime.spawn_blocking(move || all_run.wait())
        })
        .collect();
    let last = waiting.into_iter().next_back();
    runtime.block_on(async {
        let Some(last) = last else { return Ok(()) };
        match time::timeout(RUNNING_WITHIN, last).await {
            Ok(_run) => Ok(()),
            Err(_) => Err(Errno::AGAIN.into()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_builder_is_a_shortage() {
        let error = without_panic(|| panic!("OS can't spawn worker thread")).err();
        assert_eq!(error.and_then(|it| it.raw_os_error()), Some(11));
    }

    #[test]
    fn blocking_work_has_its_threads_from_the_start() {
        let runtime = start_multi_thread().expect("a runtime");
        assert_eq!(runtime.metrics().num_workers(), IO_THREADS);
        let done = runtime.block_on(runtime.spawn_blocking(|| 7));
        assert_eq!(done.ok(), Some(7));
        let runtime = start_current_thread().expect("a runtime");
        let done = runtime.block_on(runtime.spawn_blocking(|| 7));
        assert_eq!(done.ok(), Some(7));
    }

    #[test]
    fn the_end_waits_for_no_work_that_is_stuck() {
        let runtime = start_multi_thread().expect("a runtime");
        let (release, stuck) = std::sync::mpsc::sync_channel::<()>(1);
        let (began, begins) = std::sync::mpsc::sync_channel(1);
        runtime.spawn(async move {
            // As a library that reads without end what a server sends.
            let _begins = began.send(());
            let _released = stuck.recv();
        });
        begins.recv().expect("it runs");
        drop(runtime);
        drop(release);
    }
}
