//! Questions that a server asks while it works on a call.

use std::time::Duration;

use fanout::engine::Lifetime;
use fanout::model::{Asked, CallState, Ending, Outcome, Snapshot, WaitReason};

use crate::scripted::id;
use crate::trial::trial;

#[tokio::test(start_paused = true)]
async fn the_time_of_a_question_is_not_the_tools() {
    let call = "[[call]]\ntool = \"say\"\ntimeout = \"5s\"";
    let trial = trial(call, 1, Lifetime::UntilEnded);
    trial.until_starting(1).await;
    trial.spawner.runs(1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = Asked::Fields(2);
    trial.spawner.asks(1, Some(asked)).await;
    let wanted = Some(WaitReason::Asks { what: asked });
    let is_asked = |run: &Snapshot| run.row(id(1)).is_some_and(|row| row.wait == wanted);
    trial.until(is_asked).await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    trial.spawner.asks(1, None).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ending = Ending::plain(Outcome::Succeeded);
    trial.spawner.ends(1, "", ending).await;
    let last = trial.last().await;
    let row = last.row(id(1)).expect("a row");
    assert_eq!(row.state, CallState::Ended(Outcome::Succeeded));
    let took = row.elapsed(last.now).expect("a time");
    assert!(took < Duration::from_secs(3), "{took:?}");
    let asked = row.waited.under(WaitReason::ANSWER);
    assert!(asked >= Duration::from_secs(59), "{asked:?}");
}
