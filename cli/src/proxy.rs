//! The proxy for HTTP that the environment may name.

use std::{env, net::IpAddr};

use reqwest::Url;

/// Those that reqwest heeds for an address, the first that is set.
const FOR_HTTP: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
const FOR_HTTPS: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// Whether an address is on this machine, where no proxy has any business.
pub(crate) fn is_loopback(url: &str) -> bool {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']');
    let is_number = number.parse().is_ok_and(|it: IpAddr| it.is_loopback());
    is_number || host == "localhost" || host.ends_with(".localhost")
}

/// Whose doing it may be that an address does not answer, in words to be put behind it; empty where no proxy is set.
pub(crate) fn suspicion(url: &str) -> String {
    if is_loopback(url) {
        return String::new();
    }
    let heeded = match url.starts_with("https:") {
        true => FOR_HTTPS,
        false => FOR_HTTP,
    };
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let Some(name) = heeded.into_iter().find(is_set) else {
        return String::new();
    };
    format!(
        " (it is asked through the proxy that the environment variable {name} names, unless NO_PROXY has its host)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_all_its_names() {
        for url in [
            "http://127.0.0.1:5000",
            "http://127.1.2.3",
            "https://[::1]:5000/",
            "http://localhost:5000",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://cameras.example:5000",
            "http://10.0.0.1",
            "no address",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
