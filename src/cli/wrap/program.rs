//! Path of this program as it is written into the files of agents: programs
//! with windows have another `PATH`, so that it is absolute.

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Returns the path by which this program is found on `PATH`, or else where it
/// is.
pub(in crate::cli) fn own_path() -> std::io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let identity = |path: &Path| {
        let found = path.metadata().ok()?;
        Some((found.dev(), found.ino()))
    };
    let is_own = identity(&own);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("fanout"))
        .filter(|path| identity(path) == is_own && is_own.is_some());
    Ok(found.next().unwrap_or(own))
}

/// Returns why a path may soon lead nowhere, if it may.
pub(in crate::cli) fn doubt(path: &Path) -> Option<&'static str> {
    let names: Vec<&str> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    let folders = names.split_last().map_or(&[][..], |(_, folders)| folders);
    let is_built = folders
        .windows(2)
        .any(|pair| pair[0] == "target" && ["debug", "release"].contains(&pair[1]));
    if is_built {
        return Some("it lies in a folder of builds, which may be cleaned");
    }
    if path.starts_with(std::env::temp_dir()) || path.starts_with("/tmp") {
        return Some("it lies in a folder of temporary files");
    }
    let is_version = |name: &&str| {
        let name = name.rsplit(['-', '@']).next().unwrap_or(name);
        let name = name.strip_prefix('v').unwrap_or(name);
        name.contains('.') && name.chars().all(|it| it.is_ascii_digit() || it == '.')
    };
    (folders.iter().any(is_version) || folders.starts_with(&["nix", "store"]))
        .then_some("its folder is of one version, and goes with the next")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_will_not_last_is_doubted() {
        for path in [
            "/home/u/fanout/target/debug/fanout",
            "/tmp/fanout",
            "/opt/fanout/0.1.0/fanout",
            "/opt/fanout-1.2/bin/fanout",
            "/nix/store/abc-fanout/bin/fanout",
        ] {
            assert!(doubt(Path::new(path)).is_some(), "{path}");
        }
        for path in [
            "/usr/bin/fanout",
            "/home/u/.cargo/bin/fanout",
            "/opt/x.y/fanout",
        ] {
            assert_eq!(doubt(Path::new(path)), None, "{path}");
        }
    }
}
