//! Ready calls in the order in which they start, without looking again at
//! those that are known to be held back.
//!
//! The order: class, then the group that has had least, then the key. A line
//! whose first call does not fit is parked under what holds it back and is
//! woken when that becomes free, the first of each turn only: if it takes what
//! became free, nobody else need be woken; if it cannot, it wakes the next.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::demand::DemandNo;
use super::keys::Keys;
use super::line::{Key, Line, LineNo, Resource, Standing, TurnNo};
use super::share::Shares;

/// A turn's lines by their first calls.
#[derive(Debug, Default)]
struct Turn {
    open: BTreeSet<(Key, LineNo)>,
    /// Parked lines that are worth a reservation.
    blocked: BTreeSet<(Key, LineNo)>,
}

/// Place of a turn among the turns.
type TurnPlace = (i64, u64, u32);

/// The ready calls.
#[derive(Debug, Default)]
pub(super) struct Queue {
    shares: Shares,
    lines: Vec<Option<Line>>,
    unused: Vec<LineNo>,
    numbers: BTreeMap<(TurnNo, DemandNo), LineNo>,
    /// By group and class.
    turns: BTreeMap<(u32, i64), Turn>,
    open_turns: BTreeSet<TurnPlace>,
    blocked_turns: BTreeSet<TurnPlace>,
    parked: BTreeSet<(Resource, TurnNo, Key, LineNo)>,
    len: usize,
}

/// The first call of a line, as admission sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    place: TurnPlace,
    pub key: Key,
    pub line: LineNo,
    pub demand: DemandNo,
}

impl Queue {
    /// Whether there is more than one group.
    pub(super) fn has_groups(&self) -> bool {
        self.shares.has_groups()
    }

    /// The number of a group.
    pub(super) fn group(&mut self, group: Option<&Arc<str>>) -> u32 {
        self.shares.number(group)
    }

    /// How many calls are ready.
    #[cfg(debug_assertions)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a call.
    pub(super) fn insert(&mut self, turn: TurnNo, demand: DemandNo, key: Key) {
        self.len += 1;
        let Some(number) = self.numbers.get(&(turn, demand)).copied() else {
            let number = self.new_line(turn, demand, key);
            self.open(number, None);
            return;
        };
        let Some(line) = self.line_mut(number) else {
            return;
        };
        let is_behind = line.keys.first().is_some_and(|first| first < key);
        if is_behind {
            line.keys.insert(key);
            return;
        }
        let woken_by = self.withdraw(number);
        if let Some(line) = self.line_mut(number) {
            line.keys.insert(key);
        }
        self.open(number, None);
        self.hand_on(woken_by);
    }

    /// Takes a call out, because it ends or its place changes.
    pub(super) fn remove(&mut self, turn: TurnNo, demand: DemandNo, key: Key) {
        let Some(number) = self.numbers.get(&(turn, demand)).copied() else {
            debug_assert!(false, "{} has no line", key.id);
            return;
        };
        self.take(number, key);
    }

    /// Takes a call out of a line.
    pub(super) fn take(&mut self, number: LineNo, key: Key) {
        self.len -= 1;
        let Some(line) = self.line_mut(number) else {
            return;
        };
        if line.keys.first().is_some_and(|first| first < key) {
            // One behind the first changes nothing for the line.
            let was_there = line.keys.remove(&key);
            debug_assert!(was_there, "{} is not in its line", key.id);
            return;
        }
        debug_assert_eq!(line.keys.first(), Some(key), "the first of its line");
        if line.keys.len() > 1 && matches!(line.standing, Standing::Open { .. }) {
            self.advance(number, key);
            return;
        }
        let woken_by = self.withdraw(number);
        let Some(line) = self.line_mut(number) else {
            return;
        };
        line.keys.pop_first();
        if line.keys.is_empty() {
            let own = (line.turn, line.demand);
            self.numbers.remove(&own);
            self.lines[number.0 as usize] = None;
            self.unused.push(number);
        } else {
            self.open(number, None);
        }
        self.hand_on(woken_by);
    }

    /// Takes the first call out of an open line that has more: the next is put
    /// in its place before it goes, so that the turn stays as it is.
    fn advance(&mut self, number: LineNo, first: Key) {
        let Some(line) = self.line_mut(number) else {
            return;
        };
        line.keys.pop_first();
        let (turn, next) = (line.turn, line.keys.first());
        let open = Standing::Open { woken_by: None };
        let woken_by = match std::mem::replace(&mut line.standing, open) {
            Standing::Open { woken_by } => woken_by,
            Standing::Parked(_) => None,
        };
        if let Some(lines) = self.turns.get_mut(&(turn.group, turn.class)) {
            lines.open.extend(next.map(|next| (next, number)));
            lines.open.remove(&(first, number));
        }
        self.hand_on(woken_by.map(|resource| (resource, turn, first)));
    }

    /// The first call that may fit.
    pub(super) fn first_open(&self) -> Option<Candidate> {
        let place = *self.open_turns.first()?;
        let first = *self.turns.get(&(place.2, place.0))?.open.first()?;
        self.candidate(place, first)
    }

    /// The first call that was found not to fit.
    pub(super) fn first_blocked(&self) -> Option<Candidate> {
        let place = *self.blocked_turns.first()?;
        let first = *self.turns.get(&(place.2, place.0))?.blocked.first()?;
        self.candidate(place, first)
    }

    fn candidate(&self, place: TurnPlace, (key, line): (Key, LineNo)) -> Option<Candidate> {
        let demand = self.lines.get(line.0 as usize)?.as_ref()?.demand;
        Some(Candidate {
            place,
            key,
            line,
            demand,
        })
    }

    /// Parks an open line: its first call is held back by `resource`.
    /// `is_exhausted` says that nobody else who waits for what woke it could
    /// have it either.
    pub(super) fn park(&mut self, number: LineNo, resource: Resource, is_exhausted: bool) {
        let woken_by = self.withdraw(number);
        let Some(line) = self.line_mut(number) else {
            return;
        };
        let Some(first) = line.keys.first() else {
            return;
        };
        line.standing = Standing::Parked(resource);
        let turn = line.turn;
        self.parked.insert((resource, turn, first, number));
        if resource.is_reservable() {
            self.turns
                .entry((turn.group, turn.class))
                .or_default()
                .blocked
                .insert((first, number));
            self.note(turn);
        }
        self.hand_on(woken_by.filter(|(freed, ..)| !(is_exhausted && *freed == resource)));
    }

    /// Something became free: opens the first line of each turn that waits
    /// for it.
    pub(super) fn wake(&mut self, resource: Resource) {
        let mut after = Bound::Included((resource, TurnNo::FIRST, Key::FIRST, LineNo(0)));
        while let Some(entry) = self.parked.range((after, Bound::Unbounded)).next().copied() {
            let (parked_on, turn, _, number) = entry;
            if parked_on != resource {
                return;
            }
            self.withdraw(number);
            self.open(number, Some(resource));
            after = Bound::Excluded((resource, turn, Key::LAST, LineNo(u32::MAX)));
        }
    }

    /// Opens every line that waits for it.
    pub(super) fn wake_all(&mut self, resource: Resource) {
        let start = (resource, TurnNo::FIRST, Key::FIRST, LineNo(0));
        while let Some((parked_on, _, _, number)) = self.parked.range(start..).next().copied() {
            if parked_on != resource {
                return;
            }
            self.withdraw(number);
            self.open(number, None);
        }
    }

    /// A line that was woken is woken no longer: wakes the next of its turn.
    fn hand_on(&mut self, woken_by: Option<(Resource, TurnNo, Key)>) {
        let Some((resource, turn, after)) = woken_by else {
            return;
        };
        let start = Bound::Excluded((resource, turn, after, LineNo(u32::MAX)));
        let next = self.parked.range((start, Bound::Unbounded)).next().copied();
        if let Some((parked_on, parked_turn, _, number)) = next
            && (parked_on, parked_turn) == (resource, turn)
        {
            self.withdraw(number);
            self.open(number, Some(resource));
        }
    }

    /// Changes a group's virtual time.
    pub(super) fn share(&mut self, group: u32, change: impl FnOnce(&mut Shares)) {
        let before = self.shares.time(group);
        change(&mut self.shares);
        let after = self.shares.time(group);
        if before == after {
            return;
        }
        for (_, class) in self
            .turns
            .range((group, i64::MIN)..=(group, i64::MAX))
            .map(|at| at.0)
        {
            for places in [&mut self.open_turns, &mut self.blocked_turns] {
                if places.remove(&(*class, before, group)) {
                    places.insert((*class, after, group));
                }
            }
        }
    }

    /// Every ready call, in order.
    pub(super) fn in_order(&self) -> Vec<Key> {
        let mut turns: BTreeMap<TurnPlace, Vec<Key>> = BTreeMap::new();
        for line in self.lines.iter().flatten() {
            let keys = turns.entry(self.place(line.turn)).or_default();
            keys.extend(line.keys.iter());
        }
        for keys in turns.values_mut() {
            keys.sort_unstable();
        }
        turns.into_values().flatten().collect()
    }

    fn new_line(&mut self, turn: TurnNo, demand: DemandNo, first: Key) -> LineNo {
        let number = self.unused.pop().unwrap_or_else(|| {
            self.lines.push(None);
            LineNo(self.lines.len() as u32 - 1)
        });
        self.lines[number.0 as usize] = Some(Line {
            turn,
            demand,
            keys: Keys::of(first),
            standing: Standing::Open { woken_by: None },
        });
        self.numbers.insert((turn, demand), number);
        number
    }

    fn line_mut(&mut self, number: LineNo) -> Option<&mut Line> {
        self.lines.get_mut(number.0 as usize)?.as_mut()
    }

    /// Takes a line out of every index, before it changes. Returns what it
    /// was woken by, with its turn and first key.
    fn withdraw(&mut self, number: LineNo) -> Option<(Resource, TurnNo, Key)> {
        let line = self.lines.get(number.0 as usize)?.as_ref()?;
        let (turn, standing) = (line.turn, line.standing);
        let first = line.keys.first()?;
        let entry = self.turns.entry((turn.group, turn.class)).or_default();
        let woken_by = match standing {
            Standing::Open { woken_by } => {
                entry.open.remove(&(first, number));
                woken_by.map(|resource| (resource, turn, first))
            }
            Standing::Parked(resource) => {
                entry.blocked.remove(&(first, number));
                self.parked.remove(&(resource, turn, first, number));
                None
            }
        };
        self.note(turn);
        woken_by
    }

    fn open(&mut self, number: LineNo, woken_by: Option<Resource>) {
        let Some(line) = self.line_mut(number) else {
            return;
        };
        line.standing = Standing::Open { woken_by };
        let (turn, first) = (line.turn, line.keys.first());
        if let Some(first) = first {
            self.turns
                .entry((turn.group, turn.class))
                .or_default()
                .open
                .insert((first, number));
            self.note(turn);
        }
    }

    /// Brings a turn's places up to date after its lines changed.
    fn note(&mut self, turn: TurnNo) {
        let place = self.place(turn);
        let number = (turn.group, turn.class);
        let lines = self.turns.get(&number);
        let has_open = lines.is_some_and(|lines| !lines.open.is_empty());
        let has_blocked = lines.is_some_and(|lines| !lines.blocked.is_empty());
        if has_open {
            self.open_turns.insert(place);
        } else {
            self.open_turns.remove(&place);
        }
        if has_blocked {
            self.blocked_turns.insert(place);
        } else {
            self.blocked_turns.remove(&place);
        }
        if !has_open && !has_blocked {
            self.turns.remove(&number);
        }
    }

    fn place(&self, turn: TurnNo) -> TurnPlace {
        (turn.class, self.shares.time(turn.group), turn.group)
    }
}
