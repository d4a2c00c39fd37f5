//! Forms of all kinds of schemas, filled and read back.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use serde_json::{Value, json};

use super::*;
use crate::model::ToolAction;

fn tool(schema: Value) -> Tool {
    let run = Duration::ZERO;
    Tool {
        input_schema: Some(schema),
        ..Tool::new(ToolName::new("tool"), ToolAction::Wait { run })
    }
}

fn rich() -> Tool {
    tool(json!({
        "type": "object",
        "required": ["path", "depth"],
        "properties": {
            "note": {"type": "string", "format": "textarea"},
            "path": {"type": "string"},
            "depth": {"type": "integer", "minimum": 1},
            "ratio": {"type": "number"},
            "all": {"type": "boolean"},
            "mode": {"enum": ["fast", "slow", 3]},
            "names": {"type": "array", "items": {"type": "string"}},
            "where": {
                "type": "object",
                "properties": {"from": {"$ref": "#/$defs/place"}, "deep": {"type": "object"}},
            },
            "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        },
        "$defs": {"place": {"type": "string", "description": "A place"}},
    }))
}

fn kind_of<'f>(form: &'f Form, name: &str) -> &'f FieldKind {
    let field = form.fields.iter().find(|it| it.path.join(".") == name);
    &field.unwrap_or_else(|| panic!("no row for {name}")).kind
}

#[test]
fn each_type_gets_the_row_that_suits_it() {
    let form = Form::new(&rich(), None);
    for (name, kind) in [
        ("path", FieldKind::Text),
        ("note", FieldKind::LongText),
        ("depth", FieldKind::Integer),
        ("ratio", FieldKind::Number),
        ("all", FieldKind::Boolean),
        ("names", FieldKind::List(Box::new(FieldKind::Text))),
        ("where", FieldKind::Group),
        ("where.from", FieldKind::Text),
        ("where.deep", FieldKind::Json),
        ("either", FieldKind::Json),
    ] {
        assert_eq!(*kind_of(&form, name), kind, "{name}");
    }
    let order: Vec<&str> = form.fields.iter().map(FormField::name).collect();
    assert_eq!(
        order[..2],
        ["path", "depth"],
        "the required ones come first"
    );
}

#[test]
fn types_are_read_through_what_python_servers_write() {
    let tool = tool(json!({
        "required": ["must"],
        "properties": {
            "name": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null},
            "must": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "level": {"anyOf": [{"enum": ["low", "high"]}, {"type": "null"}]},
            "tags": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
            "any_of": {"type": "array", "items": {"enum": ["a", "b"]}},
            "where": {"anyOf": [{"$ref": "#/$defs/place"}, {"type": "null"}]},
            "round": {"$ref": "#/$defs/round"},
        },
        "$defs": {
            "place": {"type": "object", "properties": {"from": {"type": ["string", "null"]}}},
            "round": {"type": "array", "items": {"$ref": "#/$defs/round"}},
        },
    }));
    let mut form = Form::new(&tool, None);
    let choices = vec![json!("low"), json!("high")];
    for (name, kind) in [
        ("name", FieldKind::Text),
        ("must", FieldKind::Integer),
        ("level", FieldKind::Choice(choices)),
        ("tags", FieldKind::List(Box::new(FieldKind::Text))),
        ("any_of", FieldKind::List(Box::new(FieldKind::Text))),
        ("where", FieldKind::Group),
        ("where.from", FieldKind::Text),
        ("round", FieldKind::Json),
    ] {
        assert_eq!(*kind_of(&form, name), kind, "{name}");
    }
    assert_eq!(form.typed(), Ok(json!({"must": null})));
    form.fill(&json!({"name": "bug", "must": 5, "level": null}));
    let args = json!({"must": 5, "name": "bug", "level": null});
    assert_eq!(form.typed(), Ok(args));
}

#[test]
fn arguments_survive_the_rows() {
    let args = json!({
        "path": "src/", "depth": 3, "ratio": 0.5, "all": false, "mode": 3,
        "names": ["a", "b"], "where": {"from": "x", "deep": {"y": [1]}},
        "either": 7, "note": "two\nlines", "unknown": {"kept": true},
    });
    let mut form = Form::new(&rich(), Some(&args));
    assert_eq!(form.typed(), Ok(args.clone()));
    form.toggle();
    assert_eq!(form.mode, FormMode::Raw);
    form.toggle();
    assert_eq!((form.mode, form.typed()), (FormMode::Rows, Ok(args)));
    assert!(!form.is_dirty());
}

#[test]
fn what_does_not_fit_its_row_is_kept() {
    let args = json!({"path": "{{a.output}}", "depth": "{{a.output.n}}", "all": "{{a.output}}"});
    let form = Form::new(&rich(), Some(&args));
    assert_eq!(form.typed(), Ok(args));
}

#[test]
fn problems_stand_at_their_rows() {
    let catalogue = Catalogue::sample().expect("sound");
    let tool = catalogue
        .get(&ToolName::new("word-count"))
        .expect("there is one");
    let mut form = Form::new(tool, Some(&json!({"path": ""})));
    assert_eq!(form.check(&catalogue, None), None);
    assert!(form.fields[0].problem.is_some());
    let mut form = Form::new(tool, Some(&json!({"path": "{{a.output}}"})));
    assert!(
        form.check(&catalogue, None).is_some(),
        "{:?}",
        form.problems
    );
    let mut form = Form::new(tool, Some(&json!({"path": "x", "other": 1})));
    assert_eq!(form.check(&catalogue, None), None);
    assert_eq!(form.problems.len(), 1, "no row is meant by it");
}

#[test]
fn a_form_sends_only_what_was_typed() {
    let form = Form::remembering(&rich(), Some(&json!({"path": "old", "all": true})));
    assert_eq!(form.typed(), Ok(json!({})));
    assert!(!form.is_dirty());
}

#[test]
fn remembered_values_are_recalled_row_by_row_and_replaced_by_a_key() {
    let key = |code| KeyEvent::new(code, crossterm::event::KeyModifiers::NONE);
    let mut form = Form::remembering(&rich(), Some(&json!({"path": "old", "depth": 3})));
    assert!(form.recall() && form.is_recalled(0));
    assert_eq!(form.typed(), Ok(json!({"path": "old"})));
    assert!(!form.recall(), "once: the row is filled");
    form.key(key(KeyCode::Char('n')));
    assert_eq!(form.typed(), Ok(json!({"path": "n"})));
    form.key(key(KeyCode::Backspace));
    form.recall();
    form.key(key(KeyCode::End));
    form.key(key(KeyCode::Char('!')));
    assert_eq!(form.typed(), Ok(json!({"path": "old!"})), "edited");
    assert!(form.recall_all());
    assert_eq!(form.typed(), Ok(json!({"path": "old", "depth": 3})));
}

#[test]
fn an_empty_required_row_is_refused_there() {
    let catalogue = Catalogue::of_tool(rich());
    let mut form = Form::new(&rich(), None);
    form.check(&catalogue, Some(0));
    assert_eq!(form.fields[0].problem, None, "it is not sent yet");
    assert_eq!(form.check(&catalogue, None), None);
    let wrong = form.fields.iter().filter(|it| it.problem.is_some());
    let wrong: Vec<&str> = wrong.map(FormField::name).collect();
    assert_eq!(wrong, ["path", "depth"]);
    let args = json!({"path": "", "depth": 1});
    let mut form = Form::new(&rich(), Some(&args));
    assert_eq!(
        form.check(&catalogue, None),
        Some(args),
        "an empty text of a call is meant"
    );
}
