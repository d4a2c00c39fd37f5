//! Starts a program from a single-threaded process, without copying it.
//!
//! The child shares the supervisor's memory until it executes the program
//! (`CLONE_VM | CLONE_VFORK`, as `posix_spawn` does), so a start costs the same
//! whatever the size of the parent, and an error of any step comes back as
//! such. What `posix_spawn` cannot do is done between: a session of its own,
//! and the signal that ends the child when its supervisor dies.

#![expect(unsafe_code, reason = "clone, fork and execve have no safe form")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use crate::exec::containment::Surroundings;
use crate::exec::oom;
use crate::exec::refusal::{StartFailure, StartStage};
use crate::exec::wire::StartCommand;

/// Size of a child's stack in bytes: enough for the few calls before the program
/// is executed.
const STACK: usize = 64 * 1024;

/// The stack that children use until they execute their program. They use it one
/// after the other: each suspends its parent until then.
#[derive(Debug)]
pub(super) struct ChildStack {
    stack: Vec<MaybeUninit<u128>>,
    /// Text of a tool's `/proc/self/oom_score_adj`; `None` leaves it.
    oom_score: Option<CString>,
    /// Environment of programs that inherit ours.
    environment: Vec<CString>,
}

/// Standard input, output and error of a program.
#[derive(Debug)]
pub(super) struct ChildStdio {
    /// `None` is end of file at once.
    pub(super) stdin: Option<OwnedFd>,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// Data that the child reads and writes while it shares our memory.
struct ChildSetup<'a> {
    program: &'a CStr,
    /// `None` is the parent's.
    cwd: Option<&'a CStr>,
    argv: Vec<*const c_char>,
    env: Vec<*const c_char>,
    stdin: BorrowedFd<'a>,
    stdout: BorrowedFd<'a>,
    stderr: BorrowedFd<'a>,
    /// Text of its `/proc/self/oom_score_adj`; `None` leaves it.
    oom_score: Option<&'a CStr>,
    parent: Pid,
    failure: Option<StartFailure>,
}

impl ChildStack {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        let is_inherited = surroundings == Surroundings::Inherited;
        Self {
            stack: vec![MaybeUninit::uninit(); STACK / size_of::<u128>()],
            oom_score: (!is_inherited).then(oom::tool_score),
            environment: if is_inherited {
                own_environment()
            } else {
                Vec::new()
            },
        }
    }

    /// Starts a program as the leader of a new session, and returns once it
    /// runs. `null` is open on `/dev/null`.
    pub(super) fn start(
        &mut self,
        command: &StartCommand<'_>,
        streams: &ChildStdio,
        null: BorrowedFd<'_>,
    ) -> Result<Pid, StartFailure> {
        let own = || self.environment.iter().map(CString::as_c_str).collect();
        let surroundings = command.surroundings.as_ref();
        let mut setup = ChildSetup {
            program: command.program,
            cwd: surroundings.map(|it| it.cwd),
            argv: pointers(&command.argv),
            env: pointers(&surroundings.map_or_else(own, |it| it.env.clone())),
            stdin: streams.stdin.as_ref().map_or(null, AsFd::as_fd),
            stdout: streams.stdout.as_fd(),
            stderr: streams.stderr.as_fd(),
            oom_score: self.oom_score.as_deref(),
            parent: rustix::process::getpid(),
            failure: None,
        };
        let pid = clone_onto(&mut self.stack, &mut setup)
            .map_err(|errno| failed_at(StartStage::Process, errno))?;
        match setup.failure {
            None => Ok(pid),
            Some(failure) => {
                let _reaped =
                    rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
                Err(failure)
            }
        }
    }
}

/// Clones this process; the child runs [`child`] on `stack`.
fn clone_onto(stack: &mut [MaybeUninit<u128>], setup: &mut ChildSetup<'_>) -> Result<Pid, Errno> {
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let top = stack.as_mut_ptr_range().end;
    // The child only makes system calls: it allocates nothing, takes no
    // lock and does not unwind, and all signals are blocked in it.
    // SAFETY: CLONE_VFORK holds this thread, the only one of the process,
    // until the child is its program or has ended. Until then nothing else
    // uses the stack, which ends at the aligned `top`, or `setup`.
    let pid = unsafe {
        libc::clone(
            child,
            top.cast::<c_void>(),
            flags,
            ptr::from_mut(setup).cast::<c_void>(),
        )
    };
    parent_side(pid)
}

/// Side of a fork.
pub(super) enum Fork {
    Child,
    Parent(Pid),
}

/// Copies this process, which must have one thread.
pub(super) fn fork() -> Result<Fork, Errno> {
    // SAFETY: no other thread holds a lock or is in the middle of a change
    // that the copy would never see the end of.
    match unsafe { libc::fork() } {
        0 => Ok(Fork::Child),
        raw => parent_side(raw).map(Fork::Parent),
    }
}

/// Reads the result of a fork or clone in the parent: the child, or -1.
fn parent_side(raw: i32) -> Result<Pid, Errno> {
    if raw < 0 {
        return Err(last_errno());
    }
    Pid::from_raw(raw).ok_or(Errno::CHILD)
}

fn pointers(texts: &[&CStr]) -> Vec<*const c_char> {
    let pointers = texts.iter().map(|text| text.as_ptr());
    pointers.chain(std::iter::once(ptr::null())).collect()
}

/// Copies the environment that this process was started with.
fn own_environment() -> Vec<CString> {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let mut variable = name.into_encoded_bytes();
        variable.push(b'=');
        variable.extend_from_slice(value.as_encoded_bytes());
        CString::new(variable).ok()
    });
    variables.collect()
}

fn last_errno() -> Errno {
    std::io::Error::last_os_error()
        .raw_os_error()
        .map_or(Errno::IO, Errno::from_raw_os_error)
}

/// Runs in the child, on its own stack, in the supervisor's memory.
extern "C" fn child(setup: *mut c_void) -> c_int {
    // SAFETY: the pointer is the parent's `setup`, which waits for this child.
    let setup = unsafe { &mut *setup.cast::<ChildSetup<'_>>() };
    let failure = match prepare(setup) {
        Ok(()) => failed_at(StartStage::Program, execute(setup)),
        Err(failure) => failure,
    };
    setup.failure = Some(failure);
    127
}

fn failed_at(stage: StartStage, errno: Errno) -> StartFailure {
    StartFailure { stage, errno }
}

fn prepare(setup: &ChildSetup<'_>) -> Result<(), StartFailure> {
    let at_setup = |errno| failed_at(StartStage::Setup, errno);
    rustix::process::setsid().map_err(at_setup)?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(at_setup)?;
    // The supervisor may have died before the line above.
    if rustix::process::getppid() != Some(setup.parent) {
        return Err(failed_at(StartStage::Setup, Errno::CHILD));
    }
    rustix::stdio::dup2_stdin(setup.stdin).map_err(at_setup)?;
    rustix::stdio::dup2_stdout(setup.stdout).map_err(at_setup)?;
    rustix::stdio::dup2_stderr(setup.stderr).map_err(at_setup)?;
    if let Some(score) = setup.oom_score {
        set_oom_score(score);
    }
    match setup.cwd {
        None => Ok(()),
        Some(cwd) => {
            rustix::process::chdir(cwd).map_err(|errno| failed_at(StartStage::Folder, errno))
        }
    }
}

/// Sets the score by which the kernel chooses a process to kill. A tool that
/// keeps the old one runs as well.
fn set_oom_score(score: &CStr) {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    if let Ok(file) = rustix::fs::open(c"/proc/self/oom_score_adj", flags, Mode::empty()) {
        let _refused = rustix::io::write(&file, score.to_bytes());
    }
}

/// Executes the program; returns only if that failed.
fn execute(setup: &ChildSetup<'_>) -> Errno {
    // SAFETY: the signal set is initialised before use. Both arrays end with a
    // null pointer, and their texts are NUL-terminated and live in the parent.
    unsafe {
        let mut none = MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut());
        libc::execve(
            setup.program.as_ptr(),
            setup.argv.as_ptr(),
            setup.env.as_ptr(),
        );
    }
    last_errno()
}
