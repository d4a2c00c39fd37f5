//! Tools that start processes of their own: a tree, a daemon, a holder of
//! standard output. Everything they start ends by itself.

use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::waiting::outlast;
use super::{Arguments, Exit, SampleToolError, Streams};

/// Prints its process id and starts `width` processes that do the same, and so
/// on for `depth` levels; the last ones wait, with `stubborn` ignoring SIGTERM,
/// and each other one waits for those it started.
pub(super) fn tree(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let depth = arguments.number("depth", 2, 6)?;
    let width = arguments.number("width", 2, 8)?;
    let time = arguments.millis("ms", 5_000)?;
    let is_stubborn = arguments.is_set("stubborn")?;
    arguments.finish()?;

    let line = json!({ "pid": std::process::id(), "depth": depth });
    writeln!(streams.stdout, "{line}")
        .and_then(|()| streams.stdout.flush())
        .map_err(SampleToolError::Output)?;
    if depth == 0 {
        if is_stubborn {
            outlast(time, &mut |_| Ok(()))?;
        } else {
            std::thread::sleep(time);
        }
        return Ok(0);
    }
    let words = [
        "tree".to_owned(),
        format!("--depth={}", depth - 1),
        format!("--width={width}"),
        format!("--ms={}", time.as_millis()),
        format!("--stubborn={is_stubborn}"),
    ];
    let children = (0..width)
        .map(|_| start(&words, Stdio::inherit()))
        .collect::<Result<Vec<_>, _>>()?;
    for mut child in children {
        child
            .wait()
            .map_err(SampleToolError::system("wait for a child"))?;
    }
    Ok(0)
}

/// Leaves a process behind in a session of its own, with none of the streams,
/// and exits at once.
pub(super) fn daemonise(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    leave(arguments, streams, true)
}

/// Leaves a process behind that keeps standard output open, and exits at once.
pub(super) fn hold_stdout(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    leave(arguments, streams, false)
}

fn leave(arguments: &mut Arguments, streams: &mut Streams<'_>, is_daemon: bool) -> Exit {
    let time = arguments.millis("ms", 30_000)?;
    arguments.finish()?;
    let words = [
        "sleeper".to_owned(),
        format!("--ms={}", time.as_millis()),
        format!("--own-session={is_daemon}"),
    ];
    let stdout = if is_daemon {
        Stdio::null()
    } else {
        Stdio::inherit()
    };
    let child = start(&words, stdout)?;
    writeln!(streams.stdout, "{}", json!({ "left": child.id() }))
        .map_err(SampleToolError::Output)?;
    Ok(0)
}

/// The process that `daemonise` and `hold-stdout` leave: waits, in a session of
/// its own if asked.
pub(super) fn sleeper(arguments: &mut Arguments, _streams: &mut Streams<'_>) -> Exit {
    let time = arguments.millis("ms", 30_000)?;
    let has_own_session = arguments.is_set("own-session")?;
    arguments.finish()?;
    if has_own_session {
        rustix::process::setsid().map_err(|error| SampleToolError::System {
            what: "start a session",
            source: error.into(),
        })?;
    }
    std::thread::sleep(time);
    Ok(0)
}

/// Starts another sample tool of this program.
fn start(words: &[String], stdout: Stdio) -> Result<Child, SampleToolError> {
    let program =
        std::env::current_exe().map_err(SampleToolError::system("find the program itself"))?;
    Command::new(program)
        .arg("sample-tool")
        .args(words)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::null())
        .spawn()
        .map_err(SampleToolError::system("start a child"))
}
