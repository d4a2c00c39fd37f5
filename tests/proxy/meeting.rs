//! The folder in which proxies and dashboards meet, and what a proxy costs.

use std::fs::Permissions;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use fanout::exec::proxy::folder::{PeerError, peer_of};
use fanout::exec::proxy::frames::ShimFrame;

use crate::agent::{Agent, CLAUDE, CODEX};
use crate::dashboard::{Dashboard, connect, sockets};
use crate::lines::wait_until;
use crate::stage::Stage;

/// The user that stands for somebody else.
const NOBODY: u32 = 65534;

/// Checks that a session works though nobody can attach, and that the reason
/// is told.
fn works_without_a_socket(stage: &Stage, reason: &str) {
    let (mut agent, mut server) = stage.session("server", CODEX, &["--govern"]);
    let said = String::from_utf8(agent.stderr.next()).expect("text");
    assert!(said.contains(reason), "{said}");
    let call = agent.call("change", &json!({}));
    let request = server.expect("tools/call");
    server.answer(&request, "done");
    assert_eq!(agent.text_of(call), "done");
    agent.close();
    assert!(agent.wait().success());
}

#[test]
fn a_folder_that_is_open_to_others_is_not_used() {
    let stage = Stage::new();
    std::fs::create_dir(stage.via()).expect("a folder");
    std::fs::set_permissions(stage.via(), Permissions::from_mode(0o777)).expect("ours");
    works_without_a_socket(&stage, "run chmod 700 on it");
    let left = std::fs::read_dir(stage.via()).expect("a folder").count();
    assert_eq!(left, 0);
}

#[test]
fn a_link_in_the_folders_place_is_not_followed() {
    let stage = Stage::new();
    let elsewhere = stage.living.folder().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    symlink(&elsewhere, stage.via()).expect("a link");
    works_without_a_socket(&stage, "is a link or no folder");
}

#[test]
fn a_folder_of_somebody_else_is_not_used() {
    let stage = Stage::new();
    std::fs::create_dir(stage.via()).expect("a folder");
    std::fs::set_permissions(stage.via(), Permissions::from_mode(0o700)).expect("ours");
    // Only root can give a folder away; elsewhere there is nothing to try.
    if chown(stage.via(), Some(NOBODY), None).is_ok() {
        works_without_a_socket(&stage, "belongs to the user with id 65534");
    }
}

#[test]
fn another_user_is_refused_at_both_ends_be_it_root() {
    let is_root = rustix::process::geteuid().is_root();
    let has_setpriv = Command::new("setpriv").arg("--version").output().is_ok();
    if !is_root || !has_setpriv {
        return;
    }
    let stage = Stage::new();
    let home = stage.living.folder();
    for folder in [home.to_owned(), home.join("bin"), stage.via()] {
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("ours");
    }
    let program = home.join("bin/fanout");
    std::fs::copy(env!("CARGO_BIN_EXE_fanout"), &program).expect("a copy");
    std::fs::set_permissions(stage.via(), Permissions::from_mode(0o700)).expect("ours");
    chown(stage.via(), Some(NOBODY), Some(NOBODY)).expect("root");
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&program)
        .args(["mcp", "--via"])
        .arg(stage.via())
        .args(["--", "cat"])
        .current_dir(home)
        .env(crate::living::MARKER, stage.living.marker())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut agent = Agent::new(CLAUDE, command.spawn().expect("setpriv"));
    let agents = stage.via().join("agents");
    let socket = || {
        let mut entries = std::fs::read_dir(&agents).ok()?.flatten();
        entries.find(|it| it.file_name().to_string_lossy().ends_with(".sock"))
    };
    wait_until("its socket", || socket().is_some());
    let path = socket().expect("it").path();
    let mut stream = UnixStream::connect(path).expect("root may");
    assert_eq!(
        peer_of(&stream),
        Err(PeerError::ForeignUser { uid: NOBODY })
    );
    let mut said = Vec::new();
    stream.read_to_end(&mut said).expect("an end");
    assert_eq!(said, b"", "root is told nothing");
    let warned = String::from_utf8(agent.stderr.next()).expect("text");
    assert!(warned.contains("a connection was refused"), "{warned}");
    agent.write(b"{}\n");
    assert_eq!(agent.received.next(), b"{}\n");
    agent.close();
    assert!(agent.wait().success());
}

#[test]
fn the_ninth_connection_is_refused_and_the_others_stay() {
    let stage = Stage::new();
    let (mut agent, _server) = stage.session("server", CLAUDE, &[]);
    let attached: Vec<Dashboard> = (0..8).map(|_| stage.watcher()).collect();
    let ninth = Dashboard::of(connect(&stage.via(), &sockets(&stage.via())[0]));
    let text = ninth.find("a refusal", |(frame, _)| match frame {
        ShimFrame::No(refused) => Some(refused.text.clone()),
        _ => None,
    });
    assert_eq!(text, "8 connections are open already");
    ninth.closed();
    drop(attached);
    agent.close();
}

#[test]
fn a_watcher_that_does_not_read_holds_nobody_up_and_learns_what_it_lost() {
    const CALLS: usize = 300;
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CLAUDE, &[]);
    let stream = connect(&stage.via(), &sockets(&stage.via())[0]);
    let hello = b"{\"frame\":\"hello\",\"n\":1,\"v\":1}\n";
    std::io::Write::write_all(&mut &stream, hello).expect("a proxy");
    let mut answer = vec![0; 8192];
    let count = (&stream).read(&mut answer).expect("a hello");
    assert!(count > 0);
    // From now on it reads nothing.
    let text = "x".repeat(100_000);
    for number in 0..CALLS {
        agent.call("look", &json!({ "n": number }));
    }
    for _call in 0..CALLS {
        let request = server.expect("tools/call");
        server.answer(&request, &text);
    }
    for id in 0..CALLS as u64 {
        assert_eq!(agent.text_of(id + 3).len(), text.len());
    }
    let dashboard = Dashboard::of(stream);
    let lost = std::cell::Cell::new(0);
    dashboard.find("a count of what was lost", |(frame, _)| {
        if let ShimFrame::Lost(told) = frame {
            lost.set(lost.get() + told.bytes);
        }
        (lost.get() > 10_000_000).then_some(())
    });
    agent.close();
}

#[test]
fn nothing_wakes_an_idle_proxy() {
    let stage = Stage::new();
    let (mut agent, _server) = stage.session("server", CLAUDE, &["--govern"]);
    let pids: Vec<u32> = stage
        .living
        .processes()
        .into_iter()
        .filter(|(_, name)| name == "fanout" || name.starts_with("lane-"))
        .map(|(pid, _)| pid)
        .collect();
    assert_eq!(pids.len(), 3);
    let switches = || {
        let of = |pid: &u32| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
            let lines = status
                .lines()
                .filter(|line| line.starts_with("voluntary_ctxt"));
            lines.map(str::to_owned).collect::<String>()
        };
        pids.iter().map(of).collect::<Vec<_>>()
    };
    // What the beginning left to do is done once two looks are the same.
    let mut before = switches();
    wait_until("rest", || {
        std::thread::sleep(Duration::from_millis(50));
        let now = switches();
        std::mem::replace(&mut before, now.clone()) == now
    });
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(switches(), before);
    agent.close();
}

#[test]
fn codex_strips_the_environment_and_is_found_all_the_same() {
    let stage = Stage::new();
    let (mut agent, _server) = stage.session("server", CODEX, &["--name", "mem"]);
    let hello = stage.hello();
    assert_eq!(hello.name, "mem");
    assert_eq!(hello.agent.name.as_deref(), Some("codex-mcp-client"));
    assert_eq!(hello.agent.pid, std::process::id());
    assert_eq!(hello.shim_pid, agent.proxy.id());
    assert_eq!(hello.protocol.as_deref(), Some("2025-06-18"));
    assert_eq!(hello.tools, Some(2));
    agent.close();
}
