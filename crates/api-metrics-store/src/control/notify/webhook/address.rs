//! Which addresses are of the public internet.
//!
//! Whoever may set a webhook's URL could otherwise make the server post to its own network: to a
//! database's port, to a router, to the metadata service of the cloud at 169.254.169.254. So the check
//! is of addresses and not of names, after the name was resolved.
//!
//! | refused | why |
//! |---|---|
//! | 0/8, 10/8, 127/8, 172.16/12, 192.168/16 | this host, private networks, loopback |
//! | 100.64/10, 169.254/16 | carriers' shared space, link-local and cloud metadata |
//! | 192.0.0/24, 192.0.2/24, 192.88.99/24, 198.18/15, 198.51.100/24, 203.0.113/24 | protocols, documentation, benchmarks |
//! | 224/3 | multicast, reserved, broadcast |
//! | IPv6 outside of 2000::/3, 2001::/23, 2001:db8::/32, 3fff::/20 | local, unassigned, protocols, documentation |
//!
//! IPv6 addresses that reach an IPv4 address are checked as that one: mapped (`::ffff:0:0/96`), NAT64
//! (`64:ff9b::/96`) and 6to4 (`2002::/16`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address may belong to a receiver out there: not one of the special purposes that the
/// IANA lists for IPv4 and IPv6 (RFC 6890 and its registries), and no IPv4 address of them inside
/// an IPv6 one.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether a URL's host says by itself, before any name is resolved, that it is not of the public internet:
/// an address that is not, in any form that resolvers read, or a name that stands for this machine (RFC 6761).
pub(super) fn is_literally_private(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let name = host.to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return true;
    }
    let address: Option<IpAddr> = host.parse().ok().or_else(|| loose_v4(host).map(IpAddr::V4));
    address.is_some_and(|address| !is_public(address))
}

/// An IPv4 address as `inet_aton` reads it: one to four numbers, decimal, octal after `0` or hexadecimal after
/// `0x`, the last of which fills what the others leave.
fn loose_v4(text: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u32> = text.split('.').map(loose_number).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last()?;
    if first.len() > 3 || first.iter().any(|number| *number > 255) {
        return None;
    }
    let left = 32 - 8 * u32::try_from(first.len()).ok()?;
    if u64::from(*last) >> left != 0 {
        return None;
    }
    let high = first
        .iter()
        .fold(0_u64, |high, number| high << 8 | u64::from(*number));
    let bits = high << left | u64::from(*last);
    Some(Ipv4Addr::from_bits(u32::try_from(bits).ok()?))
}

/// `10`, `012` or `0xa`.
fn loose_number(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match (lower.strip_prefix("0x"), lower.strip_prefix('0')) {
        (Some(hexadecimal), _) => (hexadecimal, 16),
        (None, Some(octal)) if !octal.is_empty() => (octal, 8),
        _ => (&*lower, 10),
    };
    // `from_str_radix` would take a sign.
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    u32::from_str_radix(digits, radix).ok().filter(|_| plain)
}

/// See [`is_public`].
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        // This network, private, loopback.
        (0 | 10 | 127, _, _)
            // Shared between carrier and customer.
            | (100, 64..=127, _)
            // Link-local; the metadata service of every cloud lives here.
            | (169, 254, _)
            | (172, 16..=31, _)
            // Protocol assignments, documentation, 6to4 relays, private.
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            // Benchmarks, documentation.
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            // Multicast, reserved, broadcast.
            | (224..=255, _, _)
    )
}

/// See [`is_public`].
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let segments = address.segments();
    let [a, b, c, ..] = segments;
    let [.., g, h] = segments;
    match (a, b, c) {
        // NAT64 reaches the IPv4 address in its last bits.
        (0x64, 0xff9b, 0) => is_public_v4(embedded(g, h)),
        // 6to4 the one in its second and third.
        (0x2002, ..) => is_public_v4(embedded(b, c)),
        // Protocol assignments (Teredo among them), documentation.
        (0x2001, 0..=0x1ff | 0xdb8, _) | (0x3fff, 0..=0xfff, _) => false,
        // Only this eighth is given out for the public internet.
        (0x2000..=0x3fff, ..) => true,
        _ => false,
    }
}

/// The IPv4 address that two segments of an IPv6 one spell.
fn embedded(high: u16, low: u16) -> Ipv4Addr {
    let [[a, b], [c, d]] = [high, low].map(u16::to_be_bytes);
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_of_the_public_internet_pass() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_literal_address_is_known_in_all_its_forms() {
        for private in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "10.0x1.2.3",
            "192.168.257",
            "169.254.169.254",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "localhost",
            "LocalHost.",
            "db.localhost",
        ] {
            assert!(is_literally_private(private), "{private}");
        }
        for other in [
            "8.8.8.8",
            "134744072",
            "2606:4700::1111",
            "hooks.example.com",
            "10.example.com",
            "localhost.example.com",
            "1.2.3.4.5",
            "256.1.1.1",
            "0x",
            "+1",
        ] {
            assert!(!is_literally_private(other), "{other}");
        }
    }

    #[test]
    fn private_local_and_special_addresses_do_not_however_they_are_written() {
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }
}
