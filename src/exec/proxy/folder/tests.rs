//! Folders and sockets as shims and dashboards find them.

use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("meeting");
    (folder, place)
}

fn of_shim(place: &Path) -> Result<MeetingFolder, FolderError> {
    MeetingFolder::of_shim(Some(place))
}

#[test]
fn a_shim_makes_the_folder_and_a_dashboard_finds_its_socket() {
    let (_kept, place) = place();
    assert!(MeetingFolder::all_existing(Some(&place)).is_empty());
    let shim = of_shim(&place).expect("a folder");
    let mode = std::fs::metadata(&place).expect("it").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let name = ShimSocket::of_this_process();
    let listener = shim.listen(&name).expect("a socket");

    let mut found = MeetingFolder::all_existing(Some(&place));
    let seen = found.remove(0).expect("the same folder");
    assert_eq!(seen.shims().expect("a list"), std::slice::from_ref(&name));
    let stream = seen.connect(&name).expect("a connection");
    let (accepted, _) = listener.accept().expect("the connection");
    for end in [&stream, &accepted] {
        let pid = peer_of(end.as_fd()).expect("us").pid;
        assert_eq!(pid, std::process::id());
    }
    shim.touch(&name);

    drop(listener);
    assert!(matches!(seen.connect(&name), Err(ConnectError::Gone)));
    assert_eq!(seen.shims().expect("a list"), []);
}

#[test]
fn a_folder_that_is_not_ours_alone_is_refused() {
    let (kept, place) = place();
    let opened = of_shim(&place).map(|_| ());
    assert_eq!(opened, Ok(()));
    for (folder, mode) in [(&place, 0o777), (&place.join("agents"), 0o710)] {
        let set = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(folder, permissions).expect("ours");
        };
        set(mode);
        let path = folder.clone();
        let refused = of_shim(&place).map(|_| ());
        assert_eq!(refused, Err(FolderError::OpenToOthers { path, mode }));
        set(0o700);
    }
    let link = kept.path().join("link");
    symlink(&place, &link).expect("a link");
    let refused = of_shim(&link).map(|_| ());
    assert_eq!(refused, Err(FolderError::NotAFolder { path: link }));
}

#[test]
fn what_stands_in_a_sockets_place_is_not_followed() {
    let (_kept, place) = place();
    let folder = of_shim(&place).expect("a folder");
    let name = ShimSocket::of_this_process();
    let _listener = folder.listen(&name).expect("a socket");
    let planted = ShimSocket::read(OsStr::new("17-0011aabb.sock")).expect("a name");
    let path = place.join("agents/17-0011aabb.sock");
    symlink(format!("{}.sock", name.id()), path).expect("a link");
    let refused = folder.connect(&planted);
    assert!(matches!(refused, Err(ConnectError::NotASocket { .. })));
}

#[test]
fn only_names_of_sockets_are_read() {
    for name in [
        ".17-0011aabb",
        "17-0011aabb",
        "17-0011AABB.sock",
        "x-0011aabb.sock",
        "17-0011aab.sock",
        "17.sock",
        "-0011aabb.sock",
    ] {
        assert_eq!(ShimSocket::read(OsStr::new(name)), None, "{name}");
    }
}
