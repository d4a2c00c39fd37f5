//! Marks of agents: two letters of the program, and a number.

/// Programs that are known, by the name with which they introduce themselves.
const KNOWN: [KnownProgram; 4] = [
    KnownProgram::new("claude-code", "cc", "Claude Code"),
    KnownProgram::new("codex-mcp-client", "cx", "Codex"),
    KnownProgram::new("gemini-cli-mcp-client", "gm", "Gemini CLI"),
    KnownProgram::new("opencode", "oc", "opencode"),
];

struct KnownProgram {
    name: &'static str,
    letters: &'static str,
    title: &'static str,
}

impl KnownProgram {
    const fn new(name: &'static str, letters: &'static str, title: &'static str) -> Self {
        Self {
            name,
            letters,
            title,
        }
    }
}

/// The two letters of a program: its own where it is known, else the first two
/// letters of its name.
pub(super) fn letters(name: &str) -> String {
    if let Some(known) = known(name) {
        return known.letters.to_owned();
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
    known(name).map_or(name, |known| known.title)
}

fn known(name: &str) -> Option<&'static KnownProgram> {
    // Gemini CLI adds the server's name to its own.
    KNOWN.iter().find(|known| name.starts_with(known.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_programs_have_letters_and_others_those_of_their_name() {
        assert_eq!(letters("claude-code"), "cc");
        assert_eq!(letters("gemini-cli-mcp-client-mem"), "gm");
        assert_eq!(letters("My Agent"), "my");
        assert_eq!((letters("7"), letters("")), ("ag".into(), "ag".into()));
        assert_eq!((title("codex-mcp-client"), title("x")), ("Codex", "x"));
    }
}
