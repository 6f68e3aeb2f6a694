//! Where requests go. A URL may be a secret as a whole, so only its host is ever told.

use std::{net::IpAddr, path::Path};

use reqwest::Url;

use crate::{ReceiverSpec, SpecError, secret::SecretFile};

/// A URL, or the file with it.
#[derive(Clone)]
pub(crate) struct Place {
    source: Source,
    host: String,
}

#[derive(Clone)]
enum Source {
    Url(Url),
    File(SecretFile),
}

impl Place {
    /// The one that `url` or `url-file` names.
    pub(crate) fn of(spec: &ReceiverSpec, beside: &Path) -> Result<Self, SpecError> {
        match (&spec.url, &spec.url_file) {
            (Some(url), None) => Place::at("url", &url.0),
            (None, Some(path)) => {
                let file = SecretFile::of("url-file", path, beside)?;
                let url = parse(&file.read_now().map_err(|why| wrong("url-file", why))?);
                let url = url.map_err(|why| wrong("url-file", format!("in the file: {why}")))?;
                let host = host(&url);
                let source = Source::File(file);
                Ok(Place { source, host })
            }
            (Some(_), Some(_)) => Err(wrong("url-file", "it takes the place of url: give one")),
            (None, None) => Err(wrong(
                "url",
                "it is missing: url = \"https://example.org/hook\", or url-file with the path of a file that holds it",
            )),
        }
    }

    /// The URL that a setting gives.
    pub(crate) fn at(setting: &'static str, url: &str) -> Result<Self, SpecError> {
        let url = parse(url).map_err(|why| wrong(setting, why))?;
        let host = host(&url);
        let source = Source::Url(url);
        Ok(Place { source, host })
    }

    /// Its host, and the port where that is not the usual one.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The URL as it is now.
    pub(crate) async fn url(&self) -> Result<Url, String> {
        match &self.source {
            Source::Url(url) => Ok(url.clone()),
            Source::File(file) => {
                let url = parse(&file.read().await?);
                url.map_err(|why| format!("url-file: in the file: {why}"))
            }
        }
    }
}

/// The parts of a URL that may be secret: all parts of its path, and its query, that have 8 bytes or more.
pub(crate) fn secrets(url: &Url) -> Vec<String> {
    let parts = url.path().split('/').chain(url.query());
    let parts = parts.filter(|part| part.len() >= 8);
    parts.map(str::to_owned).collect()
}

/// Whether this host, perhaps with a port, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    bare == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}

fn parse(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| NO_URL)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(NO_URL);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a login does not stand in a URL: give username and password-file");
    }
    Ok(url)
}

const NO_URL: &str = "this is no URL that begins with http:// or https:// and a host";

fn wrong(setting: &'static str, why: impl Into<String>) -> SpecError {
    let why = why.into();
    SpecError { setting, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_however_it_is_written() {
        for host in ["localhost", "127.0.0.1:80", "[::1]:25", "localhost:1025"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "example.org",
            "localhost.example.org:80",
            "10.0.0.1",
            "[fe80::1]",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_without_being_repeated() {
        for url in [
            "hook",
            "ftp://example.org/",
            "https://",
            "https://me:pw@example.org/",
        ] {
            let error = Place::at("url", url).err().unwrap();
            assert_eq!(error.setting, "url");
            assert!(
                !error.why.contains("example.org") && !error.why.contains("pw@"),
                "{error}"
            );
        }
        let place = Place::at("url", "https://example.org:8443/services/T000/B000/x").unwrap();
        assert_eq!(place.host(), "example.org:8443");
    }
}
