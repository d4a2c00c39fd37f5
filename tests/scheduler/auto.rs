//! The automatic cap on a made-up machine, against the least a run could take.

use fanout::model::CapControl;

use crate::fluid::{Foreign, Readings, Trial, Waits, Went, Work, exponential, generator, uniform};

const CORES: f64 = 8.0;
const CALLS: usize = 400;
const SEEDS: u64 = 5;
/// Mean time of a call alone, in seconds.
const MEAN: f64 = 2.0;

/// What a call is, by its place in the plan.
type Kind = fn(usize) -> Load;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    Cpu,
    Io,
}

const CPU: Kind = |_| Load::Cpu;
const IO: Kind = |_| Load::Io;
const MIXED: Kind = |index| {
    if (index * 7919) % 13 < 6 {
        Load::Cpu
    } else {
        Load::Io
    }
};
const BURSTS: Kind = |index| {
    if (index / 50) % 2 == 0 {
        Load::Cpu
    } else {
        Load::Io
    }
};

fn works(seed: u64, kind: Kind) -> Vec<Work> {
    let mut rng = generator(seed);
    let draw = |index| {
        let alone = exponential(&mut rng, MEAN);
        match kind(index) {
            Load::Cpu => Work {
                tool: "crunch",
                args: None,
                alone,
                share: 0.7 + 0.3 * uniform(&mut rng),
            },
            Load::Io => Work {
                tool: "fetch",
                args: None,
                alone,
                share: 0.05,
            },
        }
    };
    (0..CALLS).map(draw).collect()
}

fn trial(seed: u64, kind: Kind) -> Trial {
    Trial {
        cores: CORES,
        works: works(seed, kind),
        cap: 64,
        control: CapControl::Auto,
        waits: Waits::Seen,
        readings: Readings::True,
        foreign: Vec::new(),
    }
}

fn foreign(cores: f64, from: f64, until: f64) -> Foreign {
    Foreign { cores, from, until }
}

/// Short calls, each of which keeps a core busy.
fn crunching(cores: f64, seconds: f64) -> Trial {
    let mut trial = trial(0, CPU);
    trial.cores = cores;
    let calls = (cores * seconds / 0.4) as usize;
    trial.works = vec![
        Work {
            tool: "crunch",
            args: None,
            alone: 0.4,
            share: 1.0,
        };
        calls
    ];
    trial
}

/// The worst ratio and stretch over all seeds.
fn worst(kind: Kind, change: impl Fn(&mut Trial)) -> (f64, f64) {
    let runs = (0..SEEDS).map(|seed| {
        let mut trial = trial(seed, kind);
        change(&mut trial);
        let Went { ratio, stretch, .. } = trial.run();
        (ratio, stretch)
    });
    runs.fold((0.0, 0.0), |worst, run| {
        (f64::max(worst.0, run.0), f64::max(worst.1, run.1))
    })
}

/// Without the waits only calm attempts tell what a call needs, and a calm one
/// may have waited for a tenth of its time: the stretch may be higher.
fn holds(waits: Waits) {
    let longest = if waits == Waits::Seen { 1.3 } else { 1.45 };
    for (name, kind, most) in [
        ("cpu", CPU, 1.35),
        ("io", IO, 1.9),
        ("mixed", MIXED, 1.35),
        ("bursts", BURSTS, 1.35),
    ] {
        let (ratio, stretch) = worst(kind, |trial| trial.waits = waits);
        assert!(ratio <= most, "{name}: {ratio:.3} of the least");
        assert!(stretch <= longest, "{name}: stretched {stretch:.3}");
    }
}

#[test]
fn no_load_takes_much_longer_than_it_must() {
    holds(Waits::Seen);
}

/// A shell is one tool for everything: what a call of it needs, its arguments say.
/// Until those are known it counts like others of the tool, so that the first
/// are stretched more.
#[test]
fn nor_where_one_tool_does_everything() {
    let of_shell = |trial: &mut Trial, is_told_apart: bool| {
        for work in &mut trial.works {
            work.args = is_told_apart.then_some(work.tool);
            work.tool = "shell";
        }
    };
    for (name, kind) in [("mixed", MIXED), ("bursts", BURSTS)] {
        let (ratio, stretch) = worst(kind, |trial| of_shell(trial, true));
        assert!(ratio <= 1.35, "{name}: {ratio:.3} of the least");
        assert!(stretch <= 1.45, "{name}: stretched {stretch:.3}");
        let (as_one, _) = worst(kind, |trial| of_shell(trial, false));
        assert!(ratio < as_one, "{name}: {ratio:.3} against {as_one:.3}");
    }
}

#[test]
fn nor_where_nobody_sees_how_long_calls_wait_for_a_core() {
    holds(Waits::Unseen);
}

#[test]
fn no_pinned_cap_is_as_good_for_every_load() {
    for cap in [8, 16, 64] {
        let pin = |trial: &mut Trial| {
            (trial.cap, trial.control) = (cap, CapControl::Pinned);
        };
        let fails = [(CPU, 1.35), (IO, 1.9), (MIXED, 1.35), (BURSTS, 1.35)]
            .into_iter()
            .any(|(kind, most)| worst(kind, pin).0 > most);
        assert!(fails, "cap {cap} would do as well");
    }
}

/// Contention lengthens run times; taken for lightness, it lets in more. Running
/// calls count with what they use, and together they cannot use more than there
/// is: that bounds it. With their waits it is no trap at all.
#[test]
fn naive_learning_is_bounded_and_this_is_no_trap() {
    let without_trim =
        |waits| move |trial: &mut Trial| (trial.waits, trial.readings) = (waits, Readings::None);
    let (naive, naive_stretch) = worst(CPU, without_trim(Waits::Denied));
    let (ratio, stretch) = worst(CPU, without_trim(Waits::Seen));
    assert!(
        naive <= 1.35 && naive_stretch <= 1.5,
        "naive: {naive:.2}, {naive_stretch:.2}"
    );
    assert!(
        ratio <= 1.35 && stretch <= 1.3,
        "corrected: {ratio:.2}, {stretch:.2}"
    );
}

#[test]
fn the_trim_does_not_swing() {
    for kind in [CPU, IO, MIXED, BURSTS] {
        for seed in 0..SEEDS {
            let went = trial(seed, kind).run();
            assert_eq!(went.quick_turns(0.0), 0, "{:#?}", went.steps);
        }
    }
}

#[test]
fn room_is_left_to_what_else_runs_and_taken_again() {
    let mut trial = trial(1, CPU);
    trial.foreign = vec![foreign(4.0, 20.0, 60.0)];
    let went = trial.run();
    let trims: Vec<(f64, f64)> = went
        .steps
        .iter()
        .filter_map(|(at, step)| Some((*at, step.auto?.trim)))
        .collect();
    let at = |time: f64| {
        trims
            .iter()
            .rfind(|(at, _)| *at <= time)
            .map_or(1.0, |it| it.1)
    };
    assert!(
        at(20.0) > 0.9 && at(58.0) < 0.75 && at(85.0) > 0.9,
        "{trims:?}"
    );
    assert_eq!(went.quick_turns(0.0), 0, "{trims:?}");
}

#[test]
fn without_pressure_busy_cores_are_enough_to_go_by() {
    let (ratio, stretch) = worst(CPU, |trial| trial.readings = Readings::NoPressure);
    assert!(ratio <= 1.35 && stretch <= 1.3, "{ratio:.2}, {stretch:.2}");
}

#[test]
fn the_ceiling_is_the_users() {
    let mut trial = trial(2, IO);
    trial.cap = 5;
    assert_eq!(trial.run().most_running, 5);
}

#[test]
fn all_lanes_are_back_within_five_seconds_after_a_hog() {
    for cores in [2.0, 4.0, 8.0, 16.0] {
        for hogs in [0.5, 1.0, 2.0] {
            for background in [0.0, 0.1, 0.3] {
                let mut trial = crunching(cores, 60.0);
                trial.foreign = vec![
                    foreign(background * cores, 0.0, f64::INFINITY),
                    foreign(hogs * cores, 20.0, 35.0),
                ];
                let went = trial.run();
                let [before, during, after] = [(14.0, 20.0), (25.0, 35.0), (40.0, 45.0)]
                    .map(|(from, until)| went.mean_running(from, until));
                let place = format!(
                    "{cores} cores, {hogs} hogs, {background}: {before:.1} {during:.1} {after:.1}"
                );
                assert!(after >= before - 0.5, "{place}");
                assert!(during <= cores && during >= cores * 0.45, "{place}");
            }
        }
    }
}

#[test]
fn beside_a_steady_load_a_run_keeps_half_of_the_machine() {
    for (cores, others, least, most) in [
        (2.0, 0.5, 0.5, 0.75),
        (8.0, 0.5, 0.5, 0.75),
        (2.0, 1.0, 0.9, 1.1),
        (8.0, 1.0, 0.9, 1.1),
        (8.0, 3.0, 0.9, 1.1),
    ] {
        let mut trial = crunching(cores, 60.0);
        trial.foreign = vec![foreign(cores * others, 0.0, f64::INFINITY)];
        let went = trial.run();
        let lanes = went.mean_running(10.0, 40.0);
        assert!(
            lanes >= cores * least && lanes <= cores * most,
            "{cores} cores: {lanes}, {:#?}",
            went.steps
        );
        // It tries now and then, more and more seldom, whether others make room.
        assert!(went.quick_turns(5.0) <= 5, "{:#?}", went.steps);
    }
}
