//! `fanout config` and `fanout keys`: the user's files never stop a start.

use crate::bench::Bench;

fn with_files() -> Bench {
    let bench = Bench::new();
    let folder = bench.folder().join("config/fanout/themes");
    std::fs::create_dir_all(&folder).expect("a folder");
    bench.file(
        "config/fanout/config.toml",
        "cap = 1\nglyps = 'ascii'\nfps = 'many'\ncpu = \"no\n",
    );
    bench.file(
        "config/fanout/keys.toml",
        "[keys.global]\n\"app.hepl\" = ['h']\n\"app.theme\" = ['q']\n\"app.redraw\" = 7\n[keys\n",
    );
    bench.file(
        "config/fanout/themes/mine.toml",
        "[roles]\nfgg = 'red'\nfg = 5.0\nbg = 'red\n",
    );
    bench
}

#[test]
fn every_problem_of_every_file_is_placed() {
    let bench = with_files();
    let answer = bench.run(&["config", "check"]).with_code(3);
    for said in [
        "config.toml:2:1: unknown option `glyps`; did you mean `glyphs`?",
        "config.toml:3:7: ",
        "config.toml:4:",
        "keys.toml:2:1: unknown action `app.hepl`; did you mean `app.help`?",
        "keys.toml:4:16: expected a list of keys",
        "keys.toml:5:",
        "mine.toml:2:1: unknown role `fgg`; did you mean `fg`?",
        "mine.toml:3:6: expected a colour or a table",
        "mine.toml:4:",
    ] {
        assert!(answer.stderr.contains(said), "{said}: {answer:#?}");
    }
    let answer = bench.run(&["keys", "--check"]).with_code(3);
    let gave_way = "q in global: app.theme takes it from app.quit";
    assert!(answer.stdout.contains(gave_way), "{answer:#?}");
}

#[test]
fn the_good_part_is_used_and_the_rest_is_told() {
    let bench = with_files();
    let plan = "[[call]]\ntool = \"echo\"\nargs = { text = \"a\" }\n";
    bench.file("plan.toml", plan);
    let words = ["run", "plan.toml", "--plain", "--report", "report.json"];
    let answer = bench.run(&words).with_code(0);
    assert!(answer.stderr.contains("config.toml:2:1"), "{answer:#?}");
    let report = std::fs::read_to_string(bench.folder().join("report.json"));
    let report: serde_json::Value = serde_json::from_str(&report.expect("a report")).expect("JSON");
    assert_eq!(report["cap"], 1);
}

#[test]
fn the_default_file_is_sound_and_paths_are_named() {
    let bench = Bench::new();
    let answer = bench.run(&["config", "default"]).with_code(0);
    std::fs::create_dir_all(bench.folder().join("config/fanout")).expect("a folder");
    bench.file("config/fanout/config.toml", &answer.stdout);
    bench.run(&["config", "check"]).with_code(0);
    let answer = bench.run(&["config", "path"]).with_code(0);
    assert!(
        answer
            .stdout
            .contains("config/fanout/keys.toml  (not there)"),
        "{answer:#?}"
    );
    let answer = bench.run(&["keys"]).with_code(0);
    assert!(answer.stdout.contains("app.theme"), "{answer:#?}");
    bench.run(&["keys", "--check"]).with_code(0);
}

#[test]
fn every_schema_can_be_had() {
    let bench = Bench::new();
    for form in ["config", "plan", "catalogue", "theme"] {
        let schema = bench.run(&["config", "schema", form]).with_code(0).json();
        let title = schema["title"].as_str();
        assert_eq!(title, Some(format!("fanout {form}").as_str()));
        assert_eq!(schema["properties"]["$schema"]["type"], "string");
    }
    bench.run(&["config", "schema", "keyboard"]).with_code(2);
}
