//! Who is at the other end: the address of the connection, or the one that a trusted proxy names.
//!
//! `X-Forwarded-For` is believed only where the connection comes from a proxy that the operator named; anybody can write the header.

use std::net::{IpAddr, Ipv6Addr};

use crate::base::Unreadable;

/// Addresses of a header that are looked at, from the right; a longer chain is not believed.
const HOPS_MAX: usize = 8;

/// A network of trusted proxies: an address, or an address with the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// An IPv4 address in IPv6 clothes is the same as the bare one.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// The first `prefix` bits, left-aligned, with the width of the family.
fn head(address: IpAddr, prefix: u32) -> (u32, u128) {
    let (width, bits) = match address {
        IpAddr::V4(four) => (32, u128::from(four.to_bits()) << 96),
        IpAddr::V6(six) => (128, six.to_bits()),
    };
    let mask = u128::MAX.checked_shl(128 - prefix.min(width)).unwrap_or(0);
    (width, bits & mask)
}

impl Network {
    /// Whether an address lies in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        head(plain(address), self.prefix) == head(self.address, self.prefix)
    }
}

impl std::str::FromStr for Network {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let odd = || Unreadable::new("network", text, "write an address like 10.0.0.5, or a network like 10.0.0.0/24");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.trim().parse().map_err(|_| odd())?;
        let address = plain(address);
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.trim().parse().ok().filter(|prefix| *prefix <= width).ok_or_else(odd)?,
            None => width,
        };
        Ok(Network { address, prefix })
    }
}

/// The address that a request comes from.
///
/// `connection` is the other end of the connection, `forwarded_for` the header's value. The header is read from the right for as long as its
/// addresses are trusted proxies; the first that is none is the asker's.
pub fn peer_of(connection: Option<IpAddr>, forwarded_for: Option<&str>, trusted: &[Network]) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
    let mut peer = plain(connection?);
    let hops = forwarded_for.unwrap_or_default().rsplit(',').take(HOPS_MAX);
    for hop in hops {
        if !is_trusted(peer) {
            break;
        }
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        peer = plain(address);
    }
    Some(peer)
}

/// What stands for a peer when its failures are counted: an IPv4 address, or the /64 that one subscriber has in IPv6.
pub fn counted(peer: IpAddr) -> IpAddr {
    match plain(peer) {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & (u128::MAX << 64))),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn nets(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn nobody_is_believed_unless_named() {
        let header = Some("198.51.100.7");
        assert_eq!(peer_of(Some(ip("10.0.0.5")), header, &[]), Some(ip("10.0.0.5")));
        assert_eq!(peer_of(Some(ip("10.0.0.5")), header, &nets(&["10.0.0.6"])), Some(ip("10.0.0.5")));
        assert_eq!(peer_of(Some(ip("10.0.0.5")), header, &nets(&["10.0.0.5"])), Some(ip("198.51.100.7")));
        assert_eq!(peer_of(None, header, &nets(&["0.0.0.0/0"])), None);
    }

    #[test]
    fn the_first_address_from_the_right_that_is_no_proxy_counts() {
        let trusted = nets(&["10.0.0.0/24", "::1"]);
        let told = |header| peer_of(Some(ip("10.0.0.5")), Some(header), &trusted);
        assert_eq!(told("203.0.113.9, 198.51.100.7, 10.0.0.9"), Some(ip("198.51.100.7")));
        assert_eq!(told("203.0.113.9, nonsense"), Some(ip("10.0.0.5")));
        assert_eq!(told(""), Some(ip("10.0.0.5")));
        assert_eq!(peer_of(Some(ip("::ffff:10.0.0.5")), Some("198.51.100.7"), &trusted), Some(ip("198.51.100.7")));
    }

    #[test]
    fn networks_are_read_and_odd_ones_refused() {
        for odd in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/x", "localhost"] {
            assert!(odd.parse::<Network>().is_err(), "{odd}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.holds(ip("192.0.2.1")) && !all.holds(ip("2001:db8::1")));
        let six: Network = "2001:db8::/32".parse().unwrap();
        assert!(six.holds(ip("2001:db8:1::1")) && !six.holds(ip("2001:db9::1")));
    }

    #[test]
    fn a_subscriber_of_ipv6_counts_once() {
        assert_eq!(counted(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(counted(ip("192.0.2.7")), ip("192.0.2.7"));
    }
}
