//! State of the dashboard: the latest snapshot, selection and scroll positions,
//! open dialogs, and messages.

mod agents;
mod agents_view;
pub mod argument_sources;
mod attention;
mod call_rows;
mod cap;
mod ending;
mod ending_view;
mod exit;
mod experimenting;
mod experiments;
mod key_sequence;
pub mod layout;
mod list;
mod list_filter;
mod lists;
mod message_find;
mod message_search;
mod offer;
pub mod output;
mod pointer;
mod questions;
pub mod refusal;
mod screen;
mod selection;
mod server_lists;
mod servers_view;
mod set_cap;
mod shortlist;
mod table_column;
mod text_scroll;
mod themes;
mod timeline_areas;
mod toast;
mod tools_view;
mod ui_command;
mod waiting_and_ended;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::layout::Size;

use crate::catalogue::Catalogue;
use crate::lab::load::LoadRequest;
use crate::model::{CallId, CallRow, RunPhase, Snapshot};
use crate::record::LastArguments;
use waiting_and_ended::WaitingAndEnded;

use super::action::Context;
use super::keymap::Keymap;
use super::timeline::TimelineView;

pub use agents::OwnCalls;
pub use agents_view::{AgentItem, AgentsView};
pub use attention::{Attention, IDLE_AFTER};
pub use call_rows::{CallRows, Selector, SortKey};
pub use cap::{CapForecast, CapView};
pub use ending_view::EndingView;
pub use exit::{Exit, Leaving};
pub use experiments::{ExperimentKind, Experiments};
pub use key_sequence::KeySequence;
pub use layout::Layout;
pub use list::ListView;
pub use list_filter::ListFilter;
pub use message_find::MessageFind;
pub use offer::Offer;
pub use output::{
    Find, MatchCount, MatchCountKey, MatchSearch, OutputForm, OutputSource, OutputView,
    PageRequest, PickedLines, Scope,
};
pub use pointer::Pointer;
pub use screen::{Pane, Screen};
pub use selection::Selection;
pub use servers_view::{MessageRow, ServerLog, ServersView};
pub use shortlist::{Shortlist, turned};
pub use table_column::{ChosenColumns, TableColumn};
pub use text_scroll::TextScroll;
pub use themes::ThemeList;
pub(super) use timeline_areas::{TimelineAreas, rows_wanted};
pub use toast::{Toast, ToastLevel, Toasts};
pub use tools_view::ToolsView;
pub use ui_command::{Leave, UiCommand};

/// How CPU is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CpuUnit {
    /// In percent of one core: two busy cores are 200 %.
    #[default]
    Core,
    /// In percent of the machine.
    Machine,
}

/// A call whose cancellation was asked for once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingCancel {
    /// The call.
    pub call: CallId,
    /// Until when a second press confirms.
    pub until: Duration,
}

/// A view that is kept as it was.
#[derive(Debug)]
struct Freeze {
    /// Since when.
    at: Duration,
    /// The snapshot to go on with.
    latest: Arc<Snapshot>,
}

/// Everything the dashboard knows. Times without another word count on the
/// dashboard's own clock.
#[derive(Debug)]
pub struct State {
    /// Now.
    pub now: Duration,
    /// The size of the screen.
    pub size: Size,
    /// The latest snapshot.
    pub run: Arc<Snapshot>,
    /// When it arrived.
    run_at: Duration,
    /// The view as it was kept, while it is.
    freeze: Option<Freeze>,
    /// The screen that is shown.
    pub screen: Screen,
    /// The pane that takes the keys.
    pub focus: Pane,
    /// The list that took them before a pane that is read.
    came_from: Option<Pane>,
    /// The pane that took them last, for each screen.
    focused: [Pane; Screen::ALL.len()],
    /// Which call is selected.
    pub selection: Selection,
    /// How many calls there were when one was added that is not there yet.
    calls_before_add: Option<usize>,
    /// The calls that more is to be done with at once.
    pub marked: BTreeSet<CallId>,
    /// Positions in the lists, in the order of [`Pane::LISTS`].
    lists: [ListView; Pane::LISTS.len()],
    /// The calls they list; those of the lanes are the lanes themselves.
    rows: [CallRows; Pane::LISTS.len()],
    /// The calls that wait and those that have ended, as one list.
    waiting_and_ended: WaitingAndEnded,
    /// Every call, for the table.
    all_calls: Arc<Vec<CallId>>,
    /// Filter and order of the lists.
    pub selector: Selector,
    /// Whether the table has all calls, or those that wait.
    pub is_table_full: bool,
    /// The columns of the table.
    pub columns: ChosenColumns,
    /// State of the output pane.
    pub output: OutputView,
    /// How far the details of the selected call are scrolled.
    pub detail: TextScroll,
    /// Messages to the user.
    pub toasts: Toasts,
    /// A cancellation that waits for its second press.
    pub armed: Option<PendingCancel>,
    /// The cap as it was asked for.
    pub cap: CapView,
    /// How CPU is written.
    pub cpu_unit: CpuUnit,
    /// Whether the pane with the keys has the screen for itself.
    pub is_zoomed: bool,
    /// Which keys mean what.
    pub keymap: Keymap,
    /// The sequence of keys that has begun.
    pub keys: KeySequence,
    /// The pointer.
    pub pointer: Pointer,
    /// Presence of a user.
    pub attention: Attention,
    /// The arguments that each tool was given last.
    pub last_args: LastArguments,
    /// The way out.
    pub exit: Exit,
    /// State of the timeline.
    pub timeline: TimelineView,
    /// The end of the run.
    pub ending: EndingView,
    /// Factor on the start times that calls of the run ask for.
    pub time_scale: f64,
    /// Blocks of a comparison that is begun as soon as the plan is known.
    pub comparison_at_start: Option<usize>,
    /// A load that is begun as soon as the plan is known.
    pub load_at_start: Option<LoadRequest>,
    /// The call whose processes are looked at.
    pub(in crate::tui) inspected: Option<CallId>,
    /// State of the screen of experiments.
    pub experiments: Experiments,
    /// State of the catalogue's screen.
    pub tools: ToolsView,
    /// State of the servers' screen.
    pub servers: ServersView,
    /// State of the agents' screen.
    pub agents: AgentsView,
    /// Time zone of the times of day that are shown.
    pub zone: TimeZone,
    /// The tools.
    pub catalogue: Arc<Catalogue>,
    /// The themes.
    pub themes: ThemeList,
    /// Files and demo that can be opened in the place of this run.
    pub offers: Vec<Offer>,
}

impl State {
    /// The state at the start, with the first snapshot.
    pub fn new(run: Arc<Snapshot>, catalogue: Arc<Catalogue>, size: Size) -> Self {
        let mut state = Self {
            now: Duration::ZERO,
            size,
            toasts: Toasts::after(run.notice.as_ref()),
            run,
            run_at: Duration::ZERO,
            freeze: None,
            screen: Screen::Lanes,
            focus: Pane::Lanes,
            came_from: None,
            focused: Screen::ALL.map(|screen| screen.panes()[0]),
            selection: Selection::default(),
            calls_before_add: None,
            marked: BTreeSet::new(),
            lists: [ListView::default(); Pane::LISTS.len()],
            rows: Default::default(),
            waiting_and_ended: WaitingAndEnded::default(),
            all_calls: Arc::default(),
            selector: Selector::default(),
            is_table_full: false,
            columns: ChosenColumns::default(),
            output: OutputView::default(),
            detail: TextScroll::default(),
            armed: None,
            cap: CapView::default(),
            cpu_unit: CpuUnit::default(),
            is_zoomed: false,
            keymap: Keymap::standard(),
            keys: KeySequence::default(),
            pointer: Pointer::default(),
            attention: Attention::default(),
            last_args: LastArguments::default(),
            exit: Exit::default(),
            timeline: TimelineView::default(),
            ending: EndingView::default(),
            time_scale: 1.0,
            comparison_at_start: None,
            load_at_start: None,
            inspected: None,
            experiments: Experiments::default(),
            tools: ToolsView::new(&catalogue),
            servers: ServersView::default(),
            agents: AgentsView::default(),
            zone: TimeZone::UTC,
            catalogue,
            themes: ThemeList::default(),
            offers: vec![Offer::Demo],
        };
        state.settle_ending();
        state.settle();
        state
    }

    /// The run's clock, carried on since the last snapshot while calls run.
    pub fn run_now(&self) -> Duration {
        if self.is_idle() {
            return self.run.now;
        }
        let now = self.freeze.as_ref().map_or(self.now, |freeze| freeze.at);
        self.run.now + now.saturating_sub(self.run_at)
    }

    /// Time from the run's start to now, or to the last end.
    pub fn elapsed(&self) -> Duration {
        if self.run.counts.open() > 0 {
            return self.run_now();
        }
        let last = self.run.finished.first().and_then(|id| self.run.row(*id));
        last.and_then(|row| row.ended).unwrap_or_default()
    }

    /// Whether nothing runs and nothing is about to: every call has ended, or
    /// what waits may not start.
    pub fn is_idle(&self) -> bool {
        let counts = &self.run.counts;
        let is_held = self.run.phase != RunPhase::Open;
        counts.busy() == 0 && (is_held || counts.open() == 0)
    }

    /// Whether the gauges are frozen, so that nothing is drawn.
    pub fn is_frozen(&self) -> bool {
        self.is_idle() && !self.attention.is_there(self.now)
    }

    /// Why nothing else can be opened now.
    pub(in crate::tui) fn why_no_opening(&self) -> Option<&'static str> {
        if self.is_experimenting() {
            Some("an experiment is under way")
        } else if self.run.counts.open() > 0 {
            Some("calls run or wait: let them end, or cancel them")
        } else {
            None
        }
    }

    /// The selected call's row.
    pub fn selected(&self) -> Option<&Arc<CallRow>> {
        self.run.row(self.selection.call()?)
    }

    /// Returns the contexts whose keys are heard while no dialog is open, the
    /// nearest first.
    pub fn ground_contexts(&self) -> &'static [Context] {
        if self.has_ending_keys() {
            return &[
                Context::Ending,
                Context::List,
                Context::Call,
                Context::Global,
            ];
        }
        self.focus.contexts()
    }

    /// Says something to the user.
    pub fn notify(&mut self, level: ToastLevel, text: impl Into<super::text::Piece<'static>>) {
        self.toasts.push(self.now, level, text.into());
    }

    /// Says what the automatic cap did since the last snapshot.
    fn announce_cap_changes(&mut self, run: &Snapshot) {
        let seen = self.run.cap_changes.latest().map(|change| change.at);
        let changes = run.cap_changes.iter().flatten();
        for change in changes.filter(|change| seen.is_none_or(|seen| change.at > seen)) {
            if change.step.auto.is_some() {
                let text = change.step.to_string();
                self.notify(ToastLevel::Info, crate::output::Safe::new(&text));
            }
        }
    }

    /// Whether snapshots are kept for later.
    pub fn is_view_frozen(&self) -> bool {
        self.freeze.is_some()
    }

    /// Keeps the view as it is, or goes on with what came meanwhile.
    pub(in crate::tui) fn toggle_freeze(&mut self) {
        if self.freeze.is_some() {
            return self.thaw();
        }
        self.freeze = Some(Freeze {
            at: self.now,
            latest: Arc::clone(&self.run),
        });
    }

    /// Goes on with what came while the view was frozen.
    pub(in crate::tui) fn thaw(&mut self) {
        if let Some(freeze) = self.freeze.take() {
            self.set_snapshot(freeze.latest);
        }
    }

    /// Takes a new snapshot; while the view is frozen, it is kept for later.
    pub fn set_snapshot(&mut self, run: Arc<Snapshot>) {
        if let Some(freeze) = &mut self.freeze {
            freeze.latest = run;
            return;
        }
        self.announce_cap_changes(&run);
        self.announce_questions(&run);
        self.toasts.notice(self.now, run.notice.as_ref());
        self.run = run;
        self.run_at = self.now;
        self.select_added();
        self.settle_ending();
        self.cap.set_snapshot(&self.run, &self.catalogue, self.now);
        self.settle();
    }
}
