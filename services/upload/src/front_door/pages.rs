//! What all pages share: how they are rendered, and problems as pages. Each feature has its pages; they are complete without
//! script, and the scripts keep them current and make them handy.

use askama::Template;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{Html, Response},
};

use crate::{
    access::Visitor,
    problem::{Kind, Problem, Refused},
};

#[derive(Template)]
#[template(path = "front_door/problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    detail: &'a str,
    taken: Vec<&'a str>,
    refused: &'a [Refused],
    back: &'a str,
    visitor: Visitor,
    is_connected: bool,
}

/// Shows problems as pages to browsers, except those of the API.
pub(crate) async fn problems_as_pages(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let is_browser = accepts_pages(request.headers());
    let mut response = next.run(request).await;
    if !is_browser || path.starts_with("/api/") {
        return response;
    }
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let visitor = response
        .extensions_mut()
        .remove()
        .unwrap_or(Visitor::Nobody);
    let Ok(Html(page)) = render(&ProblemPage::new(&problem, &path, visitor)) else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    Response::from_parts(parts, page.into())
}

/// Whether whoever asks is a browser.
pub(crate) fn accepts_pages(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT);
    accepted
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"))
}

impl<'a> ProblemPage<'a> {
    fn new(problem: &'a Problem, path: &'a str, visitor: Visitor) -> Self {
        let pictures = problem.pictures.as_deref();
        ProblemPage {
            title: problem.kind.title(),
            detail: &problem.detail,
            taken: pictures.map_or(Vec::new(), |pictures| {
                let names = pictures.images.iter().map(|image| image.name.as_str());
                names.collect()
            }),
            refused: pictures.map_or(&[], |pictures| &pictures.refused),
            back: back(path, problem.kind),
            visitor,
            is_connected: true,
        }
    }
}

/// The page of the folder or alert that a path belongs to, if that can be there.
fn back(path: &str, kind: Kind) -> &str {
    if kind == Kind::UnknownAlert {
        return "/alerts";
    }
    if path == "/silences" || path.starts_with("/silences/") {
        return "/silences";
    }
    if path == "/routes" || path.starts_with("/routes/") {
        return "/routes";
    }
    let is_there = !matches!(
        kind,
        Kind::UnknownFolder | Kind::InvalidFolder | Kind::NotFound
    );
    let page = ["/folder/", "/alerts/"]
        .into_iter()
        .find_map(|prefix| Some((prefix, path.strip_prefix(prefix)?)))
        .filter(|_| is_there);
    page.map_or("/", |(prefix, rest)| {
        let name = rest.split('/').next().unwrap_or_default();
        &path[..prefix.len() + name.len()]
    })
}

/// A page as it is sent.
pub(crate) fn render(page: &impl Template) -> Result<Html<String>, Problem> {
    page.render().map(Html).map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        Kind::Internal.because("The page cannot be shown.")
    })
}
