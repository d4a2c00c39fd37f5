//! Finds the program of a launch, and explains the failure of a start.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, FileType, Mode, StatVfsMountFlags};
use rustix::io::Errno;

use super::refusal::{FolderFault, Interpreter, NotExecutable, Refusal, StartFailure};
use crate::model::ProcessSpec;

/// Bytes of a program in which the kernel looks for its format
/// (`BINPRM_BUF_SIZE` of `linux/binfmts.h`).
const FORMAT_BYTES: u64 = 256;

/// Checks what can be checked before a start, and finds the program: as given
/// if its name holds a slash, else in the launch's `PATH`. Entries of `PATH`
/// that are not absolute are passed over, so that a program never comes from
/// the working directory unasked.
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

/// Explains the failure to start `program`: the system gives the same number
/// for a missing program, interpreter and working directory.
pub(super) fn explain(launch: &ProcessSpec, program: &Path, failure: StartFailure) -> Refusal {
    if let Some(why) = folder_fault(&launch.cwd) {
        let folder = launch.cwd.clone();
        return Refusal::FolderUnusable { folder, why };
    }
    match failure.errno {
        Errno::NOENT
        | Errno::NOTDIR
        | Errno::ACCESS
        | Errno::PERM
        | Errno::ISDIR
        | Errno::LOOP
        | Errno::NAMETOOLONG => match check(program) {
            Err(refusal) => refusal,
            Ok(()) => interpreter_fault(program, failure),
        },
        Errno::NOEXEC => not_executable(program, format_fault(program)),
        Errno::TXTBSY => Refusal::ProgramBusy(program.display().to_string()),
        Errno::TOOBIG => too_long(launch),
        _ => Refusal::System(failure),
    }
}

/// Explains the failure of a program that may itself be executed.
fn interpreter_fault(program: &Path, failure: StartFailure) -> Refusal {
    let needs = interpreter(program);
    match failure.errno {
        Errno::NOENT => Refusal::InterpreterMissing {
            program: program.display().to_string(),
            needs,
        },
        Errno::ACCESS if needs != Interpreter::Loader => {
            not_executable(program, NotExecutable::InterpreterDenied(needs))
        }
        Errno::ACCESS => not_executable(program, NotExecutable::Denied),
        _ => Refusal::System(failure),
    }
}

/// Reads the interpreter that the program's first line names.
fn interpreter(program: &Path) -> Interpreter {
    let head = head_of(program);
    let Some(line) = head.strip_prefix(b"#!") else {
        return Interpreter::Loader;
    };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let name = line.split_ascii_whitespace().next().unwrap_or_default();
    // The kernel takes a carriage return for a part of the last word.
    let is_last_word = line.trim_end().ends_with(name);
    if line.ends_with('\r') && is_last_word {
        return Interpreter::ScriptWithCarriageReturn(name.to_owned());
    }
    Interpreter::Script(name.to_owned())
}

/// Tells a binary for another machine from a file that is no program.
fn format_fault(program: &Path) -> NotExecutable {
    const ELF: &[u8] = b"\x7fELF";
    if head_of(program).starts_with(ELF) {
        NotExecutable::OtherMachine
    } else {
        NotExecutable::NoFormat
    }
}

fn head_of(program: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    let _unreadable =
        File::open(program).and_then(|file| file.take(FORMAT_BYTES).read_to_end(&mut head));
    head
}

fn check(program: &Path) -> Result<(), Refusal> {
    let stat = rustix::fs::stat(program).map_err(|errno| match errno {
        Errno::ACCESS => not_executable(program, NotExecutable::Denied),
        Errno::LOOP => not_executable(program, NotExecutable::LinkLoop),
        _ => Refusal::ProgramMissing(program.display().to_string()),
    })?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(not_executable(program, NotExecutable::NotRegular));
    }
    rustix::fs::access(program, Access::EXEC_OK).map_err(|_denied| {
        let anybody = Mode::XUSR | Mode::XGRP | Mode::XOTH;
        let mount = rustix::fs::statvfs(program).map(|it| it.f_flag);
        let why = if !Mode::from_raw_mode(stat.st_mode).intersects(anybody) {
            NotExecutable::NoPermission
        } else if mount.is_ok_and(|flags| flags.contains(StatVfsMountFlags::NOEXEC)) {
            NotExecutable::NoexecMount
        } else {
            NotExecutable::Denied
        };
        not_executable(program, why)
    })
}

fn not_executable(program: &Path, why: NotExecutable) -> Refusal {
    Refusal::NotExecutable {
        program: program.display().to_string(),
        why,
    }
}

fn folder_fault(folder: &Path) -> Option<FolderFault> {
    match rustix::fs::stat(folder) {
        Err(Errno::ACCESS) => Some(FolderFault::Denied),
        Err(_) => Some(FolderFault::Missing),
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::Directory => {
            Some(FolderFault::NotFolder)
        }
        Ok(_) => {
            let entered = rustix::fs::access(folder, Access::EXEC_OK);
            entered.err().map(|_denied| FolderFault::Denied)
        }
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
