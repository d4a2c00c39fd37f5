//! Descriptions of the keys that people write in files. A key is described
//! once; its reader, the JSON Schema, README's table and the rows of the form
//! come from the description.

use serde_json::{Map, Value, json};

use super::document::Node;
use super::fields::Fields;
use super::findings::Findings;

/// Description of one key of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Name in the file.
    pub(crate) name: &'static str,
    /// Form of its value.
    pub(crate) shape: Shape,
    /// Meaning, in words that a sentence can begin with; Markdown.
    pub(crate) doc: &'static str,
    /// Meaning of its absence, in words; empty where that says itself.
    pub(crate) default: &'static str,
    /// A value as TOML writes it.
    pub(crate) example: &'static str,
    /// Whether the file must have it.
    pub(crate) is_required: bool,
}

impl Key {
    /// A key that may be left out.
    pub(crate) const fn new(
        name: &'static str,
        shape: Shape,
        example: &'static str,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            shape,
            doc,
            default: "",
            example,
            is_required: false,
        }
    }

    /// The same key, with the meaning of its absence.
    pub(crate) const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    /// The same key, which must be given.
    pub(crate) const fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }

    /// The meaning together with that of its absence.
    pub(crate) fn meaning(&self) -> String {
        match self.default {
            "" => self.doc.to_owned(),
            default => format!("{}; {default} by default", self.doc),
        }
    }
}

/// A key together with the function that reads its value into a `T`.
pub(crate) struct Row<T> {
    /// The description.
    pub(crate) key: Key,
    /// Reads the value; problems are reported.
    pub(crate) read: fn(&mut T, &Node, &mut Findings<'_>),
}

/// Describes keys, a line each: name, form and example, with the meaning of its
/// absence behind it, then what the key means.
macro_rules! keys {
    ($($name:literal $shape:expr, $example:literal $(.$with:ident($($word:literal)?))*;
        $doc:literal;)*) => {
        vec![$($crate::catalogue::keys::Key::new($name, $shape, $example, $doc)
            $(.$with($($word)?))*),*]
    };
}

/// The same with the reader of each key: an array of [`Row`]s.
macro_rules! rows {
    ($($name:literal $shape:expr, $example:literal $(.$with:ident($($word:literal)?))*;
        $doc:literal => $read:expr;)*) => {
        [$($crate::catalogue::keys::Row {
            key: $crate::catalogue::keys::Key::new($name, $shape, $example, $doc)
                $(.$with($($word)?))*,
            read: $read,
        }),*]
    };
}

pub(crate) use {keys, rows};

/// Reads the keys of a table, each by its row. A required key that is missing
/// is reported.
pub(crate) fn read_rows<T>(
    rows: &[Row<T>],
    fields: &mut Fields<'_>,
    into: &mut T,
    findings: &mut Findings<'_>,
) {
    for Row { key, read } in rows {
        let node = if key.is_required {
            fields.need(key.name, findings)
        } else {
            fields.take(key.name)
        };
        if let Some(node) = node {
            read(into, node, findings);
        }
    }
}

/// Form of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A text.
    Text,
    /// A text that matches a regular expression of JSON Schema's dialect.
    Matching(&'static str),
    /// `true` or `false`.
    Flag,
    /// A whole number in a range; `i64::MAX` is no limit.
    Whole(i64, i64),
    /// A number of more than 0.
    Positive,
    /// A time such as `"1.5s"`.
    Duration,
    /// A number of bytes such as `"256MiB"`.
    Size,
    /// Any value.
    Any,
    /// One of a few words.
    Words(&'static [&'static str]),
    /// An array.
    List(&'static Shape),
    /// An array with at least one item.
    NonEmpty(&'static Shape),
    /// A table with keys of the user's choice.
    Map(&'static Shape),
    /// A table with these keys.
    Table(fn() -> Vec<Key>),
    /// One of several forms.
    Either(&'static [Shape]),
}

impl Shape {
    /// The JSON Schema of the value.
    pub(crate) fn schema(self) -> Value {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Matching(pattern) => json!({ "type": "string", "pattern": pattern }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Whole(least, i64::MAX) => json!({ "type": "integer", "minimum": least }),
            Self::Whole(least, most) => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Self::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
            Self::Duration | Self::Size => json!({ "type": "string", "pattern": r"^\s*[0-9]" }),
            Self::Any => json!(true),
            Self::Words(words) => json!({ "enum": words }),
            Self::List(item) => json!({ "type": "array", "items": item.schema() }),
            Self::NonEmpty(item) => {
                json!({ "type": "array", "items": item.schema(), "minItems": 1 })
            }
            Self::Map(value) => json!({ "type": "object", "additionalProperties": value.schema() }),
            Self::Table(keys) => table_schema(&keys()),
            Self::Either(shapes) => {
                let schemas: Vec<Value> = shapes.iter().map(|shape| shape.schema()).collect();
                json!({ "anyOf": schemas })
            }
        }
    }
}

/// The JSON Schema of a table that has these keys and no others.
fn table_schema(keys: &[Key]) -> Value {
    let required = keys.iter().filter(|key| key.is_required);
    let required: Vec<&str> = required.map(|key| key.name).collect();
    let mut schema = json!({
        "type": "object",
        "properties": keys.iter().map(property).collect::<Map<_, _>>(),
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn property(key: &Key) -> (String, Value) {
    let schema = match key.shape.schema() {
        Value::Object(mut schema) => {
            schema.insert("description".to_owned(), json!(key.meaning()));
            Value::Object(schema)
        }
        _ => json!({ "description": key.meaning() }),
    };
    (key.name.to_owned(), schema)
}

/// The JSON Schema of a whole file.
pub(crate) fn file_schema(title: &str, keys: &[Key]) -> Value {
    const SCHEMA: Key = Key::new("$schema", Shape::Text, "\"…\"", "Address of this schema");
    let mut schema = table_schema(&[&[SCHEMA], keys].concat());
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(title);
    schema
}

/// A Markdown table of keys.
#[cfg(test)]
pub(crate) fn markdown(heading: &str, keys: &[Key]) -> String {
    let escaped = |text: &str| text.replace('|', "\\|");
    let mut text = format!("| {heading} | such as | meaning |\n|---|---|---|\n");
    for key in keys {
        let (example, meaning) = (escaped(key.example), escaped(&key.meaning()));
        text.extend(["| `", key.name, "` | `", &example, "` | ", &meaning, " |\n"]);
    }
    text
}

/// Asserts that README has a table as the descriptions have it.
#[cfg(test)]
pub(crate) fn assert_in_readme(heading: &str, keys: &[Key]) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(path).expect("README.md");
    let table = markdown(heading, keys);
    assert!(
        readme.contains(&table),
        "README.md needs this table:\n\n{table}"
    );
}

/// Asserts that the schemas of keys take every value that their reader takes
/// behind `before`.
#[cfg(test)]
pub(crate) fn assert_schema_takes(before: &str, keys: &[Key], is_taken: fn(&str) -> bool) {
    for key in keys {
        let validator = jsonschema::validator_for(&key.shape.schema()).expect("a schema");
        for probe in PROBES {
            let text = format!("{before}{} = {probe}\n", key.name);
            let value: toml::Table = toml::from_str(&format!("x = {probe}")).expect(probe);
            let value = serde_json::to_value(&value["x"]).expect("JSON");
            assert!(validator.is_valid(&value) || !is_taken(&text), "{text}");
        }
    }
}

/// Values of all kinds, to try readers and schemas with.
#[cfg(test)]
const PROBES: [&str; 24] = [
    "0",
    "1",
    "-1",
    "1.5",
    "99999999999",
    "true",
    "''",
    "'x'",
    "'a b'",
    "'5s'",
    "'0s'",
    "'5'",
    "'256MiB'",
    "'5/s'",
    "'/a'",
    "'failed'",
    "'none'",
    "'json'",
    "[]",
    "['x']",
    "['/a']",
    "[1]",
    "{}",
    "{ x = 'y' }",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_row_for_each_key() {
        let keys = [
            Key::new("a", Shape::Text, "\"x|y\"", "First").required(),
            Key::new("b", Shape::Whole(0, 9), "3", "Second").or("0"),
        ];
        assert_eq!(
            markdown("key", &keys),
            "| key | such as | meaning |\n|---|---|---|\n\
             | `a` | `\"x\\|y\"` | First |\n| `b` | `3` | Second; 0 by default |\n"
        );
        let schema = file_schema("title", &keys);
        assert_eq!(schema["required"], json!(["a"]));
        assert_eq!(schema["properties"]["b"]["maximum"], json!(9));
    }
}
