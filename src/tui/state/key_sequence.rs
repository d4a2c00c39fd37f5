//! Keys of a sequence such as `g g` that has begun.

use std::time::Duration;

use keybinds::KeyInput;

/// Time within which the next key of a sequence counts.
const WITHIN: Duration = Duration::from_secs(1);

/// Keys of a sequence that has begun; none while no sequence has.
#[derive(Debug, Clone, Default)]
pub struct KeySequence {
    keys: Vec<KeyInput>,
    until: Duration,
}

impl KeySequence {
    /// The keys pressed so far.
    pub fn keys(&self) -> &[KeyInput] {
        &self.keys
    }

    /// Returns the time at which the sequence is given up, if one has begun.
    pub fn ends_at(&self) -> Option<Duration> {
        (!self.keys.is_empty()).then_some(self.until)
    }

    /// Ends the sequence and returns its keys with another one behind them.
    pub fn with(&mut self, key: KeyInput, now: Duration) -> Vec<KeyInput> {
        self.expire(now);
        let mut keys = std::mem::take(&mut self.keys);
        keys.push(key);
        keys
    }

    /// Waits for the next key of a sequence.
    pub fn begin(&mut self, keys: Vec<KeyInput>, now: Duration) {
        self.keys = keys;
        self.until = now + WITHIN;
    }

    /// Gives the sequence up once its time has passed.
    pub fn expire(&mut self, now: Duration) {
        if self.until <= now {
            self.keys.clear();
        }
    }
}
