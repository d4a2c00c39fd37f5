//! A program on a terminal in memory: what it draws, what it is told, and that
//! it is gone in the end.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What came out of the program so far.
struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    /// Nobody reads it any more.
    is_over: bool,
    /// The reader is to leave the terminal.
    is_closed: bool,
}

/// A program on a terminal. Dropping it kills the program.
pub(crate) struct OnTerminal {
    /// `None` once it was closed.
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    modes_before: String,
    _home: tempfile::TempDir,
}

/// The program with these words behind it. No dashboard of a test meets agents
/// that happen to be at work on this machine.
fn program(args: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_fanout"));
    command.args(args);
    let is_dashboard = matches!(args.first(), None | Some(&"run" | &"demo"));
    if is_dashboard && !args.contains(&"--via") {
        command.args(["--via", "/proc/no-agents"]);
    }
    command
}

impl OnTerminal {
    /// Starts fanout with these words behind it.
    pub(crate) fn fanout(args: &[&str], size: (u16, u16), env: &[(&str, &str)]) -> Self {
        Self::start(program(args), size, env)
    }

    /// The same in a folder that lasts, which is also its home.
    pub(crate) fn fanout_in(folder: &Path, args: &[&str], size: (u16, u16)) -> Self {
        let mut command = program(args);
        command.cwd(folder);
        let home = folder.display().to_string();
        Self::start(command, size, &[("HOME", &home)])
    }

    pub(crate) fn start(
        mut command: CommandBuilder,
        size: (u16, u16),
        env: &[(&str, &str)],
    ) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        if command.get_cwd().is_none() {
            command.cwd(home.path());
        }
        for (name, value) in env {
            command.env(name, value);
        }
        let pty = native_pty_system()
            .openpty(sized(size))
            .expect("a terminal");
        let modes_before = format!("{:?}", pty.master.get_termios());
        let child = pty
            .slave
            .spawn_command(command)
            .expect("the program starts");
        drop(pty.slave);
        let seen = Arc::new((
            Mutex::new(Seen {
                parser: vt100::Parser::new(parsed(size).0, parsed(size).1, 0),
                bytes: Vec::new(),
                is_over: false,
                is_closed: false,
            }),
            Condvar::new(),
        ));
        let mut reader = pty.master.try_clone_reader().expect("a reader");
        let filled = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                let count = reader.read(&mut chunk).unwrap_or(0);
                let mut seen = filled.0.lock().expect("no panic while locked");
                seen.parser.process(&chunk[..count]);
                seen.bytes.extend_from_slice(&chunk[..count]);
                let is_over = count == 0 || seen.is_closed;
                if is_over {
                    // Whoever hears of it may rely on this end being closed.
                    reader = Box::new(std::io::empty());
                }
                seen.is_over = is_over;
                filled.1.notify_all();
                if is_over {
                    return;
                }
            }
        });
        Self {
            keys: pty.master.take_writer().expect("a writer"),
            master: Some(pty.master),
            child,
            seen,
            modes_before,
            _home: home,
        }
    }

    /// Types.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
    }

    /// Waits until the screen shows a text; prints the screen if it never does.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen, _| screen.contents().contains(text));
    }

    /// Waits until a condition holds of the screen and of all that was written.
    pub(crate) fn wait_until(&self, what: &str, condition: impl Fn(&vt100::Screen, &[u8]) -> bool) {
        let came = self.holds_within(PATIENCE, &condition);
        assert!(came, "never came: {what}\n{}", self.contents());
    }

    /// Whether a condition comes to hold in time.
    pub(crate) fn holds_within(
        &self,
        time: Duration,
        condition: impl Fn(&vt100::Screen, &[u8]) -> bool,
    ) -> bool {
        let deadline = Instant::now() + time;
        let mut seen = self.seen.0.lock().expect("no panic while locked");
        loop {
            if condition(seen.parser.screen(), &seen.bytes) {
                return true;
            }
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return false;
            };
            (seen, _) = self
                .seen
                .1
                .wait_timeout(seen, left)
                .expect("no panic while locked");
        }
    }

    /// What the screen shows.
    pub(crate) fn contents(&self) -> String {
        self.seen
            .0
            .lock()
            .expect("no panic while locked")
            .parser
            .screen()
            .contents()
    }

    /// How many bytes were written.
    pub(crate) fn written(&self) -> usize {
        self.seen
            .0
            .lock()
            .expect("no panic while locked")
            .bytes
            .len()
    }

    /// Changes the size of the terminal.
    pub(crate) fn resize(&self, size: (u16, u16)) {
        let mut seen = self.seen.0.lock().expect("no panic while locked");
        let (rows, cols) = parsed(size);
        seen.parser.screen_mut().set_size(rows, cols);
        drop(seen);
        let master = self.master.as_ref().expect("it is open");
        master
            .resize(sized(size))
            .expect("the terminal takes a size");
    }

    pub(crate) fn pid(&self) -> Pid {
        let pid = self.child.process_id().expect("a process");
        Pid::from_raw(pid.cast_signed()).expect("a process id")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the program is there");
    }

    /// Closes the terminal under the program: nothing more is seen of it.
    pub(crate) fn hang_up(&mut self) {
        self.seen.0.lock().expect("no panic while locked").is_closed = true;
        // The reader, which has the terminal open too, looks up when it is
        // drawn on, and a new size has it drawn on.
        self.resize((70, 20));
        self.wait_for_end();
        self.keys = Box::new(std::io::sink());
        self.master = None;
    }

    /// Whether the program has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_some()
    }

    /// The terminal's settings, such as whether it echoes.
    pub(crate) fn modes(&self) -> String {
        let master = self.master.as_ref().expect("it is open");
        format!("{:?}", master.get_termios())
    }

    /// Asserts that keys reach the program as they are typed.
    pub(crate) fn assert_taken(&self) {
        assert_ne!(self.modes(), self.modes_before);
    }

    /// Waits for the end and says its exit code.
    pub(crate) fn exit_code(&mut self) -> u32 {
        self.wait_for_end();
        self.child.wait().expect("an exit").exit_code()
    }

    fn wait_for_end(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().expect("no panic while locked");
        while !seen.is_over {
            let left = deadline.checked_duration_since(Instant::now());
            let left = left
                .unwrap_or_else(|| panic!("it does not end\n{}", seen.parser.screen().contents()));
            (seen, _) = self
                .seen
                .1
                .wait_timeout(seen, left)
                .expect("no panic while locked");
        }
    }

    /// Asserts that the terminal is as it was before.
    pub(crate) fn assert_restored(&self) {
        self.assert_given_back();
        assert_eq!(self.modes(), self.modes_before);
    }

    /// Asserts that the screen is the one before, and nothing is reported.
    pub(crate) fn assert_given_back(&self) {
        let seen = self.seen.0.lock().expect("no panic while locked");
        let screen = seen.parser.screen();
        let raw = String::from_utf8_lossy(&seen.bytes);
        assert!(
            !screen.alternate_screen(),
            "the alternate screen is still on"
        );
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        let last = |on: &str, off: &str| raw.rfind(on) < raw.rfind(off);
        assert!(
            last("\u{1b}[?1004h", "\u{1b}[?1004l"),
            "focus reports are still on"
        );
        assert!(
            last("\u{1b}[?2026h", "\u{1b}[?2026l"),
            "an update is still open"
        );
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // It is gone already where the test went well.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// The rows and columns that the parser is given: with hardly any, it fails.
fn parsed((cols, rows): (u16, u16)) -> (u16, u16) {
    (rows.max(8), cols.max(16))
}

fn sized((cols, rows): (u16, u16)) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}
