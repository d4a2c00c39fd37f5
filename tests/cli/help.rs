//! Help, completions, the manual page and the doctor.

use crate::bench::Bench;

/// Every command and its parts, as `fanout --help` lists them.
fn commands(bench: &Bench, parents: &[&str]) -> Vec<Vec<String>> {
    let mut words = parents.to_vec();
    words.push("--help");
    let help = bench.run(&words).with_code(0).stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    // Descriptions go on further to the right.
    let entries = listed.filter_map(|line| line.strip_prefix("  "));
    let entries = entries.filter(|line| !line.starts_with(' '));
    let words = entries.filter_map(|line| line.split_whitespace().next());
    let names: Vec<&str> = words.filter(|name| *name != "help").collect();
    let mut commands = vec![parents.iter().map(ToString::to_string).collect()];
    for name in names {
        let mut words = parents.to_vec();
        words.push(name);
        commands.extend(self::commands(bench, &words));
    }
    commands
}

#[test]
fn every_help_begins_with_examples_and_fits_80_columns() {
    let bench = Bench::new();
    let commands = commands(&bench, &[]);
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        let mut words: Vec<&str> = command.iter().map(String::as_str).collect();
        words.push("--help");
        let help = bench.run(&words).with_code(0).stdout;
        assert!(
            help.starts_with("Examples:\n  fanout"),
            "{command:?}: {help}"
        );
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{command:?}: {line}");
        }
    }
}

#[test]
fn completions_and_manual_know_every_command() {
    let bench = Bench::new();
    let man = bench.run(&["man"]).with_code(0).stdout;
    assert!(
        man.contains(".SH KEYS") && man.contains("app.theme"),
        "{man}"
    );
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = bench.run(&["completions", shell]).with_code(0).stdout;
        assert!(text.contains("COMPLETE"), "{shell}: {text}");
    }
    let asked = bench.run_with(&[("COMPLETE", "fish")], &["--", "fanout", ""]);
    let told = asked.with_code(0).stdout;
    for command in commands(&bench, &[]).iter().filter(|it| it.len() == 1) {
        let name = command[0].replace('-', "\\-");
        assert!(man.contains(&format!("fanout {name}")), "{name}");
        let is_told = |line: &str| line.split('\t').next() == Some(command[0].as_str());
        assert!(told.lines().any(is_told), "{command:?}: {told}");
    }
    assert!(!man.contains("sample\\-tool"), "it is nobody's command");
}

#[test]
fn the_doctor_says_why_there_are_colours_or_none() {
    let bench = Bench::new();
    let plain = [("TERM", "xterm-256color"), ("COLORTERM", "")];
    for (more, words, colours, why) in [
        (("TERM", "xterm"), &[][..], "16", "TERM says so"),
        (("TERM", "xterm-256color"), &[], "256", "TERM says so"),
        (
            ("COLORTERM", "truecolor"),
            &[],
            "24 bits",
            "COLORTERM promises 24 bits",
        ),
        (("NO_COLOR", "1"), &[], "none", "NO_COLOR is set"),
        (("CLICOLOR", "0"), &[], "none", "CLICOLOR=0"),
        (("CLICOLOR_FORCE", "1"), &[], "256", "CLICOLOR_FORCE is set"),
        (
            ("TERM", "dumb"),
            &[],
            "none",
            "TERM names no terminal with colours",
        ),
        (
            ("NO_COLOR", "1"),
            &["--color", "always"],
            "256",
            "asked for by --color or config.toml",
        ),
        (
            ("COLORTERM", "truecolor"),
            &["--color", "never"],
            "none",
            "refused by --color or config.toml",
        ),
    ] {
        let environment = [plain[0], plain[1], more];
        let mut all = vec!["doctor", "--json"];
        all.extend(words);
        let answer = bench.run_with(&environment, &all).with_code(0).json();
        let found = &answer["findings"]["colours"];
        assert_eq!(
            (&found["found"], &found["why"]),
            (&colours.into(), &why.into()),
            "{more:?}"
        );
    }
}

#[test]
fn the_doctor_looks_at_everything_it_promises() {
    let bench = Bench::new();
    let answer = bench.run(&["doctor"]).with_code(0);
    for what in [
        "terminal",
        "colours",
        "glyphs",
        "background",
        "multiplexer",
        "clipboard",
        "config",
        "state",
        "containment",
    ] {
        assert!(answer.stdout.contains(what), "{what}: {answer:#?}");
    }
    assert!(answer.stdout.contains("supervisors"), "{answer:#?}");
    bench.assert_nobody_is_left();
}
