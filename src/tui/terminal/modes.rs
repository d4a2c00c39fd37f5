//! The modes the dashboard puts the terminal in, and the one way out of them.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::queue;
use crossterm::style::ResetColor;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};

/// Whether the terminal is in the dashboard's modes.
static IS_ENTERED: AtomicBool = AtomicBool::new(false);

/// The thread that draws, while it does.
static DRAWS: std::sync::Mutex<Option<ThreadId>> = std::sync::Mutex::new(None);

/// Has the terminal report presses, movement while pressed, and the wheel, with
/// places of any size. `crossterm`'s own command would also ask for reports of
/// mere movement, which nobody needs.
const MOUSE_ON: &str = "\u{1b}[?1000h\u{1b}[?1002h\u{1b}[?1006h";

/// Turns every kind of mouse report off.
const MOUSE_OFF: &str = "\u{1b}[?1006l\u{1b}[?1002l\u{1b}[?1000l";

/// The terminal in the dashboard's modes. Dropping it restores the terminal.
#[derive(Debug)]
pub struct Modes(());

impl Modes {
    /// Enters: raw mode, alternate screen, hidden cursor, bracketed paste,
    /// reports of focus and, if wanted, of the mouse.
    pub fn enter(has_mouse: bool) -> io::Result<Self> {
        enable_raw_mode()?;
        IS_ENTERED.store(true, Ordering::SeqCst);
        if let Ok(mut draws) = DRAWS.lock() {
            *draws = Some(std::thread::current().id());
        }
        let modes = Self(());
        let mut bytes = Vec::new();
        queue!(
            bytes,
            EnterAlternateScreen,
            Hide,
            EnableBracketedPaste,
            EnableFocusChange
        )?;
        write(&bytes)?;
        if has_mouse {
            modes.report_mouse(true)?;
        }
        Ok(modes)
    }

    /// Has the terminal report the mouse, or no longer.
    pub fn report_mouse(&self, is_wanted: bool) -> io::Result<()> {
        write(if is_wanted { MOUSE_ON } else { MOUSE_OFF }.as_bytes())
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        restore();
    }
}

/// The bytes that undo everything [`Modes::enter`] and the screen set, but raw
/// mode, which is no matter of bytes.
pub fn restoring() -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _infallible = queue!(
        bytes,
        EndSynchronizedUpdate,
        crossterm::style::Print(MOUSE_OFF),
        DisableFocusChange,
        DisableBracketedPaste,
        ResetColor,
        LeaveAlternateScreen,
        Show
    );
    bytes
}

/// Puts the terminal back as it was: raw mode, alternate screen, mouse, paste,
/// focus reports, cursor, colours and an open update. Does nothing the second
/// time. Used by every end: a return, an error, a panic, a signal. What cannot
/// be written any more is not worth reporting.
pub fn restore() {
    if !IS_ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let _unwritable = write(&restoring());
    let _unset = disable_raw_mode();
}

/// Whether this thread draws the dashboard now.
pub(super) fn is_drawing_thread() -> bool {
    let draws = DRAWS.lock().map_or(None, |draws| *draws);
    IS_ENTERED.load(Ordering::SeqCst) && draws == Some(std::thread::current().id())
}

/// Whether the dashboard has the terminal.
pub(super) fn is_entered() -> bool {
    IS_ENTERED.load(Ordering::SeqCst)
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
