//! All keys, those of this screen first, and a legend of the signs; a slash
//! looks for words in them.
//!
//! ```text
//! ┌ Help 1-30 of 140 ────────────────────────────────┐
//! │ call (here)                                      │
//! │   x             cancel       Cancel by SIGTERM … │
//! └──────────────────────────────────────────────────┘
//! ```

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::sheet::{is_beside, scrolled};
use super::{Answer, Dialog, Press};
use crate::model::Outcome;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, ActionGroup, ActionRow, Context, ListAction, TABLE};
use crate::tui::state::{State, UiCommand};
use crate::tui::text::field::TextField;
use crate::tui::text::glyphs::{Glyphs, role_of_outcome};
use crate::tui::text::{Align, Cut, Piece, Strip, figure};
use crate::tui::views::{InputLine, View, chrome};

/// The help, from a first visible row on.
#[derive(Debug)]
pub(in crate::tui) struct Help {
    first: usize,
    search: TextField,
    /// Whether the keys go into the search.
    is_typing: bool,
}

impl Default for Help {
    fn default() -> Self {
        Self {
            first: 0,
            search: TextField::single_line(),
            is_typing: false,
        }
    }
}

impl Help {
    /// The rows as they are broken to fit the box.
    fn entries(&self, state: &State) -> Vec<Entry> {
        let width = usize::from(size(Rect::from((Position::ORIGIN, state.size))).0);
        let room = width.saturating_sub(sentences(width)).max(16);
        let entries = entries(state, &self.search.text()).into_iter();
        entries.flat_map(|entry| entry.broken(room)).collect()
    }

    fn scroll(&mut self, step: ListAction, state: &State) {
        let page = usize::from(state.size.height.saturating_sub(6)).max(1);
        let last = self.entries(state).len().saturating_sub(page);
        self.first = scrolled(self.first, step, page, last);
    }
}

impl Dialog for Help {
    fn contexts(&self) -> &'static [Context] {
        if self.is_typing {
            &[Context::Line]
        } else {
            &[Context::List, Context::Global]
        }
    }

    fn act(&mut self, action: Action, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        match action {
            Action::Filter => self.is_typing = true,
            Action::Take => self.is_typing = false,
            // The first step back leads to all rows again.
            Action::Close | Action::Back if self.is_typing || !self.search.text().is_empty() => {
                self.is_typing = false;
                self.search = TextField::single_line();
            }
            Action::Close | Action::Back | Action::Quit | Action::Help => return Answer::Close,
            action => {
                if let ActionGroup::List(step) = action.group() {
                    self.scroll(step, state);
                }
            }
        }
        Answer::Stay
    }

    fn typed(&mut self, key: KeyEvent, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if self.is_typing {
            self.search.key(key);
            self.first = 0;
        }
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if self.is_typing {
            self.search.paste(text);
            self.first = 0;
        }
        Answer::Stay
    }

    fn pressed(&mut self, press: Press, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if is_beside(press) {
            Answer::Close
        } else {
            Answer::Stay
        }
    }

    fn wheel(&self) -> Option<[Action; 2]> {
        Some([Action::Up, Action::Down])
    }

    fn line<'a>(&'a self, _: &State) -> Option<InputLine<'a>> {
        self.is_typing.then_some(InputLine {
            prompt: "help with: ",
            field: &self.search,
            note: None,
        })
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let size = size(screen);
        let entries = self.entries(view.state);
        let height = usize::from(chrome::popup_inner(screen, size).height);
        let first = self.first.min(entries.len().saturating_sub(height));
        let title = title(
            view,
            first,
            first + height.min(entries.len() - first),
            entries.len(),
        );
        let inner = chrome::popup(view, screen, size, title, buf);
        if entries.is_empty() {
            chrome::empty(view, inner, &["No key and no sign has these words."], buf);
        }
        let shown = entries.iter().skip(first);
        for (entry, y) in shown.zip(inner.y..inner.bottom()) {
            let mut strip = view.strip(inner.width);
            entry.put(view, &mut strip);
            strip.draw((inner.x, y), buf);
        }
    }
}

/// Column at which the sentences begin, behind keys and labels.
const SENTENCES: usize = 34;
/// The same where there is no room for labels, which say less.
const BEHIND_KEYS: usize = 18;
/// From this width on there is.
const LABELS_FROM: usize = 66;

/// Returns the column at which sentences begin in a box of this width.
fn sentences(width: usize) -> usize {
    if width < LABELS_FROM {
        BEHIND_KEYS
    } else {
        SENTENCES
    }
}

/// Columns and rows inside the frame.
fn size(screen: Rect) -> (u16, u16) {
    (
        screen.width.saturating_sub(4).min(100),
        screen.height.saturating_sub(4),
    )
}

/// Returns the title: the rows that are seen, of how many, and how to look for
/// one.
fn title(view: &View<'_>, first: usize, end: usize, all: usize) -> Piece<'static> {
    let key = view.state.keymap.key(Action::Filter).unwrap_or_default();
    Piece::from("Help ")
        .then(figure::count((first + 1).min(end)))
        .then("-")
        .then(figure::count(end))
        .then(" of ")
        .then(figure::count(all))
        .then(", ")
        .then(Safe::new(&key))
        .then(" finds")
}

/// A row of the help.
#[derive(Debug, Clone, Copy)]
enum Entry {
    /// Where the keys below are heard, and whether that is on this screen.
    Place(&'static str, bool),
    /// An action, with the first part of its sentence.
    Key(&'static ActionRow, &'static str),
    /// A further part of a sentence.
    More(&'static str),
    Sign(Sign),
    Outcome(Outcome),
    Blank,
}

/// A sign with its meaning.
#[derive(Debug, Clone, Copy)]
struct Sign {
    of: fn(Glyphs) -> &'static str,
    meaning: &'static str,
    role: Role,
}

const SIGNS: [Sign; 8] = [
    sign(Glyphs::queued, "queued", Role::Queued),
    sign(
        Glyphs::retrying,
        "retrying: waits for another attempt",
        Role::Retrying,
    ),
    sign(Glyphs::starting, "starting", Role::Starting),
    sign(Glyphs::running, "running", Role::Running),
    sign(
        Glyphs::stopping,
        "stopping: its tree is not known to be gone",
        Role::Stopping,
    ),
    sign(
        Glyphs::dot,
        "in the timeline: waited for a parent, or an idle lane",
        Role::Queued,
    ),
    sign(
        Glyphs::light_shade,
        "in the timeline: waited for a lane",
        Role::Queued,
    ),
    sign(
        Glyphs::dark_shade,
        "in the timeline: waited for a lock",
        Role::Timeout,
    ),
];

const fn sign(of: fn(Glyphs) -> &'static str, meaning: &'static str, role: Role) -> Sign {
    Sign { of, meaning, role }
}

impl Entry {
    /// Breaks its sentence between words, to rows of so many cells.
    fn broken(self, room: usize) -> Vec<Self> {
        let Self::Key(action, mut rest) = self else {
            return vec![self];
        };
        let mut rows = Vec::new();
        loop {
            let (part, further) = broken_at(rest, room);
            rows.push(match rows.len() {
                0 => Self::Key(action, part),
                _ => Self::More(part),
            });
            rest = further;
            if rest.is_empty() {
                return rows;
            }
        }
    }

    fn put(&self, view: &View<'_>, strip: &mut Strip) {
        let sentences = sentences(strip.used() + strip.room());
        match self {
            Self::Blank => {}
            Self::Place(name, is_here) => {
                strip.skip(1).put(*name, view.style(Role::Title));
                if *is_here {
                    strip.put(" (here)", view.style(Role::Muted));
                }
            }
            Self::More(part) => {
                strip.skip_to(sentences).put(*part, view.style(Role::Muted));
            }
            Self::Key(entry, part) => {
                let keys: Vec<String> = view.state.keymap.keys(entry.action).collect();
                let keys = Safe::new(&keys.join(" "));
                strip
                    .skip(2)
                    .put_cut(&keys, 15, Cut::End, view.style(Role::KeyHint));
                if sentences == SENTENCES {
                    strip
                        .skip_to(19)
                        .cell(entry.label, 14, Align::Left, view.style(Role::Fg));
                }
                strip.skip_to(sentences).put(*part, view.style(Role::Muted));
            }
            Self::Sign(sign) => {
                let style = view.style(sign.role);
                strip
                    .skip(2)
                    .put((sign.of)(view.glyphs), style)
                    .skip(1)
                    .put(sign.meaning, style);
            }
            Self::Outcome(outcome) => {
                let style = view.style(role_of_outcome(*outcome));
                strip
                    .skip(2)
                    .put(view.glyphs.outcome(*outcome), style)
                    .skip(1)
                    .put(outcome.word(), style);
            }
        }
    }

    /// Whether it has a text, which is in lower case.
    fn has(&self, state: &State, text: &str) -> bool {
        let has = |it: &str| it.to_lowercase().contains(text);
        match self {
            Self::Blank | Self::Place(..) | Self::More(_) => false,
            Self::Key(entry, _) => {
                let mut keys = state.keymap.keys(entry.action);
                [entry.label, entry.help, entry.id, entry.also]
                    .into_iter()
                    .any(has)
                    || keys.any(|key| key.to_lowercase() == text)
            }
            Self::Sign(sign) => has(sign.meaning),
            Self::Outcome(outcome) => has(outcome.word()),
        }
    }
}

/// The rows that have a text: the keys of this screen, then those of others and
/// of dialogs, then the signs.
fn entries(state: &State, text: &str) -> Vec<Entry> {
    let text = text.trim().to_lowercase();
    let mut entries = Vec::new();
    let mut add = |name, is_here, rows: Vec<Entry>| {
        let rows = rows.into_iter();
        let mut found = rows
            .filter(|row| text.is_empty() || row.has(state, &text))
            .peekable();
        if found.peek().is_some() {
            entries.push(Entry::Place(name, is_here));
            entries.extend(found);
            entries.push(Entry::Blank);
        }
    };
    for (context, is_here) in contexts(state) {
        let rows = TABLE.iter().filter(|it| it.contexts.contains(&context));
        let rows = rows.map(|it| Entry::Key(it, it.help));
        add(context.name(), is_here, rows.collect());
    }
    let outcomes = Outcome::ALL.into_iter().map(Entry::Outcome);
    let signs = SIGNS.into_iter().map(Entry::Sign).chain(outcomes);
    add("signs", false, signs.collect());
    entries.pop();
    entries
}

/// Breaks a sentence at the last blank that leaves no more than `room` bytes,
/// which are its cells, before it.
fn broken_at(text: &'static str, room: usize) -> (&'static str, &'static str) {
    if text.len() <= room {
        return (text, "");
    }
    let end = text.floor_char_boundary(room + 1);
    let blank = text.get(..end).and_then(|head| head.rfind(' '));
    let blank = blank.filter(|at| *at > 0);
    let at = blank.unwrap_or(text.floor_char_boundary(room));
    let (head, rest) = text.split_at(at);
    (head, rest.trim_start())
}

/// Every context, those of the pane with the keys first, then those of the other
/// panes of the screen; and whether it is of this screen.
fn contexts(state: &State) -> Vec<(Context, bool)> {
    let panes = state.screen.panes().iter();
    let near = state.ground_contexts().iter();
    let here = near.chain(panes.flat_map(|pane| pane.contexts()));
    let here = here.map(|context| (*context, true));
    let mut all: Vec<(Context, bool)> = Vec::new();
    for (context, is_here) in here.chain(Context::ALL.map(|it| (it, false))) {
        if !all.iter().any(|(known, _)| *known == context) {
            all.push((context, is_here));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_between_words() {
        assert_eq!(broken_at("one two three", 8), ("one two", "three"));
        assert_eq!(broken_at("one two", 7), ("one two", ""));
        assert_eq!(broken_at("unbroken", 4), ("unbr", "oken"));
    }
}
