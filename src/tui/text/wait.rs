//! Why a call waits, in words: names looked up, times as time left.

use std::time::Duration;

use super::{Piece, Safe, figure};
use crate::catalogue::Catalogue;
use crate::model::{CallId, CallRow, Snapshot, Tool, WaitReason};

/// The reason that holds a call now, such as `after build` or `retry in 1.2 s`.
pub fn reason(reason: &WaitReason, snapshot: &Snapshot, now: Duration) -> Piece<'static> {
    let name = |call: &CallId| match snapshot.row(*call) {
        Some(row) => Piece::from(Safe::new(row.name.as_str())),
        None => figure::call(*call),
    };
    let left = |at: &Duration| figure::left(at.saturating_sub(now));
    match reason {
        WaitReason::After { call } => Piece::from("after ").then(name(call)),
        WaitReason::StartAfter { at } => Piece::from("starts in ").then(left(at)),
        WaitReason::Slot { busy, cap } => Piece::from("slot ").then(figure::part(*busy, *cap)),
        WaitReason::ToolCap { tool, busy, max } => Piece::from("tool ")
            .then(Safe::new(tool.as_str()))
            .then(" ")
            .then(figure::part(*busy, *max)),
        WaitReason::Service {
            service,
            busy,
            share,
        } => Piece::from(Safe::new(service))
            .then(" ")
            .then(figure::part(*busy, *share)),
        WaitReason::Lock { key, holder } => Piece::from("lock ")
            .then(Safe::new(key.as_str()))
            .then(" held by ")
            .then(figure::call(*holder)),
        WaitReason::Rate { limit, at, .. } => Piece::from("rate ")
            .then(Safe::new(limit))
            .then(", ")
            .then(left(at)),
        WaitReason::Retry { at } => Piece::from("retry in ").then(left(at)),
        WaitReason::Memory {
            used_bytes,
            total_bytes,
        } => Piece::from("memory ")
            .then(figure::bytes(*used_bytes))
            .then("/")
            .then(figure::bytes(*total_bytes)),
        WaitReason::Cpu {
            used_cores,
            total_cores,
        } => Piece::from("cpu ")
            .then(figure::cores(*used_cores))
            .then("/")
            .then(figure::cores(*total_cores)),
        WaitReason::Measuring => Piece::from("its tool is being measured"),
        WaitReason::Reserved { call } => Piece::from("kept free for ").then(name(call)),
        WaitReason::Held { by } => Piece::from("held by ").then(Safe::new(by)),
        WaitReason::AtProxy { why } => Piece::from("at its proxy: ").then(Safe::new(why)),
        WaitReason::Asks { what } => Piece::from(Safe::new(&what.to_string())),
        WaitReason::Paused => Piece::from("paused"),
        WaitReason::Stopped => Piece::from("stopped"),
    }
}

/// The same with what its tool says of itself, where a server works on the
/// call: that is why it may not run beside others.
pub fn reason_of(
    row: &CallRow,
    catalogue: &Catalogue,
    run: &Snapshot,
    now: Duration,
) -> Piece<'static> {
    let Some(binding) = &row.wait else {
        return Piece::default();
    };
    let told = reason(binding, run, now);
    let access = catalogue.get(&row.tool).and_then(Tool::access);
    match (binding, access) {
        (WaitReason::Lock { .. }, Some(access)) => told.then(" (").then(access.word()).then(")"),
        _ => told,
    }
}

/// The same in so many cells: of a lock its name is cut, never its holder, and
/// `ellipsis` stands where it is.
pub fn reason_in(
    row: &CallRow,
    catalogue: &Catalogue,
    run: &Snapshot,
    now: Duration,
    cells: usize,
    ellipsis: &'static str,
) -> Piece<'static> {
    let whole = reason_of(row, catalogue, run, now);
    let Some(WaitReason::Lock { key, holder }) = &row.wait else {
        return whole;
    };
    if whole.width() <= cells {
        return whole;
    }
    let key = key.as_str();
    let key = key.split_once(':').map_or(key, |(_, name)| name);
    let holder = Piece::from("held by ").then(figure::call(*holder));
    let room = cells.saturating_sub(holder.width() + LOCK.len() + 1);
    if room < SHORTEST_NAME {
        return holder;
    }
    let name = Piece::from(Safe::new(key)).cut(room, ellipsis);
    Piece::from(LOCK).then(name).then(" ").then(holder)
}

/// Stands before the name of a lock.
const LOCK: &str = "lock ";
/// Cells of a lock's name below which it is left out.
const SHORTEST_NAME: usize = 4;

/// Whether the words change as time passes.
pub fn counts_down(reason: &WaitReason) -> bool {
    matches!(
        reason,
        WaitReason::StartAfter { .. } | WaitReason::Rate { .. } | WaitReason::Retry { .. }
    )
}
