//! A file of arguments: JSON Lines, or CSV with a header.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::number::filled;
use crate::cli::arguments::{self, ArgumentError};
use crate::model::Tool;

/// Most bytes of a file.
const MAX_FILE: u64 = 64 << 20;

/// The rows of a file.
#[derive(Debug)]
pub(super) struct Rows {
    path: PathBuf,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// One JSON object a row, each with its line from 1.
    Lines(Vec<(usize, String)>),
    Table {
        header: Vec<String>,
        /// Cells of a row, with its line from 1.
        rows: Vec<(usize, Vec<String>)>,
    },
}

/// Reason that a file has no arguments for calls.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error("{}: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: longer than {} MiB", path.display(), MAX_FILE >> 20)]
    TooLong { path: PathBuf },
    #[error("{}: it has no row", path.display())]
    Empty { path: PathBuf },
    #[error("{place}: not one JSON object: {source}")]
    NotAnObject {
        place: String,
        source: serde_json::Error,
    },
    #[error("{}: {source}", path.display())]
    Table { path: PathBuf, source: csv::Error },
    #[error("{place}: {source}")]
    Cell {
        place: String,
        source: ArgumentError,
    },
}

impl Rows {
    /// Reads a file; one that ends in `.csv` is CSV.
    pub(super) fn read(path: &Path) -> Result<Self, RowError> {
        let unreadable = |source| RowError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        if bytes > MAX_FILE {
            let path = path.to_owned();
            return Err(RowError::TooLong { path });
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let is_table = path
            .extension()
            .is_some_and(|it| it.eq_ignore_ascii_case("csv"));
        let content = if is_table {
            table(&text).map_err(|source| RowError::Table {
                path: path.to_owned(),
                source,
            })?
        } else {
            let lines = text.lines().enumerate();
            let lines = lines.filter(|(_, line)| !line.trim().is_empty());
            Content::Lines(lines.map(|(at, line)| (at + 1, line.to_owned())).collect())
        };
        let rows = Self {
            path: path.to_owned(),
            content,
        };
        match rows.len() {
            0 => Err(RowError::Empty { path: rows.path }),
            _ => Ok(rows),
        }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        match &self.content {
            Content::Lines(lines) => lines.len(),
            Content::Table { rows, .. } => rows.len(),
        }
    }

    /// Returns the file and the line of a row, for a message.
    pub(super) fn place(&self, turn: u64) -> String {
        let at = self.index(turn);
        let line = match &self.content {
            Content::Lines(lines) => lines.get(at).map(|(line, _)| *line),
            Content::Table { rows, .. } => rows.get(at).map(|(line, _)| *line),
        };
        format!("{}:{}", self.path.display(), line.unwrap_or_default())
    }

    fn index(&self, turn: u64) -> usize {
        (turn % self.len().max(1) as u64) as usize
    }

    /// Returns the arguments of a row, those of the last one followed by those of
    /// the first; cells are typed by the tool's schema, and an empty one is none.
    pub(super) fn get(
        &self,
        turn: u64,
        number: u64,
        tool: &Tool,
    ) -> Result<Map<String, Value>, RowError> {
        let at = self.index(turn);
        match &self.content {
            Content::Lines(lines) => {
                let text = lines.get(at).map_or("{}", |(_, line)| line.as_str());
                serde_json::from_str(&filled(text, number)).map_err(|source| {
                    RowError::NotAnObject {
                        place: self.place(turn),
                        source,
                    }
                })
            }
            Content::Table { header, rows } => {
                let cells = rows.get(at).map_or(&[][..], |(_, cells)| cells);
                let pairs = header.iter().zip(cells);
                let pairs = pairs.filter(|(_, cell)| !cell.is_empty());
                let typed = pairs.map(|(key, cell)| {
                    let value = arguments::typed(tool, key, &filled(cell, number));
                    value.map(|value| (key.clone(), value))
                });
                typed
                    .collect::<Result<_, _>>()
                    .map_err(|source| RowError::Cell {
                        place: self.place(turn),
                        source,
                    })
            }
        }
    }
}

fn table(text: &str) -> Result<Content, csv::Error> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers()?.iter().map(str::to_owned).collect();
    let rows = reader.records().map(|record| {
        let record = record?;
        let line = record.position().map_or(0, |at| at.line() as usize);
        Ok((line, record.iter().map(str::to_owned).collect()))
    });
    Ok(Content::Table {
        header,
        rows: rows.collect::<Result<_, csv::Error>>()?,
    })
}
