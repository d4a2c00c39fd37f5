//! Random histories: late, doubled and stale inputs included.

use std::ops::Range;
use std::path::Path;
use std::thread;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};

use crate::history::{SCENARIO, Words, run};
use crate::scale::scaled;

pub(crate) fn words(calls: Range<usize>, steps: Range<usize>) -> impl Strategy<Value = Words> {
    let calls = prop::collection::vec(any::<u64>(), calls);
    let steps = prop::collection::vec(any::<u64>(), steps);
    (any::<u64>(), calls, steps).prop_map(|(setup, calls, steps)| Words {
        setup,
        calls,
        steps,
    })
}

/// Runs random histories; the plainest one that fails is left as a scenario
/// file.
fn explore(histories: u32, calls: Range<usize>, steps: Range<usize>) {
    let config = Config {
        cases: histories,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&words(calls, steps), |words| {
        run(&words);
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, words)) => {
            let text = reason.message();
            let scenario = text
                .split_once(SCENARIO)
                .map_or("", |(_, scenario)| scenario);
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("failed-history.toml");
            std::fs::write(&file, scenario).expect("a scenario is written");
            panic!("{text}\nkept in {}; as words: {words:?}", file.display());
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn long_random_histories_go_as_the_reference_goes() {
    explore(scaled(1_000), 1..9, 0..60);
}

#[test]
fn short_random_histories_go_as_the_reference_goes() {
    let histories = scaled(100_000);
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u32);
    thread::scope(|scope| {
        let explorers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(move || explore(histories.div_ceil(threads), 1..4, 0..10)))
            .collect();
        for explorer in explorers {
            if let Err(panic) = explorer.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}
