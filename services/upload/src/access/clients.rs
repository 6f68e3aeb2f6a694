//! Where requests come from, behind proxies too.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use http_server::Peer;
use ipnet::IpNet;

/// Where requests come from.
pub(crate) struct Clients {
    proxies: Vec<IpNet>,
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl Clients {
    pub(super) fn new(proxies: &[IpNet]) -> Self {
        Clients {
            proxies: proxies.to_vec(),
        }
    }

    /// The address of whoever sends a request. A proxy appends to `X-Forwarded-For` who asked it, so what the proxies that we
    /// trust have written stands at its end; what is before that may be invented.
    pub(crate) fn address(&self, Peer(peer): Peer, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values = headers.get_all(FORWARDED_FOR);
        let values: Vec<&str> = values
            .iter()
            .map(HeaderValue::to_str)
            .map(Result::unwrap_or_default)
            .collect();
        let hops = values.iter().rev().flat_map(|value| value.rsplit(','));
        for hop in hops {
            let is_trusted = self.proxies.iter().any(|net| net.contains(&client));
            let Some(hop) = address(hop.trim()).filter(|_| is_trusted) else {
                break;
            };
            client = hop;
        }
        client
    }
}

/// Some proxies write the port as well.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address = text.parse::<IpAddr>().ok().or_else(with_port);
    address.map(|address| address.to_canonical())
}

/// The address of whoever asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client(pub(crate) IpAddr);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let clients = Clients::new(&["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        let address = |peer: &str, forwarded: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(value));
            }
            let peer = Peer(peer.parse().unwrap());
            clients.address(peer, &headers).to_string()
        };
        assert_eq!(address("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            address("::ffff:10.0.0.1", &["198.51.100.7:81"]),
            "198.51.100.7"
        );
        assert_eq!(
            address("::1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(
            address("::1", &["203.0.113.9", "198.51.100.7", "10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(address("::1", &["198.51.100.7, unknown"]), "::1");
        assert_eq!(address("::1", &["203.0.113.9, , 10.0.0.2"]), "10.0.0.2");
        assert_eq!(address("::1", &["10.0.0.3,10.0.0.2"]), "10.0.0.3");
    }
}
