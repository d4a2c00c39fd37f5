//! Locks among the shims of one user: files in the meeting folders, held from
//! the sending of a call to its answer. The kernel frees them when a shim dies.
//!
//! Waiting for one blocks a thread, which is started with the first wait.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::thread;

use rustix::fs::{
    FileType, FlockOperation, Mode, OFlags, Timespec, Timestamps, UTIME_NOW, flock, fstat,
    futimens, openat,
};
use rustix::io::{Errno, pread, pwrite};
use tokio::sync::mpsc;

use super::folder::MeetingFolder;
use super::frames::ShimCall;
use super::gate::LockOrder;

/// Orders that wait at most: more than calls may.
const ORDERS: usize = 4096;

/// Bytes of the text that names a holder.
const HOLDER_BYTES: usize = 200;

/// News of an order.
#[derive(Debug)]
pub(super) enum LockEvent {
    /// Somebody else holds the lock.
    Busy { call: ShimCall, holder: String },
    /// The lock is taken.
    Taken { call: ShimCall, files: Vec<OwnedFd> },
}

/// Outcome of an order at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ordered {
    /// The lock is taken.
    Taken,
    /// An event will tell.
    Waits,
}

/// The locks of one shim.
#[derive(Debug)]
pub(super) struct Locks {
    place: Arc<LockPlace>,
    held: BTreeMap<ShimCall, Vec<OwnedFd>>,
    waiting: BTreeSet<ShimCall>,
    orders: Option<blocking::SyncSender<LockOrder>>,
    events: mpsc::Sender<LockEvent>,
}

/// Where the lock of one server is, in each meeting folder.
#[derive(Debug)]
struct LockPlace {
    folders: Vec<MeetingFolder>,
    file: String,
    /// Text that names this shim to others, filled up with blanks: written over
    /// another's, nothing of that is left.
    holder: [u8; HOLDER_BYTES],
}

impl Locks {
    /// Returns the locks of a server, and where news of orders comes.
    pub(super) fn new(
        folders: Vec<MeetingFolder>,
        key: &str,
        holder: &str,
    ) -> (Self, mpsc::Receiver<LockEvent>) {
        let (events, receiver) = mpsc::channel(16);
        let place = LockPlace {
            folders,
            file: format!("{}.lock", super::lock_key::file_name(key)),
            holder: filled_up(holder),
        };
        let locks = Self {
            place: Arc::new(place),
            held: BTreeMap::new(),
            waiting: BTreeSet::new(),
            orders: None,
            events,
        };
        (locks, receiver)
    }

    /// Takes the lock for a call, or begins to wait for it.
    pub(super) fn order(&mut self, order: LockOrder) -> Ordered {
        // Who waits already is not overtaken.
        if self.waiting.is_empty()
            && let Some(files) = self.place.try_take(order.is_shared)
        {
            self.held.insert(order.call, files);
            return Ordered::Taken;
        }
        let orders = self
            .orders
            .get_or_insert_with(|| wait_in_thread(&self.place, &self.events));
        if orders.try_send(order).is_err() {
            // The thread could not be started, or is far behind: the agent's call
            // does not wait for that.
            return Ordered::Taken;
        }
        self.waiting.insert(order.call);
        Ordered::Waits
    }

    /// Keeps a lock that was taken, unless its order was withdrawn. Returns whether
    /// it is kept.
    pub(super) fn taken(&mut self, call: ShimCall, files: Vec<OwnedFd>) -> bool {
        let is_wanted = self.waiting.remove(&call);
        if is_wanted {
            self.held.insert(call, files);
        } else {
            release(&files);
        }
        is_wanted
    }

    /// Releases the lock of a call, or withdraws its order.
    pub(super) fn release(&mut self, call: ShimCall) {
        self.waiting.remove(&call);
        if let Some(files) = self.held.remove(&call) {
            release(&files);
        }
    }

    /// Marks the lock's files as used, so that cleaners of temporary folders
    /// spare them.
    pub(super) fn touch(&self) {
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        };
        for folder in &self.place.folders {
            if let Ok(file) = self.place.open(folder) {
                let _gone = futimens(
                    &file,
                    &Timestamps {
                        last_access: now,
                        last_modification: now,
                    },
                );
            }
        }
    }
}

/// Starts the thread that waits for locks, in the order of their orders.
fn wait_in_thread(
    place: &Arc<LockPlace>,
    events: &mpsc::Sender<LockEvent>,
) -> blocking::SyncSender<LockOrder> {
    let (sender, orders) = blocking::sync_channel::<LockOrder>(ORDERS);
    let (place, events) = (Arc::clone(place), events.clone());
    // Where no thread can be had, the orders have no receiver.
    let _refused = thread::Builder::new()
        .name("locks".to_owned())
        .stack_size(64 * 1024)
        .spawn(move || {
            for order in orders {
                let call = order.call;
                let busy = |holder| {
                    let _gone = events.blocking_send(LockEvent::Busy { call, holder });
                };
                let files = place.take(order.is_shared, &busy);
                if events
                    .blocking_send(LockEvent::Taken { call, files })
                    .is_err()
                {
                    return;
                }
            }
        });
    sender
}

impl LockPlace {
    /// Takes the lock in every folder if it is free in each. A folder whose lock
    /// cannot be used is passed over.
    fn try_take(&self, is_shared: bool) -> Option<Vec<OwnedFd>> {
        let operation = if is_shared {
            FlockOperation::NonBlockingLockShared
        } else {
            FlockOperation::NonBlockingLockExclusive
        };
        let mut files = Vec::new();
        for folder in &self.folders {
            let Ok(file) = self.open(folder) else {
                continue;
            };
            if flock(&file, operation).is_err() {
                release(&files);
                return None;
            }
            self.name_holder(&file);
            files.push(file);
        }
        Some(files)
    }

    /// Takes the lock in every folder, in their order, and waits for each.
    fn take(&self, is_shared: bool, busy: &dyn Fn(String)) -> Vec<OwnedFd> {
        let (now, later) = if is_shared {
            (
                FlockOperation::NonBlockingLockShared,
                FlockOperation::LockShared,
            )
        } else {
            (
                FlockOperation::NonBlockingLockExclusive,
                FlockOperation::LockExclusive,
            )
        };
        let mut files = Vec::new();
        for folder in &self.folders {
            let Ok(file) = self.open(folder) else {
                continue;
            };
            if flock(&file, now).is_err() {
                busy(holder_of(&file));
                while flock(&file, later) == Err(Errno::INTR) {}
            }
            self.name_holder(&file);
            files.push(file);
        }
        files
    }

    fn open(&self, folder: &MeetingFolder) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = openat(
            folder.locks(),
            self.file.as_str(),
            flags | OFlags::NONBLOCK,
            mode,
        )?;
        let stat = fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Errno::INVAL);
        }
        Ok(file)
    }

    /// Writes who holds the lock, unless it stands there. The file is never
    /// shortened: on some file systems that takes longer than a whole call.
    fn name_holder(&self, file: &OwnedFd) {
        let mut there = [0; HOLDER_BYTES];
        if pread(file, &mut there, 0).is_err() || there != self.holder {
            let _unnamed = pwrite(file, &self.holder, 0);
        }
    }
}

/// A holder's text in all the room that there is for it.
fn filled_up(holder: &str) -> [u8; HOLDER_BYTES] {
    let mut bytes = [b' '; HOLDER_BYTES];
    for (place, byte) in bytes.iter_mut().zip(holder.bytes()) {
        *place = byte;
    }
    bytes
}

/// Returns who holds a lock, by what stands in its file.
fn holder_of(file: &OwnedFd) -> String {
    let mut text = [0; HOLDER_BYTES];
    let count = pread(file, &mut text, 0).unwrap_or(0);
    let text = String::from_utf8_lossy(text.get(..count).unwrap_or_default());
    match text.trim() {
        "" => "another process".to_owned(),
        named => named.to_owned(),
    }
}

/// Releases locks, the one taken last first.
fn release(files: &[OwnedFd]) {
    for file in files.iter().rev() {
        let _gone = flock(file, FlockOperation::Unlock);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn locks(place: &std::path::Path, key: &str) -> (Locks, mpsc::Receiver<LockEvent>) {
        let folders = MeetingFolder::all_made(Some(place));
        let folders = folders.into_iter().map(|it| it.expect("a folder"));
        let holder = format!("pid 7 ({key})");
        Locks::new(folders.collect(), key, &holder)
    }

    const fn order(call: u64, is_shared: bool) -> LockOrder {
        let call = ShimCall(call);
        LockOrder { call, is_shared }
    }

    async fn next(events: &mut mpsc::Receiver<LockEvent>) -> LockEvent {
        let event = tokio::time::timeout(Duration::from_secs(20), events.recv());
        event.await.expect("in time").expect("an event")
    }

    #[tokio::test]
    async fn one_writes_or_several_read_among_all_shims() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("meeting");
        let (mut one, _) = locks(&place, "one-0011aabb");
        let (mut two, mut events) = locks(&place, "two-0011aabb");
        assert_eq!(one.order(order(1, true)), Ordered::Taken);
        assert_eq!(two.order(order(1, true)), Ordered::Taken);
        assert_eq!(two.order(order(2, false)), Ordered::Waits);
        let busy = next(&mut events).await;
        assert!(
            matches!(
                busy,
                LockEvent::Busy {
                    call: ShimCall(2),
                    ..
                }
            ),
            "{busy:?}"
        );
        one.release(ShimCall(1));
        two.release(ShimCall(1));
        let LockEvent::Taken { call, files } = next(&mut events).await else {
            panic!("not taken");
        };
        assert!(two.taken(call, files));
        assert_eq!(one.order(order(2, true)), Ordered::Waits);
        // Another server's lock is another one.
        let (mut other, _) = locks(&place, "other");
        assert_eq!(other.order(order(1, false)), Ordered::Taken);
        two.release(ShimCall(2));
    }

    #[tokio::test]
    async fn an_order_that_is_withdrawn_holds_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("meeting");
        let (mut one, _) = locks(&place, "one-0011aabb");
        let (mut two, mut events) = locks(&place, "two-0011aabb");
        assert_eq!(one.order(order(1, false)), Ordered::Taken);
        assert_eq!(two.order(order(1, false)), Ordered::Waits);
        let LockEvent::Busy { holder, .. } = next(&mut events).await else {
            panic!("not busy");
        };
        assert_eq!(holder, "pid 7 (one-0011aabb)");
        two.release(ShimCall(1));
        one.release(ShimCall(1));
        let LockEvent::Taken { call, files } = next(&mut events).await else {
            panic!("not taken");
        };
        assert!(!two.taken(call, files));
        assert_eq!(one.order(order(2, false)), Ordered::Taken);
    }
}
