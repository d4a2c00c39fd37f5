//! Files that experiments write besides: comma-separated values and charts.

use roxmltree::Document;

use crate::bench::Bench;

/// A plan whose name would break a document that does not escape it.
const PLAN: &str = "name = \"a <b> & \\\"c\\\"\"\n[[call]]\ntool = \"sleep\"\nargs = { ms = 30 }\n[[call]]\ntool = \"sleep\"\nargs = { ms = 30 }\n";

#[test]
fn findings_are_written_as_lines_and_as_charts_that_are_xml() {
    let bench = Bench::new();
    bench.file("plan.toml", PLAN);
    for (kind, more) in [("sweep", "--blocks"), ("compare", "--repeats")] {
        let words = [
            kind,
            "plan.toml",
            "--caps",
            "1,2",
            more,
            "1",
            "--csv",
            "out.csv",
            "--svg",
            "out.svg",
        ];
        bench.run(&words).with_code(0);
        let read = |name: &str| std::fs::read_to_string(bench.folder().join(name)).expect("a file");
        let csv = read("out.csv");
        let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(
            (lines.len(), lines[1][0], lines[2][0]),
            (3, "1", "2"),
            "{csv}"
        );
        assert!(
            lines.iter().all(|line| line.len() == lines[0].len()),
            "{csv}"
        );
        let svg = read("out.svg");
        let document = Document::parse(&svg).expect("XML");
        assert!(
            document
                .root_element()
                .has_tag_name(("http://www.w3.org/2000/svg", "svg"))
        );
        let texts: Vec<&str> = document
            .descendants()
            .filter_map(|node| node.text())
            .collect();
        assert!(
            texts
                .iter()
                .any(|text| text.contains("a <b> & \"c\", 2 calls")),
            "{texts:?}"
        );
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            let numbers = node
                .attributes()
                .filter(|it| ["x", "y", "cx", "cy", "x1", "y1"].contains(&it.name()));
            for number in numbers {
                assert!(
                    number.value().parse::<f64>().is_ok_and(f64::is_finite),
                    "{node:?}"
                );
            }
        }
    }
    bench.assert_nobody_is_left();
}

#[test]
fn a_file_that_cannot_be_written_is_said() {
    let bench = Bench::new();
    bench.file("plan.toml", PLAN);
    let words = [
        "compare",
        "plan.toml",
        "--caps",
        "1,2",
        "--repeats",
        "1",
        "--svg",
        "none/out.svg",
    ];
    let answer = bench.run(&words).with_code(4);
    assert!(
        answer.stderr.contains("none/out.svg cannot be written"),
        "{answer:#?}"
    );
}
