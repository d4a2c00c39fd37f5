//! Trees that fork faster than they can be read. Every storm here is bounded
//! in its numbers, and ends by itself within seconds.

use fanout::model::Outcome;

use crate::attempt::{PATIENCE, script, start};
use crate::contained::containment;
use crate::living::Living;

/// Forty chains of 400 processes, each of which forks the next and exits. The
/// last of each leaves a file behind.
const CHAINS: &str = "chain() { [ \"$1\" -gt 0 ] || { echo > over.$2; exit 0; }; ( chain $(($1 - 1)) $2 ) & exit 0; }
i=0; while [ $i -lt 40 ]; do ( chain 400 $i ) & i=$((i + 1)); done
echo on";

/// Twenty chains of 100 processes, each in a session of its own.
const SESSIONS: &str = "cat > chain.sh <<'END'
[ \"$1\" -gt 0 ] || { echo > over.$2; exit 0; }
setsid sh chain.sh $(($1 - 1)) $2 &
END
i=0; while [ $i -lt 20 ]; do sh chain.sh 100 $i & i=$((i + 1)); done
echo on";

#[tokio::test]
async fn torture_26_chains_that_fork_and_exit_are_killed() {
    for storm in [CHAINS, SESSIONS] {
        let living = Living::new();
        let text = format!("{storm}\nsleep 60");
        let mut run = start(&containment(), script(&living, &text));
        run.printed("on").await;
        run.stop.hard.cancel();
        let ending = run.ended().await;
        assert_eq!(ending.outcome, Outcome::Failed, "{ending:?}");
        assert_eq!(ending.signal, Some(9));
        assert_eq!(living.processes(), []);
        let is_over = |chain: &u32| living.folder().join(format!("over.{chain}")).exists();
        let over = (0..40).filter(is_over).count();
        assert!(over < 20, "the storm was over already: {over} chains were");
    }
}

#[tokio::test]
async fn torture_26_chains_that_outlive_their_call_are_leaked() {
    for storm in [CHAINS, SESSIONS] {
        let living = Living::new();
        let mut run = start(&containment(), script(&living, storm));
        let ending = run.ended().await;
        assert_eq!(ending.exit_code, Some(0));
        assert!(
            matches!(ending.outcome, Outcome::Leaked | Outcome::Succeeded),
            "{ending:?}"
        );
        living.wait_for_count(0, PATIENCE);
    }
}
