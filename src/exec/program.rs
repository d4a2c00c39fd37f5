//! Finds the program of a launch, and explains why one could not be run.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, FileType};
use rustix::io::Errno;

use super::Refusal;
use crate::model::ProcessSpec;

/// Checks what can be checked before anything is started, and finds the
/// program: as given if it holds a slash, else in the launch's `PATH`. Entries
/// of `PATH` that are not absolute are passed over, so that a program never
/// comes from the working directory unasked.
pub(super) fn find(launch: &ProcessSpec) -> Result<PathBuf, Refusal> {
    let Some(name) = launch.argv.first().filter(|name| !name.is_empty()) else {
        return Err(Refusal::EmptyCommand);
    };
    refuse_nul(launch)?;
    if name.contains('/') {
        return Ok(launch.cwd.join(name));
    }
    let search = launch.env.get("PATH").map_or("", String::as_str);
    let mut unusable = None;
    for folder in std::env::split_paths(search).filter(|folder| folder.is_absolute()) {
        let candidate = folder.join(name);
        match check(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(Refusal::ProgramMissing(_)) => {}
            Err(refusal) => unusable = unusable.or(Some(refusal)),
        }
    }
    Err(unusable.unwrap_or_else(|| Refusal::ProgramMissing(name.clone())))
}

/// Explains the system's answer to starting `program`: it gives one and the
/// same number for a missing program, interpreter and folder.
pub(super) fn explain(
    launch: &ProcessSpec,
    program: &Path,
    stage: &'static str,
    errno: Errno,
) -> Refusal {
    if let Some(refusal) = folder_fault(&launch.cwd) {
        return refusal;
    }
    let shown = program.display().to_string();
    match errno {
        Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::ISDIR | Errno::LOOP => {
            match check(program) {
                Err(refusal) => refusal,
                Ok(()) if errno == Errno::NOENT => Refusal::InterpreterMissing(shown),
                Ok(()) => not_executable(program, "permission denied"),
            }
        }
        Errno::NOEXEC => not_executable(program, "neither a binary for this machine nor a script"),
        Errno::TOOBIG => too_long(launch),
        errno => Refusal::System { stage, errno },
    }
}

fn check(program: &Path) -> Result<(), Refusal> {
    let missing = || Refusal::ProgramMissing(program.display().to_string());
    let stat = rustix::fs::stat(program).map_err(|errno| match errno {
        Errno::ACCESS => not_executable(program, "permission denied"),
        _ => missing(),
    })?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(not_executable(program, "not a regular file"));
    }
    rustix::fs::access(program, Access::EXEC_OK)
        .map_err(|_denied| not_executable(program, "permission denied"))
}

fn not_executable(program: &Path, why: &'static str) -> Refusal {
    Refusal::NotExecutable {
        program: program.display().to_string(),
        why,
    }
}

fn folder_fault(folder: &Path) -> Option<Refusal> {
    let unusable = |why| {
        Some(Refusal::FolderUnusable {
            folder: folder.to_owned(),
            why,
        })
    };
    match rustix::fs::stat(folder) {
        Err(Errno::ACCESS) => unusable("is closed to this user"),
        Err(_) => unusable("does not exist"),
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::Directory => {
            unusable("is not a folder")
        }
        Ok(_) => match rustix::fs::access(folder, Access::EXEC_OK) {
            Ok(()) => None,
            Err(_) => unusable("is closed to this user"),
        },
    }
}

fn refuse_nul(launch: &ProcessSpec) -> Result<(), Refusal> {
    let refuse = |place: String| Err(Refusal::Nul { place });
    for (index, argument) in launch.argv.iter().enumerate() {
        if argument.contains('\0') {
            return refuse(match index {
                0 => "the program's name".to_owned(),
                _ => format!("argument {index}"),
            });
        }
    }
    for (name, value) in &launch.env {
        if name.contains('\0') || value.contains('\0') {
            return refuse(format!("environment variable {}", name.escape_debug()));
        }
    }
    if launch.cwd.as_os_str().as_encoded_bytes().contains(&0) {
        return refuse("the working directory".to_owned());
    }
    Ok(())
}

fn too_long(launch: &ProcessSpec) -> Refusal {
    let arguments: usize = launch.argv.iter().map(|text| text.len() + 1).sum();
    let variables = launch.env.iter();
    let environment: usize = variables
        .map(|(name, value)| name.len() + value.len() + 2)
        .sum();
    Refusal::TooLong {
        bytes: arguments + environment,
        longest: launch.argv.iter().map(String::len).max().unwrap_or(0),
    }
}
