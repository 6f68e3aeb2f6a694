//! The pictures of a folder.

use std::{ops::Bound, sync::Arc};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use event_bus::Folder;
use proto::v1::Upload;
use serde::{Deserialize, Serialize};

use super::{
    extract::{Params, Search, page_size},
    picture::{Lasts, Picture, Wanted, unknown_image},
    receive::receive,
};
use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// A picture and whether it is what frames are compared with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Image {
    #[serde(flatten)]
    pub(crate) upload: Upload,
    pub(crate) is_reference: bool,
}

/// A part of the list, newest first.
#[derive(Serialize)]
pub(crate) struct ImagePage {
    pub(crate) images: Vec<Image>,
    /// How many there are in all.
    pub(crate) total: usize,
    /// Where the list goes on.
    pub(crate) next: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct UploadQuery {
    name: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct PageQuery {
    limit: Option<usize>,
    before: Option<String>,
}

pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    Search(query): Search<UploadQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let folder = app.existing(&name)?;
    let pictures = receive(&app, &folder, query.name, request).await?;
    if !pictures.refused.is_empty() {
        return Ok((StatusCode::MULTI_STATUS, Json(pictures)).into_response());
    }
    let created = (
        StatusCode::CREATED,
        Json(serde_json::json!({ "images": pictures.images })),
    );
    let mut response = created.into_response();
    if let [image] = pictures.images.as_slice()
        && let Ok(location) = HeaderValue::try_from(address(&folder, &image.id))
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

pub(crate) fn address(folder: &impl std::fmt::Display, id: &str) -> String {
    format!("/api/v1/folders/{folder}/images/{id}")
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    Search(query): Search<PageQuery>,
) -> Result<Json<ImagePage>, Problem> {
    let folder = app.existing(&name)?;
    let limit = page_size(query.limit)?;
    let mut page = page(&app, &folder, limit, query.before.as_deref());
    page.next = page
        .next
        .map(|id| format!("/api/v1/folders/{folder}/images?limit={limit}&before={id}"));
    Ok(Json(page))
}

/// The page that follows the picture `before`; its `next` is the id to go on before.
pub(crate) fn page(app: &App, folder: &Folder, limit: usize, before: Option<&str>) -> ImagePage {
    let state = app.view.read();
    let reference = state.reference(folder).map(|reference| &reference.id);
    let end = before.map_or(Bound::Unbounded, Bound::Excluded);
    let pictures = state.pictures(folder);
    let mut following = pictures.range::<str, _>((Bound::Unbounded, end)).rev();
    let images: Vec<Image> = following
        .by_ref()
        .take(limit)
        .map(|(id, upload)| Image {
            is_reference: Some(id) == reference,
            upload: upload.clone(),
        })
        .collect();
    let last = images.last().map(|image| image.upload.id.clone());
    ImagePage {
        total: pictures.len(),
        next: following.next().and(last),
        images,
    }
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Params((name, id)): Params<(String, String)>,
) -> Result<Json<Image>, Problem> {
    let folder = app.existing(&name)?;
    let upload = known(&app, &folder, &id)?;
    let state = app.view.read();
    let is_reference = state.reference(&folder).is_some_and(|it| it.id == id);
    Ok(Json(Image {
        upload,
        is_reference,
    }))
}

pub(crate) async fn content(
    State(app): State<Arc<App>>,
    Params((name, id)): Params<(String, String)>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let folder = app.existing(&name)?;
    let upload = known(&app, &folder, &id)?;
    let picture = Picture::Image(folder, upload, Lasts::Forever);
    wanted.answer(&app, &picture).await
}

pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Params((name, id)): Params<(String, String)>,
) -> Result<StatusCode, Problem> {
    let folder = app.existing(&name)?;
    app.folders.remove_picture(&folder, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn latest(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
) -> Result<Json<Upload>, Problem> {
    let folder = app.existing(&name)?;
    Ok(Json(reference(&app, &folder)?))
}

pub(crate) async fn latest_content(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let folder = app.existing(&name)?;
    let upload = reference(&app, &folder)?;
    let picture = Picture::Image(folder, upload, Lasts::UntilTheNext);
    wanted.answer(&app, &picture).await
}

pub(crate) fn reference(app: &App, folder: &Folder) -> Result<Upload, Problem> {
    let reference = app.view.read().reference(folder).cloned();
    reference.ok_or_else(|| {
        Kind::NoReference.because(format!(
            "The folder {folder} has no picture yet; POST one to /api/v1/folders/{folder}/images."
        ))
    })
}

fn known(app: &App, folder: &Folder, id: &str) -> Result<Upload, Problem> {
    let upload = app.view.read().pictures(folder).get(id).cloned();
    upload.ok_or_else(|| unknown_image(folder, id))
}
