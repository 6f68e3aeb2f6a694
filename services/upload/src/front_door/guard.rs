//! What every request passes on its way in, and every answer on its way out.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::{Instant, timeout};

use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// How long a request waits that comes while everything is still being loaded.
const LOADING_PATIENCE: Duration = Duration::from_secs(5);

/// Pages consist of our own files alone, and nobody may frame them.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses what a page of another site makes a browser send. Programs that are no browsers say nothing of a site.
pub(crate) async fn refuse_cross_site(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let site = request.headers().get(header::ORIGIN);
    if request.method().is_safe()
        || is_from_here(request.headers(), request.uri())
        || site.is_some_and(|site| app.access.origins.may_change(site))
    {
        return next.run(request).await;
    }
    Kind::CrossSite
        .because(of_another_site(request.headers(), request.uri()))
        .into_response()
}

fn of_another_site(headers: &HeaderMap, uri: &Uri) -> String {
    let said = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = said(header::HOST).or(uri.authority().map(|host| host.as_str()));
    let (Some(origin), Some(host)) = (said(header::ORIGIN), host) else {
        return "A page of another site asked for this change; make it from our own pages."
            .to_owned();
    };
    format!(
        "A page of {origin:?} asked for this change, of a service that was asked for as {host:?}; make it from our own pages. If \
         that is one of them, a proxy changes the header Host: have it passed on. If it is another site that may change things, \
         start the service with --cors-origins and its origin."
    )
}

/// Whether a request names the site whose page it is from. Every browser does so when something is to change.
pub(crate) fn says_where_from(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN)
}

fn is_from_here(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name: HeaderName| headers.get(name).map(HeaderValue::as_bytes);
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, b"same-origin" | b"none");
    }
    let Some(origin) = text(header::ORIGIN) else {
        return true;
    };
    let host = text(header::HOST).or(uri.authority().map(|host| host.as_str().as_bytes()));
    let origin_host = origin
        .strip_prefix(b"http://")
        .or(origin.strip_prefix(b"https://"));
    origin_host.is_some() && origin_host == host
}

/// Lets nobody see a half-loaded state.
pub(crate) async fn wait_until_loaded(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let mut loaded = app.loaded.clone();
    let is_loaded = *loaded.borrow();
    if !is_loaded {
        let waiting = timeout(LOADING_PATIENCE, loaded.wait_for(|is_loaded| *is_loaded));
        if !matches!(waiting.await, Ok(Ok(_))) {
            return Err(Kind::Unavailable
                .because("The service is starting: it is still loading. Try again in a moment."));
        }
    }
    Ok(next.run(request).await)
}

pub(crate) async fn measure(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = path.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let class = match response.status().as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    metrics::histogram!("framewatch_http_request_seconds", "route" => route, "status" => class)
        .record(begun.elapsed());
    response
}

pub(crate) async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(headers: &[(&'static str, &'static str)]) -> bool {
        let headers: HeaderMap = headers
            .iter()
            .map(|&(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        is_from_here(&headers, &Uri::from_static("/"))
    }

    #[test]
    fn only_our_own_pages_and_programs_may_change_something() {
        let host = ("host", "cam.example:5000");
        assert!(is_allowed(&[host]));
        assert!(is_allowed(&[host, ("origin", "http://cam.example:5000")]));
        assert!(is_allowed(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(is_allowed(&[host, ("sec-fetch-site", "none")]));

        assert!(!is_allowed(&[host, ("origin", "http://cam.example")]));
        assert!(!is_allowed(&[host, ("origin", "http://evil.example")]));
        assert!(!is_allowed(&[host, ("origin", "null")]));
        assert!(!is_allowed(&[host, ("sec-fetch-site", "same-site")]));
        assert!(!is_allowed(&[host, ("sec-fetch-site", "cross-site")]));
    }
}
