//! The pages. They are complete without script; `live.js` only keeps them current.

pub(crate) mod alerts;
mod card;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{Html, Response},
};
use serde::Deserialize;

use super::{
    extract::{Params, Search},
    folders::summaries,
    images::{Image, page},
};
use crate::{
    app::App,
    problem::{Kind, Problem, Refused},
};
use card::Card;

/// Pictures on a page of a folder.
const PICTURES: usize = 24;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    cards: Vec<Card>,
    /// Up to which announcement the page knows how things stand.
    position: String,
    is_connected: bool,
}

#[derive(Template)]
#[template(path = "folder.html")]
struct FolderPage {
    card: Card,
    /// Up to which announcement the page knows how things stand.
    position: String,
    /// As it stands in the address: a name, or the number of an old link.
    name: String,
    images: Vec<Image>,
    older: Option<String>,
    is_first: bool,
    max_files: u32,
    max_mb: u32,
    is_connected: bool,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    detail: &'a str,
    taken: Vec<&'a str>,
    refused: &'a [Refused],
    back: &'a str,
    is_connected: bool,
}

#[derive(Deserialize)]
pub(crate) struct FolderQuery {
    before: Option<String>,
}

pub(crate) async fn overview(State(app): State<Arc<App>>) -> Result<Html<String>, Problem> {
    let position = app.view.position();
    let mut summaries = summaries(&app);
    summaries.sort_by_key(|summary| summary.state.urgency());
    render(&Overview {
        cards: summaries.into_iter().map(Card::new).collect(),
        position,
        is_connected: app.broker.is_connected(),
    })
}

pub(crate) async fn folder(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    Search(query): Search<FolderQuery>,
) -> Result<Html<String>, Problem> {
    let folder = app.existing_by_number(&name)?;
    let pictures = page(&app, &folder, PICTURES, query.before.as_deref());
    render(&FolderPage {
        position: app.view.position(),
        card: Card::new(app.summary(&folder)?),
        name,
        images: pictures.images,
        older: pictures.next,
        is_first: query.before.is_none(),
        max_files: app.config.max_upload_files,
        max_mb: app.config.max_upload_mb,
        is_connected: app.broker.is_connected(),
    })
}

/// Shows problems as pages to browsers, except those of the API.
pub(crate) async fn problems_as_pages(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let accepted = request.headers().get(header::ACCEPT);
    let is_browser = accepted
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    let mut response = next.run(request).await;
    if !is_browser || path.starts_with("/api/") {
        return response;
    }
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let Ok(Html(page)) = render(&ProblemPage::new(&problem, &path)) else {
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

impl<'a> ProblemPage<'a> {
    fn new(problem: &'a Problem, path: &'a str) -> Self {
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
            is_connected: true,
        }
    }
}

/// The page of the folder that a path belongs to, if that can be there.
fn back(path: &str, kind: Kind) -> &str {
    let is_there = !matches!(
        kind,
        Kind::UnknownFolder | Kind::InvalidFolder | Kind::NotFound
    );
    let folder = path.strip_prefix("/folder/").filter(|_| is_there);
    folder.map_or("/", |rest| {
        let name = rest.split('/').next().unwrap_or_default();
        &path[.."/folder/".len() + name.len()]
    })
}

fn render(page: &impl Template) -> Result<Html<String>, Problem> {
    page.render().map(Html).map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        Kind::Internal.because("The page cannot be shown.")
    })
}
