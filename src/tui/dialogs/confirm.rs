//! A question with a few answers.
//!
//! ```text
//! ┌ Leave? ─────────────────────────────────────────────┐
//! │ 4 calls run and 3 wait.                             │
//! │ [Keep running]  Drain and leave  Cancel all and leave
//! └─────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Answer, Dialog, Press};
use crate::engine::{AgentCommand, Command};
use crate::lab::ExperimentRequest;
use crate::lab::load::LoadRequest;
use crate::model::{CallId, ProxyId, ServerCommand};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, ActionGroup, ConfirmAction, Context};
use crate::tui::state::{ExperimentKind, Leave, Leaving, State, ToastLevel, UiCommand, turned};
use crate::tui::text::{Cut, Strip, figure};
use crate::tui::views::{View, chrome};

/// A box with a few answers; the harmless one stands first and is marked.
#[derive(Debug)]
pub(super) struct ConfirmBox {
    title: &'static str,
    answers: &'static [&'static str],
    marked: usize,
    /// Columns inside its frame.
    width: u16,
    /// Rows above the answers, with the blank before them.
    above: u16,
}

impl ConfirmBox {
    pub(super) fn new(title: &'static str, answers: &'static [&'static str]) -> Self {
        Self {
            title,
            answers,
            marked: 0,
            width: 36,
            above: 2,
        }
    }

    /// Carries an action out. Returns the answer that is given, if one is.
    pub(super) fn act(&mut self, action: Action) -> Option<usize> {
        let ActionGroup::Confirm(action) = action.group() else {
            return Some(0);
        };
        match action {
            ConfirmAction::ChoiceNext => self.turn(1),
            ConfirmAction::ChoicePrevious => self.turn(-1),
            ConfirmAction::Accept => Some(self.marked),
            ConfirmAction::Yes => Some(self.answers.len() - 1),
            ConfirmAction::No => Some(0),
        }
    }

    /// Returns the answer that is pressed.
    pub(super) fn pressed(&mut self, press: Press) -> Option<usize> {
        let inner = chrome::popup_inner(press.screen, self.size());
        let answer = usize::from(press.at.y.checked_sub(inner.y + self.above)?);
        (inner.contains(press.at) && answer < self.answers.len()).then_some(answer)
    }

    fn turn(&mut self, by: isize) -> Option<usize> {
        self.marked = turned(self.marked, self.answers.len(), by);
        None
    }

    fn size(&self) -> (u16, u16) {
        (self.width, self.answers.len() as u16 + self.above)
    }

    /// Draws the frame, some lines and the answers.
    pub(super) fn render(
        &self,
        view: &View<'_>,
        lines: impl FnOnce(u16) -> Vec<Strip>,
        screen: Rect,
        buf: &mut Buffer,
    ) {
        let inner = chrome::popup(view, screen, self.size(), self.title, buf);
        for (line, y) in lines(inner.width).iter().zip(inner.y..inner.bottom()) {
            line.draw((inner.x, y), buf);
        }
        let answers = self.answers.iter().enumerate();
        for ((index, answer), y) in answers.zip(inner.y + self.above..inner.bottom()) {
            let role = if index == 0 { Role::Fg } else { Role::Danger };
            let is_marked = self.marked == index;
            let bar = if is_marked {
                view.glyphs.selected()
            } else {
                " "
            };
            let mut strip = view.strip(inner.width);
            strip
                .put(bar, view.style(Role::Accent))
                .skip(1)
                .put(*answer, view.style(role));
            strip.draw((inner.x, y), buf);
            if is_marked {
                let row = Rect::new(inner.x + 1, y, inner.width.saturating_sub(1), 1);
                chrome::mark(view, row, buf);
            }
        }
    }
}

/// A question that is asked before something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Question {
    /// Whether to wait for the running calls or to cancel all before leaving.
    Quit,
    /// How to leave while agents' calls are held.
    QuitHolding,
    /// Whether to kill the server of agents' calls, with the call that this is
    /// asked about.
    KillProxied {
        /// Its proxy.
        proxy: ProxyId,
        /// The call.
        call: Option<CallId>,
    },
    /// Whether to take control from another dashboard.
    TakeControl,
    /// Whether to cancel every call that has not ended.
    CancelAll,
    /// Whether to cancel the marked calls.
    CancelMarked,
    /// Whether to kill the marked calls.
    KillMarked,
    /// Whether to close a server that works on calls.
    StopServer,
    /// Whether to restart one.
    RestartServer,
    /// Whether to use tools as they are described in this revision.
    UseChanged(u64),
    /// Where to put a copy that is too large for the clipboard.
    KeepCopy,
    /// Whether to run every call again, many times.
    Experiment(ExperimentKind),
    /// Whether to leave although an experiment is under way.
    LeaveExperiment,
}

impl Question {
    fn title(self) -> &'static str {
        match self {
            Self::Quit | Self::QuitHolding | Self::LeaveExperiment => "Leave?",
            Self::KillProxied { .. } => "Kill the server?",
            Self::TakeControl => "Take control?",
            Self::CancelAll => "Cancel all?",
            Self::CancelMarked => "Cancel?",
            Self::KillMarked => "Kill?",
            Self::StopServer => "Close the server?",
            Self::RestartServer => "Restart the server?",
            Self::UseChanged(_) => "Use changed tools?",
            Self::KeepCopy => "Copy?",
            Self::Experiment(ExperimentKind::Compare) => "Compare?",
            Self::Experiment(ExperimentKind::Sweep) => "Sweep?",
            Self::Experiment(ExperimentKind::Load(_)) => "Load?",
            Self::Experiment(ExperimentKind::GoOn) => "Continue the sweep?",
        }
    }

    /// The answers; the first one changes nothing.
    fn answers(self) -> &'static [&'static str] {
        match self {
            Self::Quit => &["Keep running", "Drain and leave", "Cancel all and leave"],
            Self::QuitHolding => &["Stay", "Answer them with errors", "Let them go"],
            Self::KillProxied { .. } => &["Keep it running", "Kill it"],
            Self::TakeControl => &["Look on", "Take control"],
            Self::CancelAll => &["Keep running", "Cancel all"],
            Self::CancelMarked => &["Keep running", "Cancel them"],
            Self::KillMarked => &["Keep running", "Kill them"],
            Self::Experiment(ExperimentKind::Compare) => &["Run nothing", "Compare"],
            Self::Experiment(ExperimentKind::Sweep) => &["Run nothing", "Sweep"],
            Self::Experiment(ExperimentKind::Load(_)) => &["Run nothing", "Load it"],
            Self::Experiment(ExperimentKind::GoOn) => &["Run nothing", "Start over", "Continue"],
            Self::LeaveExperiment => &["Keep it running", "Stop it and leave"],
            Self::StopServer => &["Keep it running", "Close it"],
            Self::RestartServer => &["Keep it running", "Restart it"],
            Self::UseChanged(_) => &["Hold them back", "Use them as they are now"],
            Self::KeepCopy => &["Do not copy", "Write it to a file here"],
        }
    }
}

/// A question with a few answers.
#[derive(Debug)]
pub(in crate::tui) struct Confirm {
    question: Question,
    shown: ConfirmBox,
}

impl Confirm {
    /// Asks, with the harmless answer marked.
    pub(in crate::tui) fn new(question: Question) -> Self {
        let mut shown = ConfirmBox::new(question.title(), question.answers());
        if let Question::Experiment(_) = question {
            (shown.width, shown.above) = (58, 4);
        }
        Self { question, shown }
    }

    /// Carries the answer out.
    fn answer(
        &self,
        answer: Option<usize>,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let Some(answer) = answer else {
            return Answer::Stay;
        };
        match (self.question, answer) {
            (_, 0) => {}
            (Question::Quit, 1) => {
                leave_after(state, Leaving::Drained, Command::Drain, commands);
                state.notify(
                    ToastLevel::Info,
                    "leaves when the running calls have finished",
                );
            }
            (Question::Quit, _) => {
                leave_after(state, Leaving::Cancelled, Command::Shutdown, commands);
                state.notify(
                    ToastLevel::Info,
                    "cancelling all; leaves when their trees are gone",
                );
            }
            (Question::QuitHolding, answer) => leave_held(state, answer == 1, commands),
            (Question::KillProxied { proxy, call }, _) => {
                commands.extend(call.map(|it| UiCommand::Engine(Command::Cancel(vec![it]))));
                ask_agents(AgentCommand::KillServer(proxy), commands);
            }
            (Question::TakeControl, _) => ask_agents(AgentCommand::TakeControl, commands),
            (Question::CancelAll, _) => commands.push(UiCommand::Engine(Command::CancelAll)),
            (Question::Experiment(ExperimentKind::GoOn), 1) => {
                state.begin_experiment(ExperimentKind::Sweep, commands);
            }
            (Question::Experiment(kind), _) => state.begin_experiment(kind, commands),
            (Question::LeaveExperiment, _) => commands.push(UiCommand::Leave(Leave::Quit)),
            (Question::StopServer, _) => state.command_server(ServerCommand::Stop, commands),
            (Question::RestartServer, _) => state.command_server(ServerCommand::Restart, commands),
            (Question::UseChanged(revision), _) => {
                state.command_server(ServerCommand::Accept(revision), commands);
            }
            (Question::KeepCopy, _) => {
                commands.extend(state.output.too_large.take().map(UiCommand::SaveToFile));
            }
            (Question::CancelMarked, _) => {
                commands.push(UiCommand::Engine(Command::Cancel(state.take_marked())));
            }
            (Question::KillMarked, _) => {
                commands.push(UiCommand::Engine(Command::Kill(state.take_marked())));
            }
        }
        Answer::Close
    }
}

fn ask_agents(command: AgentCommand, commands: &mut Vec<UiCommand>) {
    commands.push(UiCommand::Engine(Command::Agents(command)));
}

/// Lets what is held go, or answers it with errors, and leaves once that is so.
fn leave_held(state: &mut State, are_refused: bool, commands: &mut Vec<UiCommand>) {
    let command = if are_refused {
        AgentCommand::RefuseAll
    } else {
        AgentCommand::ReleaseAll
    };
    ask_agents(command, commands);
    state.exit.leave_after(Leaving::Released);
    state.notify(ToastLevel::Info, "leaves when nothing is held any more");
}

fn leave_after(
    state: &mut State,
    leaving: Leaving,
    command: Command,
    commands: &mut Vec<UiCommand>,
) {
    state.exit.leave_after(leaving);
    commands.push(UiCommand::Engine(command));
}

impl Dialog for Confirm {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Confirm]
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let answer = self.shown.act(action);
        self.answer(answer, state, commands)
    }

    fn pressed(
        &mut self,
        press: Press,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let answer = self.shown.pressed(press);
        self.answer(answer, state, commands)
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let lines = |width| match self.question {
            Question::Experiment(kind) => experiment(view, kind, width),
            question => vec![facts(view, question, width)],
        };
        self.shown.render(view, lines, screen, buf);
    }
}

/// How often an experiment runs how many calls, at which caps, and about how
/// long that takes.
fn experiment(view: &View<'_>, kind: ExperimentKind, width: u16) -> Vec<Strip> {
    let Some(plan) = view.state.plan_of(kind) else {
        return Vec::new();
    };
    let asked = view.state.experiment_asked(kind, &plan);
    if let ExperimentRequest::Load(request) = &asked {
        return load(view, request, width);
    }
    let style = view.style(Role::Fg);
    let mut runs = view.strip(width);
    runs.skip(1);
    if let ExperimentRequest::Sweep(_, done) = &asked
        && !done.is_empty()
    {
        runs.put(figure::count(done.len()), style)
            .put(" done, ", style);
    }
    let (about, or_more) = match asked {
        ExperimentRequest::Compare(_) => ("", " or more of "),
        ExperimentRequest::Sweep(..) | ExperimentRequest::Load(_) => ("about ", " of "),
    };
    runs.put(about, style)
        .put(figure::plural(asked.runs(), "run"), style)
        .put(or_more, style)
        .put(figure::plural(plan.calls.len(), "call"), style)
        .put(", one run after another,", style);
    let mut caps = view.strip(width);
    caps.skip(1).put("at caps ", style);
    for (index, cap) in asked.caps().iter().enumerate() {
        caps.put(if index > 0 { ", " } else { "" }, style);
        caps.put(figure::cap(*cap), style);
    }
    caps.put(".", style);
    let mut time = view.strip(width);
    let took = view.state.elapsed();
    if !took.is_zero() {
        let all = took.saturating_mul(u32::try_from(asked.runs()).unwrap_or(u32::MAX));
        time.skip(1)
            .put("As long as the last run each: ~", style)
            .put(figure::whole_clock(all), style)
            .put(" in all.", style);
    }
    let mut warning = view.strip(width);
    let text = "What the calls change, they change again in every run.";
    warning.skip(1).put(text, view.style(Role::ToastWarn));
    let lines = [runs, caps, time, warning];
    lines.into_iter().filter(|line| line.used() > 0).collect()
}

/// The call that a load repeats, and the cap.
fn load(view: &View<'_>, request: &LoadRequest, width: u16) -> Vec<Strip> {
    let style = view.style(Role::Fg);
    let mut what = view.strip(width);
    what.skip(1)
        .put_cut(Safe::new(&request.name), 30, Cut::End, style)
        .put(" again and again,", style);
    let mut how = view.strip(width);
    let level = request.levels.first().map(|level| level.words());
    how.skip(1)
        .put(Safe::new(&level.unwrap_or_default()), style)
        .put(" at once, until it is stopped.", style);
    let mut warning = view.strip(width);
    let text = "What the call changes, it changes again each time.";
    warning.skip(1).put(text, view.style(Role::ToastWarn));
    vec![what, how, warning]
}

/// Draws the facts that the answer concerns.
fn facts(view: &View<'_>, question: Question, width: u16) -> Strip {
    let style = view.style(Role::Fg);
    let mut strip = view.strip(width);
    strip.skip(1);
    match question {
        Question::LeaveExperiment => strip.put("An experiment is under way.", style),
        Question::KeepCopy => strip.put("More than 64K: no clipboard.", style),
        Question::StopServer | Question::RestartServer => {
            let busy = view.state.selected_server().map_or(0, |it| it.in_flight);
            strip
                .put(figure::plural(busy, "call"), style)
                .put(" in flight will fail.", style)
        }
        Question::UseChanged(_) => {
            let held = view.state.selected_server();
            let held = held.map_or(0, |it| it.held_back.tools.len());
            strip
                .put(figure::plural(held, "tool"), style)
                .put(" described otherwise.", style)
        }
        Question::CancelMarked | Question::KillMarked => strip
            .put(
                figure::plural(view.state.marked.len(), "marked call"),
                style,
            )
            .put(".", style),
        Question::QuitHolding => strip
            .put(figure::plural(view.state.run.agents.held, "call"), style)
            .put(" held for agents.", style),
        Question::KillProxied { proxy, .. } => {
            let server = view.state.run.agents.server(proxy);
            strip
                .put(
                    figure::plural(server.map_or(0, |it| it.open_calls), "call"),
                    style,
                )
                .put(" on it will fail.", style)
        }
        Question::TakeControl => strip.put("Another dashboard will look on.", style),
        Question::Quit | Question::CancelAll | Question::Experiment(_) => {
            let counts = &view.state.run.counts;
            let (busy, waiting) = match question {
                Question::Quit => {
                    let own = view.state.own_open();
                    (own.busy, own.waiting)
                }
                _ => (counts.busy(), counts.queued + counts.retrying),
            };
            strip
                .put(figure::plural(busy, "call"), style)
                .put(if busy == 1 { " runs, " } else { " run, " }, style)
                .put(figure::count(waiting), style)
                .put(if waiting == 1 { " waits." } else { " wait." }, style)
        }
    };
    strip
}
