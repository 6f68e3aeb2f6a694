//! The folders themselves.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::extract::Params;
use crate::{
    app::{App, parse},
    problem::Problem,
    view::Summary,
};

#[derive(Serialize)]
pub(crate) struct FolderList {
    folders: Vec<Summary>,
}

pub(crate) fn summaries(app: &App) -> Vec<Summary> {
    let state = app.view.read();
    let folders = state.folders();
    folders
        .iter()
        .filter_map(|folder| state.summary(folder))
        .collect()
}

pub(crate) async fn list(State(app): State<Arc<App>>) -> Json<FolderList> {
    Json(FolderList {
        folders: summaries(&app),
    })
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
