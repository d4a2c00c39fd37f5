//! Plan and catalogue files: every valid one is read, every invalid one is
//! refused with a report that names each of its errors.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fanout::catalogue::{Catalogue, Problems};
use fanout::plan;
use miette::{GraphicalReportHandler, GraphicalTheme};

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

fn tools() -> Catalogue {
    Catalogue::load(&[PathBuf::from(TOOLS)]).unwrap_or_else(|problems| {
        panic!("{TOOLS} is refused:\n{}", report(&problems));
    })
}

fn report(problems: &Problems) -> String {
    let mut text = String::new();
    for problem in problems {
        let place = problem
            .place()
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
    let catalogue = tools();
    for file in files("tests/plans/valid") {
        match plan::load(&file, &catalogue) {
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
    let catalogue = tools();
    for file in files("tests/plans/invalid") {
        let problems = plan::load(&file, &catalogue)
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
fn the_sample_tools_are_sound() {
    let catalogue = Catalogue::sample().unwrap_or_else(|problems| {
        panic!("the sample tools are refused:\n{}", report(&problems));
    });
    assert!(catalogue.tools().len() > 10);
}
