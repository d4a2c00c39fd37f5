//! The files in which other programs configure their servers, each written as
//! its program writes it.

use super::shell::place;
use crate::bench::Bench;

/// Each file with its text; `SCRIPT` stands for the server's script.
const FILES: [(&str, &str); 6] = [
    (
        ".mcp.json",
        r#"{ "mcpServers": {
            "one": { "type": "stdio", "command": "${SHELL_PROGRAM:-/bin/sh}", "args": ["SCRIPT", "${MODE_OF_SERVER}"],
                     "env": { "TOKEN": "hush-${MODE_OF_SERVER}" } },
            "far": { "type": "sse", "url": "https://example.com/sse", "headers": { "Authorization": "hush" } } } }"#,
    ),
    (
        "claude_desktop_config.json",
        r#"{ "globalShortcut": "", "mcpServers": { "one": { "command": "/bin/sh", "args": ["SCRIPT", "plain"], "env": { "TOKEN": "hush-$X" } } } }"#,
    ),
    (
        ".vscode/mcp.json",
        r#"{
            // Comments and trailing commas are usual here.
            "inputs": [{ "type": "promptString", "id": "key", "password": true }],
            "servers": {
                "one": { "type": "stdio", "command": "/bin/sh", "args": ["${workspaceFolder}/server.sh", "${env:MODE_OF_SERVER}"], },
                "far": { "type": "sse", "url": "https://example.com/sse" },
            },
        }"#,
    ),
    (
        ".cursor/mcp.json",
        r#"{ "mcpServers": { "one": { "command": "/bin/sh", "args": ["SCRIPT", "${env:MODE_OF_SERVER}"] } } }"#,
    ),
    (
        ".codex/config.toml",
        r#"
model = "any"
[mcp_servers.one]
command = "/bin/sh"
args = ["SCRIPT", "plain"]
env_vars = ["MODE_OF_SERVER"]
startup_timeout_sec = 30
tool_timeout_sec = 60.0
[mcp_servers.far]
url = "https://example.com/mcp"
bearer_token_env_var = "TOKEN"
enabled = false
"#,
    ),
    (
        ".gemini/settings.json",
        r#"{ "theme": "any", "mcpServers": { "one": { "command": "/bin/sh", "args": ["SCRIPT", "$MODE_OF_SERVER"], "timeout": 60000, "trust": false, "excludeTools": ["fail"] },
            "far": { "url": "https://example.com/sse", "type": "sse" } } }"#,
    ),
];

const ENVIRONMENT: [(&str, &str); 1] = [("MODE_OF_SERVER", "plain")];

fn write(bench: &Bench, name: &str, text: &str) {
    place(bench, &[]);
    let script = bench.folder().join("server.sh").display().to_string();
    let path = bench.folder().join(name);
    let folder = path.parent().expect("a folder");
    std::fs::create_dir_all(folder).expect("the folder of the file");
    std::fs::write(path, text.replace("SCRIPT", &script)).expect("the file");
}

#[test]
fn each_of_the_six_formats_loads_and_what_cannot_be_used_is_named() {
    let bench = Bench::new();
    for (name, text) in FILES {
        write(&bench, name, text);
        let words = ["call", "one.look", "--catalogue", name];
        let answer = bench.run_with(&ENVIRONMENT, &words).with_code(0);
        assert_eq!(answer.stdout, "seen\n", "{name}");
        let words = ["tools", "--connect", "--catalogue", name];
        let answer = bench.run_with(&ENVIRONMENT, &words).with_code(0);
        assert!(answer.stdout.contains("one.look"), "{name}: {answer:?}");
        assert_eq!(
            answer.stdout.contains("one.fail"),
            !name.starts_with(".gemini")
        );
        let has_far = text.contains("far");
        let told = answer.stdout.contains("server far: not usable: it is ");
        assert_eq!(told, has_far, "{name}: {answer:?}");
    }
    bench.assert_nobody_is_left();
}

#[test]
fn a_variable_that_is_not_set_makes_its_server_unusable_with_its_place() {
    let bench = Bench::new();
    for (name, text) in FILES {
        if name == "claude_desktop_config.json" || name.starts_with(".codex") {
            continue;
        }
        write(&bench, name, text);
        let answer = bench.run(&["tools", "--catalogue", name]).with_code(0);
        let stdout = &answer.stdout;
        let reason = "server one: not usable: the variable `MODE_OF_SERVER` is not set";
        assert!(stdout.contains(reason), "{name}: {stdout}");
        assert!(stdout.contains(&format!("{name}:")), "{name}: {stdout}");
        let words = ["call", "one.look", "--catalogue", name];
        let stderr = bench.run(&words).with_code(3).stderr;
        assert!(
            stderr.contains("`MODE_OF_SERVER` is not set"),
            "{name}: {stderr}"
        );
    }
}

#[test]
fn values_of_variables_and_headers_are_never_shown() {
    let bench = Bench::new();
    for (name, text) in FILES {
        write(&bench, name, text);
        for form in [&["tools", "--json"][..], &["tools"]] {
            let words: Vec<&str> = form.iter().copied().chain(["--catalogue", name]).collect();
            let answer = bench.run_with(&ENVIRONMENT, &words).with_code(0);
            assert!(!answer.stdout.contains("hush"), "{name}: {answer:?}");
            assert!(!answer.stderr.contains("hush"), "{name}: {answer:?}");
        }
    }
}
