//! Frames that one connection has not been sent yet, within a bound.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::exec::proxy::frames::{Lost, ShimFrame, encode};

/// Bytes of frames with their bodies.
const WITH_BODIES: usize = 8 << 20;

/// Bytes of frames, beyond which whole ones are left out.
const FRAMES: usize = WITH_BODIES + (1 << 20);

/// A frame as bytes, with and without its body.
#[derive(Debug)]
pub(super) struct Encoded<'a> {
    pub(super) whole: Arc<[u8]>,
    frame: &'a ShimFrame,
    body: Option<&'a [u8]>,
    bare: Option<Arc<[u8]>>,
}

impl<'a> Encoded<'a> {
    pub(super) fn new(frame: &'a ShimFrame, body: Option<&'a [u8]>) -> Self {
        Self {
            whole: encode(frame, body).into(),
            frame,
            body,
            bare: None,
        }
    }

    /// Returns the frame without its body; `None` where it has none to lose.
    fn bare(&mut self) -> Option<Arc<[u8]>> {
        let (ShimFrame::Msg(message), Some(body)) = (self.frame, self.body) else {
            return None;
        };
        let bare = self.bare.get_or_insert_with(|| {
            let mut message = message.clone();
            message.full.get_or_insert(body.len() as u64);
            encode(&ShimFrame::Msg(message), None).into()
        });
        Some(Arc::clone(bare))
    }
}

/// The queue of one connection.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Arc<[u8]>>,
    bytes: usize,
    lost: Lost,
    is_closed: bool,
}

impl Outbox {
    /// Adds a frame that must not be left out, as long as there are few of them.
    pub(super) fn push(&self, frame: &Arc<[u8]>) {
        let mut queue = self.lock();
        if queue.bytes + frame.len() > 2 * FRAMES {
            queue.lost.frames += 1;
            queue.lost.bytes += frame.len() as u64;
        } else {
            queue.add(frame);
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// Adds a frame, or leaves its body out, or all of it, where the connection is
    /// slow.
    pub(super) fn push_or_leave_out(&self, frame: &mut Encoded<'_>) {
        let mut queue = self.lock();
        let len = frame.whole.len();
        if queue.bytes + len <= WITH_BODIES {
            queue.add(&frame.whole);
        } else {
            let bare = frame.bare();
            if let Some(bare) = bare.filter(|bare| queue.bytes + bare.len() <= FRAMES) {
                queue.lost.bytes += (len - bare.len().min(len)) as u64;
                queue.add(&bare);
            } else {
                queue.lost.frames += 1;
                queue.lost.bytes += len as u64;
            }
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// Ends the queue: what is in it is still sent.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// Waits for the next frame; `None` after the last one.
    pub(super) async fn next(&self) -> Option<Arc<[u8]>> {
        loop {
            {
                let mut queue = self.lock();
                if let Some(frame) = queue.take() {
                    return Some(frame);
                }
                if queue.is_closed {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn add(&mut self, frame: &Arc<[u8]>) {
        // What is missing stands before what comes after it.
        self.tell_lost();
        self.bytes += frame.len();
        self.frames.push_back(Arc::clone(frame));
    }

    fn take(&mut self) -> Option<Arc<[u8]>> {
        if self.frames.is_empty() {
            self.tell_lost();
        }
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }

    fn tell_lost(&mut self) {
        let lost = std::mem::take(&mut self.lost);
        if lost != Lost::default() {
            let frame: Arc<[u8]> = encode(&ShimFrame::Lost(lost), None).into();
            self.bytes += frame.len();
            self.frames.push_back(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::proxy::frames::{
        Direction, FrameReader, Message, RawFrame, ShimCall, ShimTime,
    };

    fn message(seq: u64) -> ShimFrame {
        ShimFrame::Msg(Message {
            own: false,
            seq,
            t: ShimTime(0),
            dir: Direction::ToAgent,
            call: Some(ShimCall(1)),
            full: None,
        })
    }

    fn frames(outbox: &Outbox) -> Vec<RawFrame> {
        let mut reader = FrameReader::default();
        let mut queue = outbox.lock();
        let mut frames = Vec::new();
        while let Some(bytes) = queue.take() {
            reader.push(&bytes);
            frames.extend(reader.next_frame().expect("a frame"));
        }
        frames
    }

    #[test]
    fn bodies_are_left_out_first_then_frames_and_both_are_counted() {
        let outbox = Outbox::default();
        let body = vec![b'x'; 256 * 1024];
        let count = 40_000_u64;
        for seq in 0..count {
            let message = message(seq);
            outbox.push_or_leave_out(&mut Encoded::new(&message, Some(&body)));
        }
        assert!(outbox.lock().bytes <= FRAMES + 1024);
        let (mut whole, mut bare, mut lost) = (0_u64, 0_u64, Lost::default());
        for raw in frames(&outbox) {
            match ShimFrame::read(&raw).expect("a frame") {
                ShimFrame::Msg(message) if raw.body.is_none() => {
                    assert_eq!(message.full, Some(body.len() as u64));
                    bare += 1;
                }
                ShimFrame::Msg(_) => whole += 1,
                ShimFrame::Lost(told) => {
                    lost.frames += told.frames;
                    lost.bytes += told.bytes;
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(whole > 20 && bare > 1000, "{whole} {bare}");
        assert_eq!(whole + bare + lost.frames, count);
        let missing = (bare + lost.frames) * body.len() as u64;
        assert!(lost.bytes.abs_diff(missing) < count * 200, "{lost:?}");
    }
}
