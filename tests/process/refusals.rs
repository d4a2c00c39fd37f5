//! Programs that cannot be started: each fault is told as what it is, with the
//! remedy where there is one.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fanout::model::{Ending, Outcome};
use rustix::process::geteuid;

use crate::attempt::{launch, start};
use crate::contained::containment;
use crate::living::Living;

/// Writes a program, executable by all.
fn program(living: &Living, name: &str, content: &[u8]) {
    let path = living.folder().join(name);
    fs::write(&path, content).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

async fn refusal(living: &Living, argv: &[&str]) -> Ending {
    let ending = start(&containment(), launch(living, argv)).ended().await;
    assert_eq!(ending.outcome, Outcome::Failed, "{ending:?}");
    ending
}

async fn assert_refused(living: &Living, argv: &[&str], parts: &[&str]) {
    let ending = refusal(living, argv).await;
    let reason = ending.reason.unwrap_or_default();
    for part in parts {
        assert!(reason.contains(part), "{reason:?} lacks {part:?}");
    }
    assert!(!ending.is_retryable, "{reason}");
}

#[tokio::test]
async fn a_file_without_execute_permission_tells_how_to_get_it() {
    let living = Living::new();
    fs::write(living.folder().join("plain"), "#!/bin/sh\n").expect("a file");
    let parts = ["program is not executable", "chmod +x"];
    assert_refused(&living, &["./plain"], &parts).await;
}

#[tokio::test]
async fn a_missing_interpreter_is_named() {
    let living = Living::new();
    program(&living, "orphan", b"#!/no/such/python3 -u\nprint(1)\n");
    let parts = [
        "interpreter of the program is missing",
        "#!/no/such/python3",
    ];
    assert_refused(&living, &["./orphan"], &parts).await;
}

#[tokio::test]
async fn windows_line_ends_are_named_as_the_cause() {
    let living = Living::new();
    program(&living, "windows", b"#!/bin/sh\r\necho on\r\n");
    let parts = ["#!/bin/sh", "carriage return", "Unix line ends"];
    assert_refused(&living, &["./windows"], &parts).await;
}

#[tokio::test]
async fn an_interpreter_that_may_not_be_executed_is_named() {
    let living = Living::new();
    fs::write(living.folder().join("interpreter"), "no program").expect("a file");
    let line = format!("#!{}/interpreter\n", living.folder().display());
    program(&living, "script", line.as_bytes());
    let parts = ["/interpreter, which this user may not execute"];
    assert_refused(&living, &["./script"], &parts).await;
}

#[tokio::test]
async fn a_binary_for_another_machine_is_told_from_a_text() {
    let living = Living::new();
    // The header of a 64-bit file for a machine that there is not.
    let mut header = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xfe\xfe\x01\0\0\0".to_vec();
    header.resize(128, 0);
    program(&living, "foreign", &header);
    let parts = ["a binary for another kind of machine"];
    assert_refused(&living, &["./foreign"], &parts).await;
    program(&living, "text", b"echo on\n");
    let parts = [
        "neither a binary for this machine nor a script",
        "#!/bin/sh",
    ];
    assert_refused(&living, &["./text"], &parts).await;
    program(&living, "empty", b"");
    assert_refused(&living, &["./empty"], &parts).await;
}

#[tokio::test]
async fn a_folder_and_a_loop_of_links_are_no_programs() {
    let living = Living::new();
    fs::create_dir(living.folder().join("folder")).expect("a folder");
    assert_refused(&living, &["./folder"], &["not a regular file"]).await;
    symlink("loop", living.folder().join("loop")).expect("a link");
    assert_refused(&living, &["./loop"], &["links form a loop"]).await;
}

#[tokio::test]
async fn a_long_argument_tells_of_standard_input() {
    let living = Living::new();
    let long = "x".repeat(200_000);
    let parts = ["200000", "128 KiB", "stdin = \"json\""];
    assert_refused(&living, &["echo", &long], &parts).await;
}

#[tokio::test]
async fn a_working_directory_that_is_gone_is_told() {
    let living = Living::new();
    let folder = living.folder().join("gone");
    let mut launch = launch(&living, &["true"]);
    launch.cwd = folder.clone();
    fs::create_dir(&folder).expect("a folder");
    let contained = containment();
    let ending = start(&contained, launch.clone()).ended().await;
    assert_eq!(ending.outcome, Outcome::Succeeded);
    fs::remove_dir(&folder).expect("it is empty");
    let ending = start(&contained, launch.clone()).ended().await;
    let reason = ending.reason.unwrap_or_default();
    let expected = format!("working directory does not exist: {}", folder.display());
    assert_eq!(reason, expected);
    fs::write(&folder, "").expect("a file");
    let ending = start(&contained, launch).ended().await;
    let reason = ending.reason.unwrap_or_default();
    assert!(
        reason.starts_with("working directory is not a folder"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_program_that_is_being_written_is_told_and_can_be_tried_again() {
    let living = Living::new();
    fs::copy("/bin/true", living.folder().join("busy")).expect("a copy");
    let path = living.folder().join("busy");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    let open = || fs::OpenOptions::new().append(true).open(&path);
    let writer = open().expect("a writer");
    let ending = refusal(&living, &["./busy"]).await;
    let reason = ending.reason.unwrap_or_default();
    assert!(
        reason.starts_with("program is being written to: "),
        "{reason}"
    );
    assert!(ending.is_retryable);
    drop(writer);
    // Written to for a moment only, it is waited for.
    let writer = open().expect("a writer");
    let mut run = start(&containment(), launch(&living, &["./busy"]));
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(writer);
    assert_eq!(run.ended().await.outcome, Outcome::Succeeded);
}

#[test]
fn a_program_on_a_noexec_mount_tells_of_the_mount() {
    if !geteuid().is_root() {
        return;
    }
    let living = Living::new();
    let folder = living.folder();
    fs::create_dir(folder.join("mount")).expect("a folder");
    fs::write(
        folder.join("tools.toml"),
        "[[tool]]\nname = \"t\"\ndescription = \"cannot run\"\ncommand = [\"mount/script\"]\n",
    )
    .expect("a catalogue");
    let text = format!(
        "mount -t tmpfs -o noexec none mount && printf '#!/bin/sh\\n' > mount/script && \
         chmod 755 mount/script && exec {} call t --catalogue tools.toml",
        env!("CARGO_BIN_EXE_fanout")
    );
    let Some(told) = in_own_mounts(folder, &text) else {
        return;
    };
    assert!(told.contains("mounted noexec"), "{told}");
    living.wait_for_count(0, crate::attempt::PATIENCE);
}

/// Standard error of a script that may mount; `None` where nothing may.
fn in_own_mounts(folder: &Path, text: &str) -> Option<String> {
    let trial = Command::new("unshare").args(["-m", "true"]).status();
    trial.ok().filter(std::process::ExitStatus::success)?;
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", text])
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder)
        .output()
        .expect("unshare runs");
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}
