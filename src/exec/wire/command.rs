//! Commands of the runner to a supervisor, and messages between it and its
//! warden.

use std::ffi::CStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::io::Errno;

use super::codec::{Decoder, Encoder};
use crate::model::ProcessSpec;

/// Command of the runner to a supervisor. End of file means: kill everything
/// and end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exec) enum SupervisorCommand<'a> {
    /// Start a tool. The message carries its standard output, its standard error,
    /// and its standard input if it has one.
    Start(StartCommand<'a>),
    /// Send SIGTERM and SIGCONT to the whole tree.
    Terminate,
    /// Send SIGKILL until the tree is empty.
    Kill,
    /// Send SIGSTOP to the whole tree.
    Suspend,
    /// Send SIGCONT to the whole tree.
    Continue,
}

/// A program to start, in the form that the system reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exec) struct StartCommand<'a> {
    pub(in crate::exec) program: &'a CStr,
    pub(in crate::exec) argv: Vec<&'a CStr>,
    /// `None`: those of the supervisor, which are the runner's as it was started.
    pub(in crate::exec) surroundings: Option<StartSurroundings<'a>>,
}

/// Folder and environment of a program to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exec) struct StartSurroundings<'a> {
    pub(in crate::exec) cwd: &'a CStr,
    pub(in crate::exec) env: Vec<&'a CStr>,
}

const START: u8 = 1;
const TERMINATE: u8 = 2;
const KILL: u8 = 3;
const SUSPEND: u8 = 4;
const CONTINUE: u8 = 5;
const INHERIT: u8 = 6;

impl<'a> SupervisorCommand<'a> {
    /// Returns the message that starts `program` as `launch` says. The launch must
    /// hold no NUL.
    pub(in crate::exec) fn start_message(launch: &ProcessSpec, program: &Path) -> Vec<u8> {
        let mut message = program_message(START, launch, program).word(launch.env.len() as u32);
        let mut variable = Vec::new();
        for (name, value) in &launch.env {
            variable.clear();
            variable.extend_from_slice(name.as_bytes());
            variable.push(b'=');
            variable.extend_from_slice(value.as_bytes());
            message.terminated(&variable);
        }
        message.terminated(launch.cwd.as_os_str().as_bytes());
        message.finish()
    }

    /// Returns the message that starts `program` with the arguments of `launch`, in
    /// the supervisor's own folder and environment.
    pub(in crate::exec) fn inherit_message(launch: &ProcessSpec, program: &Path) -> Vec<u8> {
        program_message(INHERIT, launch, program).finish()
    }

    /// Returns the message of a command that is one byte.
    pub(in crate::exec) fn message(&self) -> [u8; 1] {
        match self {
            Self::Start(_) => [START],
            Self::Terminate => [TERMINATE],
            Self::Kill => [KILL],
            Self::Suspend => [SUSPEND],
            Self::Continue => [CONTINUE],
        }
    }

    /// Reads a message; `None` if it is malformed.
    pub(in crate::exec) fn read(message: &'a [u8]) -> Option<Self> {
        let mut reader = Decoder::new(message);
        match reader.byte()? {
            START => StartCommand::read(reader, true).map(Self::Start),
            INHERIT => StartCommand::read(reader, false).map(Self::Start),
            TERMINATE => Some(Self::Terminate),
            KILL => Some(Self::Kill),
            SUSPEND => Some(Self::Suspend),
            CONTINUE => Some(Self::Continue),
            _ => None,
        }
    }
}

impl<'a> StartCommand<'a> {
    fn read(mut reader: Decoder<'a>, has_surroundings: bool) -> Option<Self> {
        Some(Self {
            argv: terminated(&mut reader)?,
            program: reader.terminated()?,
            surroundings: if has_surroundings {
                Some(StartSurroundings {
                    env: terminated(&mut reader)?,
                    cwd: reader.terminated()?,
                })
            } else {
                None
            },
        })
    }
}

/// Begins a message with the arguments and the program of a launch.
fn program_message(tag: u8, launch: &ProcessSpec, program: &Path) -> Encoder {
    let mut message = Encoder::new(tag).word(launch.argv.len() as u32);
    for argument in &launch.argv {
        message.terminated(argument.as_bytes());
    }
    message.terminated(program.as_os_str().as_bytes());
    message
}

/// Reads a list of texts after their number.
fn terminated<'a>(reader: &mut Decoder<'a>) -> Option<Vec<&'a CStr>> {
    let count = reader.word()?;
    (0..count).map(|_| reader.terminated()).collect()
}

/// Command of the runner to the warden. The key is the runner's name for a
/// supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exec) enum WardenCommand {
    /// Fork a supervisor. The message carries the supervisor's end of its socket.
    Fork(u64),
    /// Kill a supervisor that does not answer, and its tree.
    Abandon(u64),
}

/// Event of the warden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exec) enum WardenEvent {
    /// The supervisor runs.
    Forked {
        /// Its key.
        key: u64,
        /// Its process.
        pid: u32,
    },
    /// The supervisor is gone, and so is everything that was under it.
    Gone {
        /// Its key.
        key: u64,
    },
    /// The supervisor could not be forked, or could not begin to serve.
    Refused {
        /// Its key.
        key: u64,
        /// The system's answer.
        errno: Errno,
    },
}

impl WardenCommand {
    pub(in crate::exec) fn message(self) -> Vec<u8> {
        let (tag, key) = match self {
            Self::Fork(key) => (1, key),
            Self::Abandon(key) => (2, key),
        };
        Encoder::new(tag).long(key).finish()
    }

    pub(in crate::exec) fn read(message: &[u8]) -> Option<Self> {
        let mut reader = Decoder::new(message);
        match (reader.byte()?, reader.long()?) {
            (1, key) => Some(Self::Fork(key)),
            (2, key) => Some(Self::Abandon(key)),
            _ => None,
        }
    }
}

impl WardenEvent {
    pub(in crate::exec) fn message(self) -> Vec<u8> {
        match self {
            Self::Forked { key, pid } => Encoder::new(1).long(key).word(pid),
            Self::Gone { key } => Encoder::new(2).long(key).word(0),
            Self::Refused { key, errno } => {
                let errno = errno.raw_os_error().cast_unsigned();
                Encoder::new(3).long(key).word(errno)
            }
        }
        .finish()
    }

    pub(in crate::exec) fn read(message: &[u8]) -> Option<Self> {
        let mut reader = Decoder::new(message);
        match (reader.byte()?, reader.long()?, reader.word()?) {
            (1, key, pid) => Some(Self::Forked { key, pid }),
            (2, key, _) => Some(Self::Gone { key }),
            (3, key, errno) => Some(Self::Refused {
                key,
                errno: Errno::from_raw_os_error(errno.cast_signed()),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttemptNo, CallId, Epoch, Stdin};

    #[test]
    fn a_start_arrives_as_it_was_sent() {
        let launch = ProcessSpec {
            call: CallId::from_index(0),
            attempt: AttemptNo(1),
            epoch: Epoch(1),
            argv: vec!["wc".to_owned(), String::new(), "a b\n".to_owned()],
            env: [("LANG".to_owned(), "C".to_owned())].into(),
            cwd: "/tmp".into(),
            stdin: Stdin::Empty,
        };
        let message = SupervisorCommand::start_message(&launch, Path::new("/usr/bin/wc"));
        let expected = StartCommand {
            program: c"/usr/bin/wc",
            argv: vec![c"wc", c"", c"a b\n"],
            surroundings: Some(StartSurroundings {
                cwd: c"/tmp",
                env: vec![c"LANG=C"],
            }),
        };
        assert_eq!(
            SupervisorCommand::read(&message),
            Some(SupervisorCommand::Start(expected.clone()))
        );
        let inherit = SupervisorCommand::inherit_message(&launch, Path::new("/usr/bin/wc"));
        let inherited = StartCommand {
            surroundings: None,
            ..expected
        };
        assert_eq!(
            SupervisorCommand::read(&inherit),
            Some(SupervisorCommand::Start(inherited))
        );
        let cut = message.get(..message.len() - 1);
        assert_eq!(cut.and_then(SupervisorCommand::read), None);
    }

    #[test]
    fn words_arrive_as_they_were_sent() {
        for command in [
            SupervisorCommand::Terminate,
            SupervisorCommand::Kill,
            SupervisorCommand::Suspend,
            SupervisorCommand::Continue,
        ] {
            assert_eq!(SupervisorCommand::read(&command.message()), Some(command));
        }
        for command in [WardenCommand::Fork(7), WardenCommand::Abandon(u64::MAX)] {
            assert_eq!(WardenCommand::read(&command.message()), Some(command));
        }
        for event in [
            WardenEvent::Forked { key: 1, pid: 2 },
            WardenEvent::Gone { key: 3 },
            WardenEvent::Refused {
                key: 4,
                errno: Errno::AGAIN,
            },
        ] {
            assert_eq!(WardenEvent::read(&event.message()), Some(event));
        }
        assert_eq!(SupervisorCommand::read(&[]), None);
    }
}
