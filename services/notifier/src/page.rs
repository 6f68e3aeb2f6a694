//! Where people open the web page, which messages lead to.

use std::{fmt, net::SocketAddr, str::FromStr};

/// An address by which people open the web page, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageUrl(String);

/// A text that is no such address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is where people open the web page, as in \"https://framewatch.example.org\"")]
pub struct InvalidPageUrl;

const MAX_LENGTH: usize = 500;

impl PageUrl {
    /// The address of a page that is served here; `None` where it is served on all addresses, of which nobody knows by which
    /// one people reach it.
    pub fn served_at(address: SocketAddr) -> Option<Self> {
        (!address.ip().is_unspecified()).then(|| PageUrl(format!("http://{address}")))
    }
}

impl FromStr for PageUrl {
    type Err = InvalidPageUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPageUrl> {
        let text = text.trim_end_matches('/');
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let is_plain = |rest: &str| {
            !rest.is_empty()
                && !rest.contains(['@', '?', '#', '"', '<', '>', '\\'])
                && !rest.contains(char::is_whitespace)
        };
        match rest.is_some_and(is_plain) && text.len() <= MAX_LENGTH {
            true => Ok(PageUrl(text.to_owned())),
            false => Err(InvalidPageUrl),
        }
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_can_be_opened_in_a_browser() {
        for (text, is) in [
            ("https://framewatch.example.org/", true),
            ("http://10.0.0.5:5000/cctv", true),
            ("ftp://framewatch.example.org", false),
            ("framewatch.example.org", false),
            ("https://", false),
            ("https://jo:secret@framewatch.example.org", false),
            ("https://framewatch.example.org/?x", false),
        ] {
            assert_eq!(text.parse::<PageUrl>().is_ok(), is, "{text}");
        }
        let url: PageUrl = "https://framewatch.example.org/".parse().unwrap();
        assert_eq!(url.to_string(), "https://framewatch.example.org");
    }

    #[test]
    fn a_page_that_is_served_on_all_addresses_has_none_that_is_known() {
        let at = |text: &str| PageUrl::served_at(text.parse().unwrap()).map(|it| it.to_string());
        assert_eq!(at("127.0.0.1:5000"), Some("http://127.0.0.1:5000".into()));
        assert_eq!(at("[::1]:5000"), Some("http://[::1]:5000".into()));
        assert_eq!(at("0.0.0.0:5000"), None);
        assert_eq!(at("[::]:5000"), None);
    }
}
