//! What a supervisor tells the runner.

use super::codec::{Decoder, Encoder};
use crate::exec::exit::ProcessExit;
use crate::model::Leftover;

/// From a supervisor to the runner. A start is answered by `Refused`, or by
/// `Started` and then `Done`, with `Exited` between them if the tree outlived
/// its main process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exec) enum SupervisorEvent {
    /// The program runs.
    Started {
        /// Its process.
        pid: u32,
    },
    /// Nothing was started.
    Refused {
        /// What was being done.
        stage: StartStage,
        /// The system's answer.
        errno: i32,
    },
    /// The main process has ended, others of its tree live.
    Exited(ProcessExit),
    /// The call is over.
    Done(Done),
}

/// How a call ended, as its supervisor saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::exec) struct Done {
    /// How the main process ended; `None` where it could not be killed.
    pub(in crate::exec) exit: Option<ProcessExit>,
    /// CPU time of every process that was waited for, in microseconds;
    /// `None` where some were not.
    pub(in crate::exec) cpu_us: Option<u64>,
    /// Highest resident memory of any one process, in bytes; `None` where it
    /// is less than the supervisor's own, which the account includes.
    pub(in crate::exec) peak_rss_bytes: Option<u64>,
    /// What had to be killed after the main process ended by itself.
    pub(in crate::exec) leaked: Vec<Leftover>,
    /// What could not be confirmed dead. Empty means: the tree is empty, and
    /// the supervisor is ready for another start.
    pub(in crate::exec) unconfirmed: Vec<Leftover>,
}

/// A step of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exec) enum StartStage {
    /// The warden forks the supervisor.
    Supervisor,
    /// The supervisor starts a process.
    Process,
    /// The process gets its session and its descriptors.
    Setup,
    /// The process enters its working directory.
    Folder,
    /// The process becomes the program.
    Program,
}

impl StartStage {
    const ALL: [Self; 5] = [
        Self::Supervisor,
        Self::Process,
        Self::Setup,
        Self::Folder,
        Self::Program,
    ];

    /// In words, for a message.
    pub(in crate::exec) fn word(self) -> &'static str {
        match self {
            Self::Supervisor => "starting a supervisor",
            Self::Process => "starting a process",
            Self::Setup => "preparing the process",
            Self::Folder => "entering the working directory",
            Self::Program => "executing the program",
        }
    }
}

impl SupervisorEvent {
    pub(in crate::exec) fn message(&self) -> Vec<u8> {
        match self {
            Self::Started { pid } => Encoder::new(1).word(*pid),
            Self::Refused { stage, errno } => {
                let stage = StartStage::ALL
                    .iter()
                    .position(|it| it == stage)
                    .unwrap_or(0);
                Encoder::new(2)
                    .byte(stage as u8)
                    .word(errno.cast_unsigned())
            }
            Self::Exited(exit) => write_exit(Encoder::new(3), *exit),
            Self::Done(done) => {
                let message = match done.exit {
                    None => Encoder::new(4).byte(0),
                    Some(exit) => write_exit(Encoder::new(4).byte(1), exit),
                };
                let message = message.optional(done.cpu_us).optional(done.peak_rss_bytes);
                let message = write_leftovers(message, &done.leaked);
                write_leftovers(message, &done.unconfirmed)
            }
        }
        .finish()
    }

    pub(in crate::exec) fn read(message: &[u8]) -> Option<Self> {
        let mut reader = Decoder::new(message);
        match reader.byte()? {
            1 => Some(Self::Started {
                pid: reader.word()?,
            }),
            2 => Some(Self::Refused {
                stage: *StartStage::ALL.get(usize::from(reader.byte()?))?,
                errno: reader.word()?.cast_signed(),
            }),
            3 => read_exit(&mut reader).map(Self::Exited),
            4 => Some(Self::Done(Done {
                exit: match reader.byte()? {
                    0 => None,
                    _ => Some(read_exit(&mut reader)?),
                },
                cpu_us: Some(reader.long()?).filter(|known| *known != u64::MAX),
                peak_rss_bytes: Some(reader.long()?).filter(|known| *known != u64::MAX),
                leaked: read_leftovers(&mut reader)?,
                unconfirmed: read_leftovers(&mut reader)?,
            })),
            _ => None,
        }
    }
}

fn write_exit(message: Encoder, exit: ProcessExit) -> Encoder {
    match exit {
        ProcessExit::Code(code) => message.byte(1).word(code.cast_unsigned()),
        ProcessExit::Signal(signal) => message.byte(2).word(signal.cast_unsigned()),
    }
}

fn read_exit(reader: &mut Decoder<'_>) -> Option<ProcessExit> {
    let kind = reader.byte()?;
    let number = reader.word()?.cast_signed();
    match kind {
        1 => Some(ProcessExit::Code(number)),
        2 => Some(ProcessExit::Signal(number)),
        _ => None,
    }
}

fn write_leftovers(message: Encoder, leftovers: &[Leftover]) -> Encoder {
    leftovers
        .iter()
        .fold(message.word(leftovers.len() as u32), |message, it| {
            let reason = it.reason.as_deref().unwrap_or("");
            message.word(it.pid).text(&it.name).text(reason)
        })
}

fn read_leftovers(reader: &mut Decoder<'_>) -> Option<Vec<Leftover>> {
    let count = reader.word()?;
    (0..count)
        .map(|_| {
            Some(Leftover {
                pid: reader.word()?,
                name: reader.text()?,
                reason: Some(reader.text()?).filter(|reason| !reason.is_empty()),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_arrive_as_they_were_sent() {
        let leftover = |reason: Option<&str>| Leftover {
            pid: 77,
            name: "sleep é".to_owned(),
            reason: reason.map(str::to_owned),
        };
        let all = [
            SupervisorEvent::Started { pid: 12 },
            SupervisorEvent::Refused {
                stage: StartStage::Folder,
                errno: 2,
            },
            SupervisorEvent::Exited(ProcessExit::Signal(9)),
            SupervisorEvent::Done(Done::default()),
            SupervisorEvent::Done(Done {
                exit: Some(ProcessExit::Code(-1)),
                cpu_us: Some(1_000_000),
                peak_rss_bytes: Some(5 << 20),
                leaked: vec![leftover(None), leftover(None)],
                unconfirmed: vec![leftover(Some("not permitted"))],
            }),
        ];
        for news in all {
            assert_eq!(SupervisorEvent::read(&news.message()), Some(news));
        }
        assert_eq!(SupervisorEvent::read(&[9]), None);
    }
}
