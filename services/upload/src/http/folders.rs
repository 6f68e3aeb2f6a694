//! The folders themselves.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::extract::{Params, Search, page_size};
use crate::{
    app::{App, parse},
    problem::Problem,
    view::{Summary, natural_order},
};

#[derive(Deserialize)]
pub(crate) struct PageQuery {
    limit: Option<usize>,
    after: Option<String>,
}

/// A part of the list, `folder2` before `folder10`.
#[derive(Serialize)]
pub(crate) struct FolderPage {
    folders: Vec<Summary>,
    /// How many there are in all.
    total: usize,
    /// Where the list goes on.
    next: Option<String>,
}

const PATH: &str = "/api/v1/folders";

/// All that exist.
pub(crate) fn summaries(app: &App) -> Vec<Summary> {
    let state = app.view.read();
    let folders = state.folders();
    folders
        .iter()
        .filter_map(|folder| state.summary(folder))
        .collect()
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Search(query): Search<PageQuery>,
) -> Result<Json<FolderPage>, Problem> {
    let limit = page_size(query.limit)?;
    let after = query.after.as_deref().map(parse).transpose()?;
    let state = app.view.read();
    let folders = state.folders();
    let begin = after.map_or(0, |after| {
        let after = natural_order(&after);
        folders.partition_point(|folder| natural_order(folder) <= after)
    });
    let (page, rest) = folders[begin..].split_at(limit.min(folders.len() - begin));
    let last = page.last().filter(|_| !rest.is_empty());
    Ok(Json(FolderPage {
        total: folders.len(),
        next: last.map(|last| format!("{PATH}?limit={limit}&after={last}")),
        folders: page
            .iter()
            .filter_map(|folder| state.summary(folder))
            .collect(),
    }))
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
) -> Result<Json<Summary>, Problem> {
    let folder = app.existing(&name)?;
    Ok(Json(app.summary(&folder)?))
}

pub(crate) async fn make(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
) -> Result<Response, Problem> {
    let folder = parse(&name)?;
    let status = match app.folders.make(&folder).await? {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok((status, Json(app.summary(&folder)?)).into_response())
}

pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
) -> Result<StatusCode, Problem> {
    let folder = app.existing(&name)?;
    app.folders.remove(&folder).await?;
    Ok(StatusCode::NO_CONTENT)
}
