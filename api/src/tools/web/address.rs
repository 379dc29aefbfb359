//! Who is at the other end of the wire.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The client's address, after trusted proxies were looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Finds the client behind `peer`.
    ///
    /// `X-Forwarded-For` is read from its right end, and only as long as the
    /// address found so far is a trusted proxy: what stands further left was
    /// written by somebody we do not know.
    pub fn find<'a>(
        peer: Option<SocketAddr>,
        forwarded: impl DoubleEndedIterator<Item = &'a str>,
        trusted: &[IpNet],
    ) -> Self {
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
        let mut client = peer.to_canonical();
        for hop in forwarded.flat_map(|line| line.split(',')).rev() {
            if !trusted.iter().any(|network| network.contains(&client)) {
                break;
            }
            match hop.trim().parse::<IpAddr>() {
                Ok(address) => client = address.to_canonical(),
                Err(_) => break,
            }
        }
        Self(client)
    }

    /// What limits are counted by: an IPv4 address, or the /64 that one IPv6
    /// customer has.
    pub fn limit_subject(self) -> String {
        match self.0 {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => prefix(IpAddr::V6(address), 24, 64),
        }
    }

    /// What is stored and shown: too coarse to name a household.
    pub fn coarse(self) -> String {
        prefix(self.0, 24, 48)
    }
}

fn prefix(address: IpAddr, v4: u8, v6: u8) -> String {
    match address {
        IpAddr::V4(address) => Ipv4Net::new(address, v4).map(|net| net.trunc().to_string()),
        IpAddr::V6(address) => Ipv6Net::new(address, v6).map(|net| net.trunc().to_string()),
    }
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(peer: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        ClientAddress::find(Some(peer), forwarded.iter().copied(), &trusted).limit_subject()
    }

    #[test]
    fn a_stranger_cannot_choose_his_address() {
        assert_eq!(find("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
    }

    #[test]
    fn trusted_proxies_are_looked_through_from_the_right() {
        assert_eq!(find("10.0.0.1", &["1.2.3.4, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(find("10.0.0.1", &["1.2.3.4", "198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(find("10.0.0.1", &["nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(find("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn one_customer_is_one_subject() {
        assert_eq!(find("2001:db8:1:2:3::4", &[]), "2001:db8:1:2::/64");
        assert_eq!(find("::ffff:203.0.113.9", &[]), "203.0.113.9");
        let address = ClientAddress("203.0.113.9".parse().unwrap());
        assert_eq!(address.coarse(), "203.0.113.0/24");
    }
}
