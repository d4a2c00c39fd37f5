//! `fanout call`: one tool, its output only.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use super::exit::{self, Exit};
use super::headless::{self, Conducted, OutputForm};
use super::one_call::OneCall;
use super::options::{AnswerOptions, CatalogueOptions, PolicyOptions, ProtocolOption};
use super::{completions, ending, terminal};
use crate::app::{LeakPolicy, Session};
use crate::model::{CallId, Snapshot};
use crate::output::{CopyForm, CopyRequest, Stream, Streams, save_attachments};

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout call word-count path=README.md
  fanout call search pattern=TODO path=src max:=5
  fanout call echo --args '{\"text\": \"hello\"}'
  fanout call notes:resource note://1 --catalogue servers.toml
  fanout call notes:prompt review file=a.rs --catalogue servers.toml")]
pub(super) struct Call {
    /// The tool; SERVER:resource reads a resource of a server, SERVER:prompt
    /// gets a prompt
    #[arg(value_name = "TOOL", add = completions::tools())]
    tool: String,
    /// Arguments: KEY=VALUE typed by the tool's schema, KEY:=JSON raw; first the
    /// address of a resource, or the name of a prompt
    #[arg(value_name = "KEY=VALUE", add = completions::arguments())]
    pairs: Vec<String>,
    /// All arguments as one JSON object; pairs stand over it
    #[arg(long, value_name = "JSON")]
    args: Option<String>,
    /// Save images, sounds and files that the call hands over in this folder
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    protocol: ProtocolOption,
    #[command(flatten)]
    answers: AnswerOptions,
}

impl Call {
    pub(super) fn run(self) -> Exit {
        let mut session = match self.prepare() {
            Ok(session) => session,
            Err(exit) => return exit,
        };
        let settings = PolicyOptions::default().settings(&session.plan);
        match headless::conduct_as(&mut session, &settings, OutputForm::Silent, None) {
            Ok(Conducted { end, .. }) => {
                let printed = print(&session, &end.last);
                let is_cut = matches!(printed, Ok(dropped) if dropped > 0);
                let printed = exit::written(printed.map(drop));
                let printed = exit::first_failure(printed, self.save(&session));
                let whole = if is_cut {
                    Exit::CallFailed
                } else {
                    Exit::Success
                };
                let printed = exit::first_failure(printed, whole);
                let verdict = ending::verdict(&end.last, &session.plan, LeakPolicy::Pass);
                let ended = exit::first_failure(printed, verdict);
                end.interruption.map_or(ended, Exit::from)
            }
            Err(error) => exit::cannot_run(&error),
        }
    }

    /// Saves what the call handed over beside its text.
    fn save(&self, session: &Session) -> Exit {
        let Some(folder) = &self.save else {
            return Exit::Success;
        };
        let kept = session.environment.store.attachments(CallId::from_index(0));
        match save_attachments(&kept, folder, &self.tool) {
            Ok(paths) => {
                for path in paths {
                    exit::complain(&format!("saved {}", path.display()));
                }
                Exit::Success
            }
            Err(error) => {
                exit::complain(&format!("not saved in {}: {error}", folder.display()));
                Exit::CannotRun
            }
        }
    }

    fn prepare(&self) -> Result<Session, Exit> {
        let call = OneCall {
            tool: &self.tool,
            whole: self.args.as_deref(),
            pairs: &self.pairs,
            others: None,
        };
        call.prepare(&self.catalogue, &self.protocol, &self.answers)
    }
}

/// Prints the output of the call, and on standard error why it did not
/// succeed. Returns the number of bytes of output that were dropped.
fn print(session: &Session, last: &Snapshot) -> io::Result<u64> {
    let id = CallId::from_index(0);
    let whole = CopyRequest {
        attempt: None,
        streams: Streams::Only(Stream::Stdout),
        lines: 0..u64::MAX,
        form: CopyForm::Raw,
        limit_bytes: u64::MAX,
    };
    let mut out = terminal::stdout();
    let printed = session
        .environment
        .store
        .reader()
        .copy(id, &whole, &mut out)?;
    out.flush()?;
    drop(out);
    let store = &session.environment.store;
    let total = store.stat(id).stdout_bytes;
    let dropped = total.saturating_sub(printed.bytes);
    if dropped > 0 {
        let why = match store.problem() {
            Some(problem) => format!("the output could not be kept on disk ({problem})"),
            None => "the output is longer than is kept".to_owned(),
        };
        exit::complain(&format!(
            "{why}: {dropped} of its {total} bytes were dropped, where a line says so"
        ));
    }
    let stderr = session.environment.store.stderr_tail(id);
    let mut err = io::stderr().lock();
    terminal::write(&stderr.bytes, io::stderr().is_terminal(), &mut err)?;
    if let Some(row) = last.row(id)
        && let Some(reason) = &row.reason
    {
        writeln!(err, "fanout: {}: {reason}", row.state.word())?;
    }
    Ok(dropped)
}
