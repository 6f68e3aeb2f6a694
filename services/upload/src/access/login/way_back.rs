//! The way to the page on which people log in, and back to where they wanted to go.

use axum::{http::Uri, response::Redirect};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The page on which people log in.
pub(super) const PATH: &str = "/login";

/// The longest address that is found back to.
const MAX_NEXT: usize = 2000;

/// The characters of an address that can stand in a query as they are, besides letters and digits.
const IN_A_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

/// Sends a browser to log in and then back.
pub(crate) fn redirect_from(uri: &Uri) -> Redirect {
    let here = uri.path_and_query().map_or("/", |here| here.as_str());
    let next = utf8_percent_encode(here, IN_A_QUERY);
    Redirect::to(&format!("{PATH}?next={next}"))
}

/// A page of ours, whatever was asked for: a browser takes `//host`, `/\host` and the like for other sites.
pub(super) fn destination(next: &str) -> &str {
    let is_ours = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= MAX_NEXT
        && next
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_ours { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn the_way_back_leads_to_pages_of_ours_only() {
        for ours in ["/", "/folder/1?before=7", "/alerts#alert-a", "/a//b"] {
            assert_eq!(destination(ours), ours);
        }
        for other in [
            "",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/a\\b",
            "https://evil.example",
            "javascript:alert(1)",
            "evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/ä",
            " /",
            &format!("/{}", "x".repeat(2000)),
        ] {
            assert_eq!(destination(other), "/", "{other:?}");
        }
    }

    #[test]
    fn an_address_is_found_back_to() {
        let uri = Uri::from_static("/alerts?folder=gate&phase=firing");
        let redirect = redirect_from(&uri).into_response();
        let location = redirect.headers()["location"].to_str().unwrap();
        let query = location.strip_prefix("/login?").unwrap();
        let query: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
        let [(name, next)] = &query[..] else {
            panic!("{query:?}");
        };
        assert_eq!(name, "next");
        assert_eq!(destination(next), "/alerts?folder=gate&phase=firing");
    }
}
