//! No size and no state of the dashboard makes a view fail.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use fanout::theme::{Depth, builtin};
use fanout::tui::dialogs::Layers;
use fanout::tui::text::glyphs::Glyphs;
use fanout::tui::timeline::EarlierRun;
use fanout::tui::update::{Msg, update};
use proptest::prelude::*;
use ratatui::layout::Size;

use crate::{earlier, experiments, fixtures, looks, servers};

fn keys() -> impl Strategy<Value = Vec<char>> {
    proptest::collection::vec(
        prop::sample::select(
            ":!U123458bBYdcitnN&y m[]0/sSO jkgGzwofhlxXrpaC%?+-=\t\n\u{1b}"
                .chars()
                .collect::<Vec<_>>(),
        ),
        0..12,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn torture_45_every_size_is_drawn(width in 1_u16..=250, height in 1_u16..=100, keys in keys(), which in 0_usize..6, experiment in 0_usize..6) {
        let run = match which {
            0 => fixtures::everything(),
            1 => fixtures::nothing(),
            2 => fixtures::over(),
            3 => fixtures::history(),
            4 => servers::run(),
            _ => fixtures::draining(),
        };
        let mut state = servers::state(Arc::clone(&run), Size { width, height });
        if which == 3 {
            let before = earlier::sequential(&run);
            state.timeline.before = [EarlierRun::of(&before), EarlierRun::of(&before)].into();
        }
        let mut layers = Layers::default();
        let theme = builtin("terminal", Depth::Ansi).expect("a built-in theme");
        let told = experiments::every().swap_remove(experiment).1;
        update(&mut state, &mut layers, Duration::ZERO, Msg::ExperimentChanged(told));
        for (at, key) in keys.into_iter().enumerate() {
            let code = match key {
                '\t' => KeyCode::Tab,
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                key => KeyCode::Char(key),
            };
            let event = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
            let now = Duration::from_millis(at as u64);
            update(&mut state, &mut layers, now, Msg::Input(event));
            looks::draw_under(&layers, &state, &theme, Glyphs::Unicode);
        }
        looks::draw_under(&layers, &state, &theme, Glyphs::Unicode);
    }
}
