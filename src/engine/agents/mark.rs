//! Marks of agents: two letters of the program, and a number.

use crate::exec::proxy::known_agents::find;

/// The two letters of a program: its own where it is known, else the first two
/// letters of its name.
pub(super) fn letters(name: &str) -> String {
    if let Some(known) = find(name, None) {
        return known.mark.to_owned();
    }
    let letters = name.chars().filter(char::is_ascii_alphabetic).take(2);
    let letters: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    match letters.len() {
        2 => letters,
        _ => "ag".to_owned(),
    }
}

/// The name of a program for people.
pub(super) fn title(name: &str) -> &str {
    find(name, None).map_or(name, |known| known.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_programs_have_letters_and_others_those_of_their_name() {
        assert_eq!(letters("claude-code"), "cc");
        assert_eq!(letters("My Agent"), "my");
        assert_eq!((letters("7"), letters("")), ("ag".into(), "ag".into()));
        assert_eq!((title("codex-mcp-client"), title("x")), ("Codex", "x"));
    }
}
