//! Requests that the state cannot carry out itself: to the engine, the
//! terminal, the clipboard, files, and to the loop.

use std::sync::Arc;

use serde_json::Value;

use super::{ChosenColumns, Offer};
use crate::engine::Command;
use crate::lab::{Experiment, ExperimentCommand};
use crate::model::{CallId, ToolName};
use crate::tui::export::copy_source::CopySource;
use crate::tui::export::program::Viewer;
use crate::tui::terminal::Signal;

/// Something the dashboard asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum UiCommand {
    /// Send a command to the engine.
    Engine(Command),
    /// Send a command to the experiments.
    Experiment(ExperimentCommand),
    /// Write an experiment into files.
    Export(Arc<Experiment>),
    /// Leave the dashboard.
    Leave(Leave),
    /// Apply the theme of this name.
    ApplyTheme(String),
    /// Have the terminal report the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Copy this to the clipboard.
    Copy(CopySource),
    /// Write this into a file.
    SaveToFile(CopySource),
    /// Save what a call handed over beside its text, in files of this name.
    SaveAttachments(CallId, String),
    /// Give the terminal to a viewer of this.
    View(Viewer, CopySource),
    /// Keep the arguments of a tool for later sessions.
    KeepArguments(ToolName, Value),
    /// Keep the chosen columns of the table for later sessions.
    KeepColumns(ChosenColumns),
    /// Write the report of the run into a file.
    WriteReport,
    /// Redraw every cell.
    Redraw,
    /// Give the terminal back to the shell until it is asked for again.
    Suspend,
}

/// How the dashboard was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    /// Something else is opened in its place; nothing was running.
    Open(Offer),
    /// The user left; nothing was running, or it was drained or cancelled.
    Quit,
    /// The user pressed Ctrl-C until everything was cancelled.
    Interrupted,
    /// The operating system asked the program to end.
    Signalled(Signal),
}

impl From<Offer> for Leave {
    fn from(offer: Offer) -> Self {
        Self::Open(offer)
    }
}
