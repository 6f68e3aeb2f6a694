//! The calls of the system that this one replaces.

use std::sync::Arc;

use axum::{Json, extract::State, response::Response};
use proto::from_timestamp;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use super::{
    extract::Params,
    images::{address, reference},
    picture::{Lasts, Picture, Wanted},
};
use crate::{
    app::App,
    problem::{Kind, Problem},
};

#[derive(Serialize)]
pub(crate) struct Latest {
    latest_image: String,
    folder: String,
    /// Of exactly this picture, even when another of the same name comes.
    url: String,
    uploaded_at: Option<String>,
}

pub(crate) async fn latest(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
) -> Result<Json<Latest>, Problem> {
    let folder = app.existing_by_number(&name)?;
    let upload = reference(&app, &folder)?;
    Ok(Json(Latest {
        latest_image: format!("uploads/{folder}/{}", upload.name),
        url: format!("{}/content", address(&folder, &upload.id)),
        folder: folder.to_string(),
        uploaded_at: upload
            .uploaded_at
            .as_ref()
            .and_then(from_timestamp)
            .and_then(|at| at.format(&Rfc3339).ok()),
    }))
}

/// The newest picture of this name.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Params((folder, name)): Params<(String, String)>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    by_name(&app, &folder, &name, &wanted).await
}

/// The same, to be saved.
pub(crate) async fn download(
    State(app): State<Arc<App>>,
    Params((folder, name)): Params<(String, String)>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    by_name(&app, &folder, &name, &wanted.for_saving()).await
}

async fn by_name(
    app: &App,
    folder: &str,
    name: &str,
    wanted: &Wanted,
) -> Result<Response, Problem> {
    let folder = app.existing_by_number(folder)?;
    let upload = {
        let state = app.view.read();
        let mut newest_first = state.pictures(&folder).values().rev();
        newest_first.find(|upload| upload.name == name).cloned()
    };
    let upload = upload.ok_or_else(|| {
        Kind::UnknownImage.because(format!("The folder {folder} has no image named {name:?}."))
    })?;
    let picture = Picture::Image(folder, upload, Lasts::UntilTheNext);
    wanted.answer(app, &picture).await
}
