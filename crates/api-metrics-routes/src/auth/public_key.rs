//! Public keys in PEM, as issuers of JSON Web Tokens publish them.
//!
//! | label | holds |
//! |---|---|
//! | `PUBLIC KEY` | a SubjectPublicKeyInfo (RFC 5280), RSA or P-256 |
//! | `RSA PUBLIC KEY` | the RSA key itself (RFC 8017) |
//! | `CERTIFICATE` | a certificate, of which nothing but the key is looked at |
//!
//! Only as much DER is read as these need: definite lengths, tags of one byte.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// `rsaEncryption`, 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `id-ecPublicKey`, 1.2.840.10045.2.1.
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `prime256v1`, 1.2.840.10045.3.1.7.
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// The version of a certificate, which may be left out.
const VERSION: u8 = 0xa0;

/// The least bytes of an RSA modulus: 2,048 bits (RFC 7518, section 3.3).
const MIN_MODULUS_BYTES: usize = 256;

/// The RSA key of a PEM, as RFC 8017 writes it.
///
/// # Errors
/// What is wrong with it, for people.
pub(super) fn rsa(pem: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (label, der) = decode(pem)?;
    let key = match &*label {
        "RSA PUBLIC KEY" => der,
        _ => {
            let info = info(&label, &der)?;
            let (algorithm, key) = algorithm_and_key(info).ok_or(UNREADABLE)?;
            let (RSA, _) = object_identifier(algorithm).ok_or(UNREADABLE)? else {
                return Err("it is no RSA key");
            };
            key.to_vec()
        }
    };
    let modulus = element(&key, SEQUENCE)
        .and_then(|(sequence, _)| element(sequence, INTEGER))
        .ok_or(UNREADABLE)?
        .0;
    let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
    if significant < MIN_MODULUS_BYTES {
        return Err("its RSA key has fewer than 2048 bits");
    }
    Ok(key)
}

/// The P-256 key of a PEM, as an uncompressed point.
///
/// # Errors
/// What is wrong with it, for people.
pub(super) fn p256(pem: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (label, der) = decode(pem)?;
    let info = info(&label, &der)?;
    let (algorithm, key) = algorithm_and_key(info).ok_or(UNREADABLE)?;
    let (kind, rest) = object_identifier(algorithm).ok_or(UNREADABLE)?;
    let curve = object_identifier(rest).map(|(curve, _)| curve);
    if kind != ELLIPTIC || curve != Some(P256) {
        return Err("it is no key of the curve P-256");
    }
    if key.len() != 65 || key.first() != Some(&4) {
        return Err("its point is not in the uncompressed form");
    }
    Ok(key.to_vec())
}

const UNREADABLE: &str = "its contents can't be read";

/// The label and the bytes of the first block of a PEM.
fn decode(pem: &[u8]) -> Result<(String, Vec<u8>), &'static str> {
    let text = std::str::from_utf8(pem).map_err(|_| "it is no PEM")?;
    let (_, rest) = text.split_once("-----BEGIN ").ok_or("it is no PEM")?;
    let (label, rest) = rest.split_once("-----").ok_or("it is no PEM")?;
    let (body, _) = rest
        .split_once(&format!("-----END {label}-----"))
        .ok_or("it is no PEM")?;
    let base64: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(base64).map_err(|_| UNREADABLE)?;
    Ok((label.to_owned(), der))
}

/// The SubjectPublicKeyInfo in a block.
fn info<'a>(label: &str, der: &'a [u8]) -> Result<&'a [u8], &'static str> {
    match label {
        "PUBLIC KEY" => Ok(der),
        "CERTIFICATE" => of_certificate(der).ok_or(UNREADABLE),
        _ => Err("it is neither a PUBLIC KEY nor a CERTIFICATE"),
    }
}

/// Skips version, serial number, signature, issuer, validity and subject.
fn of_certificate(der: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    if let Some((_, after)) = element(rest, VERSION) {
        rest = after;
    }
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        (_, rest) = element(rest, tag)?;
    }
    Some(rest)
}

/// The algorithm and the key of a SubjectPublicKeyInfo.
fn algorithm_and_key(info: &[u8]) -> Option<(&[u8], &[u8])> {
    let (info, _) = element(info, SEQUENCE)?;
    let (algorithm, rest) = element(info, SEQUENCE)?;
    let (bits, _) = element(rest, BIT_STRING)?;
    // The first byte counts the bits that are left over: none in a key.
    let key = bits.strip_prefix(&[0])?;
    Some((algorithm, key))
}

/// An object identifier, and what follows it.
fn object_identifier(der: &[u8]) -> Option<(&[u8], &[u8])> {
    element(der, OBJECT_IDENTIFIER)
}

/// The contents of the element that `der` begins with, and what follows it; `None` where it has another
/// tag or is cut off.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    if first != tag {
        return None;
    }
    let (&length, mut rest) = rest.split_first()?;
    let length = match length {
        short @ ..=0x7f => usize::from(short),
        long @ 0x81..=0x84 => {
            let (bytes, after) = rest.split_at_checked(usize::from(long & 0x7f))?;
            rest = after;
            bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte))
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
