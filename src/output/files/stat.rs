//! Owner, kind and permissions of files.

use rustix::fs::{FileType, Mode, Stat};

/// Whether the owner is this user, and nobody else can write it.
pub(super) fn is_private(stat: &Stat) -> bool {
    let others = Mode::from_raw_mode(stat.st_mode).intersection(Mode::WGRP | Mode::WOTH);
    is_owned(stat) && others.is_empty()
}

pub(super) fn is_owned(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw()
}

pub(super) fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}
