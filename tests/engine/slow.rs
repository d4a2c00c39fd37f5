//! The loop goes on whatever is read, parsed or checked for it: a store whose
//! reads block, long outputs, schemas that take long to check.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fanout::engine::{Command, Lifetime};
use fanout::model::{CallState, Outcome, Snapshot};
use fanout::output::{Bounds, Store};
use serde_json::json;

use crate::scripted::id;
use crate::trial::{Trial, reason, state, stored_trial};

/// Longer than anything here takes on a busy machine, in real time.
const PATIENCE: Duration = Duration::from_mins(1);

/// A store whose disk answers only when the test lets it.
struct BlockedStore {
    store: Store,
    folder: tempfile::TempDir,
}

impl BlockedStore {
    /// What is longer than a few kilobytes goes to the disk.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bounds = Bounds {
            block_bytes: 4096,
            head_bytes: 4096,
            tail_bytes: 4096,
            ..Bounds::default()
        };
        let store = Store::new(Some(folder.path().join("outputs")), bounds);
        Self { store, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("outputs/1.1.stdout")
    }

    /// Puts a FIFO in the place of the first call's output, once nobody holds
    /// that open: whoever opens it to read waits for somebody who writes.
    async fn block(&self) {
        let file = self.file();
        let is_held = || {
            let descriptors = std::fs::read_dir("/proc/self/fd").expect("descriptors");
            let mut targets = descriptors.filter_map(|it| it.ok()?.path().read_link().ok());
            !file.exists() || targets.any(|target| target == file)
        };
        until(|| !is_held()).await;
        std::fs::remove_file(&file).expect("the output's file");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, mode, 0)
            .expect("a FIFO");
    }

    /// Lets every read go on, to nothing.
    fn release(&self) {
        let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK;
        // Without anybody who reads there is nothing to release.
        let _writer = rustix::fs::open(self.file(), flags, rustix::fs::Mode::empty());
        let _gone = std::fs::remove_file(self.file());
    }
}

impl Drop for BlockedStore {
    /// A runtime waits for its blocking threads.
    fn drop(&mut self) {
        self.release();
    }
}

/// Waits in real time.
async fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A document that goes to the disk.
fn long() -> String {
    json!({ "path": "x", "filler": "x".repeat(100_000) }).to_string()
}

/// A trial whose first call has printed a long document, which nobody can read.
async fn blocked_trial(blocked: &BlockedStore, calls: &str) -> Trial {
    let store = blocked.store.clone();
    let trial = stored_trial(calls, 8, Lifetime::UntilAsked, None, None, store);
    trial.until_launched(1).await;
    trial.spawner.runs(1).await;
    trial.spawner.prints_all(1, &long());
    blocked.block().await;
    trial
}

/// Waits until a snapshot shows what is wanted, in real time.
async fn shows(trial: &Trial, wanted: impl Fn(&Snapshot) -> bool) {
    until(|| wanted(&trial.handle.latest())).await;
}

fn has_ended(call: u32, outcome: Outcome) -> impl Fn(&Snapshot) -> bool {
    move |snapshot| state(snapshot, call) == CallState::Ended(outcome)
}

#[tokio::test]
async fn the_loop_goes_on_while_an_output_that_is_referred_to_cannot_be_read() {
    let blocked = BlockedStore::new();
    let trial = blocked_trial(
        &blocked,
        r#"
        [[call]]
        id = "long"
        tool = "say"
        [[call]]
        id = "refers"
        tool = "say"
        args = { text = "{{long.output.path}}" }
        [[call]]
        id = "limited"
        tool = "say"
        args = { text = "{{long.output.path}}" }
        timeout = "300ms"
        [[call]]
        id = "locks"
        tool = "write"
        args = { path = "{{long.output.path}}" }
        [[call]]
        id = "beside"
        tool = "say"
        after = ["long"]
        timeout = "300ms"
        "#,
    )
    .await;
    let ending = fanout::model::Ending::plain(Outcome::Succeeded);
    trial.spawner.ends(1, "", ending).await;
    shows(&trial, has_ended(1, Outcome::Succeeded)).await;
    // A call that may start does, though the locks of one before it are unknown.
    trial.until_launched(5).await;
    trial.spawner.runs(5).await;
    let stops = trial.spawner.stops(5).expect("running");
    until(|| stops.soft.is_cancelled()).await;
    // The time in which its arguments are read counts as run time.
    shows(&trial, has_ended(3, Outcome::TimedOut)).await;
    let words = reason(&trial.handle.latest(), 3);
    assert!(
        words.contains("arguments were still being prepared"),
        "{words}"
    );
    trial.send(Command::Cancel(vec![id(2), id(4)]));
    shows(&trial, has_ended(2, Outcome::Cancelled)).await;
    shows(&trial, has_ended(4, Outcome::Cancelled)).await;
    let before = trial.handle.latest().now;
    shows(&trial, |snapshot| {
        snapshot.now > before + Duration::from_millis(200)
    })
    .await;
    let ending = fanout::model::Ending::plain(Outcome::Failed);
    trial.spawner.ends(5, "", ending).await;
    trial.send(Command::Shutdown);
    assert_eq!(trial.last().await.counts.open(), 0);
}

#[tokio::test]
async fn the_loop_goes_on_while_an_output_that_is_checked_cannot_be_read() {
    let blocked = BlockedStore::new();
    let trial = blocked_trial(
        &blocked,
        "[[call]]\ntool = \"count\"\ntimeout = \"400ms\"\ngrace = \"0s\"\n",
    )
    .await;
    let ending = fanout::model::Ending::plain(Outcome::Succeeded);
    trial.spawner.ends(1, "", ending).await;
    shows(&trial, has_ended(1, Outcome::TimedOut)).await;
    trial.send(Command::Shutdown);
    trial.last().await;
}

#[tokio::test]
async fn a_schema_that_takes_long_delays_no_timeout_beside_it() {
    let blocked = BlockedStore::new();
    let text = format!("{}!", "a".repeat(5_000));
    let calls = format!(
        r#"
        [[call]]
        id = "first"
        tool = "say"
        [[call]]
        id = "slow"
        tool = "matched"
        args = {{ text = "{text}{{{{first.output}}}}" }}
        [[call]]
        id = "beside"
        tool = "say"
        after = ["first"]
        timeout = "200ms"
        "#
    );
    let store = blocked.store.clone();
    let trial = stored_trial(&calls, 8, Lifetime::UntilEnded, None, None, store);
    trial.until_launched(1).await;
    trial.spawner.succeeds(1, "!").await;
    trial.until_launched(3).await;
    trial.spawner.runs(3).await;
    let stops = trial.spawner.stops(3).expect("running");
    let begun = Instant::now();
    until(|| stops.soft.is_cancelled()).await;
    assert!(
        trial.spawner.stops(2).is_none(),
        "the schema was checked within {:?}, before anything could be seen",
        begun.elapsed()
    );
    let ending = fanout::model::Ending::plain(Outcome::Failed);
    trial.spawner.ends(3, "", ending).await;
    trial.send(Command::KillAll);
    trial.last().await;
}

#[tokio::test]
async fn a_long_text_is_referred_to_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds {
        result_bytes: 4 << 20,
        ..Bounds::default()
    };
    let store = Store::new(Some(folder.path().join("outputs")), bounds);
    let calls = r#"
        [[call]]
        id = "long"
        tool = "say"
        [[call]]
        id = "longer"
        tool = "say"
        [[call]]
        tool = "fed"
        args = { text = "{{long.output}}" }
        [[call]]
        tool = "fed"
        args = { text = "{{longer.output}}" }
        "#;
    let trial = stored_trial(calls, 4, Lifetime::UntilEnded, None, None, store);
    let text = |bytes: usize| "0123456789abcde\n".repeat(bytes / 16);
    for (call, bytes) in [(1, 3 << 20), (2, 6 << 20)] {
        trial.until_launched(call).await;
        trial.spawner.succeeds(call, &text(bytes)).await;
    }
    trial.until_launched(3).await;
    let spec = trial.spawner.launches().pop().expect("a start");
    let fanout::model::Stdin::Bytes(stdin) = &spec.stdin else {
        panic!("nothing to read");
    };
    let given: serde_json::Value = serde_json::from_slice(stdin).expect("JSON");
    assert_eq!(given["text"].as_str(), text(3 << 20).strip_suffix('\n'));
    trial.spawner.succeeds(3, "").await;
    let last = trial.last().await;
    assert_eq!(state(&last, 4), CallState::Ended(Outcome::Failed));
    assert_eq!(
        reason(&last, 4),
        "`{{longer.output}}`: output is 6291456 bytes long; only 4 MiB are read back"
    );
}
