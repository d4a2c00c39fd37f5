//! A lexer that knows just enough Rust to tell code from comments and texts.

/// A word or a sign of the code; texts, characters and comments are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// An identifier, a number, `::`, or one other character.
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: usize,
}

/// The words and signs of a file, and its comments line by line with line
/// numbers.
pub(crate) fn read(text: &str) -> (Vec<Token>, Vec<(usize, String)>) {
    let (code, comments) = split(text);
    (tokens(&code), lines_of(&comments))
}

fn tokens(code: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            let mut token = letter.to_string();
            if is_word(letter) {
                while let Some(next) = letters.next_if(|next| is_word(*next)) {
                    token.push(next);
                }
            } else if letter == ':' && letters.next_if_eq(&':').is_some() {
                token.push(':');
            } else if letter.is_whitespace() {
                continue;
            }
            found.push(Token {
                text: token,
                line: index + 1,
            });
        }
    }
    found
}

fn lines_of(comments: &str) -> Vec<(usize, String)> {
    let lines = comments.lines().map(str::to_owned).enumerate();
    lines
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim().is_empty())
        .collect()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where the reader stands.
enum State {
    Code,
    LineComment,
    /// How deep block comments are nested.
    BlockComment(usize),
    Text,
    /// How many `#` close it.
    RawText(usize),
}

/// The code and the comments of a file, each as a text of the same lines.
/// Texts and characters are in neither.
fn split(text: &str) -> (String, String) {
    let letters: Vec<char> = text.chars().collect();
    let (mut code, mut comments) = (String::new(), String::new());
    let mut state = State::Code;
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let rest = letters.get(at..).unwrap_or_default();
        let mut taken = 1;
        if letter == '\n' {
            code.push('\n');
            comments.push('\n');
            if matches!(state, State::LineComment) {
                state = State::Code;
            }
        } else {
            match &mut state {
                State::Code => (state, taken) = step_in_code(rest, &mut code),
                State::LineComment => comments.push(letter),
                State::BlockComment(depth) => match (letter, rest.get(1)) {
                    ('*', Some('/')) if *depth == 1 => (state, taken) = (State::Code, 2),
                    ('*', Some('/')) => (*depth, taken) = (*depth - 1, 2),
                    ('/', Some('*')) => (*depth, taken) = (*depth + 1, 2),
                    _ => comments.push(letter),
                },
                State::Text => match letter {
                    '\\' if rest.get(1) != Some(&'\n') => taken = 2,
                    '"' => state = State::Code,
                    _ => {}
                },
                State::RawText(hashes) => {
                    let closing = rest.iter().skip(1).take(*hashes);
                    if letter == '"' && closing.filter(|sign| **sign == '#').count() == *hashes {
                        taken = 1 + *hashes;
                        state = State::Code;
                    }
                }
            }
        }
        at += taken;
    }
    (code, comments)
}

/// One step outside of comments and texts: the next state, and how many
/// letters were used up.
fn step_in_code(rest: &[char], code: &mut String) -> (State, usize) {
    match rest {
        ['/', '/', ..] => (State::LineComment, 2),
        ['/', '*', ..] => (State::BlockComment(1), 2),
        ['"', ..] => (State::Text, 1),
        ['\'', '\\', ..] => {
            let end = rest.iter().skip(3).position(|letter| *letter == '\'');
            (State::Code, end.map_or(rest.len(), |end| end + 4))
        }
        ['\'', _, '\'', ..] => (State::Code, 3),
        [letter, ..] if is_word(*letter) => {
            let word: String = rest.iter().take_while(|next| is_word(**next)).collect();
            let length = word.chars().count();
            let after = rest.get(length..).unwrap_or_default();
            let hashes = after.iter().take_while(|sign| **sign == '#').count();
            if matches!(word.as_str(), "r" | "br" | "cr") && after.get(hashes) == Some(&'"') {
                return (State::RawText(hashes), length + hashes + 1);
            }
            code.push_str(&word);
            (State::Code, length)
        }
        [letter, ..] => {
            code.push(*letter);
            (State::Code, 1)
        }
        [] => (State::Code, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let words: Vec<String> = read(text).0.into_iter().map(|token| token.text).collect();
        words.join(" ")
    }

    #[test]
    fn texts_characters_and_comments_are_no_code() {
        assert_eq!(words(r##"a "b \" c" d r#"e " f"# g"##), "a d g");
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(
            words(r"let a: &'b str = '\''; '\u{7f}' 'x' c"),
            "let a : & ' b str = ; c"
        );
        assert_eq!(words("use crate::a;"), "use crate :: a ;");
        assert_eq!(words("b\"x\" 'label: loop"), "b ' label : loop");
    }

    #[test]
    fn lines_are_counted_through_texts_and_comments() {
        let text = "\"one\ntwo\" /* three\nfour */ a";
        assert_eq!(read(text).0.first().map(|token| token.line), Some(3));
        assert_eq!(read("a\n// b\n\"// c\"").1, [(2, " b".to_owned())]);
    }
}
