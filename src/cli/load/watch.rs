//! Follows a load: prints its steps as they end.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use super::{events, print};
use crate::cli::exit::{self, Exit};
use crate::lab::load::{
    LoadFindings, LoadLevel, LoadObserver, LoadRequest, MeasuredCall, StepFigures, milliseconds,
    three_digits,
};

/// Follows a load in one of its forms.
pub(super) struct Watch {
    form: Form,
    /// Whether the latest figures stand on a line of standard error.
    is_progress_shown: bool,
    written: Exit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Json,
    Events,
}

impl Watch {
    /// Follows a load that has not begun.
    pub(super) fn new(is_json: bool, is_events: bool) -> Self {
        Self {
            form: match (is_json, is_events) {
                (true, _) => Form::Json,
                (_, true) => Form::Events,
                _ => Form::Plain,
            },
            is_progress_shown: false,
            written: Exit::Success,
        }
    }

    /// Prints what is measured.
    pub(super) fn begin(&mut self, request: &LoadRequest) {
        if self.form == Form::Plain {
            self.write(|out| print::print_titles(request, out));
        }
    }

    /// Prints the result; returns how printing went.
    pub(super) fn end(mut self, findings: &LoadFindings) -> Exit {
        self.clear();
        match self.form {
            Form::Plain => self.write(|out| print::print_result(findings, out)),
            Form::Events => self.event(&events::load_ended(findings)),
            Form::Json => self.written = print::print_document(findings),
        }
        self.written
    }

    fn write(&mut self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        self.clear();
        if self.written == Exit::Success {
            let mut out = io::stdout().lock();
            self.written = exit::written(print(&mut out).and_then(|()| out.flush()));
        }
    }

    fn event(&mut self, event: &Value) {
        self.write(|out| writeln!(out, "{event}"));
    }

    /// Removes the line of progress.
    fn clear(&mut self) {
        if std::mem::take(&mut self.is_progress_shown) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

impl LoadObserver for Watch {
    fn step_starting(&mut self, level: LoadLevel) {
        if self.form == Form::Events {
            self.event(&events::step_started(level));
        }
    }

    fn call_ended(&mut self, level: LoadLevel, call: &MeasuredCall) {
        if self.form == Form::Events {
            self.event(&events::call_ended(level, call));
        }
    }

    fn step_changed(&mut self, step: &StepFigures) {
        if self.form != Form::Events && io::stderr().is_terminal() {
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(
                io::stderr().lock(),
                "\r\x1b[K{}: {} calls, {} calls/s, p95 {}; Ctrl-C prints what is known",
                step.level.words(),
                step.calls,
                three_digits(step.throughput()),
                milliseconds(step.latency.p95)
            );
            self.is_progress_shown = true;
        }
    }

    fn step_ended(&mut self, step: &StepFigures) {
        match self.form {
            Form::Plain => self.write(|out| print::print_step(step, out)),
            Form::Events => self.event(&events::step_ended(step)),
            Form::Json => {}
        }
    }

    fn warned(&mut self, text: &str) {
        self.clear();
        exit::complain(text);
    }
}
