//! The cookies that browsers show.

use std::time::Duration;

use accounts::{KnownDevice, Secret};
use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};

/// The cookies that hold what a browser shows for its session, and for somebody having logged in on it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookies {
    /// Sent by the browser over https only, or to its own machine. By its name the browser takes it from exactly this host.
    Secure,
    /// Sent over plain http too.
    Plain,
}

/// As long as browsers keep any.
const DEVICES_LAST: cookie::time::Duration = cookie::time::Duration::days(400);

impl Cookies {
    fn session(self) -> &'static str {
        match self {
            Cookies::Secure => "__Host-framewatch",
            Cookies::Plain => "framewatch",
        }
    }

    fn device(self) -> &'static str {
        match self {
            Cookies::Secure => "__Host-framewatch-device",
            Cookies::Plain => "framewatch-device",
        }
    }

    /// The session that a request shows.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<Secret> {
        read(headers, self.session(), Secret::presented)
    }

    /// The device that a request shows.
    pub(crate) fn read_device(self, headers: &HeaderMap) -> Option<KnownDevice> {
        read(headers, self.device(), KnownDevice::presented)
    }

    /// The header that makes a browser show this secret from now on.
    pub(crate) fn set(self, secret: &Secret, lifetime: Duration) -> HeaderValue {
        let lifetime = cookie::time::Duration::seconds(lifetime.as_secs().cast_signed());
        self.header(self.session(), secret.reveal(), lifetime)
    }

    /// The header that makes a browser show this device from now on.
    pub(crate) fn set_device(self, device: &KnownDevice) -> HeaderValue {
        self.header(self.device(), &device.reveal(), DEVICES_LAST)
    }

    /// The header that makes a browser forget its session.
    pub(crate) fn clear(self) -> HeaderValue {
        self.header(self.session(), "", cookie::time::Duration::ZERO)
    }

    fn header(self, name: &str, value: &str, lifetime: cookie::time::Duration) -> HeaderValue {
        let cookie = Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(self == Cookies::Secure)
            .same_site(SameSite::Lax)
            .max_age(lifetime);
        let mut header = HeaderValue::try_from(cookie.to_string())
            .expect("a name of ours, hexadecimal digits and a dot can stand in a header");
        header.set_sensitive(true);
        header
    }
}

/// The value of the cookie with this name. If there are two, at least one is not ours, so neither counts.
fn read<T>(headers: &HeaderMap, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    let values = headers.get_all(header::COOKIE).iter();
    let mut ours = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == name);
    match (ours.next(), ours.next()) {
        (Some(cookie), None) => parse(cookie.value()),
        _ => None,
    }
}
