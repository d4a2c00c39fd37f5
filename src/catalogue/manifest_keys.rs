//! The keys of catalogue files, described once: the JSON Schema and README's
//! table come from here, and tests hold the readers against them.

use serde_json::Value;

use super::keys::{Key, Shape, file_schema, keys};
use super::servers::oauth::GRANTS;
use crate::model::ProtocolChoice;

const TEXTS: Shape = Shape::List(&Shape::Text);
const ARGV: Shape = Shape::NonEmpty(&Shape::Text);
const VARIABLES: Shape = Shape::Map(&Shape::Text);
const COUNT: Shape = Shape::Whole(1, u32::MAX as i64);
const STARTS_PER_TIME: Shape = Shape::Matching(r"^\s*[0-9]+\s*/");
const RATE: Shape = Shape::Either(&[STARTS_PER_TIME, Shape::Table(rate_keys)]);
const LOCKS: Shape = Shape::Table(lock_keys);

/// The JSON Schema of a catalogue.
pub(crate) fn schema() -> Value {
    let keys = keys! {
        "tool" Shape::List(&Shape::Table(tool_keys)), "[{ name = \"list\", command = [\"ls\"] }]";
            "The tools";
        "mcp" Shape::Map(&Shape::Table(server_keys)), "{ memory = { command = [\"server-memory\"] } }";
            "Servers of the Model Context Protocol by name; their tools appear as `name.tool`";
    };
    file_schema("fanout catalogue", &keys)
}

/// The keys of a tool.
pub(crate) fn tool_keys() -> Vec<Key> {
    let mut keys = description_keys();
    keys.extend(limit_keys());
    keys.extend(execution_keys());
    keys
}

/// The keys that describe a tool, and its annotations.
fn description_keys() -> Vec<Key> {
    keys! {
        "name" Shape::Matching(r"^[A-Za-z0-9_.-]{1,128}$"), "\"word-count\"" .required();
            "Name in plans: letters, digits, `_`, `-` and `.`";
        "description" Shape::Text, "\"Counts words\"";
            "What it does, in a sentence";
        "command" ARGV, "[\"wc\", \"-w\", \"{{path}}\"]";
            "Program and arguments, never a shell. `{{name}}` fills one element or part of one, \
             and is never split; an element that is one optional argument without a value is \
             dropped. A program with a slash is relative to the catalogue";
        "stdin" Shape::Words(&["none", "json"]), "\"json\"" .or("`none`");
            "Standard input: nothing, or all arguments as one JSON object";
        "output" Shape::Words(&["auto", "json", "text"]), "\"json\"" .or("`auto`");
            "Form of the standard output; `auto` is JSON if it is a JSON document, else text";
        "input_schema" Shape::Map(&Shape::Any), "{ type = \"object\" }" .or("any object");
            "JSON Schema of the arguments; a call that violates it never starts";
        "read_only" Shape::Flag, "true";
            "Changes nothing. This and the next three are MCP's annotations";
        "idempotent" Shape::Flag, "true";
            "Calling it again changes nothing more";
        "destructive" Shape::Flag, "false";
            "What it changes may be lost";
        "open_world" Shape::Flag, "false";
            "Deals with things outside of this machine";
    }
}

/// The keys of how often, where and with what a tool runs.
fn execution_keys() -> Vec<Key> {
    let limits = vec![queue_timeout(), max_parallel(), rate()];
    let surroundings = keys! {
        "locks" LOCKS, "{ read = [\"file:{{path}}\"] }";
            "Locks that its calls hold; `{{name}}` is an argument";
        "cwd" Shape::Text, "\"scripts\"" .or("the folder in which fanout was started");
            "Working directory, relative to the catalogue";
        "env" VARIABLES, "{ LANG = \"C\" }";
            "Variables of its environment";
        "env_pass" TEXTS, "[\"API_KEY\"]";
            "Names of variables that it gets from fanout's environment";
        "dash" TEXTS, "[\"path\"]";
            "Arguments that may begin with `-` without a `--` before them";
    };
    let request = keys! {
        "http" Shape::Table(request_keys), "{ url = \"https://example.org/{{id}}\" }";
            "A request instead of a `command`, see below";
    };
    [limits, surroundings, vec![estimate()], request].concat()
}

/// The keys of a request.
fn request_keys() -> Vec<Key> {
    const METHODS: &[&str] = &["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"];
    keys! {
        "method" Shape::Words(METHODS), "\"POST\"" .or("GET");
            "Method";
        "url" Shape::Matching("^https?://"), "\"https://example.org/items/{{id}}\"" .required();
            "Address; scheme and host are fixed, values are encoded for their position";
        "headers" VARIABLES, "{ Authorization = \"Bearer ${TOKEN}\" }";
            "Headers by name; `${NAME}` is a variable of the environment, whose value is never \
             shown";
        "body" Shape::Any, "{ title = \"{{title}}\" }";
            "A text, or a table that is sent as JSON";
    }
}

/// Severities of what a server logs.
const LOG_LEVELS: &[&str] = &[
    "debug",
    "info",
    "notice",
    "warning",
    "error",
    "critical",
    "alert",
    "emergency",
];

/// The keys of an MCP server.
pub(crate) fn server_keys() -> Vec<Key> {
    keys! {
        "command" ARGV, "[\"npx\", \"-y\", \"server-memory\"]";
            "Program and arguments, never a shell";
        "url" Shape::Text, "\"https://example.org/mcp\"";
            "Address, instead of a command: streamable HTTP; `${NAME}` is a variable of the \
             environment";
        "headers" VARIABLES, "{ X-Team = \"tools\" }";
            "Headers of every request; `${NAME}` is a variable of the environment";
        "env" VARIABLES, "{ A = \"b\" }";
            "Variables of its environment";
        "env_pass" TEXTS, "[\"API_KEY\"]";
            "Names of variables that it gets from fanout's environment";
        "cwd" Shape::Text, "\"servers\"" .or("the folder in which fanout was started");
            "Working directory, relative to the catalogue";
        "startup_timeout" Shape::Duration, "\"2m\"" .or("60s, or 30s with `url`,");
            "Longest time from its start until its tools are listed";
        "protocol" Shape::Words(&ProtocolChoice::WORDS), "\"2025-11-25\"" .or("`auto`");
            "Revision of the protocol; `auto` takes the newest that it speaks";
        "oauth" Shape::Table(oauth_keys), "{ scopes = [\"read\"] }";
            "How to sign in to it, see below; without it, it says itself what it wants";
        "timeout" Shape::Duration, "\"1m\"";
            "Longest run time of its calls";
        "parallel" Shape::Flag, "true";
            "All of its calls may overlap, whatever its tools say";
        "only" TEXTS, "[\"search\"]" .or("all");
            "The tools to take over";
        "except" TEXTS, "[\"delete\"]";
            "The tools to leave out";
        "roots" TEXTS, "[\"src\"]" .or("the plan's folder");
            "Folders that it is told of, relative to the catalogue";
        "log_level" Shape::Words(LOG_LEVELS), "\"debug\"" .or("as the server has it");
            "Least severity of the messages that it is to log";
        "tools" Shape::Map(&Shape::Table(server_tool_keys)), "{ add = { timeout = \"1s\" } }";
            "Settings of single tools, by the server's name for them";
    }
}

/// The keys of signing in to a server.
pub(super) fn oauth_keys() -> Vec<Key> {
    keys! {
        "client_id" Shape::Text, "\"fanout\"" .or("a client that is registered on the fly");
            "Name of a client that was registered with the authorization server";
        "client_secret" Shape::Text, "\"${SECRET}\"";
            "Its password; `${NAME}` is a variable of the environment";
        "client_metadata_url" Shape::Matching("^https://"), "\"https://example.org/fanout.json\"";
            "Address of a document that describes the client, where such addresses are taken for a name";
        "scopes" TEXTS, "[\"read\"]" .or("what the server names");
            "Scopes to ask for";
        "redirect_port" Shape::Whole(1, 65535), "8765" .or("any free one");
            "Port of this machine that the browser is sent back to";
        "grant" Shape::Words(&GRANTS), "\"client_credentials\"" .or("`authorization_code`");
            "`authorization_code` asks a person in a browser; `client_credentials` asks nobody, \
             and goes by `client_secret` or `private_key`";
        "private_key" Shape::Text, "\"${KEY}\"";
            "Key in PEM (PKCS#8; P-256, P-384 or RSA) that signs instead of a password";
        "identity_provider" Shape::Table(identity_provider_keys),
            "{ issuer = \"https://id.example.org\", token_endpoint = \"https://id.example.org/token\", client_id = \"fanout\", id_token = \"${ID_TOKEN}\" }";
            "Provider of a company's identities whose token opens the server";
    }
}

/// The keys of an identity provider.
pub(super) fn identity_provider_keys() -> Vec<Key> {
    keys! {
        "issuer" Shape::Text, "\"https://id.example.org\"" .required();
            "Its name, an address";
        "token_endpoint" Shape::Matching("^https?://"), "\"https://id.example.org/token\"" .required();
            "Address at which it exchanges tokens";
        "client_id" Shape::Text, "\"fanout\"" .required();
            "Name of the client there";
        "id_token" Shape::Text, "\"${ID_TOKEN}\"" .required();
            "Token that says who the user is; `${NAME}` is a variable of the environment";
    }
}

/// The keys of one tool of a server.
pub(crate) fn server_tool_keys() -> Vec<Key> {
    let access = keys! {
        "locks" LOCKS, "{ write = [\"graph\"] }";
            "Locks instead of the lock on the whole server; `{{name}}` is an argument";
        "parallel" Shape::Flag, "true";
            "Its calls may overlap, whatever the tool says";
    };
    let limits = vec![max_parallel(), rate(), estimate()];
    [limit_keys(), access, limits].concat()
}

/// The limits on one attempt.
fn limit_keys() -> Vec<Key> {
    keys! {
        "timeout" Shape::Duration, "\"10s\"";
            "Longest run time of one attempt";
        "idle_timeout" Shape::Duration, "\"10s\"";
            "Longest time without output or progress";
        "grace" Shape::Duration, "\"2s\"" .or("5s");
            "Time between the request to stop (SIGTERM) and the end of waiting for it (SIGKILL)";
    }
}

fn queue_timeout() -> Key {
    Key::new(
        "queue_timeout",
        Shape::Duration,
        "\"5m\"",
        "Longest time from being ready to the first start",
    )
}

fn max_parallel() -> Key {
    Key::new(
        "max_parallel",
        COUNT,
        "2",
        "Most of its calls that may run at once",
    )
}

fn rate() -> Key {
    Key::new(
        "rate",
        RATE,
        "\"5/s\"",
        "Most starts in a time: `\"5/s\"`, or `{ limit = \"100/m\", burst = 10 }`",
    )
}

fn estimate() -> Key {
    Key::new(
        "estimate",
        Shape::Duration,
        "\"1.5s\"",
        "Expected run time of a call",
    )
}

/// The keys of a rate.
fn rate_keys() -> Vec<Key> {
    keys! {
        "limit" STARTS_PER_TIME, "\"100/m\"" .required();
            "Most starts in a time";
        "burst" COUNT, "10" .or("1");
            "Starts that may come at once";
    }
}

/// The keys of `locks`, in plans as well.
pub(crate) fn lock_keys() -> Vec<Key> {
    keys! {
        "write" TEXTS, "[\"file:out.txt\"]";
            "Locks it holds alone";
        "read" TEXTS, "[\"db\"]";
            "Locks it shares with other readers";
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::{assert_in_readme, assert_schema_takes};
    use super::super::problem::Problem;
    use super::super::source::Source;
    use super::super::{Catalogue, Problems};
    use super::*;

    /// The tables of a catalogue: what to write before a key, the word that its
    /// problems name it by, and its keys.
    fn tables() -> [(&'static str, &'static str, Vec<Key>); 6] {
        [
            (
                "[mcp.x]\nurl = 'https://x.org'\n[mcp.x.oauth]\n",
                "a sign-in",
                oauth_keys(),
            ),
            (
                "[mcp.x]\nurl = 'https://x.org'\n[mcp.x.oauth.identity_provider]\n",
                "an identity provider",
                identity_provider_keys(),
            ),
            ("[[tool]]\n", "a tool", tool_keys()),
            (
                "[[tool]]\nname = 'x'\n[tool.http]\n",
                "a request",
                request_keys(),
            ),
            ("[mcp.x]\n", "a server", server_keys()),
            (
                "[mcp.x]\ncommand = ['x']\n[mcp.x.tools.y]\n",
                "a server's tool",
                server_tool_keys(),
            ),
        ]
    }

    fn problems(text: &str) -> Problems {
        let source = Source::new("keys.toml", text);
        Catalogue::of_source(&source, std::path::Path::new("keys.toml")).1
    }

    /// Whether anything is wrong at the last line of a text.
    fn is_taken(text: &str) -> bool {
        let last = text.trim_end().lines().count();
        let found = problems(text);
        let mut lines = found.iter().filter_map(Problem::position);
        !lines.any(|at| at.line == last)
    }

    #[test]
    fn the_readers_know_exactly_the_keys_that_are_described() {
        for (before, what, keys) in tables() {
            for key in &keys {
                let is_remote = matches!(key.name, "headers" | "oauth") && what == "a server";
                let url = if is_remote {
                    "url = 'https://x.org'\n"
                } else {
                    ""
                };
                let text = format!("{before}{url}{} = {}\n", key.name, key.example);
                assert!(is_taken(&text), "{text}{:?}", problems(&text));
            }
            let found = problems(&format!("{before}zzzzzz = 1\n"));
            let unknown = format!("{what} has no key `zzzzzz`");
            let unknown = found.iter().find(|it| it.message() == unknown);
            let help = unknown.and_then(|it| it.help()).expect("its keys");
            let known = help.split('`').skip(1).step_by(2);
            for name in known {
                // Keys of commands are refused with a reason of their own.
                let is_described = keys.iter().any(|key| key.name == name);
                assert!(is_described || name == "launcher", "{what}: {name}");
            }
        }
    }

    #[test]
    fn values_that_a_reader_takes_fit_the_schema() {
        for (before, _, keys) in tables() {
            assert_schema_takes(before, &keys, is_taken);
        }
    }

    #[test]
    fn the_keys_of_a_server_stand_in_readme() {
        assert_in_readme("key of a server", &server_keys());
    }

    #[test]
    fn the_keys_of_a_sign_in_stand_in_readme() {
        assert_in_readme("key of `oauth`", &oauth_keys());
    }

    #[test]
    fn the_keys_of_a_tool_stand_in_readme() {
        assert_in_readme("key of a tool", &tool_keys());
    }
}
