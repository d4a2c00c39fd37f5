//! What a newcomer types first: a file without a command, the reference, and
//! Tab.

use crate::bench::Bench;

const PLAN: &str = r#"
    name = "two"
    [[call]]
    id = "a"
    tool = "echo"
    args = { text = "from a" }
    [[call]]
    id = "b"
    tool = "sleep"
    args = { ms = 300 }
"#;

#[test]
fn a_file_is_run_or_opened_by_what_it_is() {
    let bench = Bench::new();
    bench.file("two.toml", PLAN);
    let ran = bench.run(&["two.toml"]).with_code(0);
    assert!(ran.stdout.contains("from a"), "{}", ran.stdout);
    bench.file("broken.toml", "[[call]]\n");
    let broken = bench.run(&["broken.toml"]).with_code(3);
    assert!(broken.stderr.contains("broken.toml"), "{}", broken.stderr);
    bench.file(".mcp.json", r#"{"mcpServers": {}}"#);
    let servers = bench.run(&[".mcp.json"]).with_code(2);
    assert!(
        servers.stderr.contains("needs a terminal"),
        "{}",
        servers.stderr
    );
    let absent = bench.run(&["smulate"]).with_code(2);
    assert!(
        absent.stderr.contains("no command and no file `smulate`")
            && absent.stderr.contains("did you mean `fanout simulate`?"),
        "{}",
        absent.stderr
    );
}

#[test]
fn the_reference_is_in_the_terminal() {
    let bench = Bench::new();
    for (topic, part) in [
        ("plan", "queue_timeout = \"5m\""),
        ("catalogue", "Keys of an MCP server:"),
        ("keys", "call.cancel"),
        ("exit-codes", "130, 143"),
        ("simulate", "--caps <LIST>"),
    ] {
        let text = bench.run(&["help", topic]).with_code(0).stdout;
        assert!(text.contains(part), "{topic}: {text}");
    }
    let overview = bench.run(&["help"]).with_code(0).stdout;
    assert_eq!(overview, bench.run(&["--help"]).with_code(0).stdout);
    let wrong = bench.run(&["help", "catalog"]).with_code(2);
    assert!(
        wrong.stderr.contains("did you mean `catalogue`?") && wrong.stderr.contains("exit-codes"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_shell_is_told_tools_their_arguments_plans_and_themes() {
    let bench = Bench::new();
    bench.file("two.toml", PLAN);
    bench.file("notes.toml", "a = 1\n");
    let told = |typed: &[&str]| {
        let words = [&["--", "fanout"], typed].concat();
        let answer = bench.run_with(&[("COMPLETE", "fish")], &words).with_code(0);
        answer.stdout
    };
    assert!(told(&["call", "word"]).starts_with("word-count\t"));
    assert_eq!(told(&["call", "word-count", "pa"]), "path=\n");
    bench.file(
        "levels.toml",
        "[[tool]]\nname = \"log\"\ncommand = [\"true\"]\n[tool.input_schema.properties]\n\
         level = { anyOf = [{ enum = [\"low\", \"loud\"] }, { type = \"null\" }] }\n\
         often = { type = \"boolean\" }\n",
    );
    let level = |word: &str| told(&["call", "--catalogue", "levels.toml", "log", word]);
    assert_eq!(level("le"), "level=\n");
    assert_eq!(level("level=lo"), "level=low\nlevel=loud\n");
    assert_eq!(level("often="), "often=true\noften=false\n");
    assert_eq!(level("other="), "");
    assert_eq!(told(&["run", ""]).lines().next(), Some("two.toml"));
    assert!(!told(&["run", ""]).contains("notes.toml"));
    assert_eq!(told(&["demo", "--theme", "nor"]), "nord\n");
    bench.file(
        "fanout.toml",
        "[[tool]]\nname = \"own\"\ncommand = [\"true\"]\n",
    );
    assert_eq!(
        told(&["call", "ow"]),
        "own\n",
        "it is read, and nothing is asked"
    );
}

#[test]
fn a_simulation_takes_the_times_of_earlier_runs() {
    let bench = Bench::new();
    bench.file("two.toml", PLAN);
    let before = bench.run(&["simulate", "two.toml"]).with_code(0).stdout;
    assert!(before.contains("taken to run 1 s"), "{before}");
    bench.run(&["run", "two.toml", "--plain"]).with_code(0);
    let after = bench.run(&["simulate", "two.toml"]).with_code(0).stdout;
    assert!(
        after.contains("without an estimate, with the median of 1 earlier run"),
        "{after}"
    );
    assert!(!after.contains("taken to run 1 s"), "{after}");
    let plain = bench.run(&["simulate", "two.toml", "--no-history"]);
    assert_eq!(plain.with_code(0).stdout, before);
}
