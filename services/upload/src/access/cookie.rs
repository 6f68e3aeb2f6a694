use std::time::Duration;

use accounts::Secret;
use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};

/// The cookie that holds what a browser shows for its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionCookie {
    /// Sent by the browser over https only, or to its own machine. By its name the browser takes it from exactly this host.
    Secure,
    /// Sent over plain http too.
    Plain,
}

impl SessionCookie {
    fn name(self) -> &'static str {
        match self {
            SessionCookie::Secure => "__Host-framewatch",
            SessionCookie::Plain => "framewatch",
        }
    }

    /// What a request shows. Of two cookies of this name at least one is not ours, so neither counts.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<Secret> {
        let values = headers.get_all(header::COOKIE).iter();
        let mut ours = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .filter(|cookie| cookie.name() == self.name());
        match (ours.next(), ours.next()) {
            (Some(cookie), None) => Secret::presented(cookie.value()),
            _ => None,
        }
    }

    /// What makes a browser show this secret from now on.
    pub(crate) fn set(self, secret: &Secret, lifetime: Duration) -> HeaderValue {
        let lifetime = cookie::time::Duration::seconds(lifetime.as_secs().cast_signed());
        self.header(secret.reveal(), lifetime)
    }

    /// What makes a browser forget it.
    pub(crate) fn clear(self) -> HeaderValue {
        self.header("", cookie::time::Duration::ZERO)
    }

    fn header(self, value: &str, lifetime: cookie::time::Duration) -> HeaderValue {
        let cookie = Cookie::build((self.name(), value))
            .path("/")
            .http_only(true)
            .secure(self == SessionCookie::Secure)
            .same_site(SameSite::Lax)
            .max_age(lifetime);
        let mut header = HeaderValue::try_from(cookie.to_string())
            .expect("a name of ours and hexadecimal digits can stand in a header");
        header.set_sensitive(true);
        header
    }
}
