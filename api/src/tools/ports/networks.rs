//! Which addresses are of the public internet.
//!
//! Whoever may choose an address that we connect to could reach with us what
//! only we can reach (server-side request forgery, CWE-918): the machine
//! itself, its neighbours, the metadata service of a cloud.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

/// What is not public (IANA IPv4 Special-Purpose Address Registry).
const NOT_PUBLIC_V4: [Ipv4Net; 17] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    // A service of Azure for its own machines, in public space.
    v4([168, 63, 129, 16], 32),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
    v4([255, 255, 255, 255], 32),
];

/// Global unicast: everything else of IPv6 is for special purposes.
const UNICAST_V6: Ipv6Net = v6(0x2000, 0, 3);

/// What is not public in it (IANA IPv6 Special-Purpose Address Registry):
/// protocol assignments with Teredo, documentation, 6to4, documentation.
const NOT_PUBLIC_V6: [Ipv6Net; 4] =
    [v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];

/// IPv4 behind a translator (RFC 6052).
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 96);

/// Whether an address is of the public internet, and not of a machine, a
/// network of somebody's own, or for special purposes.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) if NAT64.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        IpAddr::V6(address) => {
            UNICAST_V6.contains(&address)
                && !NOT_PUBLIC_V6.iter().any(|network| network.contains(&address))
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|network| network.contains(&address))
}

/// Whether we connect to an address: in one of these networks, or, over TLS, of
/// the public internet.
pub fn is_permitted(address: IpAddr, secure: bool, allowed: &[IpNet]) -> bool {
    let address = address.to_canonical();
    allowed.iter().any(|network| network.contains(&address)) || (secure && is_public(address))
}

/// Why a URL is none that we post to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It is no URL, or one with a user, a password or a fragment.
    Malformed,
    /// It is not `https` (nor `http` into a network of the operator's own).
    Scheme,
    /// Its host is an address that we do not connect to.
    Address,
}

/// Reads a URL that we are to post to, and whether over TLS. A host that is an
/// address is looked at here, in every spelling there is ([`Url`] reads
/// `2130706433`, `0x7f.1` and `0177.0.0.1`); a name only says where it leads
/// when it is connected to.
pub fn read_target(text: &str, allowed: &[IpNet]) -> Result<(Url, bool), Unusable> {
    let url = Url::parse(text).map_err(|_| Unusable::Malformed)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let secure = match url.scheme() {
        "https" => true,
        "http" if !allowed.is_empty() => false,
        _ => return Err(Unusable::Scheme),
    };
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
        None => return Err(Unusable::Malformed),
    };
    if address.is_some_and(|address| !is_permitted(address, secure, allowed)) {
        return Err(Unusable::Address);
    }
    if plain { Ok((url, secure)) } else { Err(Unusable::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_for_special_purposes_are_not_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.19.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn everything_else_is_public() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "114.114.114.114",
            "172.15.255.255",
            "172.32.0.1",
            "::ffff:114.114.114.114",
            "64:ff9b::7272:7272",
            "2400:3200::1",
            "2606:4700::1111",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
