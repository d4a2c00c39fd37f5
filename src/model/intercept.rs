//! Which calls of agents are held as they come: a pattern and a switch.

use std::fmt;
use std::sync::Arc;

/// Which calls are held as they come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intercept {
    /// The calls; `None` until a pattern is set.
    pub pattern: Option<InterceptPattern>,
    /// Whether the pattern is in force.
    pub is_on: bool,
}

impl Intercept {
    /// Whether a call is to be held.
    pub fn holds(&self, call: &Intercepted<'_>) -> bool {
        self.is_on && self.pattern.as_ref().is_some_and(|it| it.matches(call))
    }
}

/// The part of a call that a pattern looks at.
#[derive(Debug, Clone, Copy)]
pub struct Intercepted<'a> {
    /// Mark of the agent, such as `cc1`.
    pub agent: &'a str,
    /// The server's name.
    pub server: &'a str,
    /// The tool's name on the server.
    pub tool: &'a str,
    /// Whether the tool says that it changes nothing.
    pub is_read_only: bool,
}

/// Terms that must all hold: `mem.create_* agent:cx1 !ro`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterceptPattern {
    text: Arc<str>,
    terms: Arc<[Term]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    is_negated: bool,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    /// `server.tool`, with `*` for anything.
    Tool(Box<str>),
    /// The agent's mark, with `*` for anything.
    Agent(Box<str>),
    /// The tool says that it changes nothing.
    ReadOnly,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// There is no term in it.
    #[error("a pattern is needed, such as `mem.create_*`, `agent:cx1` or `!ro`")]
    Empty,
    /// A term has nothing to look for.
    #[error("`{0}` names nothing; `{0}*` would match everything")]
    NoName(String),
    /// A term of a kind that does not exist.
    #[error("`{0}` is no kind of term; there are `SERVER.TOOL`, `agent:MARK` and `ro`")]
    UnknownKind(String),
}

impl InterceptPattern {
    /// Reads a pattern: terms with spaces between them, each `SERVER.TOOL`,
    /// `TOOL`, `agent:MARK` or `ro`, the opposite with `!` before it, and `*`
    /// for any characters.
    ///
    /// # Errors
    ///
    /// There is no term, or one that cannot be understood.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let terms: Vec<Term> = text
            .split_whitespace()
            .map(Term::parse)
            .collect::<Result<_, _>>()?;
        if terms.is_empty() {
            return Err(PatternError::Empty);
        }
        Ok(Self {
            text: text.split_whitespace().collect::<Vec<_>>().join(" ").into(),
            terms: terms.into(),
        })
    }

    /// The pattern as it was written, with single spaces.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether every term holds for a call.
    pub fn matches(&self, call: &Intercepted<'_>) -> bool {
        self.terms.iter().all(|term| {
            let holds = match &term.test {
                Test::Tool(glob) if glob.contains('.') => {
                    is_match(glob, &format!("{}.{}", call.server, call.tool))
                }
                Test::Tool(glob) => is_match(glob, call.tool),
                Test::Agent(glob) => is_match(glob, call.agent),
                Test::ReadOnly => call.is_read_only,
            };
            holds != term.is_negated
        })
    }
}

impl fmt::Display for InterceptPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Term {
    fn parse(written: &str) -> Result<Self, PatternError> {
        let (is_negated, name) = match written.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, written),
        };
        let test = match name.split_once(':') {
            _ if name == "ro" => Test::ReadOnly,
            Some(("agent", "")) => return Err(PatternError::NoName(written.to_owned())),
            Some(("agent", mark)) => Test::Agent(mark.into()),
            Some(_) => return Err(PatternError::UnknownKind(written.to_owned())),
            None if name.is_empty() => return Err(PatternError::NoName(written.to_owned())),
            None => Test::Tool(name.into()),
        };
        Ok(Self { is_negated, test })
    }
}

/// Whether a text is of the form of a glob, in which `*` stands for any
/// characters, also none. Takes time in proportion to both lengths.
fn is_match(glob: &str, text: &str) -> bool {
    let (glob, text) = (glob.as_bytes(), text.as_bytes());
    let (mut at, mut pos) = (0, 0);
    // Where the last star stands, and how far the text was when it was met.
    let mut star: Option<(usize, usize)> = None;
    while pos < text.len() {
        match glob.get(at) {
            Some(b'*') => {
                star = Some((at, pos));
                at += 1;
            }
            Some(byte) if *byte == text[pos] => {
                at += 1;
                pos += 1;
            }
            _ => {
                let Some((place, taken)) = star else {
                    return false;
                };
                star = Some((place, taken + 1));
                (at, pos) = (place + 1, taken + 1);
            }
        }
    }
    glob.get(at..)
        .is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(pattern: &str, agent: &str, tool: &str, is_read_only: bool) -> bool {
        let (server, tool) = tool.split_once('.').expect("server.tool");
        let pattern = InterceptPattern::parse(pattern).expect("a pattern");
        pattern.matches(&Intercepted {
            agent,
            server,
            tool,
            is_read_only,
        })
    }

    #[test]
    fn every_term_must_hold() {
        assert!(holds("mem.create_*", "cc1", "mem.create_entities", false));
        assert!(!holds("mem.create_*", "cc1", "git.create_branch", false));
        assert!(holds("*.echo", "cc1", "ev.echo", true));
        assert!(holds("echo", "cc1", "ev.echo", true));
        assert!(holds("*", "cc1", "ev.echo", true));
        assert!(holds("agent:c*1 !ro", "cx1", "mem.x", false));
        assert!(!holds("agent:c*1 !ro", "cx1", "mem.x", true));
        assert!(!holds("!agent:cx1", "cx1", "mem.x", false));
        assert!(holds("*a*b", "cc1", "m.aaaab", true));
        assert!(!holds("a*b*c", "cc1", "m.abab", true));
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        assert_eq!(InterceptPattern::parse(" "), Err(PatternError::Empty));
        let unknown = PatternError::UnknownKind("tool:x".to_owned());
        assert_eq!(InterceptPattern::parse("a tool:x"), Err(unknown));
        let nothing = PatternError::NoName("!".to_owned());
        assert_eq!(InterceptPattern::parse("!"), Err(nothing));
        let spaced = InterceptPattern::parse("  a   !ro ").expect("a pattern");
        assert_eq!(spaced.as_str(), "a !ro");
    }
}
