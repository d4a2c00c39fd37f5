//! `fanout theme`.

use crate::bench::Bench;

#[test]
fn themes_are_listed_and_shown() {
    let bench = Bench::new();
    let answer = bench.run(&["theme", "list"]).with_code(0);
    let names: Vec<&str> = answer
        .stdout
        .lines()
        .map_while(|it| it.split(' ').next())
        .collect();
    assert_eq!(names.first(), Some(&"terminal"));
    for name in ["catppuccin-mocha", "nord", "colorblind", "mono"] {
        assert!(names.contains(&name), "{name}");
    }
    assert!(!names.contains(&"common"), "it is no theme by itself");
    let plain = bench.run(&["theme", "show", "nord"]).with_code(0);
    assert!(plain.stdout.contains("state.running") && plain.stdout.contains("#8aa8c5"));
    assert!(
        !plain.stdout.contains('\u{1b}'),
        "no colours off a terminal"
    );
    let coloured = bench.run(&["theme", "show", "nord", "--color", "always"]);
    assert!(coloured.with_code(0).stdout.contains("\u{1b}["));
    let answer = bench.run(&["theme", "show", "nrod"]).with_code(2);
    assert!(answer.stderr.contains("did you mean `nord`"), "{answer:#?}");
}

#[test]
fn check_names_file_line_and_column() {
    let bench = Bench::new();
    bench.file(
        "mine.toml",
        "inherits = 'nord'\n[palette]\nred = '#ff00'\n[roles]\n\"state.faild\" = 'red'\nmuted = { mod = 'dim' }\n",
    );
    let answer = bench.run(&["theme", "check", "mine.toml"]).with_code(3);
    for said in [
        "mine.toml:3:7: `#ff00` is no colour",
        "mine.toml:5:1: unknown role `state.faild`; did you mean `state.failed`?",
        "mine.toml:6:17: expected a list of modifiers",
    ] {
        assert!(answer.stderr.contains(said), "{said}: {answer:#?}");
    }
    bench.file(
        "dark.toml",
        "inherits = 'nord'\n[roles]\nmuted = '#3b4252'\n",
    );
    let answer = bench.run(&["theme", "check", "dark.toml"]).with_code(0);
    assert!(
        answer.stdout.contains("muted on bg: contrast 1.2:1"),
        "{answer:#?}"
    );
    bench.run(&["theme", "check", "none.toml"]).with_code(3);
    bench.run(&["theme", "check"]).with_code(0);
}
