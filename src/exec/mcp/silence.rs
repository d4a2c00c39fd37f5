//! Words for a server that did not answer a call until it was stopped: what it
//! did instead, as far as that can be seen from here.

use std::sync::Weak;
use std::time::Duration;

use rmcp::model::RequestId;
use tokio::net::unix::pipe;
use tokio::time::Instant;

use super::pending_request::PendingRequest;
use super::session::{Location, Session};

/// Time that a server has to read the cancel before it counts as one that does
/// not read.
const READ_WITHIN: Duration = Duration::from_millis(200);

/// Returns what is known of a server that did not answer a request, whose
/// cancel was sent at `cancelled`.
pub(super) fn words(
    session: &Session,
    id: &RequestId,
    #[cfg_attr(
        not(feature = "http"),
        expect(
            unused_variables,
            reason = "only servers over HTTP are heard in pieces"
        )
    )]
    pending: &PendingRequest,
    cancelled: Option<Instant>,
) -> Option<String> {
    match &session.location {
        Location::Local { input } => {
            let received = session.requests.received_since(id)?;
            let had_time = cancelled.is_some_and(|at| at.elapsed() >= READ_WITHIN);
            let input = if had_time {
                Input::of(input)
            } else {
                Input::Read
            };
            Some(local_words(received, input))
        }
        #[cfg(feature = "http")]
        Location::Remote => Some(pending.heard().to_string()),
        #[cfg(not(feature = "http"))]
        Location::Remote => None,
    }
}

/// State of a server's standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    /// Nothing lies there unread, or that is not known.
    Read,
    Unread,
    Closed,
}

impl Input {
    fn of(input: &Weak<pipe::Sender>) -> Self {
        match input.upgrade() {
            None => Self::Closed,
            Some(pipe) => match rustix::io::ioctl_fionread(&*pipe) {
                Ok(1..) => Self::Unread,
                Ok(0) | Err(_) => Self::Read,
            },
        }
    }
}

fn local_words(received: u64, input: Input) -> String {
    let sent = match received {
        0 => "it has sent nothing since the request".to_owned(),
        1 => "it has sent 1 other message since the request".to_owned(),
        count => format!("it has sent {count} other messages since the request"),
    };
    match input {
        Input::Read => sent,
        Input::Unread => format!("{sent}, and it does not read its standard input"),
        Input::Closed => format!("{sent}, and it has closed its standard input"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_pipe_tells_whether_it_is_read_and_whether_it_is_closed() {
        let (sender, receiver) = pipe::pipe().expect("a pipe");
        let sender = Arc::new(sender);
        let input = Arc::downgrade(&sender);
        assert_eq!(Input::of(&input), Input::Read);
        sender.writable().await.expect("it is open");
        sender.try_write(b"x").expect("room");
        assert_eq!(Input::of(&input), Input::Unread);
        drop(sender);
        assert_eq!(Input::of(&input), Input::Closed);
        drop(receiver);
    }

    #[test]
    fn the_words_follow_what_came() {
        assert_eq!(
            local_words(0, Input::Unread),
            "it has sent nothing since the request, and it does not read its standard input"
        );
        assert_eq!(
            local_words(7, Input::Closed),
            "it has sent 7 other messages since the request, and it has closed its standard input"
        );
    }
}
