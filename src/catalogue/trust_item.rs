//! The programs and services that a catalogue uses, for the question of trust.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::command::{folder_of, program_of, tidy};
use super::http;
use super::tools::Catalogue;
use crate::model::{McpServer, RequestTemplate, ServerTransport, StdinKind, Tool, ToolAction};

/// The program or the service that one tool or server of a catalogue uses.
/// Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustItem {
    /// Its kind and name: `tool build`, `server memory`.
    pub who: String,
    /// Its effects, one a line. Variables that are set stand there with their
    /// values, those with a secret name without; headers are named only.
    pub lines: Vec<String>,
    /// Digests of the values that do not stand there, by the variable: they are
    /// compared, and never shown.
    #[serde(default)]
    pub hidden: BTreeMap<String, String>,
}

impl TrustItem {
    /// Every tool and every server of a catalogue. Nothing is left out.
    pub fn all(catalogue: &Catalogue, started_in: &Path, own_program: &Path) -> Vec<Self> {
        let context = Context {
            started_in,
            own_program,
        };
        let tools = catalogue.tools().map(|tool| context.of_tool(tool));
        let servers = catalogue.servers().map(|server| context.of_server(server));
        tools.chain(servers).collect()
    }
}

struct Context<'a> {
    started_in: &'a Path,
    own_program: &'a Path,
}

/// A command as a manifest writes it.
struct CommandTemplate<'w> {
    argv: &'w [String],
    cwd: Option<&'w Path>,
    sets: Vec<(&'w str, &'w str)>,
    takes: &'w [String],
    origin: Option<&'w Path>,
}

impl Context<'_> {
    fn of_tool(&self, tool: &Tool) -> TrustItem {
        let lines = match &tool.action {
            ToolAction::Command {
                argv,
                cwd,
                stdin,
                env,
                env_pass,
                ..
            } => {
                let mut lines = self.command(&CommandTemplate {
                    argv,
                    cwd: cwd.as_deref(),
                    sets: pairs(env.iter().map(|(name, value)| (name, value.as_str()))),
                    takes: env_pass,
                    origin: tool.origin.as_deref(),
                });
                if *stdin == StdinKind::Json {
                    lines.push("reads  its arguments as JSON".to_owned());
                }
                lines
            }
            ToolAction::Mcp { server, .. } => vec![format!("asks   server {server}")],
            ToolAction::Http { request } => asked(request),
            ToolAction::Wait { .. } => Vec::new(),
        };
        TrustItem {
            who: format!("tool {}", tool.name),
            lines,
            hidden: match &tool.action {
                ToolAction::Command { env, .. } => {
                    hidden(env.iter().map(|(name, value)| (name, value.as_str())))
                }
                ToolAction::Mcp { .. } | ToolAction::Http { .. } | ToolAction::Wait { .. } => {
                    BTreeMap::new()
                }
            },
        }
    }

    fn of_server(&self, server: &McpServer) -> TrustItem {
        let lines = match &server.transport {
            ServerTransport::Stdio {
                argv,
                env,
                env_pass,
                cwd,
            } => self.command(&CommandTemplate {
                argv,
                cwd: cwd.as_deref(),
                sets: pairs(env.iter().map(|(name, value)| (name, value.reveal()))),
                takes: env_pass,
                origin: server.origin.as_deref(),
            }),
            ServerTransport::Http { url, headers } => {
                let mut lines = vec![format!("asks   {}", quoted(url))];
                lines.extend(named("sends ", headers.keys().map(String::as_str)));
                lines
            }
        };
        TrustItem {
            who: format!("server {}", server.name),
            lines,
            hidden: match &server.transport {
                ServerTransport::Stdio { env, .. } => {
                    hidden(env.iter().map(|(name, value)| (name, value.reveal())))
                }
                ServerTransport::Http { .. } => BTreeMap::new(),
            },
        }
    }

    fn command(&self, command: &CommandTemplate<'_>) -> Vec<String> {
        let folder = folder_of(command.origin, self.started_in);
        let mut words = command.argv.iter();
        let program = words.next().map(String::as_str).unwrap_or_default();
        let program = program_of(program, &folder, self.own_program);
        let words = std::iter::once(quoted(&program)).chain(words.map(|word| quoted(word)));
        let words: Vec<String> = words.collect();
        let mut lines = vec![format!("runs   {}", words.join(" "))];
        if let Some(cwd) = command.cwd {
            let cwd = tidy(&folder.join(cwd));
            lines.push(format!("in     {}", quoted(&cwd.display().to_string())));
        }
        lines.extend(command.sets.iter().filter_map(|set| setting(*set)));
        let takes = command.takes.iter().map(String::as_str);
        lines.extend(named("takes ", takes));
        lines
    }
}

/// Names of variables that say nothing of what is executed.
const HARMLESS: [&str; 5] = ["LANG", "TZ", "TERM", "NO_COLOR", "FORCE_COLOR"];

/// Words in the names of variables whose values are secret.
const SECRET_WORDS: [&str; 6] = ["KEY", "TOKEN", "SECRET", "PASS", "AUTH", "CRED"];

fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name) || name.starts_with("LC_")
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

fn pairs<'e>(env: impl Iterator<Item = (&'e String, &'e str)>) -> Vec<(&'e str, &'e str)> {
    env.map(|(name, value)| (name.as_str(), value)).collect()
}

/// Returns the line about a variable that is set; none about one that says
/// nothing of what is executed.
fn setting((name, value): (&str, &str)) -> Option<String> {
    if is_harmless(name) {
        return None;
    }
    let value = if is_secret(name) {
        "…".to_owned()
    } else {
        quoted(value)
    };
    Some(format!("sets   {}={value}", quoted(name)))
}

/// Returns digests of the values that [`setting`] does not show.
fn hidden<'e>(env: impl Iterator<Item = (&'e String, &'e str)>) -> BTreeMap<String, String> {
    let secret = env.filter(|(name, _)| is_secret(name) && !is_harmless(name));
    let digests = secret.map(|(name, value)| {
        let digest = Sha256::digest(format!("{name}={value}"));
        (name.clone(), format!("{digest:x}"))
    });
    digests.collect()
}

/// Lines about a request.
fn asked(request: &RequestTemplate) -> Vec<String> {
    let url = quoted(&request.url);
    let mut lines = vec![format!("asks   {} {url}", request.method)];
    let headers = request.headers.iter().map(|(name, _)| name.as_str());
    lines.extend(named("sends ", headers));
    let variables = http::variables_of(request);
    lines.extend(named("takes ", variables.into_iter()));
    lines
}

/// Names of variables or headers behind a word; none is no line.
fn named<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    let names: Vec<String> = names.map(quoted).collect();
    (!names.is_empty()).then(|| format!("{word} {}", names.join(", ")))
}

/// A word as it is where nothing in it could be mistaken; else in quotes, with
/// every character that cannot be seen as its number.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.,:/@%+={}".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("{word:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::source::Source;

    #[test]
    fn every_command_stands_there_and_no_secret() {
        let text = r#"
[[tool]]
name = "sneaky"
command = ["./run\u202e.sh", "-c", "rm -rf ~\n#", "{{x}}", ""]
cwd = "sub"
stdin = "json"
env = { TOKEN = "hunter2" }
env_pass = ["HUNTER"]
[mcp.memory]
command = ["node", "index.js"]
env = { KEY = "hunter2", PERL5LIB = "li b", LANG = "C" }
"#;
        let path = Path::new("/p/fanout.toml");
        let source = Source::new("fanout.toml", text);
        let (catalogue, problems) = Catalogue::of_source(&source, path);
        assert!(problems.is_empty(), "{problems:?}");
        let uses = TrustItem::all(&catalogue, Path::new("/start"), Path::new("/bin/fanout"));
        let shown: Vec<String> = uses
            .iter()
            .flat_map(|it| std::iter::once(it.who.clone()).chain(it.lines.iter().cloned()))
            .collect();
        assert_eq!(
            shown,
            [
                "tool sneaky",
                r#"runs   "/p/run\u{202e}.sh" -c "rm -rf ~\n#" {{x}} """#,
                "in     /p/sub",
                "sets   TOKEN=…",
                "takes  HUNTER",
                "reads  its arguments as JSON",
                "server memory",
                "runs   node index.js",
                "sets   KEY=…",
                r#"sets   PERL5LIB="li b""#,
            ]
        );
        assert!(!format!("{uses:?}").contains("hunter2"));
    }

    #[test]
    fn another_value_of_a_variable_is_another_use() {
        let uses = |env: &str| {
            let text = format!("[[tool]]\nname = \"t\"\ncommand = [\"c\"]\nenv = {{ {env} }}\n");
            let source = Source::new("fanout.toml", &text);
            let (catalogue, problems) = Catalogue::of_source(&source, Path::new("/fanout.toml"));
            assert!(problems.is_empty(), "{problems:?}");
            TrustItem::all(&catalogue, Path::new("/"), Path::new("/bin/fanout"))
        };
        assert_ne!(uses("PERL5LIB = \"lib\""), uses("PERL5LIB = \"evil\""));
        assert_ne!(uses("API_KEY = \"one\""), uses("API_KEY = \"other\""));
        assert_eq!(uses("LANG = \"C\""), uses("LC_ALL = \"de\""));
    }
}
