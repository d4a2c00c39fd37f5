//! The program that answers for a model: the request as JSON on its standard
//! input, the result as JSON on its standard output.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time;

use crate::exec::{Containment, PersistentPipes, StopTokens};
use crate::model::ProcessSpec;

/// Longest time that the program has.
const LIMIT: Duration = Duration::from_mins(1);

/// Bytes of an answer that are read.
const MAX_ANSWER: u64 = 4 << 20;

/// Bytes of its standard error that go into a reason.
const MAX_STDERR: u64 = 300;

/// The program that answers for a model.
pub(super) struct Sampling {
    pub(super) launch: ProcessSpec,
    pub(super) containment: Containment,
}

/// Reason why the program gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SamplingError {
    #[error("did not start: {0}")]
    NotStarted(String),
    #[error("did not answer within {}s", LIMIT.as_secs())]
    Late,
    #[error("failed: {0}")]
    Failed(String),
    #[error("gave no answer that is one JSON object: {0}")]
    NoObject(String),
}

impl Sampling {
    /// Runs the program with a request; returns its answer.
    pub(super) async fn answer(&self, request: &Value) -> Result<Value, SamplingError> {
        let stop = StopTokens::default();
        let _stopped = stop.hard.clone().drop_guard();
        let started = self.containment.start_persistent(&self.launch, &stop).await;
        let (process, pipes) = started.map_err(|ending| {
            SamplingError::NotStarted(ending.reason.unwrap_or_else(|| "no reason".to_owned()))
        })?;
        let ended = tokio::spawn({
            let stop = stop.clone();
            async move { process.ended(&stop).await }
        });
        let talked = time::timeout(LIMIT, talk(pipes, request)).await;
        let talked = talked.map_err(|_elapsed| SamplingError::Late)?;
        let ending = time::timeout(LIMIT, ended).await;
        if let Ok(Ok(ending)) = ending
            && !ending.outcome.is_success()
        {
            let reason = ending.reason.unwrap_or_else(|| "no reason".to_owned());
            let said = talked.stderr.trim();
            let said = if said.is_empty() { "" } else { said };
            return Err(SamplingError::Failed(format!("{reason} {said}")));
        }
        let answer: Result<Value, _> = serde_json::from_slice(&talked.stdout);
        match answer {
            Ok(answer) if answer.is_object() => Ok(answer),
            Ok(_) => Err(SamplingError::NoObject("it is no object".to_owned())),
            Err(error) => Err(SamplingError::NoObject(error.to_string())),
        }
    }
}

/// Output of the program.
struct Talked {
    stdout: Vec<u8>,
    stderr: String,
}

async fn talk(pipes: PersistentPipes, request: &Value) -> Talked {
    let PersistentPipes {
        mut stdin,
        stdout,
        stderr,
    } = pipes;
    let asked = async {
        // A program that does not read its input may answer all the same.
        let _unread = stdin.write_all(request.to_string().as_bytes()).await;
        drop(stdin);
    };
    let (mut answer, mut said) = (Vec::new(), Vec::new());
    let mut stdout = stdout.take(MAX_ANSWER);
    let heard = async {
        // What came before an error of the pipe is all that there is.
        let _cut = stdout.read_to_end(&mut answer).await;
    };
    let complained = async {
        let mut first = stderr.take(MAX_STDERR);
        let _cut = first.read_to_end(&mut said).await;
        let mut rest = first.into_inner();
        let _drained = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
    };
    tokio::join!(asked, heard, complained);
    Talked {
        stdout: answer,
        stderr: String::from_utf8_lossy(&said).into_owned(),
    }
}
