//! `fanout screenshot`.

use crate::bench::Bench;

#[test]
fn a_picture_is_the_same_every_time_and_fits_what_was_asked_for() {
    let bench = Bench::new();
    let words = ["screenshot", "--screen", "timeline", "--size", "90x30"];
    let words = [&words[..], &["--theme", "gruvbox-light", "--at", "9s"]].concat();
    let printed = bench.run(&words).with_code(0).stdout;
    let filed = bench.run(&[&words[..], &["-o", "picture.svg"]].concat());
    assert_eq!(filed.with_code(0).stdout, "");
    let written = std::fs::read_to_string(bench.folder().join("picture.svg"));
    assert_eq!(written.expect("a picture"), printed);
    assert!(printed.starts_with("<svg xmlns") && printed.ends_with("</svg>\n"));
    assert!(printed.contains(r##"<rect width="828" height="558" rx="6" fill="#fbf1c7"/>"##));
    assert!(printed.contains("Timeline by lane"), "{printed}");
    assert!(!printed.contains('─'), "lines are geometry");
}

#[test]
fn a_run_of_ones_own_becomes_a_picture_and_a_film() {
    let bench = Bench::new();
    let events = include_str!("../../sample-tools/demo.ndjson");
    bench.file("events.ndjson", events);
    let words = ["screenshot", "--run", "events.ndjson", "--size", "100x30"];
    let at = [&words[..], &["--at", "3s"]].concat();
    let still = bench.run(&at).with_code(0).stdout;
    assert!(
        still.contains("trace") && still.contains("running"),
        "{still}"
    );
    let film = [&words[..], &["--film"]].concat();
    let film = bench.run(&film).with_code(0).stdout;
    assert!(film.contains("animation") && film.len() > still.len());
    bench.file("events.ndjson", "no log");
    bench.run(&at).with_code(2);
}

#[test]
fn every_screen_can_be_drawn_and_nothing_else() {
    let bench = Bench::new();
    let help = bench.run(&["screenshot", "--help"]).with_code(0).stdout;
    let listed = help
        .split_once("[possible values: ")
        .expect("the screens")
        .1;
    let listed = listed.split_once(']').expect("an end").0;
    let screens: Vec<&str> = listed.split(',').map(str::trim).collect();
    assert!(
        screens.len() >= 4 && screens.contains(&"lanes"),
        "{screens:?}"
    );
    for screen in screens {
        let words = ["screenshot", "--screen", screen, "--size", "80x24"];
        let svg = bench.run(&words).with_code(0).stdout;
        assert!(svg.contains("<text"), "{screen}: {svg}");
    }
    for wrong in [
        &["--screen", "lane"][..],
        &["--size", "121x36"],
        &["--size", "big"],
        &["--theme", "nrod"],
        &["--at", "2h"],
        &["--film", "--at", "2s"],
    ] {
        bench.run(&[&["screenshot"], wrong].concat()).with_code(2);
    }
    bench
        .run(&["screenshot", "-o", "no/such/folder.svg"])
        .with_code(4);
}
