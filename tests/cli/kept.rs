//! What is kept of a run for the next one of the same plan.

use std::path::PathBuf;

use crate::bench::Bench;

const PLAN: &str = r#"
[[call]]
id = "one"
tool = "echo"
args = { text = "1" }
[[call]]
id = "two"
tool = "echo"
args = { text = "2" }
"#;

/// The runs that are kept in the bench's state folder.
fn kept(bench: &Bench) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(bench.folder().join("state/fanout/runs"));
    entries.map_or_else(
        |_| Vec::new(),
        |entries| entries.map(|it| it.expect("an entry").path()).collect(),
    )
}

#[test]
fn the_last_run_of_each_plan_is_kept_unless_that_is_not_wanted() {
    let bench = Bench::new();
    bench.file("plan.toml", PLAN);
    let run = ["run", "plan.toml", "--plain"];
    bench
        .run(&[&run[..], &["--no-history"]].concat())
        .with_code(0);
    assert_eq!(kept(&bench), Vec::<PathBuf>::new());
    bench
        .run(&[&run[..], &["--cap", "1"]].concat())
        .with_code(0);
    let first = kept(&bench);
    assert_eq!(first.len(), 1);
    let read = || -> serde_json::Value {
        let text = std::fs::read_to_string(&first[0]).expect("a file");
        serde_json::from_str(&text).expect("JSON")
    };
    assert_eq!(
        (&read()["runs"][0]["cap"], &read()["runs"][0]["calls"]),
        (&1.into(), &2.into())
    );
    // Another cap, name or file is the same plan; other calls are another one.
    bench.file("moved.toml", &format!("name = \"other\"\n{PLAN}"));
    bench
        .run(&["run", "moved.toml", "--events", "--cap", "2"])
        .with_code(0);
    assert_eq!(kept(&bench), first);
    assert_eq!(read()["runs"][0]["cap"], 2);
    bench.file("plan.toml", &PLAN.replace("\"2\"", "\"3\""));
    bench.run(&run).with_code(0);
    assert_eq!(kept(&bench).len(), 2);
}
