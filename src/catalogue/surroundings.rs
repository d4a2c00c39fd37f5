//! The working directory and the environment of a tool.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::{AttemptNo, CallName};

/// Variables that every tool gets if fanout has them.
const PASSED: [&str; 6] = ["PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR"];

/// Beginnings of further such variables.
const PASSED_PREFIXES: [&str; 2] = ["LC_", "XDG_"];

/// Variables that a tool server gets besides: what the programs that are
/// written for agents expect, to reach the network and to act for the user.
pub(super) const PASSED_TO_SERVERS: [&str; 14] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "SHELL",
    "LOGNAME",
    "SSH_AUTH_SOCK",
];

/// Surroundings of one attempt.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'s> {
    /// The folder fanout was started in, absolute.
    pub started_in: &'s Path,
    /// Our own executable, which the sample tools run.
    pub own_program: &'s Path,
    /// The environment fanout was started with.
    pub inherited_env: &'s BTreeMap<String, String>,
    /// The fresh folder of the run.
    pub run_dir: &'s Path,
    /// The call.
    pub call: &'s CallName,
    /// Which try.
    pub attempt: AttemptNo,
}

/// Returns the environment of an attempt: the inherited variables that every
/// tool gets, those that the manifest passes and sets, then our own.
pub(super) fn of_attempt(
    set: &BTreeMap<String, String>,
    passed: &[String],
    surroundings: &Surroundings<'_>,
) -> BTreeMap<String, String> {
    let mut env = environment(set, passed, surroundings.inherited_env);
    let own = [
        ("FANOUT_CALL_ID", surroundings.call.to_string()),
        ("FANOUT_ATTEMPT", surroundings.attempt.0.to_string()),
        ("FANOUT_RUN_DIR", surroundings.run_dir.display().to_string()),
    ];
    env.extend(own.map(|(name, value)| (name.to_owned(), value)));
    env
}

/// Returns the inherited variables that every tool gets, then those that the
/// manifest passes and sets.
pub(super) fn environment(
    set: &BTreeMap<String, String>,
    passed: &[String],
    inherited: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let is_passed = |name: &str| {
        PASSED.contains(&name)
            || PASSED_PREFIXES.iter().any(|start| name.starts_with(start))
            || passed.iter().any(|pass| pass == name)
    };
    let inherited = inherited.iter().filter(|(name, _)| is_passed(name));
    let mut env: BTreeMap<String, String> = inherited
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if !passed.iter().any(|name| name == "TERM") {
        env.insert("TERM".to_owned(), "dumb".to_owned());
    }
    env.extend(
        set.iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    env
}
