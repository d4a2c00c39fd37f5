//! Output that means harm to a terminal, on a terminal.

use std::path::{Path, PathBuf};

use super::SIZE;
use super::harness::OnTerminal;

/// A title, the clipboard, a link, a report request, a reset, the other screen,
/// a C1 control, reordered and invisible text, tag characters, and a coloured
/// word.
const HARM: &str = r"\033]0;evil\007\033]52;c;ZXZpbA==\007\033]8;;http://evil\033\\\\link\033]8;;\033\\\\\033[6n\033[21t\033c\033[?1049h\302\23331mC1\342\200\256olleh\342\200\213\363\240\201\201\033[32mgreen\033[0m\n";

/// A letter under a hundred thousand accents.
const MARKS: &str = r#"BEGIN{printf "a"; for(i=0;i<100000;i++) printf "\314\201"; print "over"}"#;

/// The catalogue and the plan of a call that prints it.
fn files(folder: &Path) -> [PathBuf; 2] {
    let catalogue = folder.join("tools.toml");
    let tool =
        format!("[[tool]]\nname = \"harm\"\ncommand = [\"printf\", '{HARM}']\noutput = \"text\"\n");
    let marks = format!("[[tool]]\nname = \"marks\"\ncommand = [\"awk\", '{MARKS}']\n");
    std::fs::write(&catalogue, tool + &marks).expect("the catalogue can be written");
    let plan = folder.join("plan.toml");
    std::fs::write(&plan, "name = \"harm\"\n[[call]]\ntool = \"harm\"\n")
        .expect("the plan can be written");
    [catalogue, plan]
}

fn start(words: &[&str], folder: &Path) -> OnTerminal {
    let [catalogue, plan] = files(folder).map(|path| path.display().to_string());
    let known = |word: &&str| match *word {
        "PLAN" => plan.clone(),
        word => word.to_owned(),
    };
    let mut args: Vec<String> = words.iter().map(known).collect();
    args.extend(["--catalogue".to_owned(), catalogue]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    OnTerminal::fanout(&args, SIZE, &[])
}

/// Nothing of the harm has reached the terminal as such.
fn assert_harmless(bytes: &[u8]) -> bool {
    let text = String::from_utf8(bytes.to_vec()).expect("the terminal gets UTF-8");
    for harm in [
        "\u{1b}]0;evil",
        "\u{1b}]52;",
        "\u{1b}]8;",
        "\u{1b}[6n",
        "\u{1b}[21t",
        "\u{1b}c",
        "\u{9b}",
        "\u{202e}",
        "\u{200b}",
        "\u{e0041}",
    ] {
        assert!(!text.contains(harm), "{harm:?} in {text:?}");
    }
    true
}

#[test]
fn torture_37_to_40_plain_lines_and_single_calls_are_sanitised() {
    for words in [&["run", "PLAN", "--plain"][..], &["call", "harm"]] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut fanout = start(words, folder.path());
        assert_eq!(fanout.exit_code(), 0, "{}", fanout.contents());
        let shown = fanout.contents();
        for text in [
            "^[]0;evil^G",
            "^[]52;c;",
            "link",
            "^[[21t",
            "^[c",
            "<U+009B>31mC1",
            "<U+202E>olleh<U+200B><U+E0041>",
        ] {
            let one_line = shown.replace('\n', "");
            assert!(one_line.contains(text), "{text} is not in\n{shown}");
        }
        fanout.wait_until("text without harm", |_, bytes| assert_harmless(bytes));
        fanout.wait_until("the colour that was asked for", |_, bytes| {
            String::from_utf8_lossy(bytes).contains("\u{1b}[32mgreen\u{1b}[0m")
        });
    }
}

#[test]
fn torture_37_to_40_the_dashboard_is_sanitised() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut fanout = start(&["run", "PLAN"], folder.path());
    fanout.wait_for("✓1 done");
    fanout.keys("\t\tj");
    fanout.wait_for("^[]0;evil^G");
    fanout.keys("\tz");
    fanout.wait_for("<U+202E>olleh");
    fanout.wait_until("text without harm", |_, bytes| assert_harmless(bytes));
    fanout.keys("z");
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
    fanout.assert_restored();
}

#[test]
fn torture_41_a_letter_has_few_accents() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut fanout = start(&["call", "marks"], folder.path());
    assert_eq!(fanout.exit_code(), 0, "{}", fanout.contents());
    fanout.wait_for("over");
    fanout.wait_until("few accents", |_, bytes| {
        let text = String::from_utf8_lossy(bytes);
        text.contains("<+") && text.matches('\u{301}').count() <= 1000
    });
}
