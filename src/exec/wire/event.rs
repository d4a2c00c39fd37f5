//! Events of a supervisor.

use rustix::io::Errno;

use super::codec::{Decoder, Encoder};
use crate::exec::exit::ProcessExit;
use crate::exec::refusal::{StartFailure, StartStage};
use crate::model::Leftover;

/// Steps of a start, in the order of their numbers in a message.
const STAGES: [StartStage; 7] = [
    StartStage::Pipes,
    StartStage::Warden,
    StartStage::Supervisor,
    StartStage::Process,
    StartStage::Setup,
    StartStage::Folder,
    StartStage::Program,
];

/// Message of a supervisor to the runner. A start is answered by `Refused`, or
/// by `Started` and then `Finished`, with `Exited` between them if the tree
/// outlived its main process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exec) enum SupervisorEvent {
    /// The program runs.
    Started {
        /// Its process.
        pid: u32,
    },
    /// Nothing was started.
    Refused(StartFailure),
    /// The main process has ended, others of its tree live.
    Exited(ProcessExit),
    /// The call is over.
    Finished(CallReport),
}

/// The end of a call, as its supervisor saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::exec) struct CallReport {
    /// Exit of the main process; `None` where it could not be killed.
    pub(in crate::exec) exit: Option<ProcessExit>,
    /// CPU time of every process that was waited for, in microseconds;
    /// `None` where some were not.
    pub(in crate::exec) cpu_us: Option<u64>,
    /// Whether `cpu_us` lacks the time of processes that the system reaped
    /// itself, because the main process ignored SIGCHLD.
    pub(in crate::exec) is_cpu_partial: bool,
    /// Highest resident memory of any one process, in bytes; `None` where it
    /// is less than the supervisor's own, which the account includes.
    pub(in crate::exec) peak_rss_bytes: Option<u64>,
    /// Processes that had to be killed after the main process ended by itself.
    pub(in crate::exec) leaked: Vec<Leftover>,
    /// Processes that could not be confirmed dead. Empty means that the tree is
    /// empty, and the supervisor is ready for another start.
    pub(in crate::exec) unconfirmed: Vec<Leftover>,
}

impl SupervisorEvent {
    pub(in crate::exec) fn message(&self) -> Vec<u8> {
        match self {
            Self::Started { pid } => Encoder::new(1).word(*pid),
            Self::Refused(failure) => {
                let stage = STAGES.iter().position(|it| *it == failure.stage);
                let errno = failure.errno.raw_os_error().cast_unsigned();
                Encoder::new(2).byte(stage.unwrap_or(0) as u8).word(errno)
            }
            Self::Exited(exit) => write_exit(Encoder::new(3), *exit),
            Self::Finished(report) => {
                let message = match report.exit {
                    None => Encoder::new(4).byte(0),
                    Some(exit) => write_exit(Encoder::new(4).byte(1), exit),
                };
                let message = message
                    .optional(report.cpu_us)
                    .optional(report.peak_rss_bytes)
                    .byte(u8::from(report.is_cpu_partial));
                let message = write_leftovers(message, &report.leaked);
                write_leftovers(message, &report.unconfirmed)
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
            2 => Some(Self::Refused(StartFailure {
                stage: *STAGES.get(usize::from(reader.byte()?))?,
                errno: Errno::from_raw_os_error(reader.word()?.cast_signed()),
            })),
            3 => read_exit(&mut reader).map(Self::Exited),
            4 => Some(Self::Finished(CallReport {
                exit: match reader.byte()? {
                    0 => None,
                    _ => Some(read_exit(&mut reader)?),
                },
                cpu_us: Some(reader.long()?).filter(|known| *known != u64::MAX),
                peak_rss_bytes: Some(reader.long()?).filter(|known| *known != u64::MAX),
                is_cpu_partial: reader.byte()? != 0,
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
    fn events_arrive_as_they_were_sent() {
        let leftover = |reason: Option<&str>| Leftover {
            pid: 77,
            name: "sleep é".to_owned(),
            reason: reason.map(str::to_owned),
        };
        let all = [
            SupervisorEvent::Started { pid: 12 },
            SupervisorEvent::Refused(StartFailure {
                stage: StartStage::Folder,
                errno: Errno::NOENT,
            }),
            SupervisorEvent::Exited(ProcessExit::Signal(9)),
            SupervisorEvent::Finished(CallReport::default()),
            SupervisorEvent::Finished(CallReport {
                exit: Some(ProcessExit::Code(-1)),
                cpu_us: Some(1_000_000),
                is_cpu_partial: true,
                peak_rss_bytes: Some(5 << 20),
                leaked: vec![leftover(None), leftover(None)],
                unconfirmed: vec![leftover(Some("not permitted"))],
            }),
        ];
        for event in all {
            assert_eq!(SupervisorEvent::read(&event.message()), Some(event));
        }
        assert_eq!(SupervisorEvent::read(&[9]), None);
    }
}
