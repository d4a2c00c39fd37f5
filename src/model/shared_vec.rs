//! A vector that is cheap to clone and to change after that.

use std::sync::Arc;

/// Number of items of a page.
const PAGE: usize = 256;

/// A vector whose clones share every page that has not changed since. To clone
/// it costs nothing; the first change after that copies one page, and a pointer
/// to each of the others.
#[derive(Debug, Clone)]
pub struct SharedVec<T> {
    /// Each page is full but the last.
    pages: Arc<Vec<Arc<Vec<T>>>>,
    len: usize,
}

impl<T> SharedVec<T> {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The item at a position.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.pages.get(index / PAGE)?.get(index % PAGE)
    }

    /// Every item, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.pages.iter().flat_map(|page| page.iter())
    }

    /// The items of the pages that are not shared with an earlier clone.
    pub fn changed<'v>(&'v self, before: &'v Self) -> impl Iterator<Item = &'v T> {
        let pages = self.pages.iter().enumerate();
        let is_shared = |index: usize, page: &Arc<Vec<T>>| {
            let other = before.pages.get(index);
            other.is_some_and(|other| Arc::ptr_eq(other, page))
        };
        pages
            .filter(move |(index, page)| !is_shared(*index, page))
            .flat_map(|(_, page)| page.iter())
    }

    /// Whether nothing has changed between two clones. False may be said of
    /// equal vectors, too.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pages, &other.pages)
    }
}

impl<T: Clone> SharedVec<T> {
    /// Adds an item behind the last.
    pub fn push(&mut self, item: T) {
        let pages = Arc::make_mut(&mut self.pages);
        match pages.last_mut() {
            Some(page) if page.len() < PAGE => Arc::make_mut(page).push(item),
            _ => pages.push(Arc::new(vec![item])),
        }
        self.len += 1;
    }

    /// The item at a position, to be changed.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index >= self.len {
            return None;
        }
        let page = Arc::make_mut(&mut self.pages).get_mut(index / PAGE)?;
        Arc::make_mut(page).get_mut(index % PAGE)
    }
}

impl<T> Default for SharedVec<T> {
    fn default() -> Self {
        Self {
            pages: Arc::default(),
            len: 0,
        }
    }
}

impl<T: Clone> FromIterator<T> for SharedVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut all = Self::default();
        for item in items {
            all.push(item);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_shares_the_pages_that_did_not_change() {
        let count = 3 * PAGE + 1;
        let mut all: SharedVec<usize> = (0..count).collect();
        let before = all.clone();
        assert!(all.is_same(&before));
        *all.get_mut(PAGE).expect("an item") = 7;
        all.push(count);
        assert!(!all.is_same(&before));
        let shared = all.pages.iter().zip(before.pages.iter());
        let shared: Vec<bool> = shared.map(|(one, other)| Arc::ptr_eq(one, other)).collect();
        assert_eq!(shared, [true, false, true, false]);
        assert_eq!((before.len(), before.get(PAGE)), (count, Some(&PAGE)));
        assert_eq!((all.len(), all.get(PAGE)), (count + 1, Some(&7)));
        assert_eq!((all.get(count), all.get(count + 1)), (Some(&count), None));
        assert!(before.iter().copied().eq(0..count));
        assert_eq!(all.iter().next_back(), Some(&count));
        let changed = [7, PAGE + 1, 2 * PAGE - 1, 3 * PAGE, count];
        let found: Vec<usize> = all.changed(&before).copied().collect();
        assert!(changed.iter().all(|item| found.contains(item)));
        assert_eq!(found.len(), PAGE + 2);
        assert_eq!(all.get_mut(count + 1), None);
    }
}
