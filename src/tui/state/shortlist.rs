//! The mark that goes up and down a list of things to choose from.

/// The index after, or before, a marked one of so many, around the ends; 0 of
/// none.
pub fn turned(marked: usize, count: usize, by: isize) -> usize {
    let count = count.max(1);
    (marked + count).saturating_add_signed(by) % count
}

#[cfg(test)]
mod tests {
    use super::turned;

    #[test]
    fn it_goes_around_both_ends() {
        assert_eq!(turned(2, 3, 1), 0);
        assert_eq!(turned(0, 3, -1), 2);
        assert_eq!(turned(1, 3, 1), 2);
        assert_eq!(turned(0, 0, 1), 0);
    }
}
