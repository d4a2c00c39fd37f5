//! The reference of the options: the file with every default.

use std::fmt::Write as _;

use schemars::schema_for;
use serde_json::Value;

use super::options::Options;

/// `config.toml` with every option, described and at its default.
pub(crate) fn default_file() -> String {
    let schema = schema_for!(Options);
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut text = String::from("# Options of fanout. Each may be left out.\n");
    for (name, property) in properties.into_iter().flatten() {
        let described = property.get("description").and_then(Value::as_str);
        text.push('\n');
        for line in described.unwrap_or_default().lines() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# {}", line.trim_end());
        }
        if let Some(default) = property.get("default") {
            let _ = writeln!(text, "{name} = {default}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::file::options;
    use super::super::options::NAMES;
    use super::*;

    #[test]
    fn the_default_file_names_every_option_and_has_no_problem() {
        let text = default_file();
        let (_, problems) = options("config.toml", &text);
        assert_eq!(problems, [], "{text}");
        for name in NAMES.iter().filter(|name| **name != "$schema") {
            assert!(text.contains(&format!("\n{name} = ")), "{name}: {text}");
        }
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
    }
}
