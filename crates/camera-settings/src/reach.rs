//! Where a camera may be. Otherwise whoever sets a camera by API could make us ask anything that we can reach.

use std::{fmt, net::IpAddr, str::FromStr as _, sync::Arc};

use ipnet::IpNet;

use crate::Address;

/// Where a camera may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere: whoever writes the file of cameras has the machine.
    Anywhere,
    /// In these networks.
    Within(Networks),
}

/// Networks in which cameras may be. An address of loopback or of the link, and the like, must be in one of them that has none
/// but such: `0.0.0.0/0` does not name `127.0.0.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Networks(Arc<[IpNet]>);

/// Those of RFC 1918 and RFC 4193.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// The addresses by which a machine finds itself or its link, or that its cloud answers for it alone; and those of no
/// machine.
const SPECIAL: [&str; 9] = [
    "127.0.0.0/8",
    "::1/128",
    "0.0.0.0/8",
    "::/128",
    "169.254.0.0/16",
    "fe80::/10",
    "fd00:ec2::/32",
    "224.0.0.0/3",
    "ff00::/8",
];

impl Networks {
    /// These; the private ones, where there are none.
    pub fn or_private(networks: &[IpNet]) -> Self {
        match networks {
            [] => Networks(networks_of(PRIVATE).collect()),
            networks => Networks(networks.into()),
        }
    }

    /// Whether a camera may be at this address.
    pub fn have(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let special: Vec<_> = networks_of(SPECIAL)
            .filter(|special| special.contains(&address))
            .collect();
        self.0.iter().any(|network| {
            network.contains(&address) && special.iter().all(|special| special.contains(network))
        })
    }
}

impl Reach {
    /// Whether a camera may be at this address.
    pub fn has(&self, address: IpAddr) -> bool {
        match self {
            Reach::Anywhere => true,
            Reach::Within(networks) => networks.have(address),
        }
    }

    /// Whether the address alone shows that no camera may be there, without asking what a name stands for.
    pub(crate) fn excludes(&self, address: &Address) -> bool {
        let (host, _) = address.host_and_port();
        IpAddr::from_str(host).is_ok_and(|address| !self.has(address))
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, network) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{network}")?;
        }
        Ok(())
    }
}

fn networks_of<const N: usize>(texts: [&'static str; N]) -> impl Iterator<Item = IpNet> {
    texts
        .into_iter()
        .map(|text| IpNet::from_str(text).expect("these are networks"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn have(networks: &[&str], address: &str) -> bool {
        let networks: Vec<IpNet> = networks.iter().map(|text| text.parse().unwrap()).collect();
        Networks::or_private(&networks).have(address.parse().unwrap())
    }

    #[test]
    fn private_addresses_are_within_reach_unless_something_else_is_said() {
        for inside in [
            "10.0.0.5",
            "172.31.0.1",
            "192.168.1.9",
            "fd12::5",
            "::ffff:10.0.0.5",
        ] {
            assert!(have(&[], inside), "{inside}");
        }
        for outside in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",
            "::",
            "169.254.169.254",
            "fd00:ec2::254",
            "fe80::1",
            "224.0.0.1",
            "255.255.255.255",
            "8.8.8.8",
            "100.64.0.1",
            "2001:db8::1",
            "::7f00:1",
            "64:ff9b::7f00:1",
        ] {
            assert!(!have(&[], outside), "{outside}");
        }
        assert!(
            !have(&["10.1.0.0/16"], "10.0.0.5"),
            "no longer the private ones"
        );
    }

    #[test]
    fn loopback_and_link_must_be_named() {
        for (networks, address) in [
            ("0.0.0.0/0", "127.0.0.1"),
            ("0.0.0.0/0", "169.254.169.254"),
            ("::/0", "::1"),
            ("::/0", "fe80::1"),
            ("0.0.0.0/0", "0.0.0.0"),
        ] {
            assert!(!have(&[networks], address), "{networks} {address}");
        }
        assert!(have(&["0.0.0.0/0"], "8.8.8.8"));
        assert!(have(&["127.0.0.0/8"], "127.0.0.1"));
        assert!(have(&["0.0.0.0/0", "127.0.0.1/32"], "127.0.0.1"));
        assert!(have(&["169.254.0.0/16"], "169.254.1.1"));
    }
}
