//! Whatever passes arrives as it was sent, and the server is what it would have
//! been without a proxy.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::agent::{CLAUDE, CODEX, GEMINI, OPENCODE};
use crate::scale::scaled;
use crate::stage::Stage;

/// Messages of both eras, and what is none.
const FROM_AGENT: &[&[u8]] = &[
    b"  {\"id\": 7 ,\"method\":\"tools/call\", \"params\":{\"name\":\"look\",\"arguments\":{\"n\":1.50e+3,\"big\":123456789012345678901234567890},\"_meta\":{\"nobody/knows\":[null]}} , \"jsonrpc\":\"2.0\"}\r\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"method\":\"tools/call\",\"params\":{\"name\":\"change\"}}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"resources/templates/list\",\"params\":{\"cursor\":\"p2\"}}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"completion/complete\",\"params\":{\"ref\":{}}}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":10,\"method\":\"logging/setLevel\",\"params\":{\"level\":\"debug\"}}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":11,\"method\":\"resources/subscribe\",\"params\":{\"uri\":\"a:b\"}}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":12,\"method\":\"subscriptions/listen\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":13,\"method\":\"tasks/get\",\"params\":{\"taskId\":\"t\"}}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":14,\"method\":\"no/such\"}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"roots\":[]}}\n",
    b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":99}}\n",
    b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/roots/list_changed\"}\n",
    b"[{\"jsonrpc\":\"2.0\",\"id\":15,\"method\":\"ping\"}]\n",
    b"{\"a\":1,\"a\":2}\n",
    b"\n",
    b"not JSON \xff\xfe\x00\n",
];

const FROM_SERVER: &[&[u8]] = &[
    b"{ \"jsonrpc\" : \"2.0\", \"id\":0,\"method\":\"roots/list\"}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"sampling/createMessage\",\"params\":{}}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":\"e\",\"method\":\"elicitation/create\",\"params\":{}}\n",
    b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1,\"progress\":0.5,\"message\":\"x\"}}\n",
    b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n",
    b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":1}}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"content\":[],\"resultType\":\"input_required\",\"requestState\":\"s\\u0041\"}}\r\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"error\":{\"code\":-32603,\"message\":\"no\"}}\n",
    b"{\"jsonrpc\":\"2.0\",\"id\":555,\"result\":{}}\n",
    b"Listening on nothing\n",
    b"\xff\n",
];

#[test]
fn every_message_of_both_eras_arrives_as_it_was_sent() {
    for (habits, options) in [
        (CLAUDE, &[][..]),
        (CODEX, &["--watch-only"][..]),
        (GEMINI, &["--parallel", "change", "--govern"][..]),
        (OPENCODE, &[][..]),
    ] {
        let stage = Stage::new();
        let (mut agent, mut server) = stage.session("server", habits, options);
        for line in FROM_AGENT {
            agent.write(line);
        }
        for line in FROM_AGENT {
            let received = server.received.next();
            assert_eq!(
                received.as_slice(),
                *line,
                "{}",
                String::from_utf8_lossy(&received)
            );
        }
        for line in FROM_SERVER {
            server.write(line);
        }
        for line in FROM_SERVER {
            let received = agent.received.next();
            assert_eq!(
                received.as_slice(),
                *line,
                "{}",
                String::from_utf8_lossy(&received)
            );
        }
        agent.close();
        assert!(agent.wait().success());
        agent.received.wait_for_end();
        stage.assert_nothing_is_left();
    }
}

#[test]
fn whatever_the_lines_are_they_pass() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CLAUDE, &[]);
    let part = prop_oneof![
        Just("{\"jsonrpc\":\"2.0\",".to_owned()),
        Just("\"id\":1,".to_owned()),
        Just("\"id\":\"1\",".to_owned()),
        Just("\"method\":\"tools/call\",".to_owned()),
        Just("\"method\":\"notifications/cancelled\",".to_owned()),
        Just("\"params\":{\"name\":\"look\",\"requestId\":1},".to_owned()),
        Just("\"result\":{\"isError\":true},".to_owned()),
        Just("\"error\":null}".to_owned()),
        "[^\n]{0,12}",
    ];
    let lines = proptest::collection::vec(proptest::collection::vec(part, 0..7), 1..20);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(scaled(1000)));
    let (agent, server) = (&mut agent, &mut server);
    let shared = std::cell::RefCell::new((agent, server));
    let passed = runner.run(&lines, |lines| {
        let (agent, server) = &mut *shared.borrow_mut();
        let lines: Vec<Vec<u8>> = lines
            .iter()
            .map(|parts| format!("{}\n", parts.concat()).into_bytes())
            .collect();
        agent.write(&lines.concat());
        server.write(&lines.concat());
        for line in &lines {
            prop_assert_eq!(&server.received.next(), line);
            prop_assert_eq!(&agent.received.next(), line);
        }
        Ok(())
    });
    passed.expect("every line passes");
}

#[test]
fn a_line_that_is_too_long_to_be_read_passes_all_the_same() {
    const LENGTH: usize = 20 << 20;
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CLAUDE, &[]);
    let mut long = b"{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":\"".to_vec();
    long.resize(LENGTH, b'x');
    long.extend_from_slice(b"\"}\n");
    let sent = long.clone();
    let writer = std::thread::spawn(move || {
        server.write(&sent);
        server.write(b"{\"after\":1}\n");
        server
    });
    assert!(
        agent.received.next() == long,
        "the long line is another one"
    );
    assert_eq!(agent.received.next(), b"{\"after\":1}\n");
    let _server = writer.join().expect("no panic");
    assert_eq!(stage.hello().unread, 1);
    agent.close();
}

/// Prints what a program is given: variables, folder, umask, limits, score and
/// arguments.
const SURROUNDINGS: &str = "env -0 | sort -z | tr '\\0' '\\n'; pwd -P; umask; ulimit -S -a; \
     ulimit -H -a; cat /proc/self/oom_score_adj; echo \"$0\"; printf '<%s>' \"$@\"";

#[test]
fn the_server_is_given_what_it_would_have_been_given() {
    let stage = Stage::new();
    let server: Vec<String> = [
        "sh",
        "-c",
        SURROUNDINGS,
        "name",
        "",
        "a b",
        "--",
        "-x",
        "ü\n",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut bare = Command::new(&server[0]);
    bare.args(&server[1..])
        .current_dir(stage.living.folder())
        .stdin(Stdio::piped());
    let mut proxied = stage.proxy(&[], &server);
    proxied.stdout(Stdio::piped());
    let printed = [&mut bare, &mut proxied].map(|command| {
        let output = command
            .env("ODD", OsStr::from_bytes(b"\xff=\n"))
            .env(crate::living::MARKER, stage.living.marker())
            .output()
            .expect("a program");
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    let [bare, proxied] = printed;
    assert!(bare.contains("<a b>"), "{bare}");
    assert_eq!(proxied, bare);
}

#[test]
fn the_exit_code_is_the_servers() {
    let stage = Stage::new();
    let plain = stage.living.folder().join("plain");
    std::fs::write(&plain, "no program").expect("a file");
    let plain = plain.to_str().expect("text").to_owned();
    let shell = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
    for (server, code, said) in [
        (shell("echo out; echo err >&2; exit 3"), 3, "err\n"),
        (shell("kill -TERM $$"), 143, ""),
        (vec!["no-such-program".to_owned()], 127, "not found"),
        (vec!["./no-such-program".to_owned()], 127, "not found"),
        (vec![plain], 126, "not executable"),
    ] {
        let output = stage.proxy(&[], &server).output().expect("the program");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{server:?}: {stderr}");
        assert!(stderr.contains(said), "{server:?}: {stderr}");
        assert!(stderr.lines().count() <= 1, "{server:?}: {stderr}");
        let stdout = if code == 3 { "out\n" } else { "" };
        assert_eq!(String::from_utf8_lossy(&output.stdout), stdout);
    }
    let usage = stage
        .proxy(&["--govern=0"], &shell(""))
        .output()
        .expect("the program");
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn files_serve_as_standard_streams_too() {
    let stage = Stage::new();
    let folder = stage.living.folder();
    let text = "{\"a\":1}\nlast line without an end";
    std::fs::write(folder.join("in"), text).expect("a file");
    for output in ["out", "/dev/null"] {
        let mut proxy = stage
            .proxy(&[], &["cat".to_owned()])
            .stdin(std::fs::File::open(folder.join("in")).expect("it"))
            .stdout(std::fs::File::create(folder.join(output)).expect("a file"))
            .spawn()
            .expect("the program");
        assert!(proxy.wait().expect("a child").success());
    }
    let out = std::fs::read_to_string(folder.join("out")).expect("text");
    assert_eq!(out, text);
}

#[test]
fn what_a_server_says_before_it_dies_arrives() {
    let stage = Stage::new();
    let script = "read x; i=0; while [ $i -lt 2000 ]; do echo \"{\\\"line\\\":$i}\"; \
                  i=$((i + 1)); done; echo why >&2; exit 7";
    let server = ["sh", "-c", script].map(str::to_owned);
    let mut agent = stage.agent_of(CLAUDE, &[], &server);
    agent.begin();
    for line in 0..2000 {
        assert_eq!(agent.received.next_json()["line"], line);
    }
    assert_eq!(agent.stderr.next(), b"why\n");
    assert_eq!(agent.wait().code(), Some(7));
    assert_eq!(agent.received.within(Duration::from_secs(5)), None);
}
