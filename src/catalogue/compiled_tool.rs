//! One tool of the catalogue with its schemas. Those of a file are compiled as
//! it is read; those that a server lists, when they are first needed, since a
//! server may list thousands and compiling takes a time that nobody bounds.

use std::sync::OnceLock;

use serde_json::Value;

use super::listing_warning::ListingWarning;
use super::schema::{Schema, SchemaError};
use crate::model::{ServerName, Tool, ToolAction};

/// A tool and its schemas.
#[derive(Debug)]
pub(super) struct CompiledTool {
    /// The tool.
    pub(super) tool: Tool,
    input: LazySchema,
    output: LazySchema,
}

impl CompiledTool {
    /// A tool of a file, whose schema is compiled; without one it takes any
    /// object.
    pub(super) fn new(tool: Tool, schema: Option<Schema>) -> Self {
        Self {
            tool,
            input: LazySchema(OnceLock::from(Ok(schema))),
            output: LazySchema(OnceLock::from(Ok(None))),
        }
    }

    /// A tool as a server lists it.
    pub(super) fn listed(tool: Tool) -> Self {
        Self {
            tool,
            input: LazySchema::default(),
            output: LazySchema::default(),
        }
    }

    /// Returns the server that the tool belongs to.
    pub(super) fn server(&self) -> Option<&ServerName> {
        match &self.tool.action {
            ToolAction::Mcp { server, .. } => Some(server),
            _ => None,
        }
    }

    /// Returns the schema of its arguments, if it can be used. It may be
    /// compiled first: not for threads that must answer.
    pub(super) fn input(&self) -> Option<&Schema> {
        let compiled = self.input.compiled(self.tool.input_schema.as_ref());
        compiled.as_ref().ok()?.as_ref()
    }

    /// Returns the schema of its output, if it can be used. It may be compiled
    /// first: not for threads that must answer.
    pub(super) fn output(&self) -> Option<&Schema> {
        let compiled = self.output.compiled(self.tool.output_schema());
        compiled.as_ref().ok()?.as_ref()
    }

    /// Returns the schema of its arguments, if it is compiled and can be used.
    pub(super) fn compiled_input(&self) -> Option<&Schema> {
        self.input.0.get()?.as_ref().ok()?.as_ref()
    }

    /// Whether a few kilobytes of arguments are checked within microseconds.
    pub(super) fn is_input_quick(&self) -> bool {
        self.input.is_quick()
    }

    /// The same for its output.
    pub(super) fn is_output_quick(&self) -> bool {
        self.output.is_quick()
    }

    /// Compiles its schemas; returns a warning for each that cannot be used.
    pub(super) fn compile(&self) -> impl Iterator<Item = ListingWarning> {
        let schemas = [
            ("input", &self.input, self.tool.input_schema.as_ref()),
            ("output", &self.output, self.tool.output_schema()),
        ];
        schemas.into_iter().filter_map(|(which, schema, written)| {
            let error = schema.compiled(written).as_ref().err()?;
            Some(ListingWarning::Schema {
                which,
                tool: self.tool.name.clone(),
                reason: error.to_string(),
            })
        })
    }
}

/// A schema that is compiled when it is first needed.
#[derive(Debug, Default)]
struct LazySchema(OnceLock<Result<Option<Schema>, SchemaError>>);

impl LazySchema {
    fn compiled(&self, written: Option<&Value>) -> &Result<Option<Schema>, SchemaError> {
        self.0
            .get_or_init(|| written.map(Schema::compile).transpose())
    }

    fn is_quick(&self) -> bool {
        match self.0.get() {
            None => false,
            Some(Ok(Some(schema))) => schema.is_simple(),
            Some(Ok(None) | Err(_)) => true,
        }
    }
}
