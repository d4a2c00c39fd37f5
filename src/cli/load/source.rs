//! The arguments of a load's calls, as the command line and files have them.

use std::sync::Arc;

use serde_json::Value;

use super::number::{NUMBER, filled, filled_each};
use super::rows::{RowError, Rows};
use crate::app::MakeArguments;
use crate::catalogue::Catalogue;
use crate::cli::arguments::{self, ArgumentError};
use crate::model::Tool;

/// Source of the arguments of a load's calls.
pub(super) struct Source {
    /// The tool.
    pub(super) tool: Tool,
    /// `KEY=VALUE` pairs.
    pub(super) pairs: Vec<String>,
    /// All arguments as one JSON object.
    pub(super) whole: Option<String>,
    /// Rows of a file, which are taken in turn.
    pub(super) rows: Option<Rows>,
}

/// Reason that arguments cannot be those of a call.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error(transparent)]
    Words(#[from] ArgumentError),
    #[error(transparent)]
    Row(#[from] RowError),
    #[error("{place}: {problem}")]
    Invalid { place: String, problem: String },
}

impl Source {
    /// Checks the arguments of a call from each row.
    pub(super) fn check(&self, catalogue: &Catalogue) -> Result<(), SourceError> {
        let Some(rows) = &self.rows else {
            return self.arguments(0, 1).map(drop);
        };
        for turn in 0..rows.len() as u64 {
            let args = self.arguments(turn, 1)?;
            let problems = catalogue.validate(&self.tool.name, &args);
            if let Some(problem) = problems.into_iter().next() {
                return Err(SourceError::Invalid {
                    place: rows.place(turn),
                    problem: problem.to_string(),
                });
            }
        }
        Ok(())
    }

    fn arguments(&self, turn: u64, number: u64) -> Result<Value, SourceError> {
        let pairs = filled_each(&self.pairs, number);
        let pairs = arguments::of_operation(&self.tool, &pairs);
        let whole = self.whole.as_deref().map(|text| filled(text, number));
        let mut args = arguments::parse(&self.tool, whole.as_deref(), &pairs)?;
        if let (Some(rows), Value::Object(args)) = (&self.rows, &mut args) {
            args.extend(rows.get(turn, number, &self.tool)?);
        }
        Ok(args)
    }

    /// Makes the arguments of each call. Those that are the same for all are
    /// made once.
    pub(super) fn into_arguments(self) -> MakeArguments {
        let texts = self.pairs.iter().chain(&self.whole);
        let is_constant = self.rows.is_none() && !texts.into_iter().any(|it| it.contains(NUMBER));
        if is_constant && let Ok(args) = self.arguments(0, 1) {
            return Arc::new(move |_, _| args.clone());
        }
        // They were checked; what fails all the same is refused as no object.
        Arc::new(move |turn, number| self.arguments(turn, number).unwrap_or(Value::Null))
    }
}
