//! JSON Schemas of the files that people write, for their editors.
//!
//! The readers of these files find more than a schema can: the position of an
//! error, the word that was probably meant, calls that wait for one another.
//! The schemas of plans and catalogues come from the descriptions of their
//! keys; a test holds all schemas against every sample file.

mod theme;

use clap::ValueEnum;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::settings::Options;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FileKind {
    /// config.toml
    Config,
    /// A plan
    Plan,
    /// A catalogue, fanout.toml
    Catalogue,
    /// A theme
    Theme,
}

impl FileKind {
    /// The schema of this form.
    pub(super) fn schema(self) -> Value {
        match self {
            Self::Config => of::<Options>(),
            Self::Plan => crate::plan::keys::schema(),
            Self::Catalogue => crate::catalogue::manifest_keys::schema(),
            Self::Theme => of::<theme::Theme>(),
        }
    }
}

fn of<T: JsonSchema>() -> Value {
    let generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        // Every reader takes the key by which a file names its schema.
        let named = serde_json::json!({ "type": "string", "description": "Where this schema is" });
        properties.insert("$schema".to_owned(), named);
    }
    without_null(&mut schema);
    schema
}

/// Removes `null` from a schema: an optional key of these files is left out.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
                if let [Value::Object(only)] = &mut choices[..] {
                    let only = std::mem::take(only);
                    object.remove("anyOf");
                    object.extend(only);
                }
            }
            object.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn files(folder: &str) -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let entries = std::fs::read_dir(folder).expect("the folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths
            .filter(|path| {
                path.extension()
                    .is_some_and(|it| it == "toml" || it == "json")
            })
            .collect()
    }

    fn read(path: &Path) -> Value {
        let text = std::fs::read_to_string(path).expect("a text");
        let text = text.trim_start_matches('\u{feff}');
        if path.extension().is_some_and(|it| it == "json") {
            return serde_json::from_str(text).expect("JSON");
        }
        toml::from_str(text).expect("TOML")
    }

    /// Checks files, and that one of them has every key of the schema.
    fn hold(kind: FileKind, paths: &[PathBuf]) {
        let schema = kind.schema();
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        assert!(!paths.is_empty());
        for path in paths {
            let file = read(path);
            let errors = validator.iter_errors(&file);
            let errors: Vec<String> = errors
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
        }
    }

    /// The keys of one definition of a schema.
    fn keys(schema: &Value, pointer: &str) -> Vec<String> {
        let properties = schema.pointer(pointer).and_then(Value::as_object);
        let properties = properties.unwrap_or_else(|| panic!("{pointer} in {schema:#}"));
        properties.keys().cloned().collect()
    }

    #[test]
    fn every_plan_fits_its_schema_and_every_key_is_known_to_the_reader() {
        let mut plans = files("sample-tools/plans");
        let valid = files("tests/plans/valid").into_iter();
        // A foreign format with a schema of its own.
        plans.extend(valid.filter(|path| !path.ends_with("workflow.json")));
        hold(FileKind::Plan, &plans);
        let every_key = plans.iter().find(|it| it.ends_with("every-key.toml"));
        let all = read(every_key.expect("a plan with every key"));
        let schema = FileKind::Plan.schema();
        for key in keys(&schema, "/properties") {
            assert!(all.get(&key).is_some(), "{key}");
        }
        for key in keys(&schema, "/properties/call/items/properties") {
            let calls = all["call"].as_array().expect("calls");
            assert!(calls.iter().any(|call| call.get(&key).is_some()), "{key}");
        }
    }

    #[test]
    fn every_catalogue_fits_its_schema_and_every_key_is_known_to_the_reader() {
        let mut catalogues = files("tests/plans/catalogues/valid");
        catalogues.extend(
            ["sample-tools", "sample-tools/sh", "sample-tools/python"]
                .iter()
                .flat_map(|folder| files(folder)),
        );
        hold(FileKind::Catalogue, &catalogues);
        let every_key = catalogues.iter().find(|it| it.ends_with("every-key.toml"));
        let all = read(every_key.expect("a catalogue with every key"));
        for key in keys(
            &FileKind::Catalogue.schema(),
            "/properties/tool/items/properties",
        ) {
            let tools = all["tool"].as_array().expect("tools");
            assert!(tools.iter().any(|tool| tool.get(&key).is_some()), "{key}");
        }
        for key in keys(
            &FileKind::Catalogue.schema(),
            "/properties/tool/items/properties/http/properties",
        ) {
            let tools = all["tool"].as_array().expect("tools");
            assert!(
                tools.iter().any(|tool| tool["http"].get(&key).is_some()),
                "{key}"
            );
        }
    }

    #[test]
    fn every_key_of_a_server_fits_the_schema_and_is_known_to_the_reader() {
        let text = "[mcp.memory]\ncommand = ['node', 'server.js']\nenv = { A = 'b' }\n\
             env_pass = ['TOKEN']\ncwd = 'here'\nstartup_timeout = '10s'\ntimeout = '1m'\n\
             protocol = 'auto'\nparallel = false\nroots = ['.']\nlog_level = 'info'\n\
             only = ['add']\nexcept = ['drop']\n[mcp.memory.tools.add]\n\
             timeout = '1s'\nidle_timeout = '1s'\ngrace = '1s'\nlocks = { write = ['graph'] }\n\
             parallel = false\nmax_parallel = 2\nrate = '5/s'\nestimate = '1s'\n\
             [mcp.remote]\nurl = 'https://example.org/mcp'\nheaders = { A = 'b' }\n\
             oauth = { scopes = ['read'] }\n";
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("servers.toml");
        std::fs::write(&path, text).expect("written");
        crate::catalogue::Catalogue::load(std::slice::from_ref(&path)).expect("it is sound");
        let (server, remote) = (&read(&path)["mcp"]["memory"], &read(&path)["mcp"]["remote"]);
        hold(FileKind::Catalogue, &[path]);
        let schema = FileKind::Catalogue.schema();
        for key in keys(&schema, "/properties/mcp/additionalProperties/properties") {
            let is_given = server.get(&key).or(remote.get(&key)).is_some();
            assert!(is_given, "{key}");
        }
        for key in keys(
            &schema,
            "/properties/mcp/additionalProperties/properties/tools/additionalProperties/properties",
        ) {
            assert!(server["tools"]["add"].get(&key).is_some(), "{key}");
        }
    }

    #[test]
    fn every_theme_and_the_default_config_fit_their_schemas() {
        hold(FileKind::Theme, &files("themes"));
        let text = crate::cli::settings::default_file();
        let config: Value = toml::from_str(&text).expect("TOML");
        let schema = FileKind::Config.schema();
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        assert!(validator.is_valid(&config), "{config:#}");
        for wrong in [
            serde_json::json!({ "fps": 1 }),
            serde_json::json!({ "glyps": "ascii" }),
            serde_json::json!({ "cap": null }),
        ] {
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
    }

    #[test]
    fn near_misses_and_wrong_types_do_not_fit() {
        use serde_json::json;
        let wrong = [
            (
                FileKind::Plan,
                json!({ "call": [{ "tool": "echo", "retires": 1 }] }),
            ),
            (FileKind::Plan, json!({ "call": [] })),
            (
                FileKind::Plan,
                json!({ "cap": 0, "call": [{ "tool": "echo" }] }),
            ),
            (
                FileKind::Plan,
                json!({ "call": [{ "id": "a b", "tool": "echo" }] }),
            ),
            (
                FileKind::Catalogue,
                json!({ "tool": [{ "name": "x", "command": "ls" }] }),
            ),
            (
                FileKind::Catalogue,
                json!({ "tool": [{ "name": "x", "command": ["ls"], "rate": "5" }] }),
            ),
            (
                FileKind::Theme,
                json!({ "roles": { "state.faild": "red" } }),
            ),
            (
                FileKind::Theme,
                json!({ "roles": { "muted": { "mod": "dim" } } }),
            ),
        ];
        for (kind, value) in wrong {
            let validator = jsonschema::validator_for(&kind.schema()).expect("a schema");
            assert!(!validator.is_valid(&value), "{value}");
        }
    }
}
