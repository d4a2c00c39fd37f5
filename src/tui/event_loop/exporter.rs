//! Exports output to the clipboard, to files, and to the user's editor and
//! pager.
//!
//! It owns the copies made for the viewers. It must not know of the terminal.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, Permissions};
use std::future::Future;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::settings::DashboardSettings;
use crate::model::CallId;
use crate::output::{Copied, CopyForm, OutputReader, save_attachments};
use crate::theme::Depth;
use crate::tui::export::copy_source::CopySource;
use crate::tui::export::program::{Program, Viewer};
use crate::tui::state::ToastLevel;
use crate::tui::terminal::TerminalControl;
use crate::tui::text::figure;
use crate::tui::update::Msg;

/// Bytes that terminals take for the clipboard; some drop what is longer.
const TERMINAL_BYTES: u64 = 64 * 1024;
/// Bytes that a program for the clipboard is given.
const PROGRAM_BYTES: u64 = 16 << 20;
/// How long such a program may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Copies for viewers that are kept at once: some viewers return at once and
/// read on.
const COPIES: usize = 4;

/// A text on its way to the clipboard.
type PendingCopy = Pin<Box<dyn Future<Output = Msg>>>;

/// Where output goes.
pub(in crate::tui) struct Exporter {
    reader: OutputReader,
    /// The folder of the copies that viewers get, inside that of the run.
    folder: PathBuf,
    copies: VecDeque<PathBuf>,
    made: usize,
    editor: Program,
    pager: Program,
    clipboard: Option<Program>,
    underway: Option<PendingCopy>,
}

impl Exporter {
    pub(in crate::tui) fn new(
        reader: OutputReader,
        run_folder: &Path,
        settings: &DashboardSettings,
    ) -> Self {
        Self {
            reader,
            folder: run_folder.join(".viewed"),
            copies: VecDeque::new(),
            made: 0,
            editor: settings.editor.clone(),
            pager: settings.pager.clone(),
            clipboard: settings.clipboard.clone(),
            underway: None,
        }
    }

    /// Puts an extract on the clipboard, unless it is more than that takes.
    /// `None` while a program takes it: [`Exporter::copied`] returns the outcome.
    pub(in crate::tui) fn copy(
        &mut self,
        session: &mut impl TerminalControl,
        extract: CopySource,
    ) -> Option<Msg> {
        let limit = match self.clipboard {
            Some(_) => PROGRAM_BYTES,
            None => TERMINAL_BYTES,
        };
        let mut text = Vec::new();
        let copied = match extract.write(&self.reader, limit, &mut text) {
            Ok(copied) if copied.is_cut => return Some(Msg::CopyTooLarge(extract)),
            Ok(copied) => copied,
            Err(error) => return Some(warn(format!("not copied: {error}"))),
        };
        if let Some(program) = &self.clipboard {
            self.underway = Some(Box::pin(give(program.clone(), text, copied)));
            return None;
        }
        Some(match session.copy(&String::from_utf8_lossy(&text)) {
            Ok(()) => said(copied, "copied to the clipboard (OSC 52)"),
            Err(error) => warn(format!("not copied: {error}")),
        })
    }

    /// Waits until the program for the clipboard has taken the text; for ever
    /// where there is none.
    pub(in crate::tui) async fn copied(&mut self) -> Msg {
        let Some(underway) = &mut self.underway else {
            return std::future::pending().await;
        };
        let msg = underway.await;
        self.underway = None;
        msg
    }

    /// Writes an extract into a file in the current folder.
    pub(in crate::tui) fn keep(&self, extract: &CopySource) -> Msg {
        let kept = std::env::current_dir().and_then(|folder| extract.keep(&self.reader, &folder));
        match kept {
            Ok((path, copied)) => said(copied, &format!("copied to {}", path.display())),
            Err(error) => warn(format!("not written: {error}")),
        }
    }

    /// Saves what a call handed over beside its text, in the current folder.
    pub(in crate::tui) fn save(&self, call: CallId, name: &str) -> Msg {
        let kept = self.reader.attachments(call);
        let folder = std::env::current_dir();
        match folder.and_then(|folder| save_attachments(&kept, &folder, name)) {
            Ok(paths) => {
                let paths: Vec<String> = paths.iter().map(|it| it.display().to_string()).collect();
                Msg::Notice(ToastLevel::Info, format!("saved {}", paths.join(", ")))
            }
            Err(error) => warn(format!("not saved: {error}")),
        }
    }

    /// Makes a read-only copy, and returns the command with which a viewer of it is
    /// started. A pager writes to the terminal as it likes, so it gets no byte
    /// of output that is not made safe; an editor gets what is shown.
    pub(in crate::tui) fn view(
        &mut self,
        viewer: Viewer,
        extract: CopySource,
        depth: Depth,
    ) -> io::Result<Command> {
        let extract = match viewer {
            Viewer::Editor => extract,
            Viewer::Pager if depth > Depth::Mono => extract.in_form(CopyForm::Coloured),
            Viewer::Pager => extract.in_form(CopyForm::Text),
        };
        self.made += 1;
        let folder = self.folder.join(self.made.to_string());
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(&folder)?;
        self.copies.push_back(folder.clone());
        if self.copies.len() > COPIES
            && let Some(oldest) = self.copies.pop_front()
        {
            // A copy that cannot be removed goes with the run's folder.
            let _stays = fs::remove_dir_all(oldest);
        }
        let (path, _) = extract.keep(&self.reader, &folder)?;
        fs::set_permissions(&path, Permissions::from_mode(0o400))?;
        let mut command = match viewer {
            Viewer::Editor => self.editor.command([&path]),
            Viewer::Pager => self.pager.command([&path]),
        };
        // As git does: `less` shows the colours.
        if viewer == Viewer::Pager && std::env::var_os("LESS").is_none() {
            command.env("LESS", "-R");
        }
        Ok(command)
    }
}

/// Hands a text to a program.
async fn give(program: Program, text: Vec<u8>, copied: Copied) -> Msg {
    let named = program.name().to_owned();
    match tokio::time::timeout(PATIENCE, fill(&program, &text)).await {
        Ok(Ok(status)) if status.success() => {
            said(copied, &format!("copied to the clipboard ({named})"))
        }
        Ok(Ok(status)) => warn(format!("not copied: {named} ended with {status}")),
        Ok(Err(error)) => warn(format!("not copied: {named}: {error}")),
        Err(_elapsed) => warn(format!("not copied: {named} did not end and was killed")),
    }
}

async fn fill(program: &Program, text: &[u8]) -> io::Result<std::process::ExitStatus> {
    let mut command = tokio::process::Command::from(program.command([""; 0]));
    let started = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let mut child = started?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text).await?;
    }
    child.wait().await
}

fn warn(text: String) -> Msg {
    Msg::Notice(ToastLevel::Warn, text)
}

fn said(copied: Copied, what: &str) -> Msg {
    let lines = figure::plural(copied.lines as usize, "line");
    let bytes = figure::bytes(copied.bytes);
    let text = format!("{}, {} {what}", lines.as_str(), bytes.as_str());
    Msg::Notice(ToastLevel::Info, text)
}
