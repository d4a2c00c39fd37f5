//! The agents that are known, as data: how long each waits for a tool, and
//! whether signs of life prolong that. Agents change; one that is not listed
//! is unknown, and nothing is guessed about it.

use std::time::Duration;

/// One agent, in the versions from `since` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownAgent {
    /// Name by which it introduces itself (`clientInfo.name`).
    pub client: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Two letters that mark its calls.
    pub mark: &'static str,
    /// First version of which this is known; later rows of a name win.
    pub since: &'static [u32],
    /// Time that it waits for a tool; `None` where it sets none or none is
    /// known.
    pub limit: Option<Duration>,
    /// Whether progress prolongs that time.
    pub extends: bool,
    /// Whether the two figures were measured, with the versions that are named;
    /// else they were read.
    pub measured: Option<&'static str>,
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn read(
    client: &'static str,
    title: &'static str,
    mark: &'static str,
    limit: Option<Duration>,
) -> KnownAgent {
    KnownAgent {
        client,
        title,
        mark,
        since: &[],
        limit,
        extends: false,
        measured: None,
    }
}

/// All of them. Rows of one name stand in the order of their versions.
pub const KNOWN_AGENTS: &[KnownAgent] = &[
    KnownAgent {
        measured: Some("2.1.197, 2.1.332"),
        ..read("claude-code", "Claude Code", "cc", Some(seconds(28 * 3600)))
    },
    read("codex-mcp-client", "Codex", "cx", Some(seconds(60))),
    KnownAgent {
        since: &[0, 171],
        measured: Some("0.171.0"),
        ..read("codex-mcp-client", "Codex", "cx", Some(seconds(300)))
    },
    KnownAgent {
        measured: Some("0.61.0"),
        ..read(
            "gemini-cli-mcp-client",
            "Gemini CLI",
            "gm",
            Some(seconds(600)),
        )
    },
    KnownAgent {
        extends: true,
        measured: Some("1.18.33"),
        ..read("opencode", "opencode", "oc", Some(seconds(60)))
    },
    read("Cline", "Cline", "cl", Some(seconds(60))),
    read("continue-client", "Continue", "cn", Some(seconds(60))),
    read("claude-ai", "Claude Desktop", "cd", Some(seconds(60))),
    read("Visual Studio Code", "VS Code", "vs", None),
    read("cursor-vscode", "Cursor", "cu", Some(seconds(300))),
    read(
        "github-copilot-developer",
        "Copilot CLI",
        "cp",
        Some(seconds(60)),
    ),
    read("mcp", "Python SDK", "py", None),
];

/// Returns what is known of an agent of this name and version.
pub fn find(client: &str, version: Option<&str>) -> Option<&'static KnownAgent> {
    let version = parts(version.unwrap_or_default());
    KNOWN_AGENTS
        .iter()
        .rfind(|known| known.client == client && known.since <= version.as_slice())
}

/// The leading numbers of a version such as `2.1.332-beta`.
fn parts(version: &str) -> Vec<u32> {
    let parts = version.split(['.', '-', '+']).take(4);
    parts.map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_the_version_is_found() {
        let limit = |name, version| find(name, version).and_then(|known| known.limit);
        assert_eq!(
            limit("codex-mcp-client", Some("0.171.0")),
            Some(seconds(300))
        );
        assert_eq!(limit("codex-mcp-client", Some("1.0")), Some(seconds(300)));
        assert_eq!(
            limit("codex-mcp-client", Some("0.104.0-alpha.1")),
            Some(seconds(60))
        );
        assert_eq!(limit("codex-mcp-client", None), Some(seconds(60)));
        assert_eq!(limit("opencode", Some("local")), Some(seconds(60)));
        assert_eq!(find("no such agent", Some("1.0")), None);
    }

    #[test]
    fn marks_are_two_letters_and_belong_to_one_agent() {
        for known in KNOWN_AGENTS {
            assert_eq!(known.mark.len(), 2, "{known:?}");
            let same = KNOWN_AGENTS.iter().filter(|it| it.mark == known.mark);
            assert!(
                same.clone().all(|it| it.client == known.client),
                "{known:?}"
            );
        }
    }
}
