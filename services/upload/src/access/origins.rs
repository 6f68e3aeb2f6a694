//! From which sites a browser may change something.

use std::{fmt, str::FromStr};

use axum::http::{HeaderValue, Uri};

/// The sites whose pages may use the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Origins {
    /// None but our own.
    #[default]
    Ours,
    /// Every site may look.
    Any,
    /// These may do what our own may.
    These(Vec<Origin>),
}

/// A site as browsers name it: scheme, host and port, where that is not the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// A text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an origin is like https://example.com or http://10.0.0.7:8080, or * for all")]
pub struct InvalidOrigin;

const ANY: &str = "*";

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        if text == ANY {
            return Ok(Origin(text.to_owned()));
        }
        let uri: Uri = text.parse().map_err(|_| InvalidOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidOrigin);
        };
        let usual_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(InvalidOrigin),
        };
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() || host.contains(ANY) {
            return Err(InvalidOrigin);
        }
        let origin = match authority.port_u16() {
            Some(port) if port != usual_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        };
        // No path, no user, no port that is not a number.
        let given = text.to_ascii_lowercase();
        let is_all = given == origin || given == format!("{origin}:{usual_port}");
        is_all.then_some(Origin(origin)).ok_or(InvalidOrigin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Origins {
    pub(crate) fn new(origins: &[Origin]) -> Self {
        if origins.is_empty() {
            Origins::Ours
        } else if origins.iter().any(|origin| origin.0 == ANY) {
            Origins::Any
        } else {
            Origins::These(origins.to_vec())
        }
    }

    /// Whether pages of this site may change something.
    pub(crate) fn may_change(&self, site: &HeaderValue) -> bool {
        match self {
            Origins::Ours | Origins::Any => false,
            Origins::These(origins) => origins.iter().any(|origin| site == origin.0.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_name_them() {
        for (text, origin) in [
            ("https://example.com", "https://example.com"),
            ("https://Example.com:443", "https://example.com"),
            ("http://10.0.0.7:8080", "http://10.0.0.7:8080"),
            ("http://[::1]:80", "http://[::1]"),
            ("*", "*"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), origin);
        }
        for text in [
            "",
            "example.com",
            "https://example.com/",
            "https://example.com/a",
            "https://jo@example.com",
            "https://example.com:port",
            "ftp://example.com",
            "null",
            "https://*.example.com",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }

    #[test]
    fn only_named_sites_may_change_something() {
        let site = HeaderValue::from_static("https://example.com");
        let named: Origin = "https://example.com".parse().unwrap();
        let any: Origin = "*".parse().unwrap();
        assert!(Origins::new(std::slice::from_ref(&named)).may_change(&site));
        assert!(!Origins::new(&[any, named]).may_change(&site));
        assert!(!Origins::new(&[]).may_change(&site));
    }
}
