//! The loop of the dashboard: waits for a key, a snapshot, a signal or the next
//! frame, and hands each to the loop's state.

use std::io;
use std::sync::Arc;

use crossterm::event::Event;
use futures_util::{Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;

use super::deps::Deps;
use super::error::{TuiError, drawing};
use super::experiment_handle::next_message;
use super::loop_state::{Flow, LoopState};
use super::settings::changed;
use crate::tui::state::{Leave, State};
use crate::tui::terminal::{Signal, TerminalControl};
use crate::tui::update::Msg;

/// Runs the dashboard until it is left. `keys` opens the terminal's input; it
/// is dropped while another program has the terminal, and opened anew. The
/// input and `signals` may end: then the terminal is taken to be gone.
pub async fn run<B, I, S>(
    terminal: &mut Terminal<B>,
    mut keys: impl FnMut() -> I,
    mut signals: S,
    session: &mut impl TerminalControl,
    deps: Deps,
) -> Result<Leave, TuiError>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
    I: Stream<Item = io::Result<Event>> + Unpin,
    S: Stream<Item = Signal> + Unpin,
{
    let mut snapshots = deps.handle.snapshots();
    let first = Arc::clone(&snapshots.borrow_and_update());
    let size = terminal.size().map_err(drawing)?;
    let mut theme_changes = deps.settings.theme_changes.clone();
    let mut turn = LoopState::new(State::new(first, deps.handle.catalogue(), size), deps);
    turn.draw(terminal)?;
    let mut is_engine_there = true;
    let mut input = keys();
    loop {
        let wake = turn.wake();
        // In a fixed order, so that a replay is the same each time: what comes
        // more seldom goes first, and starves nothing.
        tokio::select! {
            biased;
            signal = signals.next() => {
                return Ok(Leave::Signalled(signal.unwrap_or(Signal::HangUp)));
            }
            changed = snapshots.changed(), if is_engine_there => {
                is_engine_there = changed.is_ok();
                turn.engine(changed.is_ok(), &mut snapshots);
            }
            event = input.next() => match event {
                Some(event) => turn.input(event.map_err(TuiError::Input)?),
                None => return Ok(Leave::Signalled(Signal::HangUp)),
            },
            () = changed(&mut theme_changes) => turn.reload_themes(),
            msg = next_message(turn.exporter.copied(), &mut turn.deps.experiments, &mut turn.server_log) => turn.handle_and_draw(msg),
            () = tokio::time::sleep_until(wake) => turn.handle(Msg::Ticked),
        }
        turn.inputs(&mut input)?;
        match turn.perform(terminal, session).await? {
            Flow::Continue => {}
            Flow::Leave(leave) => return Ok(leave),
            Flow::Show(viewer, extract) => {
                drop(input);
                if let Some(leave) = turn.show(session, &mut signals, viewer, extract).await? {
                    return Ok(leave);
                }
                terminal.clear().map_err(drawing)?;
                // Keys are about what is seen, which is the latest.
                turn.engine(true, &mut snapshots);
                input = keys();
            }
        }
        turn.close(terminal)?;
    }
}
