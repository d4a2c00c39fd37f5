//! Splits a stream of server-sent events (HTML standard, section 9.2.6).

/// Bytes of the longest event that is taken.
const MAX_EVENT: usize = super::lines::MAX_MESSAGE;

/// One event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Kind; empty stands for `message`.
    pub(super) kind: String,
    /// Content, as it came: it need not be UTF-8.
    pub(super) data: Option<Vec<u8>>,
    /// Id to resume after.
    pub(super) id: Option<String>,
    /// Milliseconds until a stream that ended is asked for again.
    pub(super) retry: Option<u64>,
}

/// The stream holds an event of more than 16 MiB.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it sent an event of more than {} MiB", MAX_EVENT >> 20)]
pub(super) struct EventTooLong;

/// Parser of one stream.
#[derive(Debug, Default)]
pub(super) struct Parser {
    buffer: Vec<u8>,
    /// Bytes of the buffer that hold no end of a line.
    searched: usize,
    event: Event,
    is_started: bool,
    /// The last line ended in CR; an LF that follows belongs to it.
    ended_in_cr: bool,
}

impl Parser {
    /// Takes a piece of the stream.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), EventTooLong> {
        self.buffer.extend_from_slice(piece);
        let data = self.event.data.as_ref().map_or(0, Vec::len);
        if data > MAX_EVENT || (self.buffer.len() > MAX_EVENT && self.line_end().is_none()) {
            return Err(EventTooLong);
        }
        Ok(())
    }

    /// Returns the next event that is whole.
    pub(super) fn next(&mut self) -> Result<Option<Event>, EventTooLong> {
        while let Some(line) = self.next_line() {
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                if event != Event::default() {
                    return Ok(Some(event));
                }
                continue;
            }
            self.take_field(&line);
            if self.event.data.as_ref().map_or(0, Vec::len) > MAX_EVENT {
                return Err(EventTooLong);
            }
        }
        Ok(None)
    }

    /// Returns what is left at the end of the stream: an event whose blank
    /// line is missing.
    pub(super) fn finish(&mut self) -> Option<Event> {
        self.buffer.extend_from_slice(b"\n\n");
        self.next().ok().flatten()
    }

    fn line_end(&mut self) -> Option<usize> {
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        let found = memchr::memchr2(b'\n', b'\r', fresh).map(|at| self.searched + at);
        self.searched = found.unwrap_or(self.buffer.len());
        found
    }

    fn next_line(&mut self) -> Option<Vec<u8>> {
        if self.ended_in_cr && !self.buffer.is_empty() {
            self.ended_in_cr = false;
            if self.buffer.first() == Some(&b'\n') {
                self.buffer.remove(0);
                self.searched = 0;
            }
        }
        let at = self.line_end()?;
        self.ended_in_cr = self.buffer.get(at) == Some(&b'\r');
        let rest = self.buffer.split_off(at + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        self.searched = 0;
        line.pop();
        if !std::mem::replace(&mut self.is_started, true) && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        Some(line)
    }

    fn take_field(&mut self, line: &[u8]) {
        let (name, value) = match memchr::memchr(b':', line) {
            Some(at) => (line.get(..at), line.get(at + 1..)),
            None => (Some(line), None),
        };
        let value = value.unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let text = || String::from_utf8_lossy(value).into_owned();
        match name.unwrap_or_default() {
            b"data" => match &mut self.event.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.event.data = Some(value.to_vec()),
            },
            b"event" => self.event.kind = text(),
            b"id" if !value.contains(&0) => self.event.id = Some(text()),
            b"retry" => self.event.retry = text().parse().ok(),
            // A comment, or a field that nobody knows.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(pieces: &[&[u8]]) -> Vec<Event> {
        let (mut parser, mut events) = (Parser::default(), Vec::new());
        for piece in pieces {
            parser.push(piece).expect("short");
            while let Some(event) = parser.next().expect("short") {
                events.push(event);
            }
        }
        events.extend(parser.finish());
        events
    }

    #[test]
    fn events_are_the_same_however_they_are_cut_and_ended() {
        let text = b"\xef\xbb\xbf: hi\n\nretry: 5\nid: a\ndata: 1\ndata:2\n\nevent: ping\ndata\n\ndata: last";
        let whole = events(&[text]);
        let one = |kind: &str, data: &str| Event {
            kind: kind.to_owned(),
            data: Some(data.into()),
            ..Event::default()
        };
        let first = Event {
            id: Some("a".to_owned()),
            retry: Some(5),
            ..one("", "1\n2")
        };
        assert_eq!(whole, [first, one("ping", ""), one("", "last")]);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(events(&bytes), whole);
        for end in ["\r\n", "\r"] {
            let text = String::from_utf8_lossy(text).replace('\n', end);
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(events(&bytes), whole, "{end:?}");
        }
    }

    #[test]
    fn an_event_has_a_bound_in_one_line_and_in_many() {
        let mut parser = Parser::default();
        parser.push(&vec![b'x'; MAX_EVENT]).expect("within");
        assert_eq!(parser.push(b"xx"), Err(EventTooLong));
        let mut parser = Parser::default();
        let line = [b"data: ".as_slice(), &vec![b'y'; MAX_EVENT / 4], b"\n"].concat();
        let pushed = (0..6).try_for_each(|_| {
            parser.push(&line)?;
            parser.next().map(|_| ())
        });
        assert_eq!(pushed, Err(EventTooLong));
    }
}
