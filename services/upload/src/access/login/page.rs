//! Logging in and out, by forms that work without script and with password managers.

use std::{net::IpAddr, sync::Arc, time::Duration};

use askama::Template;
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    attempt::{LoggedIn, LoginRefused},
    way_back::{PATH, destination},
};
use crate::{
    access::{Change, Client, Cookies, Gate, Outcome, Visitor},
    app::App,
    front_door::{
        extract::{Search, form},
        pages::render,
    },
    problem::{Kind, Problem},
};

/// Where somebody wanted to go who has to log in first.
#[derive(Deserialize)]
pub(crate) struct LoginQuery {
    #[serde(default)]
    next: String,
}

/// The page on which people log in.
#[derive(Template)]
#[template(path = "access/login.html")]
struct LoginPage {
    /// Why it did not work.
    trouble: Option<&'static str>,
    /// As it was typed.
    name: String,
    /// Where to go then.
    next: String,
    visitor: Visitor,
    is_connected: bool,
}

#[derive(Deserialize)]
struct LoginForm {
    username: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// Pictures stay in a browser's memory for good, but not beyond a session.
const CLEAR_SITE_DATA: (HeaderName, HeaderValue) = (
    HeaderName::from_static("clear-site-data"),
    HeaderValue::from_static("\"cache\""),
);

pub(crate) async fn page(
    State(app): State<Arc<App>>,
    Search(query): Search<LoginQuery>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Response, Problem> {
    gate(&app, PATH)?;
    if visitor.user().is_some() {
        return Ok(Redirect::to(destination(&query.next)).into_response());
    }
    let page = LoginPage {
        trouble: None,
        name: String::new(),
        next: query.next,
        visitor,
        is_connected: app.broker.is_connected(),
    };
    Ok(render(&page)?.into_response())
}

pub(crate) async fn log_in(
    State(app): State<Arc<App>>,
    Extension(Client(client)): Extension<Client>,
    request: Request,
) -> Result<Response, Problem> {
    let gate = gate(&app, PATH)?;
    refuse_plain_http(gate.cookies(), request.headers())?;
    let cookies = gate.cookies();
    let device = cookies.read_device(request.headers());
    let form: LoginForm = form(request, "The form").await?;
    let name = form.username.trim().to_lowercase();
    let refused = match gate.log_in(&name, form.password, client, device).await {
        Ok(LoggedIn { session, device }) => {
            audit(&app, &name, Outcome::Done, client);
            let session = cookies.set(&session, gate.lifetime());
            let set = [session, cookies.set_device(&device)].map(|it| (header::SET_COOKIE, it));
            let to = Redirect::to(destination(&form.next));
            return Ok((AppendHeaders(set), to).into_response());
        }
        Err(refused) => refused,
    };
    let (status, trouble) = match &refused {
        LoginRefused::Impossible(problem) => return Err(problem.clone()),
        LoginRefused::Wrong => {
            audit(&app, &name, Outcome::Refused, client);
            let trouble = "Nobody has this name and this password.";
            (StatusCode::UNAUTHORIZED, trouble)
        }
        LoginRefused::TooOften { .. } => {
            metrics::counter!("framewatch_logins_throttled_total").increment(1);
            let trouble = "Passwords were tried too often. Wait a minute, and try again.";
            (StatusCode::TOO_MANY_REQUESTS, trouble)
        }
    };
    let page = LoginPage {
        trouble: Some(trouble),
        name,
        next: form.next,
        visitor: Visitor::Nobody,
        is_connected: app.broker.is_connected(),
    };
    let mut response = (status, render(&page)?).into_response();
    let headers = response.headers_mut();
    match refused {
        LoginRefused::TooOften { again_in } => {
            headers.insert(header::RETRY_AFTER, whole_seconds(again_in));
        }
        _ => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
    }
    Ok(response)
}

pub(crate) async fn log_out(
    State(app): State<Arc<App>>,
    Extension(Client(client)): Extension<Client>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Response, Problem> {
    let gate = gate(&app, "/logout")?;
    if let Visitor::User { session, .. } = &visitor {
        gate.log_out(session).await?;
        let change = Change {
            who: &visitor.who(),
            role: visitor.role(),
            how: visitor.how(),
            what: "log out",
            method: "POST",
            path: "/logout",
            folder: None,
            id: None,
            client,
        };
        app.access.audit(&change, Outcome::Done);
    }
    let cookie = (header::SET_COOKIE, gate.cookies().clear());
    Ok(([cookie, CLEAR_SITE_DATA], Redirect::to(PATH)).into_response())
}

/// Where there are no accounts nobody can log in.
fn gate<'a>(app: &'a App, path: &str) -> Result<&'a Gate, Problem> {
    let missing = || Kind::NotFound.because(format!("There is nothing at {path}."));
    app.access.gate().ok_or_else(missing)
}

/// Says so where a browser would drop the session's cookie without a word: it takes one that is for https only over plain http
/// from nobody but its own machine.
fn refuse_plain_http(cookie: Cookies, headers: &HeaderMap) -> Result<(), Problem> {
    let origin = headers.get(header::ORIGIN);
    let origin: Option<Uri> = origin.and_then(|origin| origin.as_bytes().try_into().ok());
    let host = origin
        .filter(|origin| origin.scheme_str() == Some("http"))
        .and_then(|origin| origin.host().map(str::to_owned));
    match host {
        Some(host) if cookie == Cookies::Secure && !is_loopback(&host) => {
            Err(Kind::NotOverHttp.because(
                "Over plain http your browser would not stay logged in. Come by https, or have the service started with \
                 --cookies-over-http if everybody on this network can be trusted.",
            ))
        }
        _ => Ok(()),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<IpAddr> = address.parse().ok();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_some_and(|address| address.is_loopback())
}

fn audit(app: &App, name: &str, outcome: Outcome, client: IpAddr) {
    const MAX_CHARS: usize = 64;
    let who: String = name.chars().take(MAX_CHARS).collect();
    let change = Change {
        who: &who,
        role: None,
        how: "password",
        what: "log in",
        method: "POST",
        path: PATH,
        folder: None,
        id: None,
        client,
    };
    app.access.audit(&change, outcome);
}

fn whole_seconds(duration: Duration) -> HeaderValue {
    HeaderValue::from(duration.as_secs() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_refused_where_the_cookie_would_be_lost() {
        let refused = |cookie, origin: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            refuse_plain_http(cookie, &headers).is_err()
        };
        for origin in [
            "http://cams.lan",
            "http://192.168.1.2:5000",
            "http://[fd00::1]",
        ] {
            assert!(refused(Cookies::Secure, origin), "{origin}");
            assert!(!refused(Cookies::Plain, origin), "{origin}");
        }
        for origin in [
            "https://cams.lan",
            "http://localhost:5000",
            "http://127.0.0.1",
            "http://[::1]:1",
            "null",
        ] {
            assert!(!refused(Cookies::Secure, origin), "{origin}");
        }
    }
}
