//! The exit of a main process, and the ending that follows from it.

use crate::model::{Ending, Outcome};

/// Exit of a process, as the system tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProcessExit {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl ProcessExit {
    /// Returns the ending that follows, before leftovers are known.
    pub(super) fn into_ending(self) -> Ending {
        match self {
            Self::Code(0) => Ending {
                exit_code: Some(0),
                ..Ending::plain(Outcome::Succeeded)
            },
            Self::Code(code) => Ending {
                exit_code: Some(code),
                reason: Some(format!("exit code {code}")),
                ..Ending::plain(Outcome::Failed)
            },
            Self::Signal(number) => Ending {
                signal: Some(number),
                reason: Some(format!("killed by {}", signal_name(number))),
                ..Ending::plain(Outcome::Failed)
            },
        }
    }
}

/// Returns the name of a signal, such as `SIGSEGV`; `signal 40` where it has none.
pub(super) fn signal_name(number: i32) -> String {
    use rustix::process::Signal;
    let names = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::VTALARM, "SIGVTALRM"),
        (Signal::PROF, "SIGPROF"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::IO, "SIGIO"),
        (Signal::SYS, "SIGSYS"),
    ];
    names
        .iter()
        .find(|(signal, _)| signal.as_raw() == number)
        .map_or_else(
            || format!("signal {number}"),
            |(_, name)| (*name).to_owned(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_signals_are_told_in_words() {
        let success = ProcessExit::Code(0).into_ending();
        assert_eq!(
            (success.outcome, success.reason),
            (Outcome::Succeeded, None)
        );
        let failure = ProcessExit::Code(3).into_ending();
        assert_eq!(failure.exit_code, Some(3));
        assert_eq!(failure.reason.as_deref(), Some("exit code 3"));
        let death = ProcessExit::Signal(11).into_ending();
        assert_eq!(death.outcome, Outcome::Failed);
        assert_eq!(death.reason.as_deref(), Some("killed by SIGSEGV"));
        assert_eq!(signal_name(40), "signal 40");
    }
}
