//! Compressed logs, by what they begin with and not by their names.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// Most memory that the dictionary of an xz file may ask for, in KiB: `xz -9` needs 65 MiB.
const XZ_MEMORY_KIB: u32 = 80 * 1024;
/// Largest window of a zstd file: `zstd -19` needs 8 MiB, `--ultra -22` and `--long` 128 MiB.
const ZSTD_WINDOW: u64 = 128 * 1024 * 1024;

/// The bytes of a log as they are stored.
pub(super) type Stored = BufReader<Box<dyn Read + Send>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl Compression {
    fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// The text of a log, and whether it is given as it is stored.
pub(super) struct Text {
    pub(super) text: Box<dyn Read + Send>,
    pub(super) is_plain: bool,
}

/// The text of a log in UTF-8, decompressed where it is compressed.
pub(super) fn decoded(mut stored: Stored) -> io::Result<Text> {
    let compression = Compression::of(stored.fill_buf()?);
    let text: Box<dyn Read + Send> = match compression {
        None => Box::new(stored),
        Some(compression) => Box::new(Members {
            compression,
            state: State::Between(stored),
        }),
    };
    let mut text = as_utf8(text)?;
    text.is_plain &= compression.is_none();
    Ok(text)
}

enum State {
    Between(Stored),
    Gzip(GzDecoder<Stored>),
    Bzip2(BzDecoder<Stored>),
    Xz(Box<XzReader<Stored>>),
    Zstd(Box<StreamingDecoder<Stored, FrameDecoder>>),
    Ended,
}

/// One compressed member after another, as rotation and parallel compressors leave them, with or
/// without zeros behind them, as tapes and block devices do.
struct Members {
    compression: Compression,
    state: State,
}

impl Members {
    /// Begins the next member, or ends.
    fn next(&mut self, mut stored: Stored) -> io::Result<State> {
        loop {
            let buffer = stored.fill_buf()?;
            if buffer.is_empty() {
                return Ok(State::Ended);
            }
            let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
            if zeros > 0 {
                stored.consume(zeros);
                continue;
            }
            // The magic number may lie across two fills of the buffer: its first byte decides then.
            let known = Compression::of(buffer) == Some(self.compression);
            if !known && buffer.len() >= 6 {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "something else follows the compressed data",
                ));
            }
            if self.compression == Compression::Zstd && (0x50..=0x5f).contains(&buffer[0]) {
                let mut header = [0; 8];
                stored.read_exact(&mut header)?;
                let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
                io::copy(&mut (&mut stored).take(length.into()), &mut io::sink())?;
                continue;
            }
            return Ok(match self.compression {
                Compression::Gzip => State::Gzip(GzDecoder::new(stored)),
                Compression::Bzip2 => State::Bzip2(BzDecoder::new(stored)),
                Compression::Xz => State::Xz(Box::new(XzReader::new_mem_limit(
                    stored,
                    false,
                    XZ_MEMORY_KIB,
                ))),
                Compression::Zstd => State::Zstd(Box::new(
                    StreamingDecoder::new_with_max_window_size(stored, ZSTD_WINDOW).map_err(
                        |error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()),
                    )?,
                )),
            });
        }
    }
}

impl Read for Members {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let read = match &mut self.state {
                State::Between(_) => 0,
                State::Gzip(decoder) => decoder.read(buffer)?,
                State::Bzip2(decoder) => decoder.read(buffer)?,
                State::Xz(decoder) => decoder.read(buffer)?,
                State::Zstd(decoder) => decoder.read(buffer)?,
                State::Ended => return Ok(0),
            };
            if read > 0 {
                return Ok(read);
            }
            let stored = match std::mem::replace(&mut self.state, State::Ended) {
                State::Between(stored) => stored,
                State::Gzip(decoder) => decoder.into_inner(),
                State::Bzip2(decoder) => decoder.into_inner(),
                State::Xz(decoder) => decoder.into_inner(),
                State::Zstd(decoder) => decoder.into_inner(),
                State::Ended => return Ok(0),
            };
            self.state = self.next(stored)?;
        }
    }
}

/// UTF-16, as Windows writes it, into UTF-8.
struct Utf16<R> {
    inner: R,
    is_big_endian: bool,
    /// A byte or half of a surrogate pair that waits for its other half.
    pending: Vec<u8>,
    out: Vec<u8>,
    at: usize,
}

impl<R: Read> Utf16<R> {
    const fn new(inner: R, is_big_endian: bool) -> Self {
        Self {
            inner,
            is_big_endian,
            pending: Vec::new(),
            out: Vec::new(),
            at: 0,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        let read = self.inner.read(&mut bytes)?;
        self.pending.extend_from_slice(&bytes[..read]);
        let mut units: Vec<u16> = self
            .pending
            .chunks_exact(2)
            .map(|pair| {
                let pair = [pair[0], pair[1]];
                if self.is_big_endian {
                    u16::from_be_bytes(pair)
                } else {
                    u16::from_le_bytes(pair)
                }
            })
            .collect();
        // The first half of a pair waits for the second, unless nothing comes any more.
        if read > 0
            && units
                .last()
                .is_some_and(|unit| (0xd800..0xdc00).contains(unit))
        {
            units.pop();
        }
        self.pending.drain(..units.len() * 2);
        if read == 0 {
            self.pending.clear();
        }
        let text: String = char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .filter(|c| *c != '\u{feff}')
            .collect();
        self.out = text.into_bytes();
        self.at = 0;
        if self.out.is_empty() && read > 0 {
            return self.fill();
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.out.len() {
            self.fill()?;
        }
        let rest = &self.out[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Takes byte order marks away and turns UTF-16 into UTF-8.
fn as_utf8(text: Box<dyn Read + Send>) -> io::Result<Text> {
    let mut text = BufReader::with_capacity(64 * 1024, text);
    let plain = |text| Text {
        text: Box::new(text),
        is_plain: true,
    };
    let is_big_endian = match text.fill_buf()? {
        [0xef, 0xbb, 0xbf, ..] => {
            text.consume(3);
            return Ok(plain(text));
        }
        [0xff, 0xfe, ..] => false,
        [0xfe, 0xff, ..] => true,
        // Without a mark, but every second byte of ASCII is 0.
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => false,
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => true,
        _ => return Ok(plain(text)),
    };
    Ok(Text {
        text: Box::new(Utf16::new(text, is_big_endian)),
        is_plain: false,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::{Cursor, Write};

    use super::*;

    fn text_of(bytes: Vec<u8>) -> io::Result<String> {
        let stored: Box<dyn Read + Send> = Box::new(Cursor::new(bytes));
        let mut text = String::new();
        decoded(BufReader::new(stored))?
            .text
            .read_to_string(&mut text)?;
        Ok(text)
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    fn bzip2(text: &str) -> Vec<u8> {
        let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    fn zstd(text: &str) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(
            text.as_bytes(),
            ruzstd::encoding::CompressionLevel::Fastest,
        )
    }

    /// `printf 'one\ntwo\n' | xz`
    const XZ: [u8; 64] = [
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4, 0xe6, 0xd6, 0xb4, 0x46, 2, 0, 0x21, 1, 0x16, 0, 0,
        0, 0x74, 0x2f, 0xe5, 0xa3, 1, 0, 7, 0x6f, 0x6e, 0x65, 0xa, 0x74, 0x77, 0x6f, 0xa, 0, 0x51,
        0xab, 0x9e, 0xaf, 0x57, 0x75, 0x70, 0x49, 0, 1, 0x20, 8, 0xbb, 0x19, 0xd9, 0xbb, 0x1f,
        0xb6, 0xf3, 0x7d, 1, 0, 0, 0, 0, 4, 0x59, 0x5a,
    ];

    #[test]
    fn members_follow_each_other_with_zeros_behind_them() {
        for compress in [gzip, bzip2, zstd] {
            let mut bytes = compress("one\n");
            bytes.extend(compress("two\n"));
            bytes.extend([0; 1_000]);
            assert_eq!(text_of(bytes).unwrap(), "one\ntwo\n");
        }
        let mut bytes = XZ.to_vec();
        bytes.extend(XZ);
        bytes.extend([0; 1_000]);
        assert_eq!(text_of(bytes).unwrap(), "one\ntwo\none\ntwo\n");
    }

    #[test]
    fn what_breaks_off_is_an_error_after_what_came_before() {
        for compress in [gzip, bzip2, zstd] {
            let mut bytes = compress(&"one two three\n".repeat(1_000));
            bytes.truncate(bytes.len() - 6);
            assert!(text_of(bytes).is_err());
        }
        let mut bytes = gzip("one\n");
        bytes.extend(b"and something else");
        assert!(text_of(bytes).is_err());
    }

    #[test]
    fn utf_16_in_either_order_and_with_or_without_a_mark_is_text() {
        let text = "one ü 😀\r\ntwo\n";
        for mark in ["", "\u{feff}"] {
            let marked = format!("{mark}{text}");
            let units: Vec<u16> = marked.encode_utf16().collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            assert_eq!(text_of(little).unwrap(), text);
            assert_eq!(text_of(big).unwrap(), text);
        }
        assert_eq!(
            text_of(format!("\u{feff}{text}").into_bytes()).unwrap(),
            text
        );
    }
}
