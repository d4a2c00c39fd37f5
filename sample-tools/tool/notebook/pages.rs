//! The notes, and the tools that work on them.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, ListToolsResult, PaginatedRequestParams, ProgressNotificationParam,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde_json::json;
use tokio::time;

use super::TOOLS;
use super::wire::{Cancels, InFlight};
use crate::sample_tool::{Arguments, SampleToolError};

/// The notes, in memory.
pub(super) struct Notebook {
    tools: Vec<Tool>,
    notes: Mutex<Vec<String>>,
    cancels: Cancels,
}

/// Why a call has no result.
enum Refusal {
    /// Its arguments do not fit: an error of the tool.
    Arguments(SampleToolError),
    /// An error of the protocol.
    Protocol(ErrorData),
}

impl From<SampleToolError> for Refusal {
    fn from(error: SampleToolError) -> Self {
        Self::Arguments(error)
    }
}

/// Whether a tool that takes steps listens to a cancel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manners {
    Listens,
    Ignores,
}

impl Notebook {
    pub(super) fn new(cancels: Cancels) -> Result<Self, SampleToolError> {
        Ok(Self {
            tools: serde_json::from_str(TOOLS).map_err(SampleToolError::BadTools)?,
            notes: Mutex::default(),
            cancels,
        })
    }

    async fn answer(
        &self,
        name: &str,
        arguments: &mut Arguments,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, Refusal> {
        let call = self.cancels.expect(context.id.clone());
        let result = match name {
            "notes" => {
                arguments.finish()?;
                let notes = self.notes().clone();
                CallToolResult::structured(json!({ "count": notes.len(), "notes": notes }))
            }
            "add-note" => self.add_note(arguments).await?,
            "summarise" => {
                self.steps(arguments, (20, 2_000), Manners::Listens, context, &call)
                    .await?
            }
            "reindex" => {
                self.steps(arguments, (40, 20_000), Manners::Ignores, context, &call)
                    .await?
            }
            "refuse" => {
                let message = arguments.text("message")?;
                arguments.finish()?;
                let message = message.unwrap_or_else(|| "this page is torn out".to_owned());
                CallToolResult::error(vec![ContentBlock::text(message)])
            }
            "garble" => {
                let error = ErrorData::internal_error("the ink has run", None);
                return Err(Refusal::Protocol(error));
            }
            "crash" => {
                // What this is for: an end that no message announces.
                let _ = writeln!(io::stderr(), "the binding is torn");
                std::process::exit(70);
            }
            "stall" => {
                self.stall().await;
                failed("nothing came of it")
            }
            _ => {
                let error = format!("there is no tool {name}");
                return Err(Refusal::Protocol(ErrorData::invalid_params(error, None)));
            }
        };
        Ok(result)
    }

    /// Reads, waits, and writes back: what others wrote meanwhile is lost.
    async fn add_note(&self, arguments: &mut Arguments) -> Result<CallToolResult, SampleToolError> {
        let text = arguments.needed("text")?;
        let wait = arguments.millis("ms", 100)?;
        arguments.finish()?;
        let mut notes = self.notes().clone();
        time::sleep(wait).await;
        notes.push(text);
        let count = notes.len();
        *self.notes() = notes;
        Ok(said(format!("note {count} is taken")))
    }

    async fn steps(
        &self,
        arguments: &mut Arguments,
        (steps, ms): (u64, u64),
        manners: Manners,
        context: &RequestContext<RoleServer>,
        call: &InFlight,
    ) -> Result<CallToolResult, SampleToolError> {
        let steps = arguments.number("steps", steps, 100_000)?.max(1);
        let time = arguments.millis("ms", ms)?;
        arguments.finish()?;
        let pause = time / u32::try_from(steps).unwrap_or(u32::MAX);
        for step in 1..=steps {
            tokio::select! {
                () = call.cancelled.cancelled(), if manners == Manners::Listens => {
                    return Ok(failed("cancelled"));
                }
                () = self.cancels.closed() => return Ok(failed("nobody listens any more")),
                () = time::sleep(pause) => tell(context, step, steps).await,
            }
        }
        let count = self.notes().len();
        Ok(said(format!("went through {count} notes in {steps} steps")))
    }

    async fn stall(&self) {
        tokio::select! {
            () = self.cancels.closed() => {}
            () = time::sleep(Duration::from_hours(1)) => {}
        }
    }

    fn notes(&self) -> MutexGuard<'_, Vec<String>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells of progress whoever asked to be told.
async fn tell(context: &RequestContext<RoleServer>, step: u64, steps: u64) {
    if let Some(token) = context.meta.get_progress_token() {
        let told = ProgressNotificationParam::new(token, step as f64).with_total(steps as f64);
        // Somebody who has gone away is not told.
        let _gone = context.peer.notify_progress(told).await;
    }
}

fn said(text: String) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

fn failed(text: &str) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}

impl ServerHandler for Notebook {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let own = Implementation::new("fanout-notebook", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities).with_server_info(own)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.clone()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let mut arguments = Arguments::of(request.arguments.unwrap_or_default());
        let answer = self.answer(&request.name, &mut arguments, &context).await;
        match answer {
            Ok(result) => Ok(result.into()),
            Err(Refusal::Arguments(error)) => Ok(failed(&error.to_string()).into()),
            Err(Refusal::Protocol(error)) => Err(error),
        }
    }
}
