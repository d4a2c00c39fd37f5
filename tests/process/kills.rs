//! The runner killed at many moments of a busy run.

use std::time::Duration;

use rustix::process::Signal;

use crate::living::MARKER;
use crate::runner::Runner;

/// Leaves a child behind in every call, and takes about 50 ms.
const CALLS: usize = 40;

#[test]
fn torture_27_killed_at_any_moment_it_leaves_nothing() {
    for moment in 0..20 {
        let runner = Runner::with(|living| {
            let catalogue = format!(
                "[[tool]]\nname = \"busy\"\ndescription = \"leaves a child\"\n\
                 command = [\"/bin/sh\", \"-c\", \"setsid sleep 78 & sleep 0.05\"]\n\
                 env = {{ {MARKER} = \"{}\" }}\n",
                living.marker()
            );
            let calls = (0..CALLS).map(|_| "[[call]]\ntool = \"busy\"\n");
            (catalogue, calls.collect())
        });
        std::thread::sleep(Duration::from_millis(moment * 23));
        Runner::send(runner.runner(), Signal::KILL);
        let ended = runner.assert_nothing_is_left(Duration::from_secs(10));
        assert_eq!(ended.signal(), Some(9), "after {moment}");
    }
}
