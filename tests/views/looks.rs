//! Pictures of the screens.

use fanout::theme::{Depth, Theme, builtin};
use fanout::tui::dialogs::Layers;
use fanout::tui::state::{Screen, State};
use fanout::tui::text::glyphs::Glyphs;
use fanout::tui::timeline::{EarlierRun, RowMode};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::{dump, earlier, fixtures};

/// Draws a state with a theme and signs.
pub(crate) fn draw_with(state: &State, theme: &Theme, glyphs: Glyphs) -> Buffer {
    draw_under(&Layers::default(), state, theme, glyphs)
}

/// Draws a state under some dialogs.
pub(crate) fn draw_under(layers: &Layers, state: &State, theme: &Theme, glyphs: Glyphs) -> Buffer {
    let view = layers.view(state, theme, glyphs);
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.size.width, state.size.height));
    layers.render(&view, buffer.area, &mut buffer);
    buffer
}

pub(crate) fn draw(state: &State) -> Buffer {
    let theme = builtin("terminal", Depth::Ansi).expect("a built-in theme");
    draw_with(state, &theme, Glyphs::Unicode)
}

pub(crate) const SIZES: [(u16, u16); 6] =
    [(200, 60), (120, 36), (80, 24), (60, 12), (40, 8), (39, 7)];

pub(crate) fn size(width: u16, height: u16) -> Size {
    Size { width, height }
}

#[test]
fn everything_at_every_size() {
    for (width, height) in SIZES {
        let buffer = draw(&fixtures::state(
            fixtures::everything(),
            size(width, height),
        ));
        insta::assert_snapshot!(
            format!("everything-{width}x{height}"),
            dump::with_styles(&buffer)
        );
    }
}

#[test]
fn the_table_at_every_size() {
    for (width, height) in SIZES {
        let mut state = fixtures::state(fixtures::everything(), size(width, height));
        state.show(Screen::Queue);
        let queue = draw(&state);
        insta::assert_snapshot!(format!("queue-{width}x{height}"), dump::with_styles(&queue));
        state.is_table_full = true;
        state.marked = [fixtures::id(9), fixtures::id(11)].into();
        state.settle();
        let all = draw(&state);
        insta::assert_snapshot!(format!("all-{width}x{height}"), dump::with_styles(&all));
    }
}

#[test]
fn empty_and_full_runs() {
    for (name, run) in [
        ("nothing", fixtures::nothing()),
        ("over", fixtures::over()),
        ("draining", fixtures::draining()),
    ] {
        let buffer = draw(&fixtures::state(run, size(80, 24)));
        insta::assert_snapshot!(name, dump::with_styles(&buffer));
    }
}

#[test]
fn every_state_is_told_apart_without_colours() {
    let theme = builtin("mono", Depth::Mono).expect("a built-in theme");
    for (name, glyphs) in [("unicode", Glyphs::Unicode), ("ascii", Glyphs::Ascii)] {
        let state = fixtures::state(fixtures::everything(), size(120, 36));
        let buffer = draw_with(&state, &theme, glyphs);
        assert!(buffer.content.iter().all(|cell| {
            (cell.fg, cell.bg) == (ratatui::style::Color::Reset, ratatui::style::Color::Reset)
        }));
        let text = dump::text(&buffer);
        assert!(glyphs == Glyphs::Unicode || text.is_ascii(), "{text}");
        insta::assert_snapshot!(format!("mono-{name}"), dump::with_styles(&buffer));
    }
}

#[test]
fn torture_15_ten_thousand_calls_are_drawn_like_ten() {
    let state = fixtures::state(fixtures::many(), size(200, 50));
    let text = dump::text(&draw(&state));
    assert!(
        text.contains("later-2008") && text.contains("done-1999"),
        "{text}"
    );
}

#[test]
fn the_catalogue_at_every_size() {
    for (width, height) in SIZES {
        let mut state = fixtures::state(fixtures::everything(), size(width, height));
        state.show(Screen::Catalogue);
        let buffer = draw(&state);
        insta::assert_snapshot!(
            format!("catalogue-{width}x{height}"),
            dump::with_styles(&buffer)
        );
    }
}

#[test]
fn the_timeline_at_every_size() {
    for (width, height) in SIZES {
        let mut state = fixtures::state(fixtures::history(), size(width, height));
        state.show(Screen::Timeline);
        let lanes = draw(&state);
        insta::assert_snapshot!(format!("lanes-{width}x{height}"), dump::with_styles(&lanes));
        state.timeline.rows = RowMode::Calls;
        state.timeline.cursor = Some(fixtures::ms(21_000));
        state.settle();
        let calls = draw(&state);
        insta::assert_snapshot!(format!("calls-{width}x{height}"), dump::with_styles(&calls));
    }
}

#[test]
fn screens_without_calls() {
    for (width, height) in SIZES {
        let mut state = fixtures::state(fixtures::nothing(), size(width, height));
        for (name, screen) in [("queue", Screen::Queue), ("timeline", Screen::Timeline)] {
            state.show(screen);
            let drawn = dump::with_styles(&draw(&state));
            insta::assert_snapshot!(format!("no-calls-{name}-{width}x{height}"), drawn);
        }
    }
}

#[test]
fn the_last_run_under_the_timeline() {
    for (width, height) in SIZES {
        let run = fixtures::history();
        let before = earlier::sequential(&run);
        let mut state = fixtures::state(run, size(width, height));
        state.show(Screen::Timeline);
        state.timeline.before = [EarlierRun::of(&before)].into();
        state.settle();
        let lanes = draw(&state);
        insta::assert_snapshot!(
            format!("lanes-before-{width}x{height}"),
            dump::with_styles(&lanes)
        );
        state.timeline.rows = RowMode::Calls;
        state.settle();
        let calls = draw(&state);
        insta::assert_snapshot!(
            format!("calls-before-{width}x{height}"),
            dump::with_styles(&calls)
        );
    }
}
