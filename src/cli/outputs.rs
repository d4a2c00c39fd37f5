//! Files that a command writes must not be files that it reads, nor one
//! another.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::catalogue::Catalogue;

/// A file that an option has written.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedOutput<'a> {
    /// The option.
    pub(super) option: &'static str,
    /// The path as it was given.
    pub(super) path: &'a Path,
}

/// A file that would be overwritten with something else.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OutputClash {
    #[error("{option} {} would overwrite a file that is read: give it another name", path.display())]
    Input { option: &'static str, path: PathBuf },
    #[error("{first} and {second} would write the same file {}", path.display())]
    Output {
        first: &'static str,
        second: &'static str,
        path: PathBuf,
    },
}

/// Identity of a file, whatever its name: the file itself where there is one,
/// else its folder and its name there.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    File { device: u64, inode: u64 },
    Place(PathBuf),
    Unknown,
}

impl Identity {
    fn of(path: &Path) -> Self {
        if let Ok(found) = fs::metadata(path) {
            let (device, inode) = (found.dev(), found.ino());
            return Self::File { device, inode };
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        match (fs::canonicalize(folder), path.file_name()) {
            (Ok(folder), Some(name)) => Self::Place(folder.join(name)),
            _ => Self::Unknown,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        *self != Self::Unknown && self == other
    }
}

/// Returns the first output that is one of the inputs, or another output.
pub(super) fn clash<'i>(
    inputs: impl IntoIterator<Item = &'i Path>,
    outputs: &[NamedOutput<'_>],
) -> Result<(), OutputClash> {
    let inputs: Vec<Identity> = inputs.into_iter().map(Identity::of).collect();
    let mut before: Vec<(&'static str, Identity)> = Vec::new();
    for output in outputs {
        let identity = Identity::of(output.path);
        let path = output.path.to_owned();
        if inputs.iter().any(|input| input.is_same(&identity)) {
            let option = output.option;
            return Err(OutputClash::Input { option, path });
        }
        // A device such as /dev/null can be written by several.
        let is_file = fs::metadata(output.path).map_or(true, |found| found.is_file());
        let same = before.iter().find(|(_, other)| other.is_same(&identity));
        if let Some((first, _)) = same.filter(|_| is_file) {
            return Err(OutputClash::Output {
                first,
                second: output.option,
                path,
            });
        }
        before.push((output.option, identity));
    }
    Ok(())
}

/// Returns the files that a catalogue was read from.
pub(super) fn origins(catalogue: &Catalogue) -> impl Iterator<Item = &Path> {
    let tools = catalogue.tools().filter_map(|tool| tool.origin.as_deref());
    tools.chain(
        catalogue
            .servers()
            .filter_map(|server| server.origin.as_deref()),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn an_output_is_neither_an_input_nor_another_output() {
        let home = tempfile::tempdir().expect("a folder");
        let at = |name: &str| home.path().join(name);
        fs::write(at("plan.toml"), "").expect("written");
        symlink("plan.toml", at("link")).expect("linked");
        let (plan, link, report) = (at("plan.toml"), at("link"), at("report.json"));
        let output = |option, path| NamedOutput { option, path };
        let refused = |path| clash([plan.as_path()], &[output("--report", path)]).is_err();
        assert!(refused(&plan) && refused(&link));
        assert!(!refused(&report) && !refused(Path::new("/nowhere/at/all")));
        let both = [
            output("--report", report.as_path()),
            output("--record", &report),
        ];
        assert!(clash([plan.as_path()], &both).is_err());
        let null = Path::new("/dev/null");
        let both = [output("--report", null), output("--record", null)];
        assert_eq!(clash([plan.as_path()], &both), Ok(()));
    }
}
