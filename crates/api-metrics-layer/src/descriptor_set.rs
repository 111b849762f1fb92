//! Reads the names of methods out of a compiled descriptor set (`google.protobuf.FileDescriptorSet`).

use std::fmt;

/// The bytes given to [`grpc_descriptor_set`](crate::ApiMetricsLayer::grpc_descriptor_set) are no descriptor set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidDescriptorSet;

impl fmt::Display for InvalidDescriptorSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an encoded google.protobuf.FileDescriptorSet")
    }
}

impl std::error::Error for InvalidDescriptorSet {}

// Field numbers of google/protobuf/descriptor.proto.
const SET_FILE: u64 = 1;
const FILE_PACKAGE: u64 = 2;
const FILE_SERVICE: u64 = 6;
const SERVICE_NAME: u64 = 1;
const SERVICE_METHOD: u64 = 2;
const METHOD_NAME: u64 = 1;

/// The paths of all methods, `/pkg.Service/Method`.
pub(crate) fn method_paths(set: &[u8]) -> Result<Vec<String>, InvalidDescriptorSet> {
    let mut paths = Vec::new();
    for file in all(set, SET_FILE)? {
        let package = text(file, FILE_PACKAGE)?;
        for service in all(file, FILE_SERVICE)? {
            let name = text(service, SERVICE_NAME)?;
            let dot = if package.is_empty() { "" } else { "." };
            for method in all(service, SERVICE_METHOD)? {
                let method = text(method, METHOD_NAME)?;
                paths.push(format!("/{package}{dot}{name}/{method}"));
            }
        }
    }
    Ok(paths)
}

/// The last value of a string field; empty where it is absent.
fn text(message: &[u8], field: u64) -> Result<&str, InvalidDescriptorSet> {
    let value = all(message, field)?.pop().unwrap_or_default();
    std::str::from_utf8(value).map_err(|_| InvalidDescriptorSet)
}

/// All values of a field of strings or messages.
fn all(message: &[u8], field: u64) -> Result<Vec<&[u8]>, InvalidDescriptorSet> {
    let mut values = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        // The wire types of the protobuf encoding.
        let value = match tag & 7 {
            0 => {
                varint(&mut rest)?;
                continue;
            }
            1 => take(&mut rest, 8)?,
            2 => {
                let length = varint(&mut rest)?;
                take(&mut rest, length)?
            }
            5 => take(&mut rest, 4)?,
            _ => return Err(InvalidDescriptorSet),
        };
        if tag >> 3 == field && tag & 7 == 2 {
            values.push(value);
        }
    }
    Ok(values)
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8], InvalidDescriptorSet> {
    let length = usize::try_from(length).map_err(|_| InvalidDescriptorSet)?;
    let (value, after) = rest.split_at_checked(length).ok_or(InvalidDescriptorSet)?;
    *rest = after;
    Ok(value)
}

fn varint(rest: &mut &[u8]) -> Result<u64, InvalidDescriptorSet> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(InvalidDescriptorSet)?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(InvalidDescriptorSet)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn field(number: u8, value: &[u8]) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        [&[number << 3 | 2, length], value].concat()
    }

    #[test]
    fn the_methods_of_a_descriptor_set_are_paths_with_and_without_a_package() {
        let method = |name: &[u8]| field(2, &field(1, name));
        let service = [field(1, b"Orders"), method(b"Place"), method(b"Cancel")].concat();
        let file = [
            field(1, b"shop.proto"),
            field(2, b"shop.v1"),
            field(6, &service),
        ]
        .concat();
        let bare = field(6, &[field(1, b"Health"), method(b"Check")].concat());
        let set = [field(1, &file), field(1, &bare)].concat();
        let expected = [
            "/shop.v1.Orders/Place",
            "/shop.v1.Orders/Cancel",
            "/Health/Check",
        ];
        assert_eq!(method_paths(&set).unwrap(), expected);
    }

    #[test]
    fn bytes_that_are_no_descriptor_set_are_refused_without_a_panic() {
        for bytes in [
            &b"text"[..],
            &[0x0a, 0x7f],
            &[0x80; 20],
            &[0x0a, 0x02, 0x32, 0x05],
        ] {
            assert_eq!(method_paths(bytes), Err(InvalidDescriptorSet));
        }
        assert_eq!(method_paths(&[]), Ok(Vec::new()));
    }
}
