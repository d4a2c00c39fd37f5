//! Forms about an agent's call: its arguments, and answers to it, which become
//! results of tool calls as MCP has them.

use serde_json::{Map, Value, json};

use super::field::{FieldInput, FieldKind, FormField};
use super::{Form, FormMode};
use crate::catalogue::Catalogue;
use crate::model::{Access, ListedTool, McpOperation, ProxiedCall, Tool, ToolAction, ToolName};
use crate::output::Safe;

/// The form in which an answer is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerForm {
    /// A row for each part of the tool's structured result.
    Structured,
    /// One text.
    Text,
    /// The whole result, as JSON.
    Whole,
}

/// Rows beside the answer itself.
const IS_ERROR: &str = "as error";
const ERROR_TEXT: &str = "error text";

impl AnswerForm {
    /// The form that suits a tool, and the answer that is there already.
    pub fn of(listed: Option<&ListedTool>, result: Option<&Value>) -> Self {
        let has_schema = listed.is_some_and(|it| it.output_schema.is_some());
        let Some(result) = result else {
            return if has_schema {
                Self::Structured
            } else {
                Self::Text
            };
        };
        match result.get("structuredContent") {
            Some(Value::Object(_)) if has_schema => Self::Structured,
            None if only_text(result).is_some() => Self::Text,
            _ => Self::Whole,
        }
    }

    /// The part of a result that its rows show.
    fn shown(self, result: &Value) -> Value {
        match self {
            Self::Structured => result["structuredContent"].clone(),
            Self::Text => json!({ "text": only_text(result).unwrap_or_default() }),
            Self::Whole => result.clone(),
        }
    }
}

/// The text of a result that is one text.
fn only_text(result: &Value) -> Option<&str> {
    match result.get("content")?.as_array()?.as_slice() {
        [only] if only["type"] == "text" => only["text"].as_str(),
        _ => None,
    }
}

/// A tool that takes the arguments of an agent's call.
pub fn tool_of_arguments(call: &ProxiedCall, listed: Option<&ListedTool>) -> Tool {
    tool(call, listed, listed.map(|it| it.input_schema.clone()))
}

/// A tool whose arguments are an answer to an agent's call.
pub fn tool_of_answer(call: &ProxiedCall, listed: Option<&ListedTool>, form: AnswerForm) -> Tool {
    let schema = match form {
        AnswerForm::Structured => listed.and_then(|it| it.output_schema.clone()),
        AnswerForm::Text => Some(json!({
            "type": "object",
            "required": ["text"],
            "properties": {"text": {
                "type": "string",
                "format": "textarea",
                "description": "Text that the agent's model gets as the answer",
            }},
        })),
        AnswerForm::Whole => None,
    };
    tool(call, listed, schema)
}

fn tool(call: &ProxiedCall, listed: Option<&ListedTool>, schema: Option<Value>) -> Tool {
    let action = ToolAction::Mcp {
        server: call.server.clone(),
        tool: call.tool.to_string(),
        operation: McpOperation::CallTool,
        output_schema: None,
        access: Access::Unannotated,
        is_listed: true,
    };
    let name = format!("{}.{}", call.server, call.tool);
    Tool {
        description: listed.map(|it| it.description.clone()).unwrap_or_default(),
        input_schema: schema,
        ..Tool::new(ToolName::new(name), action)
    }
}

impl Form {
    /// A form for an answer, with one to begin with.
    pub fn of_answer(tool: &Tool, form: AnswerForm, result: Option<&Value>) -> Self {
        let args = result.map(|it| form.shown(it));
        let is_error = result.is_some_and(|it| it["isError"] == true);
        let rows = match form {
            AnswerForm::Structured => vec![is_error_row(is_error), error_text_row()],
            AnswerForm::Text => vec![is_error_row(is_error)],
            AnswerForm::Whole => Vec::new(),
        };
        let mut made = Self::with_rows(tool, args.as_ref(), rows);
        made.rest = "the answer";
        made
    }

    /// Reads and checks the answer; problems stand at their rows. What is not
    /// typed here stays as in `before`.
    pub fn answer(
        &mut self,
        catalogue: &Catalogue,
        form: AnswerForm,
        before: Option<&Value>,
    ) -> Option<Value> {
        let is_error = self
            .option(IS_ERROR)
            .is_some_and(|it| matches!(it.input, FieldInput::Toggle(Some(true))));
        let typed = match form {
            AnswerForm::Structured if is_error => json!({ "text": self.error_text()? }),
            _ => self.check(catalogue, None)?,
        };
        if form == AnswerForm::Whole {
            return Some(marked(typed));
        }
        let mut result = before
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let structured = (form == AnswerForm::Structured && !is_error).then_some(&typed);
        let text = structured.map_or_else(
            || typed["text"].as_str().unwrap_or_default().to_owned(),
            Value::to_string,
        );
        result.insert(
            "content".to_owned(),
            json!([{"type": "text", "text": text}]),
        );
        match structured {
            Some(value) => result.insert("structuredContent".to_owned(), value.clone()),
            None => result.remove("structuredContent"),
        };
        result.insert("isError".to_owned(), Value::Bool(is_error));
        Some(marked(Value::Object(result)))
    }

    fn error_text(&mut self) -> Option<String> {
        let row = self
            .fields
            .iter_mut()
            .find(|it| it.is_option && it.name() == ERROR_TEXT)?;
        let text = row.text();
        if text.trim().is_empty() {
            row.problem = Some(Safe::new("an error needs a text"));
            return None;
        }
        Some(text)
    }

    fn option(&self, name: &str) -> Option<&FormField> {
        self.fields
            .iter()
            .find(|it| it.is_option && it.name() == name)
    }

    /// Whether its values are typed as one JSON text.
    pub fn is_raw(&self) -> bool {
        self.mode == FormMode::Raw
    }
}

/// The result with the mark that says who made it.
fn marked(mut result: Value) -> Value {
    if let Some(result) = result.as_object_mut() {
        let meta = result
            .entry("_meta")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(meta) = meta.as_object_mut() {
            meta.insert("fanout/origin".to_owned(), json!("user"));
        }
    }
    result
}

fn is_error_row(is_error: bool) -> FormField {
    let input = FieldInput::Toggle(is_error.then_some(true));
    row(
        IS_ERROR,
        FieldKind::Boolean,
        input,
        "Whether the agent is told that the tool failed",
    )
}

fn error_text_row() -> FormField {
    let kind = FieldKind::LongText;
    let input = kind.input();
    row(
        ERROR_TEXT,
        kind,
        input,
        "Text of the error, in the place of the result",
    )
}

fn row(name: &str, kind: FieldKind, input: FieldInput, description: &str) -> FormField {
    FormField {
        path: vec![name.to_owned()],
        hint: match kind {
            FieldKind::Boolean => "boolean".to_owned(),
            _ => "text".to_owned(),
        },
        kind,
        description: description.to_owned(),
        is_required: false,
        titles: Vec::new(),
        is_nullable: false,
        is_option: true,
        input,
        default: None,
        problem: None,
    }
}
