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
const METHOD_CLIENT_STREAMING: u64 = 5;
const METHOD_SERVER_STREAMING: u64 = 6;

/// The paths of all methods, `/pkg.Service/Method`, and whether they stream in either direction.
pub(crate) fn methods(set: &[u8]) -> Result<Vec<(String, bool)>, InvalidDescriptorSet> {
    let mut methods = Vec::new();
    for file in all(set, SET_FILE)? {
        let package = text(file, FILE_PACKAGE)?;
        for service in all(file, FILE_SERVICE)? {
            let name = text(service, SERVICE_NAME)?;
            let dot = if package.is_empty() { "" } else { "." };
            for method in all(service, SERVICE_METHOD)? {
                let streams = flag(method, METHOD_CLIENT_STREAMING)?
                    || flag(method, METHOD_SERVER_STREAMING)?;
                let method = text(method, METHOD_NAME)?;
                methods.push((format!("/{package}{dot}{name}/{method}"), streams));
            }
        }
    }
    Ok(methods)
}

/// The last value of a field that is a `bool`; `false` where it is absent.
fn flag(message: &[u8], field: u64) -> Result<bool, InvalidDescriptorSet> {
    let mut value = false;
    each(message, |number, found| {
        if let (true, Value::Number(found)) = (number == field, found) {
            value = found != 0;
        }
    })?;
    Ok(value)
}

/// The last value of a string field; empty where it is absent.
fn text(message: &[u8], field: u64) -> Result<&str, InvalidDescriptorSet> {
    let value = all(message, field)?.pop().unwrap_or_default();
    std::str::from_utf8(value).map_err(|_| InvalidDescriptorSet)
}

/// All values of a field of strings or messages.
fn all(message: &[u8], field: u64) -> Result<Vec<&[u8]>, InvalidDescriptorSet> {
    let mut values = Vec::new();
    each(message, |number, found| {
        if let (true, Value::Bytes(found)) = (number == field, found) {
            values.push(found);
        }
    })?;
    Ok(values)
}

/// A value of the wire types that descriptors use.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Calls `found` with the number and the value of every field. Those of fixed size are passed over, because
/// descriptors have none.
fn each<'a>(
    message: &'a [u8],
    mut found: impl FnMut(u64, Value<'a>),
) -> Result<(), InvalidDescriptorSet> {
    let mut rest = message;
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        // The wire types of the protobuf encoding.
        match tag & 7 {
            0 => found(tag >> 3, Value::Number(varint(&mut rest)?)),
            1 => drop(take(&mut rest, 8)?),
            2 => {
                let length = varint(&mut rest)?;
                found(tag >> 3, Value::Bytes(take(&mut rest, length)?));
            }
            5 => drop(take(&mut rest, 4)?),
            _ => return Err(InvalidDescriptorSet),
        }
    }
    Ok(())
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
        // Watch streams to the client, Upload to the server.
        let watch = [&field(1, b"Watch")[..], &[6 << 3, 1]].concat();
        let upload = [&[5 << 3, 1], &field(1, b"Upload")[..]].concat();
        let service = [
            field(1, b"Orders"),
            method(b"Place"),
            method(b"Cancel"),
            field(2, &watch),
            field(2, &upload),
        ]
        .concat();
        let file = [
            field(1, b"shop.proto"),
            field(2, b"shop.v1"),
            field(6, &service),
        ]
        .concat();
        let bare = field(6, &[field(1, b"Health"), method(b"Check")].concat());
        let set = [field(1, &file), field(1, &bare)].concat();
        let expected = [
            ("/shop.v1.Orders/Place", false),
            ("/shop.v1.Orders/Cancel", false),
            ("/shop.v1.Orders/Watch", true),
            ("/shop.v1.Orders/Upload", true),
            ("/Health/Check", false),
        ];
        let expected = expected.map(|(path, streams)| (path.to_owned(), streams));
        assert_eq!(methods(&set).unwrap(), expected);
    }

    #[test]
    fn bytes_that_are_no_descriptor_set_are_refused_without_a_panic() {
        for bytes in [
            &b"text"[..],
            &[0x0a, 0x7f],
            &[0x80; 20],
            &[0x0a, 0x02, 0x32, 0x05],
        ] {
            assert_eq!(methods(bytes), Err(InvalidDescriptorSet));
        }
        assert_eq!(methods(&[]), Ok(Vec::new()));
    }
}
