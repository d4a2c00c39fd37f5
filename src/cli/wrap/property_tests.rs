//! Whatever a file looks like, what is taken away is what was put there.

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::config_file::{ConfigFile, EntryState};
use crate::catalogue::servers::form;

/// Cases of each property; `FANOUT_TEST_SCALE` multiplies them.
const CASES: u32 = 200;

fn config() -> Config {
    let scale = std::env::var("FANOUT_TEST_SCALE").ok();
    let scale = scale
        .and_then(|text| text.parse::<f64>().ok())
        .unwrap_or(1.0);
    Config {
        cases: ((f64::from(CASES) * scale) as u32).max(1),
        failure_persistence: None,
        ..Config::default()
    }
}

/// White space and comments, as they may stand between two signs of JSON.
fn gap() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "",
        " ",
        "\n",
        "\r\n  ",
        "\t",
        "/* [\"--\"] */",
        "// \"args\": [\n",
        "\n\n    ",
    ])
}

/// The literal of a text, in JSON.
fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z@/.-]{0,6}".prop_map(|text| serde_json::Value::from(text).to_string()),
        "\\PC{0,4}".prop_map(|text| serde_json::Value::from(text).to_string()),
        Just("\"n\\u0070x\\/\"".to_owned()),
        Just("\"--\"".to_owned()),
    ]
}

fn list() -> impl Strategy<Value = String> {
    let items = prop::collection::vec((gap(), literal(), gap()), 0..4);
    (items, gap(), any::<bool>()).prop_map(|(items, gap, has_comma)| {
        let comma = if has_comma && !items.is_empty() {
            ","
        } else {
            ""
        };
        let items: Vec<String> = items.iter().map(|(a, b, c)| format!("{a}{b}{c}")).collect();
        format!("[{}{comma}{gap}]", items.join(","))
    })
}

/// An entry: keys in any order, with or without arguments.
fn entry() -> impl Strategy<Value = String> {
    let args = prop::option::of(list());
    let more = prop::option::of(Just("\"env\": {\"A\": \"1\", \"A\": \"2\"}".to_owned()));
    (literal(), args, more, gap(), gap(), any::<bool>()).prop_map(
        |(command, args, more, before, after, is_last)| {
            let command = format!("{before}\"command\"{after}:{before}{command}{after}");
            let args = args.map(|args| format!("{after}\"args\":{after}{args}{before}"));
            let mut keys: Vec<String> = args.into_iter().chain(more).collect();
            if is_last {
                keys.push(command);
            } else {
                keys.insert(0, command);
            }
            format!("{{{}{before}}}", keys.join(","))
        },
    )
}

fn whole() -> impl Strategy<Value = String> {
    let array = list().prop_map(|list| format!("{{\"command\": {list}}}"));
    let entries = prop::collection::vec(prop_oneof![entry(), array], 1..4);
    (entries, gap(), any::<bool>()).prop_map(|(entries, gap, has_mark)| {
        let entries: Vec<String> = entries
            .iter()
            .enumerate()
            .map(|(at, entry)| format!("{gap}\"s{at}\":{gap}{entry}"))
            .collect();
        let mark = if has_mark { "\u{feff}" } else { "" };
        format!(
            "{mark}{gap}{{\"mcpServers\":{{{}}}{gap}}}",
            entries.join(",")
        )
    })
}

fn opened(path: &Path, text: &str) -> ConfigFile {
    std::fs::write(path, text).expect("written");
    let file = ConfigFile::open(path).unwrap_or_else(|error| panic!("{error}: {text}"));
    file.expect("a file")
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn unwrap_is_the_inverse_of_wrap(text in whole()) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mcp.json");
        let table = vec!["mcpServers".to_owned()];
        let before: Vec<String> = ["/opt/fanout", "mcp", "--name", "s \"x\"", "--"]
            .map(str::to_owned)
            .to_vec();
        let mut file = opened(&path, &text);
        let entries = file.entries(&table, &form::CLAUDE);
        let bare: Vec<_> = entries.iter().filter(|it| it.state == EntryState::Bare).collect();
        for entry in &bare {
            prop_assert!(file.wrap(&table, &entry.name, &before), "{}: {}", entry.name, text);
        }
        file.write().expect("written");
        let mut file = opened(&path, &file.after());
        for (old, now) in entries.iter().zip(file.entries(&table, &form::CLAUDE)) {
            if old.state == EntryState::Bare {
                prop_assert_eq!(now.original(), &old.argv[..]);
                prop_assert_eq!(&now.argv[..before.len()], &before[..]);
                prop_assert!(file.unwrap(&table, &now.name));
            } else {
                prop_assert_eq!(&now.argv, &old.argv);
            }
        }
        prop_assert_eq!(file.after(), text);
    }
}
