//! Choice of the part of a call to copy, and its form.
//!
//! ```text
//! ┌ Copy ────────────────────────────┐
//! │ as:                              │
//! │▌output as text                   │
//! │ output as JSON                   │
//! └──────────────────────────────────┘
//! ```

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use super::picker::{self, Picked, Picker};
use super::{Answer, Dialog, Press};
use crate::model::{CallRow, ToolName};
use crate::output::CopyForm;
use crate::record;
use crate::theme::Role;
use crate::tui::action::{Action, Context};
use crate::tui::export::copy_source::CopySource;
use crate::tui::state::{Shortlist, State, ToastLevel, UiCommand};
use crate::tui::text::{command_line, fuzzy, shell_line};
use crate::tui::views::{View, chrome};

/// A form in which something of a call is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CopyWay {
    /// The output pane, as text.
    Text,
    /// The JSON document that the call printed, laid out.
    Document,
    /// The call's arguments as JSON.
    Arguments,
    /// A command line that makes the same call.
    Command,
    /// A command line that runs the same program, without fanout.
    Program,
    /// Images, sounds and files that the call handed over, into files.
    Attachments,
}

impl CopyWay {
    /// Every form of a call's text.
    const TEXTS: [Self; 5] = [
        Self::Text,
        Self::Document,
        Self::Arguments,
        Self::Command,
        Self::Program,
    ];

    /// The forms where the call handed over more than text.
    const ALL: [Self; 6] = [
        Self::Attachments,
        Self::Text,
        Self::Document,
        Self::Arguments,
        Self::Command,
        Self::Program,
    ];

    /// Those of a call that was not made yet.
    const ARGUMENTS: [Self; 2] = [Self::Arguments, Self::Command];

    /// Its name on the screen.
    fn label(self) -> &'static str {
        match self {
            Self::Text => "output as text",
            Self::Document => "output as JSON",
            Self::Arguments => "arguments as JSON",
            Self::Command => "fanout call …, a line for a shell",
            Self::Program => "the command as it ran, for a shell",
            Self::Attachments => "its images, sounds and files, saved here",
        }
    }
}

/// Subject of a copy: the selected call, or one that is being put together.
#[derive(Debug)]
enum Subject {
    Selected,
    Typed { tool: ToolName, args: Value },
}

/// The forms to choose from.
#[derive(Debug)]
pub(in crate::tui) struct CopyAs {
    subject: Subject,
    all: &'static [CopyWay],
    /// Those that the typed letters leave.
    list: Shortlist<CopyWay>,
}

impl CopyAs {
    /// Asks how to copy the selected call.
    pub(in crate::tui) fn selected(row: &CallRow) -> Self {
        let ways: &'static [CopyWay] = match row.output.attachments {
            0 => &CopyWay::TEXTS,
            _ => &CopyWay::ALL,
        };
        Self::new(Subject::Selected, ways)
    }

    /// Asks how to copy the arguments of a call that is being put together.
    pub(super) fn typed(tool: ToolName, args: Value) -> Self {
        Self::new(Subject::Typed { tool, args }, &CopyWay::ARGUMENTS)
    }

    fn new(subject: Subject, all: &'static [CopyWay]) -> Self {
        Self {
            subject,
            all,
            list: Shortlist::new(all.to_vec(), 0),
        }
    }

    /// Columns and rows inside its frame.
    fn size(&self) -> (u16, u16) {
        (44, self.all.len() as u16 + 1)
    }

    fn answer(&self, picked: Picked, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        match picked {
            Picked::Marked | Picked::Nothing => Answer::Stay,
            Picked::Left => Answer::Close,
            Picked::Taken => {
                let way = self.list.chosen().copied();
                if way == Some(CopyWay::Attachments) {
                    let call = state.selected().map(|row| (row.id, row.name.to_string()));
                    let save = |(call, name)| UiCommand::SaveAttachments(call, name);
                    commands.extend(call.map(save));
                    return Answer::Close;
                }
                let source = way.and_then(|way| self.source(state, way));
                if source.is_none() && way == Some(CopyWay::Program) {
                    state.notify(ToastLevel::Info, "no program ran, or it was long ago");
                }
                commands.extend(source.map(UiCommand::Copy));
                Answer::Close
            }
        }
    }

    fn source(&self, state: &State, way: CopyWay) -> Option<CopySource> {
        if let Subject::Typed { tool, args } = &self.subject {
            return Some(match way {
                CopyWay::Command => line(state, tool, args),
                _ => CopySource::Json(format!("{args:#}")),
            });
        }
        let row = state.selected()?;
        Some(match way {
            CopyWay::Attachments => return None,
            CopyWay::Text => state.copy_source()?.in_form(CopyForm::Text),
            CopyWay::Document => CopySource::Document(row.id),
            CopyWay::Arguments => CopySource::Json(format!("{:#}", row.args)),
            CopyWay::Command => line(state, &row.tool, &row.args),
            CopyWay::Program => {
                let attempt = row.attempts.last()?;
                let argv = attempt.argv.as_deref()?;
                let argv = record::masked_argv(argv, &row.args);
                CopySource::Text(shell_line(&argv, row.launch.as_deref()?))
            }
        })
    }
}

/// A line for a shell that makes a call.
fn line(state: &State, tool: &ToolName, args: &Value) -> CopySource {
    let known = state.catalogue.get(tool);
    let schema = known.and_then(|tool| tool.input_schema.as_ref());
    CopySource::Text(command_line(tool.as_str(), args, schema))
}

impl Dialog for CopyAs {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Picker]
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let picked = picker::act(&mut self.list, action);
        self.answer(picked, state, commands)
    }

    fn typed(&mut self, key: KeyEvent, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.list.key(key, |typed| matching(self.all, typed));
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.list.paste(text, |typed| matching(self.all, typed));
        Answer::Stay
    }

    fn pressed(
        &mut self,
        press: Press,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let area = chrome::popup_area(press.screen, self.size());
        let picked = picker::pressed(&mut self.list, area, press);
        self.answer(picked, state, commands)
    }

    fn wheel(&self) -> Option<[Action; 2]> {
        picker::WHEEL
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let inner = chrome::popup(view, screen, self.size(), "Copy", buf);
        let picker = Picker {
            prompt: "as: ",
            list: &self.list,
            nothing: "No form has these letters.",
        };
        picker.render(view, inner, buf, |way, strip| {
            strip.put(way.label(), view.style(Role::Fg));
        });
    }
}

fn matching(all: &[CopyWay], typed: &str) -> Vec<CopyWay> {
    let found = fuzzy::matches(typed, all.iter().map(|way| way.label()));
    found.into_iter().map(|at| all[at]).collect()
}
