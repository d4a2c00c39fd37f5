//! The sample tools, catalogues and plans: each is valid, does what its
//! manifest says, and knows every argument that its schema names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fanout::catalogue::Catalogue;
use fanout::model::{Tool, ToolAction, ToolName};
use fanout::plan;
use fanout::sample_tool::{self, Streams};
use serde_json::{Value, json};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn samples() -> Catalogue {
    Catalogue::sample().unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn every_sample_plan_is_valid_and_without_warnings() {
    let folder = package().join("sample-tools/plans");
    let plans: Vec<PathBuf> = folder
        .read_dir()
        .expect("the sample plans")
        .map(|entry| entry.expect("a plan").path())
        .collect();
    assert!(plans.len() >= 6);
    for path in plans {
        let loaded = plan::load(&path, &samples())
            .unwrap_or_else(|problems| panic!("{}: {problems:?}", path.display()));
        // Of the sample server nothing is known before it is started.
        let warnings = format!("{:?}", loaded.warnings);
        let unknown = warnings.matches("server `notebook` is not connected");
        assert_eq!(unknown.count(), loaded.warnings.len(), "{warnings}");
    }
}

#[test]
fn the_demo_is_a_turn_with_everything_in_it() {
    let path = package().join("sample-tools/plans/demo.toml");
    let plan = plan::load(&path, &samples()).expect("a valid demo").plan;
    assert!(
        (20..=30).contains(&plan.calls.len()),
        "{}",
        plan.calls.len()
    );
    assert_eq!(plan.expected_failures.len(), 1);
    assert!(plan.calls.iter().any(|call| call.retries > 0));
    let on_report = plan.calls.iter().filter(|call| {
        let mut locks = call.locks.write.iter();
        locks.any(|key| key.as_str() == "file:run:report.md")
    });
    assert_eq!(on_report.count(), 2);
}

#[test]
fn the_catalogues_to_copy_from_are_valid_and_their_programs_are_there() {
    for (folder, tool) in [("sh", "disk-usage"), ("python", "word-frequency")] {
        let path = package()
            .join("sample-tools")
            .join(folder)
            .join("fanout.toml");
        let catalogue = Catalogue::load(&[path]).unwrap_or_else(|problems| panic!("{problems:?}"));
        let tool = catalogue.get(&ToolName::new(tool)).expect("its tool");
        let ToolAction::Command { argv, .. } = &tool.action else {
            panic!("{tool:?}");
        };
        let program = argv.first().expect("a program");
        let file = package().join("sample-tools").join(folder).join(program);
        assert!(file.is_file(), "{}", file.display());
    }
}

/// Arguments for each sample tool that name everything its schema has, and
/// what it then answers. `FOLDER` and `FILE` stand for places that exist.
fn trials() -> Vec<(&'static str, Value, u8)> {
    vec![
        (
            "fetch",
            json!({ "url": "https://a.example", "ms": 0, "status": 200 }),
            0,
        ),
        ("sleep", json!({ "ms": 0 }), 0),
        ("hang", json!({ "ms": 0 }), 1),
        ("stubborn", json!({ "ms": 0 }), 0),
        ("burn", json!({ "cores": 1, "work": 0, "label": "a" }), 0),
        ("allocate", json!({ "mib": 1, "ms": 0 }), 0),
        (
            "corpus",
            json!({ "path": "FOLDER/new", "files": 1, "lines": 1, "seed": 1, "ms": 0 }),
            0,
        ),
        ("word-count", json!({ "path": "FILE" }), 0),
        (
            "search",
            json!({ "path": "FOLDER", "pattern": "a", "max": 1, "pause_ms": 0 }),
            0,
        ),
        ("hash", json!({ "path": "FILE", "pause_ms": 0 }), 0),
        ("read-file", json!({ "path": "FILE", "ms": 0 }), 0),
        (
            "append",
            json!({ "path": "FOLDER/b", "text": "-", "ms": 0 }),
            0,
        ),
        (
            "add",
            json!({ "path": "FOLDER/sum", "amount": 1, "ms": 0 }),
            0,
        ),
        ("echo", json!({ "text": "--not-an-option", "ms": 0 }), 0),
        ("complain", json!({ "text": "a", "lines": 2 }), 0),
        ("progress", json!({ "steps": 2, "ms": 0, "label": "a" }), 0),
        ("chatter", json!({ "lines": 2, "ms": 0 }), 0),
        ("flood", json!({ "bytes": 100, "one-line": true }), 0),
        ("fail", json!({ "message": "a", "code": 7, "ms": 0 }), 7),
        ("flaky", json!({ "fails": 1, "ms": 0 }), 1),
        (
            "tree",
            json!({ "depth": 0, "width": 0, "ms": 0, "stubborn": false }),
            0,
        ),
    ]
}

#[test]
fn every_sample_tool_knows_all_arguments_of_its_schema() {
    // The tools run in this process, and write under its working directory only.
    let here = std::env::current_dir().expect("a folder");
    let folder = tempfile::tempdir_in(here).expect("a folder");
    std::fs::write(folder.path().join("file.txt"), "a b\n").expect("a file");
    let place = folder.path().to_str().expect("a UTF-8 path");
    let catalogue = samples();
    let tried: BTreeSet<&str> = trials().iter().map(|(name, ..)| *name).collect();
    let all: BTreeSet<&str> = catalogue.tools().map(|tool| tool.name.as_str()).collect();
    assert_eq!(tried, all);
    for (name, args, expected) in trials() {
        let args = args.to_string().replace("FILE", "FOLDER/file.txt");
        let args: Value = serde_json::from_str(&args.replace("FOLDER", place)).expect("JSON");
        let tool = catalogue
            .get(&ToolName::new(name))
            .expect("in the manifest");
        assert_eq!(properties(tool), keys(&args), "{name}");
        assert_eq!(catalogue.validate(&tool.name, &args), [], "{name}");
        let (code, stderr) = answer(tool, &args);
        assert_eq!(code, expected, "{name}: {stderr}");
    }
}

fn properties(tool: &Tool) -> BTreeSet<String> {
    let schema = tool
        .input_schema
        .as_ref()
        .expect("sample tools have schemas");
    keys(&schema["properties"])
}

fn keys(value: &Value) -> BTreeSet<String> {
    let object = value.as_object().expect("an object");
    object.keys().cloned().collect()
}

/// Runs a sample tool in this process with the words of its manifest.
fn answer(tool: &Tool, args: &Value) -> (u8, String) {
    let ToolAction::Command { argv, .. } = &tool.action else {
        panic!("{tool:?}");
    };
    assert_eq!(argv.first().map(String::as_str), Some("@fanout"));
    assert_eq!(argv.get(1).map(String::as_str), Some("sample-tool"));
    let name = argv.get(2).expect("the tool's name");
    let words: Vec<String> = argv.iter().skip(3).map(|word| filled(word, args)).collect();
    let text = args.to_string();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut streams = Streams {
        stdin: &mut text.as_bytes(),
        stdout: &mut stdout,
        stderr: &mut stderr,
    };
    let code = sample_tool::run(name, &words, &mut streams);
    (code, String::from_utf8_lossy(&stderr).into_owned())
}

fn filled(word: &str, args: &Value) -> String {
    let hole = word
        .strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"));
    match hole.map(|name| &args[name]) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => word.to_owned(),
    }
}
