//! Who counts as one client.

use std::net::{IpAddr, Ipv6Addr};

/// What one customer of a provider has: an IPv4 address, or of IPv6 a network of 2^64 addresses at least.
pub fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}
