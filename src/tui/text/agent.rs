//! Where the calls of agents stand, in words.

use std::time::Duration;

use super::{Piece, Safe, figure, wait};
use crate::model::{
    CallProgress, CallRow, CallState, EndedBy, HeldAnswer, Hold, Outcome, Patience, ProxiedCall,
    ProxiedStage, Snapshot, WaitReason,
};

/// From this limit on it says more than the time that is left.
const LONG: Duration = Duration::from_hours(1);

/// The name of a call: of one that an agent made its tool's, which says more.
pub fn name(row: &CallRow) -> Safe {
    match &row.proxied {
        Some(call) => Safe::new(&call.tool),
        None => Safe::new(row.name.as_str()),
    }
}

/// The name of a call behind the mark of the agent that made it.
pub fn marked_name(row: &CallRow) -> Piece<'static> {
    match &row.proxied {
        Some(call) => Piece::from(Safe::new(call.agent.as_str()))
            .then(" ")
            .then(Safe::new(&call.tool)),
        None => Safe::new(row.name.as_str()).into(),
    }
}

/// The agent and the server of a call: `cc1/mem`.
pub fn place(call: &ProxiedCall) -> Piece<'static> {
    Piece::from(Safe::new(call.agent.as_str()))
        .then("/")
        .then(Safe::new(call.server.as_str()))
}

/// Where an agent's call stands: what holds it, what it waits for, or how it
/// ended; in fewer words where it has no more than `room` cells.
pub fn stands(
    row: &CallRow,
    call: &ProxiedCall,
    run: &Snapshot,
    now: Duration,
    room: usize,
) -> Piece<'static> {
    let told = stands_with(row, call, run, now, patience);
    if told.width() <= room {
        return told;
    }
    let told = stands_with(row, call, run, now, patience_in_short);
    match &row.wait {
        // The name of a lock gives way, never its holder.
        Some(WaitReason::Lock { holder, .. }) if told.width() > room && is_queued(call) => {
            let held = Piece::from("held by ").then(figure::call(*holder));
            let whole = held.clone().then(", ").then(patience_in_short(call, now));
            let has_room = call.patience.let_go_at.is_some() && whole.width() <= room;
            if has_room { whole } else { held }
        }
        _ => told,
    }
}

/// Whether it waits for its turn, and nobody holds it.
fn is_queued(call: &ProxiedCall) -> bool {
    call.held.is_none() && matches!(call.stage, ProxiedStage::Waiting)
}

fn stands_with(
    row: &CallRow,
    call: &ProxiedCall,
    run: &Snapshot,
    now: Duration,
    patience: fn(&ProxiedCall, Duration) -> Piece<'static>,
) -> Piece<'static> {
    if let CallState::Ended(outcome) = row.state {
        let word = ended(outcome, call.by);
        return match &row.reason {
            Some(reason) => word.then(": ").then(Safe::new(reason)),
            None => word,
        };
    }
    match (&call.stage, &call.held) {
        (ProxiedStage::Waiting, Some(hold)) => held(hold).then(", ").then(patience(call, now)),
        (ProxiedStage::AnswerHeld(answer), hold) => {
            let told = self::answer(answer);
            let told = match hold {
                Some(hold) => told.then(" ").then(held(hold)),
                None => told,
            };
            told.then(", ").then(patience(call, now))
        }
        (ProxiedStage::Waiting, None) => {
            let reason = row.wait.as_ref();
            let reason = reason.map_or("waits".into(), |it| wait::reason(it, run, now));
            match call.patience.let_go_at {
                Some(_) => reason.then(", ").then(patience(call, now)),
                None => reason,
            }
        }
        (ProxiedStage::Sent, Some(hold)) => Piece::from("its answer is ").then(held(hold)),
        (ProxiedStage::Sent, None) if call.holds_answer => "sent, its answer will be held".into(),
        (ProxiedStage::Sent, None) => sent(row, call),
        (ProxiedStage::Stopping { since }, _) => Piece::from("told to stop ")
            .then(figure::left(now.saturating_sub(*since)))
            .then(" ago"),
        (ProxiedStage::Ended, _) => Piece::from("ended"),
    }
}

/// How far it says it is, else why it went before its turn.
fn sent(row: &CallRow, call: &ProxiedCall) -> Piece<'static> {
    let progress = row.remote.and_then(|it| it.progress);
    if let Some(CallProgress { done, total }) = progress {
        let told = Piece::from("progress ").then(figure::amount(done));
        return match total {
            Some(total) => told.then("/").then(figure::amount(total)),
            None => told,
        };
    }
    match call.let_go {
        Some(why) => why.words().into(),
        None if call.is_edited => Piece::from("sent as you changed it"),
        None => Piece::from("sent"),
    }
}

/// The holder: `held by you`.
fn held(hold: &Hold) -> Piece<'static> {
    Piece::from("held by ").then(Safe::new(&hold.by))
}

/// An answer that is held: `answer held (ok, 1.2K)`.
fn answer(answer: &HeldAnswer) -> Piece<'static> {
    let kind = if answer.is_error { "error, " } else { "ok, " };
    Piece::from("answer (")
        .then(kind)
        .then(figure::bytes(answer.bytes))
        .then(")")
}

/// When the agent gives up, as far as that is known.
pub fn patience(call: &ProxiedCall, now: Duration) -> Piece<'static> {
    let Patience {
        limit,
        is_prolonged,
        gives_up_at,
        ..
    } = call.patience;
    match (limit, gives_up_at.map(|at| at.saturating_sub(now))) {
        (Some(limit), _) if limit >= LONG => {
            Piece::from("agent's limit ").then(figure::about(limit))
        }
        (_, Some(left)) if left.is_zero() => Piece::from("agent gives up now"),
        (_, Some(left)) => Piece::from("agent gives up in ~").then(figure::about(left)),
        (Some(_), None) if is_prolonged => Piece::from("agent waits while it is told"),
        (Some(limit), None) => Piece::from("agent's limit ").then(figure::about(limit)),
        (None, None) => Piece::from("agent's limit unknown"),
    }
}

/// Returns what else is to be known of a call: that it is not as its agent or
/// its server made it, or went before its turn.
pub fn marks(call: &ProxiedCall) -> Vec<Piece<'static>> {
    let late = call.late_answers as usize;
    let marks = [
        (call.is_watched && call.held.is_none())
            .then(|| "only watched: it holds no lock and counts towards no cap".into()),
        call.is_edited
            .then(|| "its arguments are not those of the agent".into()),
        call.is_answer_edited
            .then(|| "its answer is not that of the server".into()),
        call.let_go.map(|it| it.words().into()),
        (late > 0).then(|| figure::plural(late, "late answer").then(", not passed on")),
    ];
    marks.into_iter().flatten().collect()
}

/// The same in a word or two.
fn patience_in_short(call: &ProxiedCall, now: Duration) -> Piece<'static> {
    let left = call.patience.gives_up_at.map(|at| at.saturating_sub(now));
    match left.or(call.patience.limit) {
        Some(left) => Piece::from("~").then(figure::about(left)),
        None => Piece::from("limit unknown"),
    }
}

/// How an agent's call ended, and through whom.
fn ended(outcome: Outcome, by: Option<EndedBy>) -> Piece<'static> {
    match (outcome, by) {
        (Outcome::Answered, Some(EndedBy::Rule)) => "answered by a rule".into(),
        (Outcome::Answered, _) => "answered by you".into(),
        (Outcome::Cancelled, Some(EndedBy::User)) => "cancelled by you".into(),
        (Outcome::AgentCancelled, _) => "cancelled by the agent".into(),
        (Outcome::AgentLeft, _) => "agent left".into(),
        (Outcome::GivenUp, _) => "agent gave up".into(),
        (Outcome::ServerDied, _) => "server died".into(),
        (outcome, _) => outcome.word().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{AgentMark, ProxiedRoute, ProxyId, ServerName};

    fn call(patience: Patience) -> ProxiedCall {
        let route = ProxiedRoute {
            agent: AgentMark::new("cc1"),
            proxy: ProxyId(1),
            server: ServerName::new("mem"),
        };
        ProxiedCall {
            is_watched: false,
            held: Some(Hold {
                by: Arc::from("you"),
                since: Duration::ZERO,
            }),
            patience,
            ..ProxiedCall::new(route, "add")
        }
    }

    #[test]
    fn the_agents_limit_is_said_as_far_as_it_is_known() {
        let second = Duration::from_secs;
        let told = |limit, gives_up_at, is_prolonged| {
            let patience = Patience {
                limit,
                is_prolonged,
                gives_up_at,
                let_go_at: None,
            };
            super::patience(&call(patience), second(10))
                .as_str()
                .to_owned()
        };
        let minute = Some(second(60));
        assert_eq!(
            told(minute, Some(second(57)), false),
            "agent gives up in ~47 s"
        );
        assert_eq!(told(minute, Some(second(9)), false), "agent gives up now");
        assert_eq!(told(minute, None, true), "agent waits while it is told");
        let days = Some(Duration::from_hours(28));
        assert_eq!(
            told(days, Some(second(99_999)), false),
            "agent's limit 28 h"
        );
        assert_eq!(told(None, None, false), "agent's limit unknown");
    }

    #[test]
    fn an_outcome_names_who_brought_it_about() {
        let told = |outcome, by| ended(outcome, by).as_str().to_owned();
        assert_eq!(
            told(Outcome::Answered, Some(EndedBy::User)),
            "answered by you"
        );
        assert_eq!(
            told(Outcome::Answered, Some(EndedBy::Rule)),
            "answered by a rule"
        );
        assert_eq!(told(Outcome::Succeeded, None), "succeeded");
        assert_eq!(told(Outcome::AgentLeft, None), "agent left");
    }
}
