//! What the forms of the pages send; the first is also a call of the system that this one replaces.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Redirect,
};

use super::{extract::Params, receive::receive};
use crate::{
    app::App,
    problem::{Kind, Problem},
};

pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    let pictures = receive(&app, &folder, None, request).await?;
    if pictures.refused.is_empty() {
        return Ok(Redirect::to(&format!("/folder/{name}")));
    }
    let detail = format!(
        "{} of {} pictures were not taken.",
        pictures.refused.len(),
        pictures.refused.len() + pictures.images.len()
    );
    Err(Problem {
        pictures: Some(Box::new(pictures)),
        ..Kind::SomeRefused.because(detail)
    })
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Params((name, id)): Params<(String, String)>,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    app.folders.remove_picture(&folder, &id).await?;
    Ok(Redirect::to(&format!("/folder/{name}")))
}
