//! Bodies of reports: compressed or not, a JSON object, a list of them, or one on each line.
//!
//! Bounds hold while a body is read: neither what is sent nor what it grows to by decompression is ever
//! held beyond 4 MiB, and no list is read beyond 1,000 items.
//!
//! | `Content-Type` | body |
//! |---|---|
//! | `application/x-ndjson`, `application/ndjson`, `application/jsonl`, `application/x-jsonlines` | an object on each line; empty lines are skipped, and a line that is no JSON is refused by itself |
//! | anything else, as browsers' beacons send what they can | an object, or a list of objects; the body is JSON as a whole, or is refused as a whole |

use std::{fmt, io::Read};

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;

use crate::response::{Kind, Problem};

/// The largest body, before and after decompression.
pub(crate) const MAX_BYTES: usize = 4 << 20;
/// The most items of a body.
pub(crate) const MAX_ITEMS: usize = 1_000;

/// One item, or why its line is none, with the line.
pub(super) type Item = Result<Value, (String, String)>;

/// The items of a body.
#[derive(Debug)]
pub(super) struct Payload {
    /// In the order of the body.
    pub(super) items: Vec<Item>,
    /// Whether it was a single object.
    pub(super) is_single: bool,
    /// The body, decompressed.
    pub(super) bytes: Bytes,
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// Not at all.
    Identity,
    /// RFC 1952, also several members after one another.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// Reads a body.
///
/// # Errors
/// 413 beyond the bounds, 415 for an unknown encoding, 400 for what is no JSON.
pub(super) async fn read(request: Request) -> Result<Payload, Problem> {
    let lines = has_lines(request.headers());
    read_as(request, move |bytes| split(bytes, lines)).await
}

/// Reads a body, and hands it over as it was before compression.
///
/// # Errors
/// 413 beyond the bounds, 415 for an unknown encoding, 400 for one that is damaged, and those of `reader`.
pub(crate) async fn read_as<T: Send + 'static>(
    request: Request,
    reader: impl FnOnce(Bytes) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let encoding = encoding(request.headers())?;
    // Bounded by the router.
    let sent = Bytes::from_request(request, &()).await.map_err(|refused| {
        if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
            too_large()
        } else {
            Problem::new(Kind::BadBody, "the body could not be read to its end")
        }
    })?;
    let read = move || reader(decompress(encoding, sent)?);
    // A large body takes milliseconds, in which others must not wait.
    tokio::task::spawn_blocking(read)
        .await
        .unwrap_or_else(|_| Err(Problem::new(Kind::Internal, "the body could not be read")))
}

/// 413: the body is larger than the bound, as it was sent or as it was before compression.
fn too_large() -> Problem {
    let detail = "a body has at most 4 MiB, also after decompression";
    Problem::new(Kind::BodyTooLarge, detail)
}

/// How a body is compressed, by its header.
///
/// # Errors
/// 415 for one that is not taken, several after one another included.
fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(Encoding::Identity);
    };
    match value
        .to_str()
        .map(|value| value.trim().to_ascii_lowercase())
    {
        Ok(name) => match name.as_str() {
            "" | "identity" => Ok(Encoding::Identity),
            "gzip" | "x-gzip" => Ok(Encoding::Gzip),
            "zstd" => Ok(Encoding::Zstd),
            _ => Err(unknown_encoding()),
        },
        Err(_) => Err(unknown_encoding()),
    }
}

/// 415, with the encodings that are taken.
fn unknown_encoding() -> Problem {
    Problem::new(
        Kind::UnsupportedMediaType,
        "Content-Encoding is none of gzip, zstd and identity",
    )
}

/// Whether each line is an item.
fn has_lines(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or("");
    let name = kind.split(';').next().unwrap_or("").trim();
    [
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known))
}

/// The body as it was before compression.
///
/// # Errors
/// 413 as soon as it has grown beyond the bound, 400 where it is cut or damaged.
fn decompress(encoding: Encoding, sent: Bytes) -> Result<Bytes, Problem> {
    let mut reader: Box<dyn Read + '_> = match encoding {
        Encoding::Identity => return Ok(sent),
        Encoding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(&*sent)),
        Encoding::Zstd => Box::new(
            ruzstd::decoding::StreamingDecoder::new(&*sent)
                .map_err(|_| Problem::new(Kind::BadBody, "the body is no zstd"))?,
        ),
    };
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(bytes.into()),
            Ok(n) => {
                if bytes.len() + n > MAX_BYTES {
                    return Err(too_large());
                }
                bytes.extend_from_slice(piece.get(..n).unwrap_or_default());
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => {
                let detail = "the body can't be decompressed by its Content-Encoding";
                return Err(Problem::new(Kind::BadBody, detail));
            }
        }
    }
}

/// 413: the body has more items than the bound.
fn too_many() -> Problem {
    Problem::new(Kind::BodyTooLarge, "a body has at most 1,000 items")
}

/// The items of a body.
///
/// # Errors
/// 400 where it is no JSON as a whole, 413 for too many items.
fn split(bytes: Bytes, lines: bool) -> Result<Payload, Problem> {
    let mut payload = Payload {
        items: Vec::new(),
        is_single: false,
        bytes,
    };
    if lines {
        for line in payload.bytes.split(|byte| *byte == b'\n') {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            if payload.items.len() == MAX_ITEMS {
                return Err(too_many());
            }
            payload
                .items
                .push(serde_json::from_slice(line).map_err(|error| {
                    let text = String::from_utf8_lossy(line).into_owned();
                    (format!("is no JSON: {error}"), text)
                }));
        }
        return Ok(payload);
    }
    match payload.bytes.trim_ascii_start().first() {
        Some(b'[') => {
            let mut json = serde_json::Deserializer::from_slice(&payload.bytes);
            let read = json.deserialize_seq(Items).and_then(|items| {
                json.end()?;
                Ok(items)
            });
            match read {
                Ok(Some(items)) => payload.items = items.into_iter().map(Ok).collect(),
                Ok(None) => return Err(too_many()),
                Err(error) => return Err(no_json(&error)),
            }
        }
        _ => {
            let item = serde_json::from_slice(&payload.bytes).map_err(|error| no_json(&error))?;
            payload.items.push(Ok(item));
            payload.is_single = true;
        }
    }
    Ok(payload)
}

/// 400: the body is no JSON as a whole. The error says where.
fn no_json(error: &serde_json::Error) -> Problem {
    Problem::new(
        Kind::BadBody,
        format!("the body is no JSON object or list: {error}"),
    )
}

/// Reads the items of a list; `None` where there are too many.
struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Option<Vec<Value>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Value>()? {
            if items.len() == MAX_ITEMS {
                // The rest is not read, only skipped.
                while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                return Ok(None);
            }
            items.push(item);
        }
        Ok(Some(items))
    }
}

/// The items of a body in one of the forms, chosen by a byte.
#[cfg(feature = "fuzzing")]
pub(super) fn fuzz(kind: u8, body: &[u8]) -> Result<Vec<Item>, Problem> {
    let encoding = match kind % 3 {
        0 => Encoding::Identity,
        1 => Encoding::Gzip,
        _ => Encoding::Zstd,
    };
    let bytes = decompress(encoding, Bytes::copy_from_slice(body))?;
    assert!(bytes.len() <= MAX_BYTES);
    Ok(split(bytes, kind >= 128)?.items)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write as _;

    use super::*;

    fn items(text: &str, lines: bool) -> Result<usize, StatusCode> {
        split(Bytes::from(text.to_owned()), lines)
            .map(|payload| payload.items.len())
            .map_err(|problem| problem.status())
    }

    #[test]
    fn an_object_a_list_and_lines_are_items() {
        assert_eq!(items("{}", false), Ok(1));
        assert_eq!(items(" [{}, {}]\n", false), Ok(2));
        assert_eq!(items("{}\r\n\n{}\n", true), Ok(2));
        assert_eq!(items("[]", false), Ok(0));
        assert_eq!(items("", true), Ok(0));
    }

    #[test]
    fn a_broken_line_is_an_item_of_its_own_and_a_broken_list_is_none() {
        let payload = split(Bytes::from_static(b"{}\n{\n{}"), true).unwrap();
        let broken: Vec<bool> = payload.items.iter().map(Result::is_err).collect();
        assert_eq!(broken, [false, true, false]);
        for text in ["[{}", "[{}] x", "", "{} {}", "nonsense"] {
            assert_eq!(items(text, false), Err(StatusCode::BAD_REQUEST), "{text}");
        }
    }

    #[test]
    fn a_thousand_items_fit_and_one_more_does_not() {
        for lines in [false, true] {
            let of = |n: usize| {
                let items = vec!["{}"; n];
                if lines {
                    items.join("\n")
                } else {
                    format!("[{}]", items.join(","))
                }
            };
            assert_eq!(super::tests::items(&of(MAX_ITEMS), lines), Ok(MAX_ITEMS));
            let refused = super::tests::items(&of(MAX_ITEMS + 1), lines);
            assert_eq!(refused, Err(StatusCode::PAYLOAD_TOO_LARGE));
        }
    }

    #[test]
    fn a_body_is_read_by_its_encoding_and_never_grows_beyond_the_bound() {
        let gzip = |bytes: &[u8]| {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            writer.write_all(bytes).unwrap();
            Bytes::from(writer.finish().unwrap())
        };
        let zstd = |bytes: &[u8]| {
            let level = ruzstd::encoding::CompressionLevel::Fastest;
            Bytes::from(ruzstd::encoding::compress_to_vec(bytes, level))
        };
        let large = vec![b' '; MAX_BYTES + 1];
        for (encoding, packed) in [
            (Encoding::Gzip, [gzip(b"{}"), gzip(&large)]),
            (Encoding::Zstd, [zstd(b"{}"), zstd(&large)]),
        ] {
            let [small, bomb] = packed;
            assert!(bomb.len() < MAX_BYTES / 10);
            assert_eq!(decompress(encoding, small.clone()).unwrap(), "{}");
            let status = |sent| decompress(encoding, sent).unwrap_err().status();
            assert_eq!(status(bomb), StatusCode::PAYLOAD_TOO_LARGE);
            assert_eq!(
                status(Bytes::from_static(b"plain text")),
                StatusCode::BAD_REQUEST
            );
            assert_eq!(
                status(small.slice(..small.len() - 3)),
                StatusCode::BAD_REQUEST
            );
        }
    }
}
