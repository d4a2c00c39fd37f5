//! Tools that wait: for a stand-in of the network, for nothing, or in spite of
//! being asked to stop.

use std::io;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{Arguments, Exit, SampleToolError, Streams, corpus};

/// Waits like a request and prints a JSON document that depends on nothing but
/// the URL. A status of 400 and above fails.
pub(super) fn fetch(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let url = arguments.needed("url")?;
    let wait = arguments.millis("ms", 1_000)?;
    let status = arguments.number("status", 200, 599)?;
    arguments.finish()?;

    let body = corpus::sentences(&url, 6);
    let remark = |streams: &mut Streams<'_>, text: String| {
        writeln!(streams.stderr, "{text}").map_err(SampleToolError::Output)
    };
    remark(streams, format!("> GET {url}"))?;
    std::thread::sleep(wait);
    remark(
        streams,
        format!("< {status}, {} bytes received", body.len()),
    )?;
    if status >= 400 {
        return Ok(1);
    }
    let title = corpus::title(&url);
    let words = body.split_whitespace().count();
    let document = json!({
        "url": url, "status": status, "title": title, "words": words, "body": body,
    });
    writeln!(streams.stdout, "{document}").map_err(SampleToolError::Output)?;
    Ok(0)
}

/// Waits and prints nothing.
pub(super) fn sleep(arguments: &mut Arguments, _streams: &mut Streams<'_>) -> Exit {
    let wait = arguments.millis("ms", 1_000)?;
    arguments.finish()?;
    std::thread::sleep(wait);
    Ok(0)
}

/// Says one thing and then nothing for an hour, unless told a shorter time.
pub(super) fn hang(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let wait = arguments.millis("ms", 3_600_000)?;
    arguments.finish()?;
    writeln!(streams.stdout, "waiting for an answer that does not come")
        .map_err(SampleToolError::Output)?;
    streams.stdout.flush().map_err(SampleToolError::Output)?;
    std::thread::sleep(wait);
    Ok(1)
}

/// Works for a while and ignores SIGTERM, saying so each time.
pub(super) fn stubborn(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let work = arguments.millis("ms", 10_000)?;
    arguments.finish()?;
    outlast(work, &mut |remark| {
        writeln!(streams.stdout, "{remark}").and_then(|()| streams.stdout.flush())
    })?;
    Ok(0)
}

/// Waits for `time` and ignores SIGTERM; tells of each second and each request.
pub(super) fn outlast(
    time: Duration,
    tell: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<(), SampleToolError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(SampleToolError::system("start a runtime"))?;
    runtime.block_on(async {
        let mut requests =
            signal(SignalKind::terminate()).map_err(SampleToolError::system("catch SIGTERM"))?;
        let start = Instant::now();
        let mut second = 0;
        while start.elapsed() < time {
            let next = Duration::from_secs(second).min(time);
            tokio::select! {
                _ = requests.recv() => tell("SIGTERM ignored"),
                () = tokio::time::sleep(next.saturating_sub(start.elapsed())) => {
                    second += 1;
                    let left = time.saturating_sub(next).as_secs();
                    tell(&format!("watching, {left} s left"))
                }
            }
            .map_err(SampleToolError::Output)?;
        }
        Ok(())
    })
}
