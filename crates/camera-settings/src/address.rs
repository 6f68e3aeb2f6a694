//! Where a camera is: a URL that holds no secret, and is shown without what may hold one.

use std::fmt;

use url::Url;

/// The address of a stream or a picture. It is shown without its query, in which some cameras want a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

/// How a camera is spoken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Video, by RTSP, or RTSP in TLS.
    Rtsp,
    /// Pictures, by HTTP or HTTPS.
    Http,
}

/// A text that is no address of a camera. It says what to write, and never repeats the text: that may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// It holds a name or a password.
    #[error(
        "a URL holds no user and no password here: leave out what stands before the @, and write username = \"…\" and \
         password-file = \"…\", a file that holds the password alone"
    )]
    Credentials,
    /// Another protocol.
    #[error("a camera's URL begins with rtsp://, rtsps://, http:// or https://")]
    Scheme,
    /// No URL, or one without a host.
    #[error("this is no URL with a host: write it like rtsp://10.0.0.5/stream1")]
    NoUrl,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is none, or holds credentials.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let url = Url::parse(text).map_err(|_| no_url(text))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidAddress::Credentials);
        }
        match url.scheme() {
            "rtsp" | "rtsps" | "http" | "https"
                if url.host_str().is_some_and(|host| !host.is_empty()) =>
            {
                Ok(Address(url))
            }
            "rtsp" | "rtsps" | "http" | "https" => Err(InvalidAddress::NoUrl),
            _ => Err(InvalidAddress::Scheme),
        }
    }

    /// How it is spoken with.
    pub fn protocol(&self) -> Protocol {
        match self.0.scheme() {
            "rtsp" | "rtsps" => Protocol::Rtsp,
            _ => Protocol::Http,
        }
    }

    /// All of it.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Host and port.
    pub fn host_and_port(&self) -> (&str, u16) {
        let usual = match self.0.scheme() {
            "rtsp" => 554,
            "rtsps" => 322,
            "https" => 443,
            _ => 80,
        };
        let host = self.0.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (host, self.0.port().unwrap_or(usual))
    }

    /// The server that it leads to: protocol, host and port.
    pub(crate) fn server(&self) -> String {
        let (host, port) = self.host_and_port();
        format!("{}://[{host}]:{port}", self.0.scheme())
    }

    /// Whether what is asked for there goes through TLS.
    pub fn is_in_tls(&self) -> bool {
        matches!(self.0.scheme(), "https" | "rtsps")
    }

    /// What is asked for: path and query.
    pub fn path_and_query(&self) -> &str {
        &self.0[url::Position::BeforePath..url::Position::AfterQuery]
    }
}

/// A password with a `/` or a `#` in it makes a URL unreadable; that is said first.
fn no_url(text: &str) -> InvalidAddress {
    match text.contains('@') {
        true => InvalidAddress::Credentials,
        false => InvalidAddress::NoUrl,
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0[..url::Position::AfterPath])?;
        match self.0.query() {
            Some(_) => f.write_str("?…"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_query() {
        let address = Address::parse("http://10.0.0.5:8080/snap.cgi?user=a&pwd=s3cret").unwrap();
        assert_eq!(address.to_string(), "http://10.0.0.5:8080/snap.cgi?…");
        assert_eq!(format!("{address:?}"), address.to_string());
        assert_eq!(address.path_and_query(), "/snap.cgi?user=a&pwd=s3cret");
        assert_eq!(address.host_and_port(), ("10.0.0.5", 8080));
        let address = Address::parse("rtsps://10.0.0.5/x").unwrap();
        assert_eq!(address.host_and_port(), ("10.0.0.5", 322));
        assert!(address.is_in_tls());
        let address = Address::parse("rtsp://[::1]/x").unwrap();
        assert_eq!(address.host_and_port(), ("::1", 554));
    }

    #[test]
    fn what_is_no_address_is_refused_and_never_repeated() {
        for (text, error) in [
            ("rtsp://fw:s3cret@10.0.0.5/x", InvalidAddress::Credentials),
            ("rtsp://fw@10.0.0.5/x", InvalidAddress::Credentials),
            ("rtsp://fw:s3/cret@10.0.0.5/x", InvalidAddress::Credentials),
            ("ftp://10.0.0.5/x", InvalidAddress::Scheme),
            ("10.0.0.5", InvalidAddress::NoUrl),
            ("rtsp:///x", InvalidAddress::NoUrl),
        ] {
            let found = Address::parse(text).unwrap_err();
            assert_eq!(found, error, "{text}");
            assert!(!found.to_string().contains("s3"), "{found}");
        }
    }
}
