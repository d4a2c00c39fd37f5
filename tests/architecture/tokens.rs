//! The tokens of a file, its comments, and the lengths of its functions.

use std::ops::Range;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// A word or a sign of the code; texts, characters and comments are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// An identifier, a number, `::`, or one other character.
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: usize,
}

/// One line of a comment, without the signs that begin it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Line of its `fn`, from 1.
    pub(crate) line: usize,
    /// From `fn` to the last brace.
    pub(crate) lines: usize,
}

/// Tokens and comments of a file.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) functions: Vec<Function>,
}

/// Lexes a file. Comments are what stands between the tokens.
pub(crate) fn read(text: &str, stream: TokenStream) -> Lexed {
    let mut reader = Reader {
        text,
        end: 0,
        doc_end: 0,
        lexed: Lexed::default(),
    };
    reader.read(stream);
    reader.comments(text.len());
    reader.lexed
}

struct Reader<'a> {
    text: &'a str,
    /// Byte at which the last token ended.
    end: usize,
    /// Byte at which the last doc comment ended.
    doc_end: usize,
    lexed: Lexed,
}

impl Reader<'_> {
    fn read(&mut self, stream: TokenStream) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        for (at, tree) in trees.iter().enumerate() {
            match tree {
                TokenTree::Group(group) => self.group(group),
                TokenTree::Ident(word) => {
                    if word == "fn" {
                        self.function(trees.get(at..).unwrap_or_default());
                    }
                    self.token(&word.to_string(), word.span());
                }
                TokenTree::Punct(sign) => self.sign(sign.as_char(), sign.span()),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    if text.starts_with(|first: char| first.is_ascii_digit()) {
                        self.token(&text, literal.span());
                    } else {
                        self.pass(literal.span());
                    }
                }
            }
        }
    }

    fn group(&mut self, group: &Group) {
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        self.token(open, group.span_open());
        self.read(group.stream());
        self.token(close, group.span_close());
    }

    fn sign(&mut self, sign: char, span: Span) {
        let begins = self.end == span.byte_range().start;
        if let Some(last) = self.lexed.tokens.last_mut()
            && last.text == ":"
            && sign == ':'
            && begins
        {
            last.text.push(':');
            self.end = span.byte_range().end;
        } else {
            self.token(&sign.to_string(), span);
        }
    }

    fn token(&mut self, text: &str, span: Span) {
        if self.pass(span) {
            self.lexed.tokens.push(Token {
                text: text.to_owned(),
                line: span.start().line,
            });
        }
    }

    /// Goes past a token; false for those that a doc comment stands for.
    fn pass(&mut self, span: Span) -> bool {
        let range = span.byte_range();
        let rest = self.part(range.start..self.text.len());
        if range.start < self.doc_end || rest.starts_with("//") || rest.starts_with("/*") {
            self.doc_end = self.doc_end.max(range.end);
            return false;
        }
        self.comments(range.start);
        self.end = range.end;
        true
    }

    fn part(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// Takes in the comments from the last token up to this byte.
    fn comments(&mut self, to: usize) {
        let before = self.part(0..self.end).matches('\n').count();
        let lines: Vec<Comment> = self
            .part(self.end..to)
            .split('\n')
            .enumerate()
            .map(|(at, line)| Comment {
                line: before + at + 1,
                text: line
                    .trim_start_matches(['/', '*', '!', ' '])
                    .trim_end()
                    .to_owned(),
            })
            .filter(|comment| !comment.text.is_empty())
            .collect();
        self.lexed.comments.extend(lines);
    }

    /// Notes the function whose `fn` begins these tokens, if it has a body.
    fn function(&mut self, trees: &[TokenTree]) {
        let is_end = |tree: &TokenTree| match tree {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(sign) => sign.as_char() == ';',
            _ => false,
        };
        let (Some(first), Some(TokenTree::Ident(name))) = (trees.first(), trees.get(1)) else {
            return;
        };
        if let Some(TokenTree::Group(body)) = trees.iter().find(|tree| is_end(tree)) {
            let line = first.span().start().line;
            self.lexed.functions.push(Function {
                name: name.to_string(),
                line,
                lines: body.span_close().end().line + 1 - line,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexed(text: &str) -> Lexed {
        read(text, text.parse().expect("tokens"))
    }

    fn words(text: &str) -> String {
        let words: Vec<String> = lexed(text)
            .tokens
            .into_iter()
            .map(|token| token.text)
            .collect();
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
        assert_eq!(words("b\"x\" 'label: loop"), "' label : loop");
        assert_eq!(words("/// a\n//! b\nfn c() {}"), "fn c ( ) { }");
    }

    #[test]
    fn lines_are_counted_through_texts_and_comments() {
        let text = "\"one\ntwo\" /* three\nfour */ a";
        let read = lexed(text);
        assert_eq!(read.tokens.first().map(|token| token.line), Some(3));
        let comments = |text| {
            let comments = lexed(text).comments.into_iter();
            comments.map(|it| (it.line, it.text)).collect::<Vec<_>>()
        };
        assert_eq!(comments("a\n// b\n\"// c\""), [(2, "b".to_owned())]);
        let both = [(1, "a".to_owned()), (2, "c".to_owned())];
        assert_eq!(comments("/// a\nfn b() {} // c"), both);
    }
}
