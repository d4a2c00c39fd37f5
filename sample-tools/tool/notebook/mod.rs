//! A tool server of the Model Context Protocol that keeps notes in memory. Its
//! tools do whatever a server can do to a call: tell of progress, listen to a
//! cancel or not, lose an update, fail in each way there is.
//!
//! It speaks over standard input and output, which must be pipes, and ends at
//! the end of its input.

mod pages;
mod wire;

use rmcp::ServiceExt;
use tokio::net::unix::pipe::OpenOptions;

use super::{Arguments, Exit, SampleToolError, Streams};
use pages::Notebook;
use wire::Wire;

/// The tools, as they are listed.
pub(super) const TOOLS: &str = include_str!("tools.json");

/// Serves until the end of the input.
pub(super) fn serve(arguments: &mut Arguments, _streams: &mut Streams<'_>) -> Exit {
    arguments.finish()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(SampleToolError::system("start a runtime"))?;
    let served = runtime.block_on(async {
        // Opened anew: what the program was started with is read and written
        // by whoever waits for it.
        let stdin = OpenOptions::new()
            .open_receiver("/dev/stdin")
            .map_err(SampleToolError::system("read messages from standard input"))?;
        let stdout = OpenOptions::new()
            .open_sender("/dev/stdout")
            .map_err(SampleToolError::system("write messages to standard output"))?;
        let (wire, cancels) = Wire::new(stdin, stdout);
        let notebook = Notebook::new(cancels)?;
        // Whoever goes away before it has connected wanted nothing.
        if let Ok(service) = notebook.serve(wire).await {
            let _ended = service.waiting().await;
        }
        Ok(0)
    });
    // A call that has not noticed the end of the input does not delay it.
    runtime.shutdown_background();
    served
}
