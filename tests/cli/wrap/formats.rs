//! Files of every format, in every state that they are found in.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use super::{SECRET, User, files};

/// An agent's file: its place in the folder of the test, and its text.
struct Format {
    place: &'static str,
    text: String,
}

/// Whether a file holds TOML.
fn is_toml(place: &str) -> bool {
    Path::new(place).extension().is_some_and(|it| it == "toml")
}

fn json(root: &str, more: &str) -> String {
    format!(
        r#"{{
  "before": [1, 2.50, "\u00e9"],
  "{root}": {{
    "mem": {{
      {more}"command": "npx",
      "args": [
        "-y",
        "server-memory"
      ],
      "env": {{ "API_KEY": "{SECRET}" }}
    }},
    "bare": {{ {more}"command": "bare-server" }},
    "alone": {{
      {more}"command": "alone-server",
      "env": {{}}
    }},
    "empty": {{ {more}"command": "n\u0070x", "args": [ ] }},
    "web": {{ "type": "http", "url": "https://example.com/mcp" }},
    "off": {{ "command": "x", "disabled": true, "enabled": false }}
  }},
  "after": null
}}
"#
    )
}

fn formats() -> Vec<Format> {
    let of = |place, root| Format {
        place,
        text: json(root, ""),
    };
    let codex = format!(
        "model = \"m\"\n\n[mcp_servers.mem] \ncommand = 'npx'\nargs = [\n  \"-y\",\n  \
         \"server-memory\",\n]\n[mcp_servers.mem.env]\nAPI_KEY = \"{SECRET}\"\n\n\
         [mcp_servers.bare]\ncommand = \"bare-server\"\nstartup_timeout_sec = 3\n\n\
         [mcp_servers]\ndotted.command = \"d\"\ninline = {{ command = \"i\", args = [] }}\n\
         last = {{ command = \"l\" }}\n[mcp_servers.web]\nurl = \"https://example.com\"\n\
         [mcp_servers.off]\ncommand = \"x\"\nenabled = false\n"
    );
    let opencode = format!(
        r#"{{
  "mcp": {{
    "mem": {{
      "type": "local",
      "command": ["npx", "-y", "server-memory"],
      "environment": {{ "API_KEY": "{SECRET}" }}
    }},
    "bare": {{ "type": "local", "command": [ "bare-server" ] }},
    "web": {{ "type": "remote", "url": "https://example.com/mcp" }}
  }}
}}
"#
    );
    let old_zed = json("context_servers", "").replace(
        r#""command": "bare-server""#,
        r#""command": { "path": "bare-server", "args": ["x"] }"#,
    );
    vec![
        of("home/.claude.json", "mcpServers"),
        Format {
            place: "home/.codex/config.toml",
            text: codex,
        },
        of("home/.gemini/settings.json", "mcpServers"),
        Format {
            place: "config/opencode/opencode.jsonc",
            text: opencode,
        },
        of("config/Claude/claude_desktop_config.json", "mcpServers"),
        of("home/.cursor/mcp.json", "mcpServers"),
        Format {
            place: "config/Code/User/mcp.json",
            text: json("servers", r#""type": "stdio", "#),
        },
        of("home/.codeium/windsurf/mcp_config.json", "mcpServers"),
        Format {
            place: "config/zed/settings.json",
            text: old_zed,
        },
        of("home/.copilot/mcp-config.json", "mcpServers"),
        of(
            "config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
            "mcpServers",
        ),
        of(
            "config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
            "mcpServers",
        ),
    ]
}

/// Writes every format, changed by `change`; wraps all, checks each, unwraps
/// all, and compares the bytes.
fn round_trip(change: impl Fn(&str, String) -> String) {
    let user = User::new();
    let texts: Vec<(&str, String)> = formats()
        .into_iter()
        .map(|it| (it.place, change(it.place, it.text)))
        .collect();
    for (place, text) in &texts {
        user.file(place, text);
    }
    let wrapped = user.run(&["wrap", "--yes"]).with_code(0);
    let masked = !wrapped.stdout.contains(SECRET);
    assert!(masked, "{wrapped:#?}");
    for (place, text) in &texts {
        let now = user.text(place);
        assert_ne!(&now, text, "{place} is wrapped");
        for word in ["\"--name\"", "\"mem\"", "\"--lock\"", "\"--\""] {
            assert!(now.contains(word), "{word} in {place}: {now}");
        }
        let count = now.matches("\"--lock\"").count();
        let wanted = if place.contains("opencode") { 2 } else { 4 };
        assert!(count >= wanted, "{place}: {count} of {wanted}\n{now}");
        assert_eq!(now.matches(SECRET).count(), 1, "{place}");
    }
    let again = user.run(&["wrap", "--yes"]).with_code(0);
    assert!(again.stdout.contains("nothing to change"), "{again:#?}");
    // What is needed stands in the entries: no state of ours.
    fs::remove_dir_all(user.bench.folder().join("state")).expect("the state");
    user.run(&["unwrap", "--yes"]).with_code(0);
    for (place, text) in &texts {
        assert_eq!(&user.text(place), text, "{place}");
    }
}

#[test]
fn files_are_undone_to_the_byte() {
    round_trip(|_, text| text);
}

#[test]
fn line_ends_of_windows_stay() {
    round_trip(|_, text| text.replace('\n', "\r\n"));
}

#[test]
fn tabs_a_mark_and_a_missing_line_end_stay() {
    round_trip(|_, text| format!("\u{feff}{}", text.replace("  ", "\t").trim_end()));
}

#[test]
fn comments_and_trailing_commas_stay() {
    round_trip(|place, text| {
        if is_toml(place) {
            let text = text.replace("args = [\n", "args = [ # the words\n");
            return format!("# top\n{}", text.replace("'npx'", "'npx' # why"));
        }
        let text = text.replace("\"npx\",\n", "\"npx\", // why, \"args\": []\n");
        let text = text.replace("\"args\": [", "\"args\": [ /* the words */");
        format!("/* top */ {}", text.replace("{}\n", "{},\n"))
    });
}

#[test]
fn keys_that_stand_twice_stay() {
    round_trip(|place, text| {
        if is_toml(place) {
            return text;
        }
        text.replacen('{', "{ \"twice\": 1, \"twice\": {\"mcpServers\": {}},", 1)
    });
}

#[test]
fn an_entry_that_stands_twice_is_left_with_the_reason() {
    let user = User::new();
    let text = r#"{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"},
        "b": {"command": "x", "command": "y"}, "c": {"command": 7}}}"#;
    user.file("home/.cursor/mcp.json", text);
    let answer = user.run(&["wrap", "cursor", "--yes"]).with_code(0);
    for part in [
        "its name stands twice",
        "`command` stands twice",
        "not one text",
    ] {
        assert!(answer.stdout.contains(part), "{part}: {answer:#?}");
    }
    assert_eq!(user.text("home/.cursor/mcp.json"), text);
}

#[test]
fn a_link_is_followed_once_and_permissions_stay() {
    let user = User::new();
    let text = json("mcpServers", "");
    let real = user.file("home/dotfiles/mcp.json", &text);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).expect("permissions");
    let link = user.home().join(".cursor");
    fs::create_dir(&link).expect("a folder");
    let link = link.join("mcp.json");
    symlink("../dotfiles/mcp.json", &link).expect("a link");
    user.run(&["wrap", "cursor", "--yes"]).with_code(0);
    assert!(link.is_symlink());
    assert!(fs::read_to_string(&real).expect("text").contains("--lock"));
    let mode = fs::metadata(&real).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    user.run(&["unwrap", "cursor", "--yes"]).with_code(0);
    assert_eq!(fs::read_to_string(&real).expect("text"), text);
}

#[test]
fn a_file_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        // Only root can give a file away.
        return;
    }
    let user = User::new();
    let text = json("mcpServers", "");
    let path = user.file("home/.cursor/mcp.json", &text);
    chown(&path, Some(4242), None).expect("given away");
    let answer = user.run(&["wrap", "cursor", "--yes"]).with_code(3);
    assert!(
        answer.stderr.contains("belongs to another user"),
        "{answer:#?}"
    );
    assert_eq!(user.text("home/.cursor/mcp.json"), text);
}

#[test]
fn nothing_is_written_without_consent() {
    let user = User::new();
    for format in formats() {
        user.file(format.place, &format.text);
    }
    let before = files(user.bench.folder());
    let shown = user.run(&["wrap", "--dry-run"]).with_code(0);
    assert!(shown.stdout.contains("+      \"command\": "), "{shown:#?}");
    let refused = user.run(&["wrap"]).with_code(2);
    assert!(refused.stderr.contains("--yes"), "{refused:#?}");
    assert_eq!(files(user.bench.folder()), before);
}

#[test]
fn what_is_not_wrapped_is_listed_with_the_reason() {
    let user = User::new();
    user.file("home/.cursor/mcp.json", &json("mcpServers", ""));
    let answer = user.run(&["wrap", "--dry-run"]).with_code(0);
    for part in ["reached over the network", "switched off"] {
        assert!(answer.stdout.contains(part), "{part}: {answer:#?}");
    }
    user.run(&["wrap", "--yes", "--server", "mem"]).with_code(0);
    let text = user.text("home/.cursor/mcp.json");
    assert_eq!(text.matches("--lock").count(), 1, "{text}");
    user.run(&["wrap", "--yes", "--server", "nobody"])
        .with_code(2);
    user.run(&["wrap", "--yes", "somebody"]).with_code(2);
}

#[test]
fn in_the_home_folder_the_users_files_are_the_users() {
    let user = User::new();
    user.file(".cursor/mcp.json", &json("mcpServers", ""));
    let home = user.bench.folder().display().to_string();
    let answer = user
        .bench
        .run_with(&[("HOME", &home)], &["wrap", "cursor", "--yes"]);
    assert_eq!(answer.with_code(0).stdout.matches("Cursor  ").count(), 1);
    assert!(user.text(".cursor/mcp.json").contains("--lock"));
}

#[test]
fn a_file_that_is_not_understood_is_named_with_its_place() {
    let user = User::new();
    let broken = "{ \"mcpServers\": {\n  oops\n";
    user.file("home/.gemini/settings.json", broken);
    user.file("home/.cursor/mcp.json", &json("mcpServers", ""));
    let answer = user.run(&["wrap", "--yes"]).with_code(3);
    assert!(answer.stderr.contains("line 2"), "{answer:#?}");
    assert_eq!(user.text("home/.gemini/settings.json"), broken);
    assert!(user.text("home/.cursor/mcp.json").contains("--lock"));
    user.run(&["wrap", "missing.json"]).with_code(3);
}

#[test]
fn a_server_has_one_lock_from_any_file() {
    let user = User::new();
    user.file("home/.cursor/mcp.json", &json("mcpServers", ""));
    user.file("home/.copilot/mcp-config.json", &json("mcpServers", ""));
    let other = json("mcpServers", "").replace("server-memory", "server-memory@2");
    user.file("config/Claude/claude_desktop_config.json", &other);
    let answer = user.run(&["wrap", "--yes"]).with_code(0);
    let lock = |place: &str| {
        let text = user.text(place);
        let at = text.find("\"mem-").expect("a lock");
        text.get(at..at + 14).expect("a whole lock").to_owned()
    };
    assert_eq!(
        lock("home/.cursor/mcp.json"),
        lock("home/.copilot/mcp-config.json")
    );
    assert_ne!(
        lock("home/.cursor/mcp.json"),
        lock("config/Claude/claude_desktop_config.json")
    );
    let said = "`mem` of Claude Desktop and of Cursor are two servers with a lock each";
    assert!(answer.stdout.contains(said), "{answer:#?}");
}

#[test]
fn the_limit_of_an_entry_and_the_mode_are_handed_on() {
    let user = User::new();
    user.file(
        "home/.codex/config.toml",
        "[mcp_servers.mem]\ncommand = \"x\"\ntool_timeout_sec = 8\n",
    );
    user.run(&["wrap", "codex", "--yes", "--govern=3"])
        .with_code(0);
    let text = user.text("home/.codex/config.toml");
    let words = "\"--limit\", \"8000\", \"--govern=3\", \"--\", \"x\" ]";
    assert!(text.contains(words), "{text}");
}

#[test]
fn the_doctor_lists_what_is_wrapped_and_whose_fanout_is_gone() {
    let user = User::new();
    user.file("home/.cursor/mcp.json", &json("mcpServers", ""));
    let findings =
        |user: &User| user.run(&["doctor", "--json"]).json()["findings"]["agents"].clone();
    assert_eq!(findings(&user)["found"], "no server is wrapped");
    user.run(&["wrap", "--yes"]).with_code(0);
    let found = findings(&user);
    let text = found.to_string();
    assert!(text.contains("mem (Cursor, ~/.cursor/mcp.json)"), "{text}");
    assert!(!text.contains("gone"), "{text}");
    let own = env!("CARGO_BIN_EXE_fanout");
    let text = user.text("home/.cursor/mcp.json");
    user.file(
        "home/.cursor/mcp.json",
        &text.replace(own, "/nowhere/fanout"),
    );
    let text = findings(&user).to_string();
    assert!(
        text.contains("gone") && text.contains("/nowhere/fanout"),
        "{text}"
    );
    user.run(&["unwrap", "--yes"]).with_code(0);
    assert_eq!(user.text("home/.cursor/mcp.json"), json("mcpServers", ""));
}

#[test]
fn text_of_a_file_does_not_act_on_a_terminal() {
    let user = User::new();
    user.file(
        "home/.cursor/mcp.json",
        "{\"mcpServers\": {\"a\u{1b}[2J\u{202e}\": {\"command\": \"x\u{1b}]0;t\u{7}\"}}}",
    );
    let answer = user.run(&["wrap", "--dry-run"]);
    for bad in ['\u{1b}', '\u{202e}', '\u{7}'] {
        assert!(!answer.stdout.contains(bad), "{answer:#?}");
        assert!(!answer.stderr.contains(bad), "{answer:#?}");
    }
}

#[test]
fn yaml_gets_lines_to_be_put_there_by_hand() {
    let user = User::new();
    let text = "extensions:\n  mem:\n    cmd: npx\n";
    user.file("home/.config/goose/config.yaml", text);
    let answer = user.run(&["wrap", "goose"]).with_code(0);
    assert!(answer.stdout.contains("cmd: \"/"), "{answer:#?}");
    assert_eq!(user.text("home/.config/goose/config.yaml"), text);
}
