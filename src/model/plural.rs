//! Numbers of things, in words.

/// A number of things, with the word for one of them put into the plural where
/// it has to be: `1 call`, `2 calls`, `3 dependencies`.
pub fn plural(number: usize, one: &str) -> String {
    match one.strip_suffix('y') {
        _ if number == 1 => format!("{number} {one}"),
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_no_plural() {
        let of = |number| plural(number, "call") + ", " + &plural(number, "dependency");
        assert_eq!(of(0), "0 calls, 0 dependencies");
        assert_eq!(of(1), "1 call, 1 dependency");
        assert_eq!(of(2), "2 calls, 2 dependencies");
    }
}
