//! The client's address: who connected, or whom a trusted proxy has told of.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use http::{HeaderMap, HeaderName, header::FORWARDED};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// In a request's extensions: the address of the connection's other end, for servers other than axum's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// A network in CIDR notation, such as `10.0.0.0/8`, or a single address.
///
/// ```
/// use api_metrics_layer::Network;
///
/// let network: Network = "10.0.0.0/8".parse().unwrap();
/// assert!(network.contains("10.1.2.3".parse().unwrap()));
/// assert!(network.contains("::ffff:10.1.2.3".parse().unwrap()));
/// assert!(!network.contains("11.1.2.3".parse().unwrap()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// The network of an address's first `prefix` bits. A prefix that is longer than the address is the
    /// address alone.
    #[must_use]
    pub fn new(address: IpAddr, prefix: u8) -> Self {
        let address = address.to_canonical();
        let prefix = prefix.min(bits_of(address));
        Self {
            address: masked(address, prefix),
            prefix,
        }
    }

    /// Whether an address lies in it. IPv4 addresses that are mapped into IPv6 count as what they are.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.prefix) == self.address
    }

    /// Its first address: the part of the address that it was made of.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }
}

const fn bits_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32)));
            IpAddr::V4((address.to_bits() & mask.unwrap_or(0)).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128)));
            IpAddr::V6((address.to_bits() & mask.unwrap_or(0)).into())
        }
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self::new(address, u8::MAX)
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.chars().take(64).collect());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| invalid())?;
        let Some(prefix) = prefix else {
            return Ok(address.into());
        };
        let prefix: u8 = prefix.trim().parse().map_err(|_| invalid())?;
        if prefix > bits_of(address) {
            return Err(invalid());
        }
        // `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
        let shorter = bits_of(address) - bits_of(address.to_canonical());
        match prefix.checked_sub(shorter) {
            Some(prefix) => Ok(Self::new(address, prefix)),
            None => Err(invalid()),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A text that names no network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidNetwork(String);

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no network such as 10.0.0.0/8", self.0)
    }
}

impl std::error::Error for InvalidNetwork {}

/// Whether an address lies in one of some networks.
pub(super) fn is_among(address: IpAddr, networks: &[Network]) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// The client's address. Where the peer is a trusted proxy, it is the last address in the proxies' list that is
/// not a trusted proxy's own: whoever stands further left may be made up.
///
/// `None` where a trusted proxy tells of somebody without an address (`unknown`, `_hidden`). Where both headers
/// are there and tell of different clients, one of them is the client's own work: then it is the peer.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| is_among(address, trusted);
    if !is_trusted(peer) {
        return Some(peer);
    }
    let told = |name: &HeaderName, read: fn(&str) -> Option<Option<IpAddr>>| {
        let mut last = None;
        // Several lines of one header are one list.
        for line in headers.get_all(name).iter().rev() {
            let Ok(line) = line.to_str() else {
                return Some(None);
            };
            let mut rest = Some(line);
            while let Some(line) = rest {
                let (before, element) = last_element(line);
                rest = before;
                let Some(found) = read(element.trim()) else {
                    continue;
                };
                last = Some(found);
                match found {
                    Some(address) if is_trusted(address) => {}
                    _ => return last,
                }
            }
        }
        last
    };
    let listed = told(&X_FORWARDED_FOR, |element| {
        Some(node(element)).filter(|_| !element.is_empty())
    });
    let forwarded = told(&FORWARDED, for_of);
    match (listed, forwarded) {
        (None, None) => Some(peer),
        (Some(client), None) | (None, Some(client)) => client,
        (Some(one), Some(other)) if one == other => one,
        (Some(_), Some(_)) => Some(peer),
    }
}

/// The last element of a list, and those before it; a comma within quotes is no end.
fn last_element(line: &str) -> (Option<&str>, &str) {
    let mut quoted = false;
    let comma = line.rfind(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    match comma.and_then(|at| line.split_at_checked(at)) {
        Some((before, element)) => (Some(before), element.trim_start_matches(',')),
        None => (None, line),
    }
}

/// What an element of `Forwarded` says of the client: `None` where it has no `for`.
fn for_of(element: &str) -> Option<Option<IpAddr>> {
    let value = element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| value.trim())
    })?;
    Some(node(value.trim_matches('"')))
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| {
            let inner = text
                .strip_prefix('[')
                .and_then(|text| text.strip_suffix(']'));
            inner
                .unwrap_or_default()
                .parse::<Ipv6Addr>()
                .map(IpAddr::V6)
        });
    Some(address.ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn client_of(peer: &str, headers: &[(&'static str, &str)]) -> Option<IpAddr> {
        let trusted = ["10.0.0.0/8", "2001:db8::/32"].map(|text| text.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        client(ip(peer), &map, &trusted)
    }

    #[test]
    fn headers_of_a_stranger_are_not_read() {
        for name in ["x-forwarded-for", "forwarded"] {
            let headers = [(name, "for=1.2.3.4, 1.2.3.4")];
            assert_eq!(client_of("192.0.2.9", &headers), Some(ip("192.0.2.9")));
        }
    }

    #[test]
    fn the_last_address_before_the_trusted_proxies_is_the_clients() {
        type Case<'a> = (&'a [(&'static str, &'a str)], Option<IpAddr>);
        let cases: [Case<'_>; 13] = [
            (&[], Some(ip("10.0.0.1"))),
            (&[("x-forwarded-for", "1.2.3.4")], Some(ip("1.2.3.4"))),
            (
                &[("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.9.9.9")],
                Some(ip("1.2.3.4")),
            ),
            (
                &[
                    ("x-forwarded-for", "6.6.6.6"),
                    ("x-forwarded-for", "1.2.3.4:5123"),
                ],
                Some(ip("1.2.3.4")),
            ),
            (
                &[("x-forwarded-for", "10.1.1.1, 10.2.2.2")],
                Some(ip("10.1.1.1")),
            ),
            (&[("x-forwarded-for", "1.2.3.4, unknown")], None),
            (&[("x-forwarded-for", "1.2.3.4, , ")], Some(ip("1.2.3.4"))),
            (
                &[(
                    "forwarded",
                    "for=6.6.6.6, for=1.2.3.4;proto=https;by=10.0.0.1",
                )],
                Some(ip("1.2.3.4")),
            ),
            (
                &[(
                    "forwarded",
                    "For=\"[2620:0::17]:4711\", for=\"[2001:db8::1]\"",
                )],
                Some(ip("2620:0::17")),
            ),
            (&[("forwarded", "for=_hidden")], None),
            (&[("forwarded", "proto=https")], Some(ip("10.0.0.1"))),
            (
                &[("forwarded", "for=1.2.3.4"), ("x-forwarded-for", "1.2.3.4")],
                Some(ip("1.2.3.4")),
            ),
            // A proxy adds one of them and passes the other on, whatever it says.
            (
                &[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.2.3.4")],
                Some(ip("10.0.0.1")),
            ),
        ];
        for (headers, expected) in cases {
            assert_eq!(client_of("10.0.0.1", headers), expected, "{headers:?}");
            assert_eq!(
                client_of("::ffff:10.0.0.1", headers),
                expected,
                "{headers:?}"
            );
        }
    }

    #[test]
    fn networks_are_read_as_they_are_written() {
        for (text, shown) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3/32"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ] {
            let network: Network = text.parse().unwrap();
            assert_eq!(network.to_string(), shown);
        }
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "proxy",
            "::/129",
            "::ffff:0:0/8",
            "1.2.3.4/x",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains(ip("8.8.8.8")) && !all.contains(ip("::1")));
    }
}
