//! LEB128 variable-length integers, which all encodings of this crate use.

/// Appends `value`, seven bits a byte, the lowest first.
#[inline]
pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes one integer off the front; `None` where the input ends too early or the value exceeds 64 bits.
#[inline]
pub(crate) fn take(input: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = input.split_first()?;
    if first < 0x80 {
        *input = rest;
        return Some(u64::from(first));
    }
    take_long(input)
}

fn take_long(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for (i, &byte) in input.iter().take(10).enumerate() {
        // The tenth byte carries only bit 63.
        if i == 9 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            *input = input.get(i + 1..)?;
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_length_comes_back_and_leaves_the_rest() {
        for shift in 0..64 {
            for value in [1 << shift, (1_u64 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                put(&mut bytes, value);
                bytes.push(7);
                let mut rest = bytes.as_slice();
                assert_eq!(take(&mut rest), Some(value));
                assert_eq!(rest, [7]);
            }
        }
    }

    #[test]
    fn a_cut_or_oversized_integer_is_refused() {
        assert_eq!(take(&mut [].as_slice()), None);
        assert_eq!(take(&mut [0x80, 0x80].as_slice()), None);
        assert_eq!(take(&mut [0xff; 11].as_slice()), None);
        let mut bytes = [0xff_u8; 10];
        bytes[9] = 1;
        assert_eq!(take(&mut bytes.as_slice()), Some(u64::MAX));
        bytes[9] = 2;
        assert_eq!(take(&mut bytes.as_slice()), None);
    }
}
