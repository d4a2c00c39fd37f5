//! The command line and the environment of a server's process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::catalogue::command::{folder_of, program_of, tidy};
use crate::catalogue::surroundings::{PASSED_TO_SERVERS, environment};
use crate::model::{AttemptNo, CallId, Epoch, McpServer, ProcessSpec, ServerTransport, Stdin};

/// Surroundings of a server.
#[derive(Debug, Clone, Copy)]
pub struct ServerSurroundings<'s> {
    /// The folder fanout was started in, absolute.
    pub started_in: &'s Path,
    /// Our own executable, which is the sample server.
    pub own_program: &'s Path,
    /// The environment fanout was started with.
    pub inherited_env: &'s BTreeMap<String, String>,
    /// The fresh folder of the run.
    pub run_dir: &'s Path,
}

/// The command line of a server; `None` for one that is not started but
/// reached over the network.
pub fn server_process_spec(
    server: &McpServer,
    around: &ServerSurroundings<'_>,
) -> Option<ProcessSpec> {
    let ServerTransport::Stdio {
        argv,
        env,
        env_pass,
        cwd,
    } = &server.transport
    else {
        return None;
    };
    let folder = folder_of(server.origin.as_deref(), around.started_in);
    let (program, rest) = argv.split_first()?;
    let mut words = vec![program_of(program, &folder, around.own_program)];
    words.extend(rest.iter().cloned());
    let values = env.iter();
    let values = values
        .map(|(name, value)| (name.clone(), value.reveal().to_owned()))
        .collect();
    let of_servers = PASSED_TO_SERVERS.map(str::to_owned);
    let passed: Vec<String> = env_pass.iter().cloned().chain(of_servers).collect();
    let env = environment(&values, &passed, around.inherited_env);
    Some(spec(
        words,
        env,
        cwd.as_deref().map(|cwd| folder.join(cwd)),
        around,
    ))
}

/// The command line of a program of the user's own.
pub fn program_process_spec(argv: &[String], around: &ServerSurroundings<'_>) -> ProcessSpec {
    let passed = PASSED_TO_SERVERS.map(str::to_owned);
    let env = environment(&BTreeMap::new(), &passed, around.inherited_env);
    spec(argv.to_vec(), env, None, around)
}

fn spec(
    argv: Vec<String>,
    mut env: BTreeMap<String, String>,
    cwd: Option<PathBuf>,
    around: &ServerSurroundings<'_>,
) -> ProcessSpec {
    let run_dir = around.run_dir.display().to_string();
    env.insert("FANOUT_RUN_DIR".to_owned(), run_dir);
    ProcessSpec {
        // It belongs to no call; nothing reports under these.
        call: CallId::MAX,
        attempt: AttemptNo(1),
        epoch: Epoch(0),
        argv,
        env,
        cwd: match cwd {
            Some(cwd) => tidy(&cwd),
            None => around.started_in.to_owned(),
        },
        stdin: Stdin::Empty,
    }
}
