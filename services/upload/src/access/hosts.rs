//! The names to which the service answers.

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

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WrongHost {
    /// What it says is no host's name.
    #[error("The request is for {0:?}: its Host must be a name or an address, and perhaps a port.")]
    Invalid(String),
    #[error("The request names more than one host.")]
    Several,
    /// It is for another one.
    #[error(
        "This service does not answer to {0:?}; if it is to, start it with --allowed-hosts and that name."
    )]
    NotOurs(String),
}

impl Hosts {
    pub(super) fn new(names: &[HostName]) -> Self {
        Hosts(names.iter().cloned().collect())
    }

    /// Whether a request is for one of them. A client that names no host is no browser.
    pub(crate) fn check(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), WrongHost> {
        let named = headers.get_all(header::HOST);
        if named.iter().count() > 1 {
            return Err(WrongHost::Several);
        }
        for host in named {
            self.check_authority(host.as_bytes())?;
        }
        match uri.authority() {
            Some(authority) => self.check_authority(authority.as_str().as_bytes()),
            None => Ok(()),
        }
    }

    fn check_authority(&self, named: &[u8]) -> Result<(), WrongHost> {
        let said = || String::from_utf8_lossy(named).into_owned();
        // What stands before an @ are credentials, which have no place there (RFC 9110, 4.2.4).
        let authority = Authority::try_from(named)
            .ok()
            .filter(|_| !named.contains(&b'@'))
            .ok_or_else(|| WrongHost::Invalid(said()))?;
        match self.answers_to(authority.host()) {
            true => Ok(()),
            false => Err(WrongHost::NotOurs(said())),
        }
    }

    fn answers_to(&self, host: &str) -> bool {
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
            hosts.check(&headers, &Uri::from_static(uri))
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
            assert_eq!(answers(&[ours], "/"), Ok(()), "{ours}");
        }
        assert_eq!(answers(&[], "/"), Ok(()));
        for other in [
            "evil.example",
            "cams.example.org.evil.example",
            "evilcams.example.org",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
        ] {
            let not_ours = Err(WrongHost::NotOurs(other.to_owned()));
            assert_eq!(answers(&[other], "/"), not_ours);
        }
        for invalid in [
            "user@127.0.0.1@evil.example",
            "user:password@localhost",
            "@localhost",
            "",
            " ",
            "[::1",
            "a b",
        ] {
            let refused = Err(WrongHost::Invalid(invalid.to_owned()));
            assert_eq!(answers(&[invalid], "/"), refused);
        }
        assert_eq!(
            answers(&["localhost", "localhost"], "/"),
            Err(WrongHost::Several)
        );
        let elsewhere = answers(&["localhost"], "http://evil.example/");
        assert!(matches!(elsewhere, Err(WrongHost::NotOurs(_))));
        assert!("http://cams".parse::<HostName>().is_err());
    }
}
