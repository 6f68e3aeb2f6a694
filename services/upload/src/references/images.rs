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
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::By,
    app::App,
    folder_writer::{Becomes, Normals},
    front_door::{
        addresses::{InFolder, OneImage, encoded},
        extract::{Params, Search, page_size, switch},
        refusals::{self, Asked, Change, Part, Refusals},
        schemas::Switch,
    },
    pictures::{
        receiving::receive,
        sending::{self, Lasts, Picture, Wanted, unknown_image},
    },
    problem::{Kind, Pictures, Problem},
};

/// A picture and whether it is what frames are compared with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Image {
    #[serde(flatten)]
    pub(crate) upload: Upload,
    pub(crate) is_reference: bool,
}

/// A part of the list, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImagePage {
    pub(crate) images: Vec<Image>,
    /// How many there are in all.
    pub(crate) total: usize,
    /// The address where the list goes on.
    pub(crate) next: Option<String>,
}

/// Pictures that were stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct StoredImages {
    images: Vec<Upload>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadQuery {
    /// The file's name, where the body is the bare picture.
    #[param(example = "gate.jpg")]
    name: Option<String>,
    /// Whether the folder's normal pictures stay; otherwise a new reference retires them.
    #[param(value_type = Option<Switch>, inline)]
    keep_normals: Option<String>,
}

impl UploadQuery {
    fn becomes(&self) -> Result<Becomes, Problem> {
        let meaning = "true to keep the normal pictures, false to retire them";
        let are_kept = switch("keepNormals", self.keep_normals.as_deref(), meaning)?;
        Ok(Becomes::Reference(match are_kept {
            true => Normals::Kept,
            false => Normals::Retired,
        }))
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The most entries of one answer.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// The `id` before which it goes on.
    before: Option<String>,
}

/// Stores pictures; the last becomes the folder's reference
///
/// A new reference retires the folder's normal pictures, unless `keepNormals` is set.
///
/// Either the bare picture is the body, or a form has one or several in its field `file`. What a picture is, is told by its
/// bytes alone. Each is decoded before it is stored.
#[utoipa::path(
    post,
    path = "/api/v1/folders/{folder}/images",
    tag = "images",
    operation_id = "storeImages",
    params(InFolder, UploadQuery),
    responses(
        (status = CREATED, description = "All are stored", body = StoredImages, headers(
            ("Location" = Option<String>, description = "Where the picture is, if it is one")
        )),
        (status = MULTI_STATUS, description = "Some are stored", body = Pictures),
        Refusals<(Asked, refusals::Folder, Change, refusals::Pictures)>,
    )
)]
pub(super) async fn upload(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    Search(query): Search<UploadQuery>,
    by: By,
    request: Request,
) -> Result<Response, Problem> {
    let folder = app.existing(&at.folder)?;
    let becomes = query.becomes()?;
    let pictures = receive(&app, &folder, query.name, becomes, by, request).await?;
    Ok(stored(pictures, |id| address(&folder, id)))
}

/// The answer to what became of pictures, each at an address of its own.
pub(crate) fn stored(pictures: Pictures, address: impl Fn(&str) -> String) -> Response {
    if !pictures.refused.is_empty() {
        return (StatusCode::MULTI_STATUS, Json(pictures)).into_response();
    }
    let location = match pictures.images.as_slice() {
        [image] => HeaderValue::try_from(address(&image.id)).ok(),
        _ => None,
    };
    let location = location.map(|location| [(header::LOCATION, location)]);
    let stored = StoredImages {
        images: pictures.images,
    };
    (StatusCode::CREATED, location, Json(stored)).into_response()
}

pub(crate) fn address(folder: &impl std::fmt::Display, id: &str) -> String {
    format!("/api/v1/folders/{folder}/images/{id}")
}

/// Lists a folder's pictures, newest first
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/images",
    tag = "images",
    operation_id = "listImages",
    params(InFolder, PageQuery),
    responses(
        (status = OK, description = "Pictures", body = ImagePage),
        Refusals<(Asked, refusals::Folder)>,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    Search(query): Search<PageQuery>,
) -> Result<Json<ImagePage>, Problem> {
    let folder = app.existing(&at.folder)?;
    let limit = page_size(query.limit)?;
    let mut page = page(&app, &folder, limit, query.before.as_deref());
    page.next = page.next.map(|id| {
        format!(
            "/api/v1/folders/{folder}/images?limit={limit}&before={}",
            encoded(&id)
        )
    });
    Ok(Json(page))
}

/// The page that follows the picture `before`; its `next` is the id to go on before.
pub(crate) fn page(app: &App, folder: &Folder, limit: usize, before: Option<&str>) -> ImagePage {
    let state = app.states.read();
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

/// Tells of a picture
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/images/{id}",
    tag = "images",
    operation_id = "getImage",
    params(OneImage),
    responses(
        (status = OK, description = "The picture", body = Image),
        Refusals<(Asked, refusals::Folder, refusals::Image)>,
    )
)]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Params(at): Params<OneImage>,
) -> Result<Json<Image>, Problem> {
    let folder = app.existing(&at.folder)?;
    let upload = known(&app, &folder, &at.id)?;
    let state = app.states.read();
    let is_reference = state.reference(&folder).is_some_and(|it| it.id == at.id);
    Ok(Json(Image {
        upload,
        is_reference,
    }))
}

/// Sends a picture
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/images/{id}/content",
    tag = "images",
    operation_id = "getImageContent",
    params(OneImage, sending::PictureQuery),
    responses(sending::Answers, Refusals<(Asked, refusals::Folder, refusals::Image, Part)>)
)]
pub(super) async fn content(
    State(app): State<Arc<App>>,
    Params(at): Params<OneImage>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let folder = app.existing(&at.folder)?;
    let upload = known(&app, &folder, &at.id)?;
    let picture = Picture::Image(folder, upload, Lasts::Forever);
    wanted.answer(&app, &picture).await
}

/// Removes a picture; if it was the reference, the one before it is now
#[utoipa::path(
    delete,
    path = "/api/v1/folders/{folder}/images/{id}",
    tag = "images",
    operation_id = "removeImage",
    params(OneImage),
    responses(
        (status = NO_CONTENT, description = "It is removed"),
        Refusals<(Asked, refusals::Folder, refusals::Image, Change)>,
    )
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Params(at): Params<OneImage>,
    by: By,
) -> Result<StatusCode, Problem> {
    let folder = app.existing(&at.folder)?;
    app.folders.remove_picture(&folder, &at.id, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells of the folder's reference
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/latest",
    tag = "images",
    operation_id = "getReference",
    params(InFolder),
    responses(
        (status = OK, description = "The reference", body = Upload),
        Refusals<(Asked, refusals::Folder, refusals::Reference)>,
    )
)]
pub(super) async fn latest(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
) -> Result<Json<Upload>, Problem> {
    let folder = app.existing(&at.folder)?;
    Ok(Json(reference(&app, &folder)?))
}

/// Sends the folder's reference
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/latest/content",
    tag = "images",
    operation_id = "getReferenceContent",
    params(InFolder, sending::PictureQuery),
    responses(sending::Answers, Refusals<(Asked, refusals::Folder, refusals::Reference, Part)>)
)]
pub(super) async fn latest_content(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let folder = app.existing(&at.folder)?;
    let upload = reference(&app, &folder)?;
    let picture = Picture::Image(folder, upload, Lasts::UntilTheNext);
    wanted.answer(&app, &picture).await
}

pub(crate) fn reference(app: &App, folder: &Folder) -> Result<Upload, Problem> {
    let reference = app.states.read().reference(folder).map(Upload::alone);
    reference.ok_or_else(|| {
        Kind::NoReference.because(format!(
            "The folder {folder} has no picture yet; POST one to /api/v1/folders/{folder}/images."
        ))
    })
}

fn known(app: &App, folder: &Folder, id: &str) -> Result<Upload, Problem> {
    let upload = app.states.read().pictures(folder).get(id).cloned();
    upload.ok_or_else(|| unknown_image(folder, id))
}
