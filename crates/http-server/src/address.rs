//! Who counts as one client.

use std::net::{IpAddr, Ipv6Addr};

/// The network that one customer of a provider has: an IPv4 address, or an IPv6 network of at least 2^64 addresses.
pub fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}
