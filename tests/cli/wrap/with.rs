//! `with`: an agent that is started with other servers, and no file changed.

use super::{SECRET, User, files};

fn entry() -> serde_json::Value {
    serde_json::json!({ "command": "npx", "args": ["mem"], "env": { "API_KEY": SECRET } })
}

#[test]
fn claude_gets_a_private_file_that_goes_with_it() {
    let user = User::new();
    let own =
        serde_json::json!({ "mcpServers": { "mem": entry(), "web": { "url": "https://x.y" } } });
    user.file("home/.claude.json", &own.to_string());
    user.file(
        ".mcp.json",
        r#"{"mcpServers": {"brought": {"command": "touch", "args": ["started"]}}}"#,
    );
    user.program(
        "claude",
        "cp \"$2\" seen.json; stat -c %a \"$2\" >mode; exit 7",
    );
    let before = files(&user.home());
    let answer = user
        .run(&["with", "--govern", "--", "claude", "-p", "hi"])
        .with_code(7);
    assert_eq!(files(&user.home()), before);
    let words = user.text("claude.argv");
    assert!(!words.contains(SECRET), "{words}");
    let words: Vec<&str> = words.lines().collect();
    assert_eq!(words[0], "--mcp-config");
    assert_eq!(words[2..], ["--strict-mcp-config", "-p", "hi"]);
    assert!(!std::path::Path::new(words[1]).exists(), "{}", words[1]);
    assert_eq!(user.text("mode"), "600\n");
    let seen: serde_json::Value = serde_json::from_str(&user.text("seen.json")).expect("JSON");
    let servers = &seen["mcpServers"];
    assert_eq!(servers["mem"]["args"][0], "mcp");
    assert_eq!(servers["mem"]["env"]["API_KEY"], SECRET);
    assert!(
        servers["mem"]["args"]
            .to_string()
            .contains("\"--govern\",\"--\""),
        "{servers}"
    );
    assert_eq!(servers["web"]["url"], "https://x.y");
    assert!(servers["brought"].is_null(), "{servers}");
    assert!(
        answer
            .stderr
            .contains("`brought` of this project is left out"),
        "{answer:#?}"
    );
}

#[test]
fn codex_gets_options_without_any_value() {
    let user = User::new();
    let text = format!(
        "[mcp_servers.mem]\ncommand = \"npx\"\nargs = [\"mem\"]\nenv = {{ API_KEY = \"{SECRET}\" }}\n"
    );
    user.file("home/.codex/config.toml", &text);
    user.program("codex", "kill -9 $$");
    user.run(&["with", "--", "codex", "exec", "hi"])
        .with_code(137);
    let words = user.text("codex.argv");
    assert!(!words.contains(SECRET), "{words}");
    let words: Vec<&str> = words.lines().collect();
    assert!(
        words[1].starts_with("mcp_servers.mem.command=\"/"),
        "{words:?}"
    );
    assert!(
        words[3].starts_with("mcp_servers.mem.args=[\"mcp\","),
        "{words:?}"
    );
    assert!(words[3].ends_with("\"--\",\"npx\",\"mem\"]"), "{words:?}");
    assert_eq!(words[4..], ["exec", "hi"]);
    assert_eq!(user.text("home/.codex/config.toml"), text);
}

#[test]
fn gemini_and_opencode_get_settings_over_their_files() {
    let user = User::new();
    let own = serde_json::json!({ "mcpServers": { "mem": entry() } });
    user.file("home/.gemini/settings.json", &own.to_string());
    user.file("home/.gemini/google_accounts.json", "{}");
    let script = "cd \"$GEMINI_CLI_HOME/.gemini\" && cat settings.json >\"$OLDPWD/seen.json\" \
        && echo kept >google_accounts.json && pwd >\"$OLDPWD/folder\"";
    user.program("gemini", script);
    user.run(&["with", "--", "gemini"]).with_code(0);
    assert_eq!(user.text("home/.gemini/google_accounts.json"), "kept\n");
    let folder = user.text("folder");
    assert!(!std::path::Path::new(folder.trim()).exists(), "{folder}");
    let seen: serde_json::Value = serde_json::from_str(&user.text("seen.json")).expect("JSON");
    assert_eq!(seen["mcpServers"]["mem"]["args"][0], "mcp");
    assert_eq!(seen["mcpServers"]["mem"]["env"]["API_KEY"], SECRET);
    let own = serde_json::json!({ "mcp": { "mem": {
        "type": "local", "command": ["npx", "mem"], "environment": { "API_KEY": SECRET },
    } } });
    user.file("config/opencode/opencode.json", &own.to_string());
    user.program(
        "opencode",
        "printf %s \"$OPENCODE_CONFIG_CONTENT\" >seen.json",
    );
    user.run(&["with", "--", "opencode", "run"]).with_code(0);
    let seen: serde_json::Value = serde_json::from_str(&user.text("seen.json")).expect("JSON");
    let command = &seen["mcp"]["mem"]["command"];
    assert_eq!(
        (&command[1], &command[8]),
        (&"mcp".into(), &"mem".into()),
        "{command}"
    );
}

#[test]
fn other_programs_are_not_started() {
    let user = User::new();
    user.program("sh2", "exit 0");
    let answer = user.run(&["with", "--", "sh2"]).with_code(2);
    assert!(
        answer.stderr.contains("claude, codex, gemini, opencode"),
        "{answer:#?}"
    );
    user.run(&["with"]).with_code(2);
    user.run(&["with", "--", "codex"]).with_code(4);
}
