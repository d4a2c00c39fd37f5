//! Random histories: late, doubled and stale inputs included.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::history::{Words, run};

fn words() -> impl Strategy<Value = Words> {
    let calls = prop::collection::vec(any::<u64>(), 1..9);
    let steps = prop::collection::vec(any::<u64>(), 0..60);
    (any::<u64>(), calls, steps).prop_map(|(setup, calls, steps)| Words {
        setup,
        calls,
        steps,
    })
}

#[test]
fn random_histories_go_as_the_reference_goes() {
    let config = Config {
        cases: 2_000,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&words(), |words| {
        run(&words);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
