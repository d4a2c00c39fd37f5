//! A panic on the thread that draws ends the program, and the terminal is given
//! back first; one on any other thread is reported later, and tears nothing.
//!
//! The program has no way to be made to panic: these tests are its terminal's
//! rooms in a process of their own, this very test executed again.

use std::io::{Read, Write};

use fanout::tui::terminal::{Modes, install_panic_hook, take_panic_reports};
use portable_pty::CommandBuilder;

use crate::SIZE;
use crate::harness::OnTerminal;

/// The variable that makes a test the child of another one.
const CHILD: &str = "FANOUT_TEST_CHILD";

fn child(test: &str) -> OnTerminal {
    let mut command = CommandBuilder::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", test, "--nocapture"]);
    OnTerminal::start(command, SIZE, &[(CHILD, "1")])
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

#[test]
fn torture_30_a_panic_that_draws_gives_the_terminal_back() {
    let mut child = child("panics::panics_while_it_draws");
    assert_eq!(child.exit_code(), 101);
    child.assert_restored();
    let contents = child.contents();
    assert!(contents.contains("on purpose"), "{contents}");
}

#[test]
fn panics_while_it_draws() {
    if is_child() {
        install_panic_hook();
        let _modes = Modes::enter(true).expect("a terminal");
        panic!("on purpose");
    }
}

#[test]
fn torture_30_a_panic_in_the_background_leaves_the_screen_alone() {
    let mut child = child("panics::panics_in_the_background");
    child.wait_for("it goes on");
    child.wait_until("modes", |screen, _| {
        screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste()
    });
    child.assert_taken();
    let contents = child.contents();
    assert!(!contents.contains("on purpose"), "{contents}");
    child.keys("q");
    assert_eq!(child.exit_code(), 0);
    child.assert_restored();
    let contents = child.contents();
    assert!(contents.contains("on purpose"), "{contents}");
}

#[test]
fn panics_in_the_background() {
    if is_child() {
        install_panic_hook();
        let modes = Modes::enter(true).expect("a terminal");
        let panicked = std::thread::spawn(|| panic!("on purpose")).join();
        assert!(panicked.is_err());
        let mut out = std::io::stdout().lock();
        out.write_all(b"it goes on").expect("a terminal");
        out.flush().expect("a terminal");
        let mut key = [0];
        std::io::stdin().read_exact(&mut key).expect("a key");
        drop(modes);
        for report in take_panic_reports() {
            writeln!(out, "{report}\r").expect("a terminal");
        }
    }
}
