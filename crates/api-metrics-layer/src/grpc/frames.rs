//! Reads the frames of a gRPC body as its bytes pass: how many messages there are, and the trailers that
//! grpc-web puts into the last one.

use super::read_code;

/// The trailers of grpc-web that are read; what is longer is cut.
const MAX_TRAILERS: usize = 4096;
/// The bit that marks a frame of trailers.
const TRAILERS: u8 = 0x80;

/// Where in its frames a body stands.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The start of a frame: its flags, and its length in four bytes.
    head: [u8; 5],
    /// How many bytes of `head` have come.
    known: u8,
    /// Bytes of the frame that are still to come.
    left: u32,
    messages: u32,
    trailers: Vec<u8>,
    base64: Base64,
    /// Set where bytes have passed unseen, so that nothing is known from there on.
    lost: bool,
}

impl Frames {
    /// Bytes of the body, as they are on the wire.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.lost {
            if let Some(rest) = self.read_head(bytes) {
                bytes = rest;
                continue;
            }
            let (part, rest) = bytes.split_at(bytes.len().min(self.left as usize));
            if self.head[0] & TRAILERS != 0 {
                let room = MAX_TRAILERS - self.trailers.len().min(MAX_TRAILERS);
                self.trailers.extend(part.iter().take(room));
            }
            // `part` is no longer than `left`.
            self.left -= part.len() as u32;
            if self.left == 0 {
                self.known = 0;
            }
            bytes = rest;
        }
    }

    /// Reads on in the head of a frame. `None` where the head is complete.
    fn read_head<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let missing = self.head.get_mut(usize::from(self.known)..)?;
        if missing.is_empty() {
            return None;
        }
        let count = missing.len().min(bytes.len());
        let (part, rest) = bytes.split_at(count);
        missing[..count].copy_from_slice(part);
        // At most five.
        self.known += count as u8;
        if self.known == 5 {
            let [flags, length @ ..] = self.head;
            self.left = u32::from_be_bytes(length);
            if flags & TRAILERS == 0 {
                self.messages = self.messages.saturating_add(1);
            }
            if self.left == 0 {
                self.known = 0;
            }
        }
        Some(rest)
    }

    /// Bytes of a body that is base64 of frames, each piece padded by itself.
    pub(crate) fn read_base64(&mut self, text: &[u8]) {
        for &character in text {
            if let Some(byte) = self.base64.read(character) {
                self.read(&[byte]);
            }
        }
    }

    /// Bytes have passed that could not be looked at.
    pub(crate) const fn skip(&mut self) {
        self.lost = true;
    }

    /// Whether there was more than one message.
    pub(crate) const fn is_stream(&self) -> bool {
        self.messages > 1
    }

    /// The code in the trailers of grpc-web.
    pub(crate) fn code(&self) -> Option<u16> {
        let mut lines = self.trailers.split(|&byte| byte == b'\n');
        lines.find_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let (name, value) = line.split_at(colon);
            let name = name.trim_ascii();
            let value = value.get(1..)?.trim_ascii();
            name.eq_ignore_ascii_case(b"grpc-status")
                .then(|| read_code(value))
        })
    }
}

/// Decodes base64 character by character.
#[derive(Debug, Default)]
struct Base64 {
    bits: u16,
    count: u8,
}

impl Base64 {
    fn read(&mut self, character: u8) -> Option<u8> {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            // Padding ends a piece.
            _ => {
                self.count = 0;
                return None;
            }
        };
        self.bits = self.bits << 6 | u16::from(value);
        self.count = (self.count + 1) % 4;
        // A character has six bits: the first of four gives no byte yet.
        let unused = match self.count {
            1 => return None,
            2 => 4,
            3 => 2,
            _ => 0,
        };
        Some((self.bits >> unused & 0xff) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(flags: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap_or_default();
        [&[flags], &length.to_be_bytes()[..], content].concat()
    }

    fn body() -> Vec<u8> {
        let trailers = b"grpc-message:no\r\nGrpc-Status: 5\r\n";
        [
            frame(0, b"one"),
            frame(1, b""),
            frame(0, &[7; 300]),
            frame(TRAILERS, trailers),
        ]
        .concat()
    }

    #[test]
    fn messages_and_trailers_are_found_however_the_body_is_cut() {
        for size in 1..body().len() {
            let mut frames = Frames::default();
            for piece in body().chunks(size) {
                frames.read(piece);
            }
            assert_eq!((frames.messages, frames.code()), (3, Some(5)), "{size}");
        }
    }

    #[test]
    fn one_message_is_no_stream_and_trailers_are_no_message() {
        let mut frames = Frames::default();
        frames.read(&frame(0, b"one"));
        frames.read(&frame(TRAILERS, b"grpc-status:0"));
        assert!(!frames.is_stream());
        assert_eq!(frames.code(), Some(0));
        frames.read(&frame(0, b""));
        assert!(frames.is_stream());
    }

    #[test]
    fn base64_is_read_in_pieces_that_are_padded_each() {
        // "one" in a frame, then "grpc-status:16\r\n" in a frame of trailers.
        let pieces = ["AAAAAANvbmU=", "gAAAABBncnBjLXN0YXR1czoxNg0K"];
        let text = pieces.concat();
        for size in 1..text.len() {
            let mut frames = Frames::default();
            for piece in text.as_bytes().chunks(size) {
                frames.read_base64(piece);
            }
            assert_eq!((frames.messages, frames.code()), (1, Some(16)), "{size}");
        }
    }

    #[test]
    fn hostile_bodies_neither_panic_nor_grow() {
        let mut frames = Frames::default();
        frames.read(&[0xff; 5]);
        for _ in 0..100 {
            frames.read(&[b':'; 1000]);
        }
        assert!(frames.trailers.len() <= MAX_TRAILERS);
        assert_eq!(frames.code(), None);
        frames.skip();
        frames.read(&body());
        assert_eq!(frames.messages, 0);
    }
}
