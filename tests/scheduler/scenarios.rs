//! Every file under `tests/scenarios`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fanout::sched::{Effect, Input, Scheduler};

use crate::reference::Reference;
use crate::scenario::{Scenario, Step};
use crate::words::{Names, time};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = std::fs::read_dir(folder).expect("the folder of scenarios");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

fn check(names: &Names<'_>, scheduler: &Scheduler, step: &Step, at: &str) {
    for (name, reason) in &step.why {
        let why = scheduler.why_waiting(names.id(name));
        let why = why.map(|why| names.reason(&why));
        assert_eq!(
            why.as_deref(),
            Some(reason.as_str()),
            "{at}: why {name} waits"
        );
    }
    for (name, word) in &step.state {
        let state = scheduler.state(names.id(name)).map(|state| state.word());
        assert_eq!(state, Some(word.as_str()), "{at}: state of {name}");
    }
    if let Some(next) = &step.next {
        assert_eq!(
            scheduler.next_deadline(),
            Some(time(next)),
            "{at}: next deadline"
        );
    }
    if let Some(queue) = &step.queue {
        let order: Vec<&str> = scheduler.queue().iter().map(|id| names.name(*id)).collect();
        assert_eq!(order, *queue, "{at}: queue");
    }
}

fn play(file: &Path) {
    let text = std::fs::read_to_string(file).expect("a scenario");
    let scenario: Scenario =
        toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let (names, specs) = (scenario.names(), scenario.specs());
    let mut scheduler = Scheduler::new(scenario.settings());
    let mut reference = Reference::new(scenario.settings());
    let mut words = Names {
        names: &names,
        epochs: BTreeMap::new(),
    };
    let mut queued = 0;
    for step in &scenario.step {
        let at = format!("{} at {}", file.display(), step.at);
        let input = words.input(&step.input, &specs[queued..], scheduler.policy());
        if let Input::CallsQueued(batch) = &input {
            queued += batch.len();
        }
        let expected = reference.step(time(&step.at), &input);
        let effects = scheduler.step(time(&step.at), input);
        assert_eq!(effects, expected, "{at}: the reference");
        for effect in &effects {
            if let Effect::Start { id, epoch, .. } = effect {
                words.epochs.insert(*id, epoch.0);
            }
        }
        let effects: Vec<String> = effects.iter().map(|effect| words.effect(effect)).collect();
        assert_eq!(effects, step.effects, "{at}: effects of `{}`", step.input);
        check(&words, &scheduler, step, &at);
    }
}

#[test]
fn every_scenario_goes_as_written() {
    let files = files();
    assert!(files.len() >= 15, "scenarios are missing");
    for file in files {
        play(&file);
    }
}
