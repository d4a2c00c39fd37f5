//! The command palette: every action, what can be opened, servers, and commands
//! with a word behind them, found by typing.
//!
//! ```text
//! ┌ Commands ───────────────────────────────────────────────────────┐
//! │ command: can                                                     │
//! │▌cancel      x       Cancel by SIGTERM, and SIGKILL after the gr… │
//! │ cancel all  Ctrl+x  not now: every call has ended                │
//! └──────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Asked what to open, it lists that part alone.
//!
//! ```text
//! ┌ Open ─────────────────────────────────────────────┐
//! │ name: tr                                           │
//! │▌run trip.toml   A plan found near: its calls start │
//! └────────────────────────────────────────────────────┘
//! ```

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::picker::{self, Picked, Picker};
use super::{Answer, Dialog, Press, open};
use crate::model::{CapControl, CapSetting, ServerName};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, Context, Danger, TABLE};
use crate::tui::state::refusal::refusal;
use crate::tui::state::{Offer, Screen, Shortlist, State, ToastLevel, UiCommand};
use crate::tui::text::{Align, Piece, Strip, figure, fuzzy};
use crate::tui::views::{View, chrome};

/// The command palette, or the part of it that opens something else.
#[derive(Debug)]
pub(in crate::tui) struct Palette {
    scope: Scope,
    /// The commands that the typed letters leave.
    list: Shortlist<PaletteItem>,
}

/// Commands that are listed.
#[derive(Debug, Clone, Copy)]
enum Scope {
    Everything,
    /// The demo, plans and files of servers.
    Offers,
}

impl Scope {
    fn matching(self, state: &State, typed: &str) -> Vec<PaletteItem> {
        match self {
            Self::Everything => matching(state, typed),
            Self::Offers => open::matching(state, typed)
                .into_iter()
                .map(PaletteItem::Open)
                .collect(),
        }
    }
}

/// Something that the palette does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PaletteItem {
    Action(Action),
    Open(Offer),
    Server(ServerName),
    Cap(CapSetting),
    Theme(String),
}

impl Palette {
    /// Offers everything that can be done.
    pub(in crate::tui) fn new(state: &State) -> Self {
        Self::of(Scope::Everything, state)
    }

    /// Asks what to open.
    pub(in crate::tui) fn of_offers(state: &State) -> Self {
        Self::of(Scope::Offers, state)
    }

    fn of(scope: Scope, state: &State) -> Self {
        Self {
            scope,
            list: Shortlist::new(scope.matching(state, ""), 0),
        }
    }

    /// Columns and rows inside its frame.
    fn size(&self, screen: Rect) -> (u16, u16) {
        let rows = u16::try_from(self.list.found.len()).unwrap_or(u16::MAX);
        let most = screen.height.saturating_sub(6).min(18);
        let height = match self.scope {
            // The box keeps its height while the letters are typed.
            Scope::Everything => most.max(rows.min(3)),
            Scope::Offers => rows.saturating_add(1).clamp(4, most.max(4)),
        };
        (screen.width.saturating_sub(6).min(92), height)
    }

    fn answer(&self, picked: Picked, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        match (picked, self.list.chosen()) {
            (Picked::Marked | Picked::Nothing, _) => Answer::Stay,
            (Picked::Taken, Some(item)) => take(item, state, commands),
            (Picked::Left | Picked::Taken, _) => Answer::Close,
        }
    }
}

fn take(item: &PaletteItem, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
    match item {
        PaletteItem::Action(action) => return perform(state, *action),
        PaletteItem::Open(offer) => return open::open(offer, state, commands),
        PaletteItem::Server(name) => {
            state.show(Screen::Servers);
            let row = state.run.servers.iter().position(|row| row.name == *name);
            state.select_server(row.unwrap_or_default());
        }
        PaletteItem::Cap(choice) if choice.control == CapControl::Auto => {
            state.set_auto_cap(choice.cap, commands);
        }
        PaletteItem::Cap(choice) => state.set_cap(choice.cap, commands),
        PaletteItem::Theme(name) => commands.push(UiCommand::ApplyTheme(name.clone())),
    }
    Answer::Close
}

/// Performs an action, or says why it cannot be done now.
fn perform(state: &mut State, action: Action) -> Answer {
    match refusal(state, action) {
        Some(reason) => {
            let text = Piece::from(action.row().label).then(": ").then(reason);
            state.notify(ToastLevel::Info, text);
            Answer::Close
        }
        None => Answer::Perform(action),
    }
}

impl Dialog for Palette {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Picker]
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let picked = picker::act(&mut self.list, action);
        self.answer(picked, state, commands)
    }

    fn typed(&mut self, key: KeyEvent, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        let scope = self.scope;
        self.list.key(key, |typed| scope.matching(state, typed));
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        let scope = self.scope;
        self.list.paste(text, |typed| scope.matching(state, typed));
        Answer::Stay
    }

    fn pressed(
        &mut self,
        press: Press,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let area = chrome::popup_area(press.screen, self.size(press.screen));
        let picked = picker::pressed(&mut self.list, area, press);
        self.answer(picked, state, commands)
    }

    fn wheel(&self) -> Option<[Action; 2]> {
        picker::WHEEL
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let (title, prompt, nothing) = match self.scope {
            Scope::Everything => ("Commands", "command: ", "No command has these letters."),
            Scope::Offers => (
                "Open",
                "name: ",
                "Nothing that was found near has these letters.",
            ),
        };
        let inner = chrome::popup(view, screen, self.size(screen), title, buf);
        let picker = Picker {
            prompt,
            list: &self.list,
            nothing,
        };
        picker.render(view, inner, buf, |item, strip| match item {
            PaletteItem::Action(action) => row(view, *action, strip),
            PaletteItem::Open(offer) => open::row(view, offer, strip),
            PaletteItem::Server(name) => {
                let label = Piece::from("server ").then(Safe::new(name.as_str()));
                named(
                    view,
                    label,
                    "Its tools, its messages, its standard error",
                    strip,
                );
            }
            PaletteItem::Cap(choice) => {
                let auto = match choice.control {
                    CapControl::Auto => "auto:",
                    CapControl::Pinned => "",
                };
                let label = Piece::from("cap ").then(auto).then(figure::cap(choice.cap));
                named(view, label, "As many lanes may be busy, at once", strip);
            }
            PaletteItem::Theme(name) => {
                let label = Piece::from("theme ").then(Safe::new(name));
                named(view, label, "Colours of the whole screen", strip);
            }
        });
    }
}

fn named(view: &View<'_>, label: Piece<'static>, help: &'static str, strip: &mut Strip) {
    strip
        .cell(label, 24, Align::Left, view.style(Role::Fg))
        .skip(1)
        .put(help, view.style(Role::Muted));
}

fn row(view: &View<'_>, action: Action, strip: &mut Strip) {
    let entry = action.row();
    let key = view.state.keymap.key(action).unwrap_or_default();
    let reason = refusal(view.state, action);
    let label = match (reason, entry.danger) {
        (Some(_), _) => Role::Muted,
        (None, Danger::None) => Role::Fg,
        (None, _) => Role::Danger,
    };
    let key_role = if reason.is_some() {
        Role::Muted
    } else {
        Role::KeyHint
    };
    strip.cell(entry.label, 14, Align::Left, view.style(label));
    strip
        .skip(1)
        .cell(Safe::new(&key), 9, Align::Left, view.style(key_role))
        .skip(1);
    match reason {
        Some(reason) => strip
            .put("not now: ", view.style(Role::Stopping))
            .put(reason, view.style(Role::Stopping)),
        None => strip.put(entry.help, view.style(Role::Muted)),
    };
}

/// A command as it is looked for.
struct Searched {
    item: PaletteItem,
    /// Its label and its name.
    name: String,
    /// Other words for it.
    also: String,
    /// The sentence about it.
    help: String,
}

/// Commands with the typed words in their label or name come before those that
/// are also called so, these before those with the letters in their label, and
/// these before those that only speak of it. A command with a word behind it is
/// the first.
fn matching(state: &State, typed: &str) -> Vec<PaletteItem> {
    let typed = typed.trim_start_matches(':').trim_start();
    let all = searched(state);
    let of = |text: fn(&Searched) -> &str| all.iter().map(text);
    let mut found = fuzzy::containing(typed, of(|it| &it.name));
    for others in [
        fuzzy::containing(typed, of(|it| &it.also)),
        fuzzy::matches(typed, of(|it| &it.name)),
        fuzzy::containing(typed, of(|it| &it.help)),
    ] {
        let others = others.into_iter().filter(|at| !found.contains(at));
        let others: Vec<usize> = others.collect();
        found.extend(others);
    }
    let found = found.into_iter().filter_map(|at| all.get(at));
    let found = found.map(|it| it.item.clone());
    with_word(state, typed).into_iter().chain(found).collect()
}

/// Every action that keys can be pressed for.
fn actions() -> impl Iterator<Item = Searched> {
    let actions = TABLE.iter().filter(|entry| entry.is_offered());
    actions.map(|entry| Searched {
        item: PaletteItem::Action(entry.action),
        name: format!("{} {}", entry.label, entry.id),
        also: entry.also.to_owned(),
        help: entry.help.to_owned(),
    })
}

/// Everything that is offered, actions first.
fn searched(state: &State) -> Vec<Searched> {
    let offers = state.offers.iter().map(|offer| Searched {
        item: PaletteItem::Open(offer.clone()),
        name: offer.label(),
        also: "open plan file".to_owned(),
        help: offer.help(),
    });
    let servers = state.run.servers.iter().map(|row| Searched {
        item: PaletteItem::Server(row.name.clone()),
        name: format!("server {}", row.name),
        also: "mcp rpc messages".to_owned(),
        help: String::new(),
    });
    actions().chain(offers).chain(servers).collect()
}

/// The commands that a word and another one behind it are: `cap 8`,
/// `theme nord`.
fn with_word(state: &State, typed: &str) -> Vec<PaletteItem> {
    let Some((command, word)) = typed.split_once(' ') else {
        return Vec::new();
    };
    let word = word.trim();
    match command {
        "cap" => word
            .parse()
            .ok()
            .map(PaletteItem::Cap)
            .into_iter()
            .collect(),
        "theme" => {
            let names = &state.themes.names;
            let found = fuzzy::matches(word, names.iter().map(String::as_str));
            let found = found.into_iter().filter_map(|at| names.get(at).cloned());
            found.map(PaletteItem::Theme).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_keys_do_outside_of_text_fields_is_offered() {
        let found: Vec<PaletteItem> = actions().map(|it| it.item).collect();
        for entry in TABLE {
            let is_typing_only = entry.contexts.iter().all(|it| it.is_typing());
            assert_eq!(
                found.contains(&PaletteItem::Action(entry.action)),
                !is_typing_only,
                "{}",
                entry.id
            );
        }
    }
}
