//! Plan and catalogue files: every valid one is read, every invalid one is
//! refused with a report that names each of its errors.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, mpsc};
use std::time::Duration;

use fanout::catalogue::{Catalogue, Problems};
use fanout::model::{CallName, ToolName};
use fanout::plan;
use miette::{GraphicalReportHandler, GraphicalTheme};
use proptest::prelude::*;

#[path = "plans/fuzz.rs"]
mod fuzz;

const TOOLS: &str = "tests/plans/tools.toml";

/// The files of a folder, in order. Paths stay relative to the package, so
/// that reports are the same on every machine.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder of cases")
        .map(|entry| entry.expect("a case").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} has no cases");
    files
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::load(&[PathBuf::from(TOOLS)]).unwrap_or_else(|problems| {
        panic!("{TOOLS} is refused:\n{}", report(&problems));
    })
});

fn report(problems: &Problems) -> String {
    let mut text = String::new();
    for problem in problems {
        let place = problem
            .position()
            .map(|at| format!("{}:{}", at.line, at.column));
        let place = place.unwrap_or_else(|| "-".to_owned());
        writeln!(text, "{place} {}", problem.message()).expect("a string takes all");
    }
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut text, problems)
        .expect("a string takes all");
    text
}

fn case_name(file: &Path) -> String {
    let name = file.file_name().expect("a name").to_string_lossy();
    name.replace('.', "-")
}

#[test]
fn valid_plans_are_read() {
    for file in files("tests/plans/valid") {
        match plan::load(&file, &CATALOGUE) {
            Ok(loaded) => {
                let mut told = format!("{:#?}\n", loaded.plan);
                told.push_str(&report(&loaded.warnings));
                insta::assert_snapshot!(format!("valid-{}", case_name(&file)), told);
            }
            Err(problems) => panic!("{} is refused:\n{}", file.display(), report(&problems)),
        }
    }
}

#[test]
fn invalid_plans_are_refused_with_every_error() {
    for file in files("tests/plans/invalid") {
        let problems = plan::load(&file, &CATALOGUE)
            .err()
            .unwrap_or_else(|| panic!("{} is accepted", file.display()));
        assert!(
            problems
                .iter()
                .all(|problem| problem.file() == file.display().to_string())
        );
        insta::assert_snapshot!(case_name(&file), report(&problems));
    }
}

#[test]
fn valid_catalogues_are_read() {
    for file in files("tests/plans/catalogues/valid") {
        match Catalogue::load(std::slice::from_ref(&file)) {
            Ok(catalogue) => {
                let tools: Vec<_> = catalogue.tools().collect();
                let name = format!("catalogue-{}", case_name(&file));
                insta::assert_debug_snapshot!(name, tools);
            }
            Err(problems) => panic!("{} is refused:\n{}", file.display(), report(&problems)),
        }
    }
}

#[test]
fn invalid_catalogues_are_refused_with_every_error() {
    for file in files("tests/plans/catalogues/invalid") {
        let problems = Catalogue::load(std::slice::from_ref(&file))
            .err()
            .unwrap_or_else(|| panic!("{} is accepted", file.display()));
        let name = format!("catalogue-{}", case_name(&file));
        insta::assert_snapshot!(name, report(&problems));
    }
}

#[test]
fn one_report_holds_the_problems_of_every_file() {
    let catalogues = [
        PathBuf::from("tests/plans/catalogues/invalid/later.toml"),
        PathBuf::from("tests/plans/catalogues/none.toml"),
        PathBuf::from(TOOLS),
        PathBuf::from("tests/plans/catalogues/twice.toml"),
    ];
    let plan = Path::new("tests/plans/invalid/cycle.toml");
    let problems = plan::open(plan, &catalogues).expect_err("invalid");
    insta::assert_snapshot!("every-file", report(&problems));
}

#[test]
fn a_tool_with_errors_is_not_called_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    let catalogue = folder.path().join("tools.toml");
    let plan = folder.path().join("plan.toml");
    std::fs::write(&catalogue, "[[tool]]\nname = \"t\"\ncommand = []\n").expect("a file");
    std::fs::write(&plan, "[[call]]\ntool = \"t\"\nargs = { a = 1 }\n").expect("a file");
    let problems = plan::open(&plan, &[catalogue]).expect_err("invalid");
    let messages: Vec<_> = problems
        .iter()
        .map(fanout::catalogue::Problem::message)
        .collect();
    assert_eq!(messages, ["the command is empty: it needs a program"]);
    let nameless = folder.path().join("nameless.toml");
    std::fs::write(&nameless, "[[tool]]\ncommand = [\"x\"]\n").expect("a file");
    let broken = [folder.path().join("none.toml"), nameless];
    for catalogue in broken {
        let problems = plan::open(&plan, &[catalogue]).expect_err("invalid");
        let told = problems.iter().map(fanout::catalogue::Problem::message);
        assert!(
            told.clone().all(|it| !it.contains("no tool")),
            "{problems:?}"
        );
    }
}

#[test]
fn a_catalogue_beside_the_plan_is_named_and_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("deep/plan.toml");
    let catalogue = folder.path().join("fanout.toml");
    std::fs::create_dir(folder.path().join("deep")).expect("a folder");
    std::fs::write(&plan, "[[call]]\ntool = \"nothing-like-it\"\n").expect("a file");
    std::fs::write(
        &catalogue,
        "[[tool]]\nname = \"nothing-like-it\"\ncommand = [\"x\"]\n",
    )
    .expect("a file");
    let problems = plan::open(&plan, &[]).expect_err("unknown");
    let help = problems.iter().find_map(fanout::catalogue::Problem::help);
    let help = help.expect("a help");
    assert!(
        help.contains("--catalogue") && help.contains("fanout.toml"),
        "{help}"
    );
    let (found, _) = plan::open(&plan, &[catalogue]).expect("it is given now");
    assert!(found.get(&ToolName::new("nothing-like-it")).is_some());
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let cwd = rustix::fs::CWD;
    rustix::fs::mknodat(cwd, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
    let long = folder.path().join("long");
    let file = std::fs::File::create(&long).expect("a file");
    file.set_len(1 << 30).expect("a sparse file");
    for path in [
        pipe,
        long,
        folder.path().to_owned(),
        folder.path().join("none"),
    ] {
        let (send, told) = mpsc::sync_channel(1);
        let shown = path.display().to_string();
        std::thread::spawn(move || send.send(Catalogue::load(&[path]).map(|_| ())));
        let outcome = told.recv_timeout(Duration::from_secs(5));
        let problems = outcome.expect("an answer in time").expect_err(&shown);
        assert_eq!(problems.len(), 1, "{problems:?}");
    }
}

#[test]
fn a_plan_of_ten_thousand_calls_is_read() {
    let calls: String = (0..10_000).fold(String::new(), |mut text, call| {
        writeln!(text, "[[call]]\ntool = \"count\"\nargs.path = \"f{call}\"").expect("room");
        text
    });
    let loaded = plan::from_text("many.toml", &calls, &CATALOGUE).expect("sound");
    let last = loaded.plan.calls.last().expect("calls");
    assert_eq!(last.name, CallName::new("count-10000"));
    assert_eq!(last.id.index(), 9_999);
}

#[test]
fn what_is_wrong_in_thousands_of_places_is_told_within_bounds() {
    let calls = vec![r#"{"tool":"nosuch","after":["none"]}"#; 20_000].join(",");
    let text = format!("{{\"call\":[{calls}]}}");
    let problems = plan::from_text("many.json", &text, &CATALOGUE).expect_err("wrong");
    assert_eq!(problems.len(), 40_000);
    assert_eq!(problems.iter().count(), fanout::catalogue::MOST_PROBLEMS);
    assert!(report(&problems).contains("39000 of them not shown"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in a file, it is read or refused, never a panic; and
    /// what is refused has a place within the file.
    #[test]
    fn no_text_panics(
        text in "(\\[\\[call\\]\\]\n|tool = \"count\"\n|args\\.path = |after = \\[|\\]\n|\\{\\{|\\}\\}|\"|id|é|\n|\\.|=|\\PC){0,24}",
        is_json in any::<bool>(),
    ) {
        let text = if is_json { format!("{{\"call\":[{{\"tool\":{text}") } else { text };
        if let Err(problems) = plan::from_text("any", &text, &CATALOGUE) {
            let lines = text.split('\n').count();
            for problem in &problems {
                let place = problem.position().expect("a place");
                prop_assert!(place.line <= lines, "{problem}");
            }
            report(&problems);
        }
    }
}

#[test]
fn the_summary_counts_the_graph() {
    let file = Path::new("tests/plans/valid/every-key.toml");
    let loaded = plan::load(file, &CATALOGUE).expect("sound");
    let summary = serde_json::to_string_pretty(&plan::check(&loaded)).expect("JSON");
    insta::assert_snapshot!("summary", summary);
}

#[test]
fn a_plan_that_names_an_unusable_server_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(".mcp.json");
    let text = r#"{"mcpServers": {"bad": {"command": "${FANOUT_TEST_UNSET}"}}}"#;
    std::fs::write(&path, text).expect("a file");
    let (catalogue, problems) = Catalogue::read(&[path]);
    assert!(problems.is_empty(), "{problems:?}");
    let plan = "[[call]]\ntool = 'bad.hello'\n";
    let problems = plan::from_text("p.toml", plan, &catalogue).expect_err("refused");
    let problem = problems.iter().next().expect("a problem");
    assert_eq!(problem.message(), "there is no tool `bad.hello`");
    let help = problem.help().expect("the reason");
    assert!(help.contains("`FANOUT_TEST_UNSET` is not set"), "{help}");
}
