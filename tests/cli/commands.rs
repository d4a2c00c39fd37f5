//! `call`, `tools`, `check`, and the catalogues to copy from.

use serde_json::json;

use crate::bench::Bench;

#[test]
fn a_call_prints_the_output_of_its_tool_only() {
    let bench = Bench::new();
    let answer = bench.run(&["call", "echo", "text=a b"]).with_code(0);
    assert_eq!(
        (answer.stdout.as_str(), answer.stderr.as_str()),
        ("a b\n", "")
    );
    let answer = bench
        .run(&["call", "burn", "work=0", "label:=\"x\""])
        .with_code(0);
    assert_eq!(answer.json()["label"], "x");
    let whole = "{\"text\": \"whole\", \"ms\": 0}";
    let answer = bench.run(&["call", "echo", "--args", whole]).with_code(0);
    assert_eq!(answer.stdout, "whole\n");
    let answer = bench
        .run(&["call", "echo", "text={{not.output}}"])
        .with_code(0);
    assert_eq!(answer.stdout, "{{not.output}}\n");
}

#[test]
fn a_call_prints_also_what_is_too_long_for_memory() {
    let bench = Bench::new();
    let answer = bench.run(&["call", "flood", "bytes=19200007"]).with_code(0);
    assert_eq!(answer.stdout.len(), 19_200_007);
    let numbers = answer.stdout.lines().zip(0_u64..);
    let mut numbers = numbers.take_while(|(line, _)| *line != "the end");
    assert!(numbers.all(|(line, number)| line.parse() == Ok(number)));
    assert_eq!(answer.stderr, "");
}

#[test]
fn a_call_that_fails_says_why() {
    let bench = Bench::new();
    let answer = bench
        .run(&["call", "fail", "code=9", "message=oh no"])
        .with_code(1);
    assert_eq!(answer.stdout, "");
    assert!(
        answer.stderr.contains("oh no") && answer.stderr.contains("exit code 9"),
        "{answer:#?}"
    );
    let answer = bench.run(&["call", "ecoh", "text=a"]).with_code(3);
    assert!(
        answer.stderr.contains("did you mean \"echo\"?"),
        "{answer:#?}"
    );
    let answer = bench.run(&["call", "echo", "txet=a"]).with_code(3);
    assert!(answer.stderr.contains("txet"), "{answer:#?}");
    let answer = bench.run(&["call", "burn", "work=much"]).with_code(2);
    assert!(answer.stderr.contains("work"), "{answer:#?}");
}

#[test]
fn tools_are_listed_for_people_and_for_programs() {
    let bench = Bench::new();
    let answer = bench.run(&["tools", "--connect"]).with_code(0);
    let first = |line: &str| line.split(' ').next().map(str::to_owned);
    let names: Vec<String> = answer.stdout.lines().filter_map(first).collect();
    let answer = bench.run(&["tools", "--connect", "--json"]);
    let answer = answer.with_code(0).json();
    assert_eq!(answer["version"], 1);
    let tools = answer["tools"].as_array().expect("tools");
    let listed: Vec<&str> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(names, listed);
    assert!(listed.contains(&"word-count") && !listed.contains(&"sleeper"));
    assert!(listed.contains(&"notebook.notes"));
    let answer = bench.run(&["tools"]).with_code(0);
    assert!(
        answer.stdout.contains("server notebook: not started"),
        "{answer:#?}"
    );
}

#[test]
fn check_tells_of_a_plan_and_starts_nothing() {
    let bench = Bench::new();
    bench.file(
        "plan.toml",
        "name = \"two\"\n[[call]]\nid = \"a\"\ntool = \"append\"\nargs = { path = \"started\", text = \"\" }\n\
         [[call]]\ntool = \"echo\"\nargs = { text = \"{{a.output.path}}\" }\n",
    );
    let answer = bench.run(&["check", "plan.toml"]).with_code(0);
    assert!(answer.stdout.starts_with("two: 2 calls"), "{answer:#?}");
    let answer = bench
        .run(&["check", "plan.toml", "--json"])
        .with_code(0)
        .json();
    assert_eq!(answer["version"], 1);
    assert_eq!(answer["plan"]["calls"], 2);
    assert!(!bench.folder().join("started").exists());
}

#[test]
fn the_catalogues_to_copy_from_work() {
    let bench = Bench::new();
    bench.file("text.txt", "b a b\n");
    let manifest = |folder: &str| {
        format!(
            "{}/sample-tools/{folder}/fanout.toml",
            env!("CARGO_MANIFEST_DIR")
        )
    };
    let answer = bench.run(&[
        "call",
        "disk-usage",
        "path=.",
        "--catalogue",
        &manifest("sh"),
    ]);
    let answer = answer.with_code(0);
    assert!(answer.stdout.contains("./text.txt"), "{answer:#?}");
    let python = manifest("python");
    let words = [
        "call",
        "word-frequency",
        "path=text.txt",
        "top=1",
        "--catalogue",
        &python,
    ];
    let answer = bench.run(&words).with_code(0);
    assert_eq!(answer.json(), json!({ "words": 3, "common": { "b": 2 } }));
}

#[test]
fn a_command_that_starts_work_elsewhere_is_warned_of() {
    let bench = Bench::new();
    let tools = "[[tool]]\nname = \"far\"\ncommand = [\"/usr/bin/ssh\", \"host\", \"true\"]\n\
                 [mcp.box]\ncommand = [\"docker\", \"run\", \"image\"]\n";
    bench.file("fanout.toml", tools);
    bench.file(
        "plan.toml",
        "[[call]]\ntool = \"far\"\n[[call]]\ntool = \"far\"\n",
    );
    let catalogue = ["--catalogue", "fanout.toml"];
    let words = |before: &[&'static str]| [before, &catalogue].concat();
    let why = |program| {
        format!("`{program}` starts work elsewhere, which is neither contained nor measured")
    };
    let answer = bench.run(&words(&["check", "plan.toml"])).with_code(0);
    // Said once, however many calls there are.
    assert_eq!(answer.stderr.matches("starts work elsewhere").count(), 1);
    assert!(answer.stderr.contains("plan.toml:2:8"), "{answer:#?}");
    let answer = bench.run(&words(&["tools"])).with_code(0);
    let far = format!("far: {}\n", why("ssh"));
    let boxed = format!("server box: {}\n", why("docker"));
    assert!(answer.stdout.contains(&far), "{answer:#?}");
    assert!(answer.stdout.contains(&boxed), "{answer:#?}");
    let answer = bench.run(&words(&["tools", "--json"])).with_code(0).json();
    assert_eq!(answer["tools"][0]["warning"], why("ssh"));
    assert_eq!(answer["servers"][0]["warning"], why("docker"));
}
