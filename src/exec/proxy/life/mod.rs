//! The life of a shim: it starts the server, relays until one side is gone, and
//! sees to it that nothing of the server stays.
//!
//! One thread does all of it; nothing wakes it while nothing happens.

mod attending;
mod begin;
mod ladder;
mod options;
mod relaying;
mod server;
mod shim;
mod streams;

use std::time::Duration;

use tokio::runtime::Builder;

pub use self::options::{ShimError, ShimOptions};
use self::server::Server;
use self::shim::Shim;
use self::streams::Streams;

/// Time in which those who are attached must have read the end.
const FAREWELL_WITHIN: Duration = Duration::from_millis(200);

/// Runs a shim to its end, and returns its exit code: the server's, or 128 and
/// the number of the signal that ended the server. `warn` gets what a user
/// should know, one line each.
pub fn run(options: ShimOptions, warn: &mut dyn FnMut(&str)) -> Result<u8, ShimError> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .map_err(ShimError::Runtime)?;
    runtime.block_on(async {
        let server = Server::start(&options).await?;
        let streams = Streams::take().map_err(ShimError::Runtime)?;
        let mut shim = Shim::new(options, &server, warn);
        let end = shim.serve(server, streams, warn).await;
        shim.farewell(FAREWELL_WITHIN).await;
        end.map_err(ShimError::Runtime)
    })
}
