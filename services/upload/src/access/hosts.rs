use std::{collections::HashSet, net::IpAddr, str::FromStr};

use axum::http::{HeaderMap, Uri, header, uri::Authority};

/// The names to which the service answers. A page of another site can get a browser to see our address under its own
/// name (DNS rebinding), and would then count as ours; but never under a name of ours, or under none but an address.
pub(crate) struct Hosts(HashSet<HostName>);

/// A name of a host, without a port: in lower case, without a dot at its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostName(String);

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no host's name; it must be one as cams.example.org, without scheme and port")]
pub struct InvalidHostName(String);

impl Hosts {
    pub(super) fn new(names: &[HostName]) -> Self {
        Hosts(names.iter().cloned().collect())
    }

    /// Whether a request is for one of them; otherwise what it is for. A client that names no host is no browser.
    pub(crate) fn check(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), String> {
        let named = headers.get_all(header::HOST).into_iter();
        let named: Vec<&[u8]> = named
            .map(|host| host.as_bytes())
            .chain(
                uri.authority()
                    .map(|authority| authority.as_str().as_bytes()),
            )
            .collect();
        if headers.get_all(header::HOST).iter().count() > 1 {
            return Err("more than one host".to_owned());
        }
        match named.into_iter().find(|host| !self.answers_to(host)) {
            None => Ok(()),
            Some(host) => Err(String::from_utf8_lossy(host).into_owned()),
        }
    }

    fn answers_to(&self, authority: &[u8]) -> bool {
        let Ok(authority) = Authority::try_from(authority) else {
            return false;
        };
        let host = authority.host();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        if address.parse::<IpAddr>().is_ok() {
            return true;
        }
        let Ok(name) = host.parse::<HostName>() else {
            return false;
        };
        name.0 == "localhost" || name.0.ends_with(".localhost") || self.0.contains(&name)
    }
}

impl FromStr for HostName {
    type Err = InvalidHostName;

    fn from_str(text: &str) -> Result<Self, InvalidHostName> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        match !name.is_empty() && name.bytes().all(is_plain) {
            true => Ok(HostName(name)),
            false => Err(InvalidHostName(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn it_answers_to_its_names_and_to_addresses_and_to_nothing_else() {
        let hosts = Hosts::new(&["Cams.Example.org".parse().unwrap()]);
        let answers = |hosts_named: &[&'static str], uri: &'static str| {
            let mut headers = HeaderMap::new();
            for name in hosts_named {
                headers.append(header::HOST, HeaderValue::from_static(name));
            }
            hosts.check(&headers, &Uri::from_static(uri)).is_ok()
        };
        for ours in [
            "localhost",
            "LOCALHOST:5000",
            "cams.localhost:80",
            "127.0.0.1:5000",
            "192.168.1.2",
            "[::1]:5000",
            "[fd00::1]",
            "cams.example.org",
            "cams.EXAMPLE.org.:443",
        ] {
            assert!(answers(&[ours], "/"), "{ours}");
        }
        assert!(answers(&[], "/"));
        for other in [
            "evil.example",
            "cams.example.org.evil.example",
            "evilcams.example.org",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "user@127.0.0.1@evil.example",
            "",
            " ",
            "[::1",
            "a b",
        ] {
            assert!(!answers(&[other], "/"), "{other}");
        }
        assert!(!answers(&["localhost", "localhost"], "/"));
        assert!(!answers(&["localhost"], "http://evil.example/"));
        assert!("http://cams".parse::<HostName>().is_err());
    }
}
