//! What a start costs while the runner is large: `cargo bench --bench starts`.
//!
//! Calls of `true`, eight at a time, through the containment alone: in turn by
//! a small runner, and by one that holds 512 MiB more. The last line is the
//! median of the ratios, which says whether starts depend on the runner's size.

use std::io::Write;
use std::time::{Duration, Instant};

use fanout::exec::{AttemptContext, AttemptEvent, Containment, ContainmentOptions, StopTokens};
use fanout::model::{AttemptNo, CallId, Epoch, Outcome, ProcessSpec, Stdin};
use fanout::output::{Bounds, Store};
use tokio::sync::mpsc;

const CALLS: usize = 1000;
const CAP: usize = 8;
const ROUNDS: usize = 7;
const GROWTH: usize = 512 << 20;

fn launch(index: usize) -> ProcessSpec {
    let path = std::env::var("PATH").unwrap_or_default();
    ProcessSpec {
        call: CallId::from_index(index),
        attempt: AttemptNo(1),
        epoch: Epoch(1),
        argv: vec!["true".to_owned()],
        env: [("PATH".to_owned(), path)].into(),
        cwd: std::env::temp_dir(),
        stdin: Stdin::Empty,
    }
}

/// Time of all calls, eight at a time.
async fn calls(containment: &Containment) -> Duration {
    let store = Store::new(None, Bounds::default());
    let (sender, mut events) = mpsc::channel(64);
    let begun = Instant::now();
    let start = |index| {
        let launch = launch(index);
        let sink = store.sink(launch.call, launch.attempt);
        let context = AttemptContext {
            stop: StopTokens::default(),
            sink,
            events: sender.clone(),
        };
        containment.start_process(launch, context);
    };
    (0..CAP).for_each(start);
    let (mut started, mut ended) = (CAP, 0);
    while ended < CALLS {
        let event = events.recv().await.expect("the sender is held here");
        if let AttemptEvent::Ended { ending, .. } = event {
            assert_eq!(ending.outcome, Outcome::Succeeded, "{ending:?}");
            ended += 1;
            if started < CALLS {
                start(started);
                started += 1;
            }
        }
    }
    begun.elapsed()
}

/// Memory that is really there: every page is written to.
fn grown() -> Vec<u8> {
    let mut bytes = vec![0; GROWTH];
    for page in bytes.chunks_mut(4096) {
        page[0] = 1;
    }
    bytes
}

fn main() -> std::io::Result<()> {
    let options = ContainmentOptions {
        program: env!("CARGO_BIN_EXE_fanout").into(),
        ..ContainmentOptions::default()
    };
    let containment = Containment::start(options).expect("a containment");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut out = std::io::stdout();
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let small = runtime.block_on(calls(&containment));
        let ballast = grown();
        let large = runtime.block_on(calls(&containment));
        drop(std::hint::black_box(ballast));
        let ratio = large.as_secs_f64() / small.as_secs_f64();
        writeln!(
            out,
            r#"{{"small_ms":{},"large_ms":{},"ratio":{ratio:.3}}}"#,
            small.as_millis(),
            large.as_millis()
        )?;
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ROUNDS / 2];
    writeln!(
        out,
        r#"{{"name":"512 MiB in the runner","ratio":{median:.3},"limit":1.1}}"#
    )
}
