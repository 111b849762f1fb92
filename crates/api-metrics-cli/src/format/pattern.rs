//! A format as texts and fields in turns, and the lines that match it.

use std::fmt::Write as _;

use memchr::{memchr, memmem};

use super::{
    entry::{Draft, Entry, LineOptions, Reject},
    field::Field,
    value::closing_quote,
};

/// What a format string consists of, in its order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Text(Vec<u8>),
    Field(Field),
}

/// How the end of a field is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Up to the text that follows it in the format.
    Plain,
    /// Between quotes: a backslash escapes, and other quotes end nothing.
    Quoted,
    /// A word, or a list of words with commas and colons.
    List,
    /// Up to the text behind which a time stands: user names may hold spaces and brackets.
    BeforeTime,
    /// Up to a slash that belongs to the next field.
    BeforePath,
}

#[derive(Debug, Clone, PartialEq)]
struct Piece {
    field: Field,
    shape: Shape,
    /// The text that ends it; none for the last one.
    end: Box<[u8]>,
}

/// A format that was given as a string in a server's configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    start: Box<[u8]>,
    pieces: Vec<Piece>,
    /// Whether text that no field describes may follow.
    open_end: bool,
}

impl Pattern {
    /// Puts a format together.
    ///
    /// # Errors
    /// A sentence, when lines of such a format could not be told apart or say too little.
    pub(super) fn new(items: Vec<Item>) -> Result<Self, String> {
        let items = joined(items);
        let mut pattern = Self {
            start: Box::default(),
            pieces: Vec::new(),
            open_end: false,
        };
        let mut before: &[u8] = b"";
        let mut items = items.iter().peekable();
        if let Some(Item::Text(text)) = items.peek() {
            pattern.start = text.as_slice().into();
            before = text;
            items.next();
        }
        while let Some(item) = items.next() {
            let Item::Field(field) = item else { continue };
            let end: &[u8] = match items.peek() {
                Some(Item::Text(text)) => {
                    let text = text.as_slice();
                    items.next();
                    text
                }
                _ => b"",
            };
            let next = match items.peek() {
                Some(Item::Field(next)) => Some(next),
                _ => None,
            };
            let shape = match (field, next) {
                (_, Some(Field::Target)) if end.is_empty() => Shape::BeforePath,
                (_, Some(_)) if end.is_empty() => {
                    return Err("two fields follow each other with nothing between them".to_owned());
                }
                (Field::IgnoredList, _) => Shape::List,
                _ if before.ends_with(b"\"") && end.starts_with(b"\"") => Shape::Quoted,
                (_, Some(next)) if next.is_time() && !field.is_time() => Shape::BeforeTime,
                _ => Shape::Plain,
            };
            pattern.pieces.push(Piece {
                field: field.clone(),
                shape,
                end: end.into(),
            });
            before = end;
        }
        pattern.complete().map(|()| pattern)
    }

    /// Lets anything follow behind the last field, as newer versions of a service add fields.
    pub(super) fn with_open_end(mut self) -> Self {
        self.open_end = true;
        self
    }

    pub(super) fn has_latency(&self) -> bool {
        self.pieces.iter().any(|piece| piece.field.is_latency())
    }

    fn complete(&self) -> Result<(), String> {
        let has = |wanted: fn(&Field) -> bool| self.pieces.iter().any(|piece| wanted(&piece.field));
        if !has(Field::is_time) {
            return Err("it has no time".to_owned());
        }
        if !has(|field| *field == Field::Status) {
            return Err("it has no status".to_owned());
        }
        if !has(|field| matches!(field, Field::Request | Field::Target)) {
            return Err("it has neither request nor path".to_owned());
        }
        Ok(())
    }

    pub(super) fn parse<'a>(
        &self,
        line: &'a [u8],
        reading: &LineOptions,
    ) -> Result<Entry<'a>, Reject> {
        let mut rest = line
            .strip_prefix(&*self.start)
            .ok_or_else(|| expected(&self.start))?;
        let mut draft = Draft::default();
        for (index, piece) in self.pieces.iter().enumerate() {
            let length = self.length(index, piece, rest, reading)?;
            let (value, tail) = rest.split_at(length);
            piece.field.put(value, &mut draft, reading)?;
            rest = tail.get(piece.end.len()..).unwrap_or_default();
        }
        if !self.open_end && !rest.trim_ascii().is_empty() {
            return Err(Reject::Malformed(
                "it goes on behind the last field of the format",
            ));
        }
        draft.finish(reading)
    }

    /// How long the value of a piece is at the start of `rest`.
    fn length(
        &self,
        index: usize,
        piece: &Piece,
        rest: &[u8],
        reading: &LineOptions,
    ) -> Result<usize, Reject> {
        let end = &*piece.end;
        let found = match piece.shape {
            Shape::BeforePath => memchr(b'/', rest),
            Shape::List => Some(list(rest)).filter(|at| rest[*at..].starts_with(end)),
            _ if end.is_empty() => Some(rest.trim_ascii_end().len()),
            Shape::Quoted => quoted(rest, end),
            Shape::BeforeTime => self.before_time(index, rest, end, reading),
            Shape::Plain => find(rest, end),
        };
        found.ok_or_else(|| expected(end))
    }

    /// The end behind which the next field is a time.
    fn before_time(
        &self,
        index: usize,
        rest: &[u8],
        end: &[u8],
        reading: &LineOptions,
    ) -> Option<usize> {
        let next = self.pieces.get(index + 1)?;
        let mut from = 0;
        loop {
            let at = from + find(rest.get(from..)?, end)?;
            let behind = &rest[at + end.len()..];
            let length = if next.end.is_empty() {
                Some(behind.len())
            } else {
                find(behind, &next.end)
            };
            let is_time = length.is_some_and(|length| {
                let mut draft = Draft::default();
                next.field
                    .put(&behind[..length], &mut draft, reading)
                    .is_ok()
            });
            if is_time {
                return Some(at);
            }
            from = at + 1;
        }
    }
}

/// Neighbouring texts become one.
fn joined(items: Vec<Item>) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        match (out.last_mut(), item) {
            (Some(Item::Text(before)), Item::Text(text)) => before.extend_from_slice(&text),
            (_, Item::Text(text)) if text.is_empty() => {}
            (_, item) => out.push(item),
        }
    }
    out
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    match wanted {
        [byte] => memchr(*byte, text),
        _ => memmem::find(text, wanted),
    }
}

/// The first quote that is not escaped and behind which the format goes on.
fn quoted(text: &[u8], end: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + closing_quote(text.get(from..)?)?;
        if text[at..].starts_with(end) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The end of a word, or of several with commas or ` : ` between them.
fn list(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += memchr(b' ', &text[at..]).unwrap_or(text.len() - at);
        if at > 0 && text[at - 1] == b',' && at < text.len() {
            at += 1;
        } else if text[at..].starts_with(b" : ") {
            at += 3;
        } else {
            break;
        }
    }
    // `"…"`, `…]` and the like end a list inside of them.
    text[..at]
        .iter()
        .position(|byte| matches!(byte, b'"' | b']' | b'}' | b'|' | b'\t' | b';'))
        .unwrap_or(at)
}

fn expected(text: &[u8]) -> Reject {
    let mut shown = String::new();
    let _ = write!(shown, "{}", String::from_utf8_lossy(text));
    Reject::Expected(shown.into())
}
