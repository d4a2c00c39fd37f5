//! The screen of experiments, with experiments whose runner runs nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent};
use fanout::lab::{
    self, CallCost, CallResult, Capacity, Experiment, ExperimentCommand, ExperimentError,
    ExperimentRequest, ExperimentStatus, IdleCause, LaneTime, Observer, PlanRunner, Trial,
    TrialCall, bounds, compare, sweep,
};
use fanout::model::{
    Call, CallId, CallName, Cap, ComparisonRules, History, LaneId, LoadSample, Outcome, Pace, Plan,
    Pressure, PressureSource, ToolName,
};
use fanout::theme::{Depth, builtin};
use fanout::tui::dialogs::Layers;
use fanout::tui::state::{Screen, State};
use fanout::tui::text::glyphs::Glyphs;
use fanout::tui::update::{Msg, update};
use ratatui::layout::Size;
use serde_json::json;

use crate::looks::{SIZES, draw, draw_with};
use crate::stage::play;
use crate::{dump, fixtures};

/// Calls in one wave after another: each takes longer the more run beside it,
/// and from four lanes on they get into each other's way.
struct Waves {
    runs: u32,
    /// Stops in the place of this run.
    stops_at: u32,
    is_hazardous: bool,
}

impl PlanRunner for Waves {
    fn run(
        &mut self,
        plan: &Plan,
        cap: Cap,
        _observer: &mut dyn Observer,
    ) -> Result<Trial, ExperimentError> {
        self.runs += 1;
        if self.runs == self.stops_at {
            return Err(ExperimentError::Stopped);
        }
        let lanes = cap.get().min(plan.calls.len() as u32).max(1);
        let jitter = self.runs * 7 % 5 * 3;
        let run = Duration::from_millis(u64::from(500 + 20 * lanes.saturating_sub(3) + jitter));
        let calls = plan.calls.iter().zip(0_u32..).map(|(call, index)| {
            let is_lost = self.is_hazardous && lanes > 1 && call.tool.as_str() == "add";
            let output = json!(if is_lost { 30 } else { 1230 });
            let from = run * (index / lanes);
            TrialCall {
                answer: CallResult::new(
                    Some(Outcome::Succeeded),
                    Some(output),
                    &ComparisonRules::default(),
                ),
                run,
                span: Some((LaneId(index % lanes), from, from + run)),
            }
        });
        let calls = calls.collect();
        let wall = run * (plan.calls.len() as u32).div_ceil(lanes);
        let costs: Vec<CallCost> = plan
            .calls
            .iter()
            .map(|it| CallCost::once(it, run))
            .collect();
        let capacity = Capacity {
            cap: cap.get(),
            cores: Some(2.0),
            tools: &[],
        };
        let (whole, busy) = (wall * cap.get(), run * plan.calls.len() as u32);
        Ok(Trial {
            cap,
            wall,
            bounds: bounds(&costs, &capacity),
            lane_time: LaneTime {
                whole,
                busy,
                idle: BTreeMap::from([(IdleCause::NothingLeft, whole.saturating_sub(busy))]),
            },
            calls,
            foreign_cores: Some(0.0),
        })
    }
}

/// Keeps every step of an experiment.
#[derive(Default)]
struct Steps(Vec<Arc<Experiment>>);

impl Observer for Steps {
    fn updated(&mut self, experiment: &Experiment) {
        self.0.push(Arc::new(experiment.clone()));
    }
}

fn plan() -> Arc<Plan> {
    let calls = (0..12).map(|index| {
        let tool = if index % 5 == 2 { "add" } else { "fetch" };
        let name = format!("{tool}-{}", index + 1);
        let args = json!({ "path": "balance.txt" });
        let id = CallId::from_index(index);
        let call = Call::new(id, CallName::new(name), ToolName::new(tool), args);
        Arc::new(call)
    });
    Arc::new(Plan {
        name: "trip\u{202e} research".to_owned(),
        calls: calls.collect(),
        ..Plan::default()
    })
}

fn cap(lanes: u32) -> Cap {
    Cap::new(lanes).expect("a cap")
}

fn asked_compare(highest: u32) -> ExperimentRequest {
    ExperimentRequest::Compare(compare::CompareRequest::usual(Some(cap(highest)), 1))
}

fn asked_sweep() -> ExperimentRequest {
    ExperimentRequest::Sweep(sweep::SweepRequest::usual(&plan(), 2, 1), Vec::new())
}

/// Every step of an experiment.
fn steps(asked: ExperimentRequest, stops_at: u32, is_hazardous: bool) -> Vec<Arc<Experiment>> {
    let mut runner = Waves {
        runs: 0,
        stops_at,
        is_hazardous,
    };
    let mut steps = Steps::default();
    lab::conduct(&plan(), asked, &mut runner, &mut steps);
    steps.0
}

/// An experiment that is over.
fn over(asked: ExperimentRequest, is_hazardous: bool) -> Arc<Experiment> {
    let mut steps = steps(asked, u32::MAX, is_hazardous);
    steps.pop().expect("a step")
}

/// One that is half done.
fn under_way(asked: ExperimentRequest) -> Arc<Experiment> {
    let steps = steps(asked, u32::MAX, false);
    Arc::clone(&steps[steps.len() / 2])
}

/// Readings of a run: busy, then nearly done, with some missed and some that
/// know of no pressure.
fn load_samples(source: PressureSource) -> Arc<History<LoadSample>> {
    let mut load_samples = History::new(100);
    for number in (1..=40).filter(|it| !(17..21).contains(it)) {
        let queued = 28_u32.saturating_sub(number);
        let lanes = if number > 30 { 2 } else { 4 };
        let pressure = Pressure {
            cpu: 0.1 * (number % 9) as f32,
            memory_full: None,
            source,
        };
        load_samples.push(Some(LoadSample {
            at: Duration::from_millis(u64::from(number) * 500),
            cap: cap(lanes),
            running: if number > 32 { 1 } else { 4 - number % 2 },
            queued,
            pressure: (!(5..8).contains(&number)).then_some(pressure),
            pace: Pace {
                ended: 3 * lanes,
                time: Duration::from_secs(5),
                median: Some(Duration::from_millis(400 + 10 * u64::from(number % 7))),
            },
        }));
    }
    Arc::new(load_samples)
}

fn news(experiment: Option<Arc<Experiment>>) -> ExperimentStatus {
    ExperimentStatus {
        number: u64::from(experiment.is_some()),
        experiment,
        load: load_samples(PressureSource::Measured),
        ..ExperimentStatus::of(&plan())
    }
}

/// What the screen may have to show, worked out once.
pub(crate) fn every() -> Vec<(&'static str, ExperimentStatus)> {
    static EVERY: LazyLock<Vec<(&str, ExperimentStatus)>> = LazyLock::new(made);
    EVERY.clone()
}

fn made() -> Vec<(&'static str, ExperimentStatus)> {
    vec![
        ("empty", news(None)),
        ("comparison", news(Some(over(asked_compare(4), false)))),
        ("many-lanes", news(Some(over(asked_compare(32), false)))),
        ("hazard", news(Some(over(asked_compare(4), true)))),
        ("sweep", news(Some(over(asked_sweep(), false)))),
        ("sweep-under-way", news(Some(under_way(asked_sweep())))),
    ]
}

fn state(news: ExperimentStatus, (width, height): (u16, u16)) -> State {
    let mut run = (*fixtures::over()).clone();
    run.load_samples = load_samples(PressureSource::Estimated);
    let mut state = fixtures::state(Arc::new(run), Size { width, height });
    let layers = &mut Layers::default();
    update(
        &mut state,
        layers,
        Duration::ZERO,
        Msg::ExperimentChanged(news),
    );
    state.show(Screen::Experiments);
    state
}

#[test]
fn experiments_at_every_size() {
    for (name, news) in every() {
        for (width, height) in SIZES {
            let buffer = draw(&state(news.clone(), (width, height)));
            insta::assert_snapshot!(
                format!("{name}-{width}x{height}"),
                dump::with_styles(&buffer)
            );
        }
    }
}

#[test]
fn a_sweep_is_readable_without_colours_and_in_ascii() {
    let theme = builtin("mono", Depth::Mono).expect("a built-in theme");
    for (name, news) in every() {
        let buffer = draw_with(&state(news, (120, 36)), &theme, Glyphs::Ascii);
        let text = dump::text(&buffer);
        assert!(text.is_ascii(), "{name}: {text}");
        assert!(buffer.content.iter().all(|cell| {
            (cell.fg, cell.bg) == (ratatui::style::Color::Reset, ratatui::style::Color::Reset)
        }));
        match name {
            "sweep" => insta::assert_snapshot!("ascii", text),
            "empty" => insta::assert_snapshot!("load-ascii", text),
            _ => {}
        }
    }
}

#[test]
fn an_experiment_is_asked_about_begun_and_stopped() {
    play(fixtures::over(), (120, 36), async |stage| {
        stage.tell(news(None)).await;
        stage.keys("5b").await;
        assert!(stage.text().contains("11 runs or more of 12 calls"));
        stage.keys("<ret>").await;
        assert_eq!(stage.orders(), [], "the harmless answer is marked first");
        stage.keys("By").await;
        let orders = stage.orders();
        let [ExperimentCommand::Begin(begun, ExperimentRequest::Sweep(request, _))] = &orders[..]
        else {
            panic!("{orders:?}");
        };
        assert_eq!(begun.calls.len(), 12);
        assert_eq!(request.caps.last(), Some(&cap(12)));
        let first = steps(asked_sweep(), u32::MAX, false).swap_remove(1);
        stage.tell(news(Some(first))).await;
        assert!(stage.text().contains("warm-up"), "{}", stage.text());
        stage.keys("b").await;
        assert!(stage.text().contains("an experiment is under way"));
        stage.keys("x").await;
        assert_eq!(stage.orders(), [ExperimentCommand::Stop]);
        let stopped = steps(asked_sweep(), 12, false).pop();
        stage.tell(news(stopped)).await;
        assert!(stage.text().contains("stopped after"), "{}", stage.text());
    });
}

#[test]
fn a_stopped_sweep_is_gone_on_with_or_begun_anew() {
    play(fixtures::over(), (120, 36), async |stage| {
        let stopped = steps(asked_sweep(), 10, false).pop();
        stage.tell(news(stopped)).await;
        stage.keys("5B").await;
        let text = stage.text();
        // The two runs of the block that was broken off do not count.
        assert!(text.contains("5 done, about 21 runs of 12"), "{text}");
        stage.keys("y").await;
        let orders = stage.orders();
        let [ExperimentCommand::Begin(_, ExperimentRequest::Sweep(_, runs))] = &orders[..] else {
            panic!("{orders:?}");
        };
        assert_eq!(runs.len(), 5);
        let further = ExperimentStatus {
            number: 2,
            ..news(steps(asked_sweep(), 12, false).pop())
        };
        stage.tell(further).await;
        assert!(!stage.text().contains("result "), "it is the same sweep");
        stage.keys("B<tab><ret>").await;
        let orders = stage.orders();
        let [ExperimentCommand::Begin(_, ExperimentRequest::Sweep(_, runs))] = &orders[..] else {
            panic!("{orders:?}");
        };
        assert_eq!(runs.len(), 0);
    });
}

#[test]
fn the_results_before_stay() {
    play(fixtures::over(), (120, 36), async |stage| {
        stage.tell(news(Some(over(asked_compare(4), false)))).await;
        stage.keys("5[").await;
        assert!(stage.text().contains("no result before"));
        let latest = ExperimentStatus {
            number: 2,
            ..news(Some(over(asked_sweep(), false)))
        };
        stage.tell(latest.clone()).await;
        assert!(stage.text().contains("result 2/2"), "{}", stage.text());
        stage.keys("[").await;
        let text = stage.text();
        assert!(text.contains("result 1/2"), "{text}");
        assert!(text.contains("comparison of"), "{text}");
        stage.tell(latest).await;
        assert!(stage.text().contains("result 1/2"), "it stays in sight");
        stage.keys("]").await;
        assert!(stage.text().contains("sweep of"), "{}", stage.text());
    });
}

#[test]
fn no_calls_are_added_beside_an_experiment() {
    play(fixtures::over(), (120, 36), async |stage| {
        stage.tell(news(Some(under_way(asked_sweep())))).await;
        for keys in ["a", "2Or", "E", "3<ret>"] {
            stage.keys(keys).await;
            let text = stage.text();
            assert!(
                text.contains("no calls are added while an experiment"),
                "{keys}: {text}"
            );
            assert_eq!(stage.commands(), [], "{keys}");
            stage.keys("<esc>").await;
        }
        stage.tell(news(Some(over(asked_sweep(), false)))).await;
        stage.keys("2Or").await;
        assert_eq!(stage.commands().len(), 1);
    });
}

#[test]
fn nothing_begins_while_a_run_is_under_way() {
    play(fixtures::everything(), (120, 36), async |stage| {
        stage.tell(news(None)).await;
        stage.keys("5").await;
        assert!(stage.text().contains("Not now: a run is under way."));
        stage.keys("by").await;
        assert_eq!(stage.orders(), []);
    });
}

#[test]
fn leaving_asks_while_an_experiment_is_under_way() {
    let left = play(fixtures::over(), (120, 36), async |stage| {
        stage.tell(news(Some(under_way(asked_sweep())))).await;
        stage.keys("q").await;
        assert!(stage.text().contains("An experiment is under way."));
        stage.keys("n").await;
        stage.keys("qy").await;
    });
    assert!(left.is_some());
}

#[test]
fn long_findings_are_scrolled() {
    let mut state = state(every().swap_remove(3).1, (80, 24));
    let shown = |state: &State| dump::text(&draw(state));
    let first = shown(&state);
    for code in [KeyCode::End, KeyCode::Up] {
        let event = Event::Key(KeyEvent::from(code));
        let layers = &mut Layers::default();
        update(&mut state, layers, Duration::ZERO, Msg::Input(event));
    }
    let last = shown(&state);
    assert_ne!(first, last);
    assert!(last.contains("fetch-1") || last.contains("add-"), "{last}");
}
