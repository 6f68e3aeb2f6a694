//! The camera of a folder, as it is set on the page or by API, and trying one. No answer has a password.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::Redirect,
};
use camera_settings::Asked;
use event_bus::CameraSettings;
use proto::v1::{CameraTest, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    access::By,
    app::App,
    folders::saved::Saved,
    front_door::{
        addresses::InFolder,
        extract::{Params, form, json},
        refusals::{self, Asked as AskedFor, Body, Change, Folder, Refusals},
    },
    problem::{Kind, Problem},
};

const EXAMPLE: &str = r#"{"source": "rtsp://10.0.0.5/Streaming/Channels/102", "username": "framewatch", "password": "…", "everySeconds": 2}"#;

/// The camera of a folder, and how it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = FolderCamera)]
pub(super) struct CameraAnswer {
    /// What is set here; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    camera: Option<CameraSet>,
    /// What the camera service says of the folder's camera, wherever that was set; absent where it said nothing for three
    /// minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
}

/// A camera as it is set, without its password. What is absent is as usual.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CameraSet {
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// Whether a password is stored.
    has_password: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    every_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback_snapshot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned_certificate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    watch_frozen: Option<bool>,
}

impl From<CameraSettings> for CameraSet {
    fn from(settings: CameraSettings) -> Self {
        CameraSet {
            source: settings.source,
            username: settings.username,
            has_password: settings.sealed_password.is_some(),
            every_seconds: settings.every_seconds,
            max_width: settings.max_width,
            fallback_snapshot: settings.fallback_snapshot,
            pinned_certificate: settings.pinned_certificate,
            watch_frozen: settings.watch_frozen,
        }
    }
}

/// Tells what is set of a folder's camera
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/camera",
    tag = "cameras",
    operation_id = "getCamera",
    params(InFolder),
    responses(
        (status = OK, description = "The camera", body = CameraAnswer),
        Refusals<(AskedFor, Folder)>,
    )
)]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
) -> Result<Json<CameraAnswer>, Problem> {
    let folder = app.existing(&at.folder)?;
    answer(&app, &folder).await
}

/// Sets a folder's camera
///
/// It takes the place of what was set before. Where `password` is absent, the one stays that is stored for the same `username`
/// at the same address.
#[utoipa::path(
    put,
    path = "/api/v1/folders/{folder}/camera",
    tag = "cameras",
    operation_id = "setCamera",
    params(InFolder),
    request_body = Asked,
    responses(
        (status = OK, description = "The camera as it is now", body = CameraAnswer),
        Refusals<(AskedFor, Folder, Change, Body, refusals::Camera)>,
    )
)]
pub(super) async fn set(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    by: By,
    request: Request,
) -> Result<Json<CameraAnswer>, Problem> {
    let folder = app.existing(&at.folder)?;
    let asked = read(request).await?;
    app.folders.set_camera(&folder, asked, by).await?;
    answer(&app, &folder).await
}

/// Removes what is set of a folder's camera
#[utoipa::path(
    delete,
    path = "/api/v1/folders/{folder}/camera",
    tag = "cameras",
    operation_id = "removeCamera",
    params(InFolder),
    responses(
        (status = NO_CONTENT, description = "Nothing is set"),
        Refusals<(AskedFor, Folder, Change)>,
    )
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    by: By,
) -> Result<StatusCode, Problem> {
    let folder = app.existing(&at.folder)?;
    app.folders.unset_camera(&folder, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tries a camera, step by step
///
/// The camera service tries it, for up to 40 s, and stores nothing.
#[utoipa::path(
    post,
    path = "/api/v1/folders/{folder}/camera/test",
    tag = "cameras",
    operation_id = "testCamera",
    params(InFolder),
    request_body = Asked,
    responses(
        (status = OK, description = "What worked, what did not, and the first picture", body = CameraTest),
        Refusals<(AskedFor, Folder, Change, Body, refusals::CameraTest)>,
    )
)]
pub(super) async fn test(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    request: Request,
) -> Result<Json<CameraTest>, Problem> {
    let folder = app.existing(&at.folder)?;
    let asked = read(request).await?;
    Ok(Json(app.cameras.test(&folder, asked).await?))
}

async fn read(request: Request) -> Result<Asked, Problem> {
    json(request, "A camera", Kind::InvalidCamera, EXAMPLE).await
}

async fn answer(app: &App, folder: &event_bus::Folder) -> Result<Json<CameraAnswer>, Problem> {
    let (camera, source) = tokio::try_join!(app.cameras.of(folder), app.cameras.source(folder))?;
    let camera = camera.map(CameraSet::from);
    Ok(Json(CameraAnswer { camera, source }))
}

/// The same from a page; what is empty says nothing.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CameraForm {
    source: String,
    username: String,
    password: String,
    every_seconds: String,
    max_width: String,
    fallback_snapshot: String,
    pinned_certificate: String,
    /// Of a box that is ticked.
    watch_frozen: Option<String>,
}

pub(super) async fn set_by_form(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    let form: CameraForm = form(request, "The form").await?;
    app.folders.set_camera(&folder, form.asked()?, by).await?;
    Ok(Redirect::to(&Saved::Camera.place(&name)))
}

pub(super) async fn remove_by_form(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    by: By,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    app.folders.unset_camera(&folder, by).await?;
    Ok(Redirect::to(&Saved::Camera.place(&name)))
}

impl CameraForm {
    fn asked(self) -> Result<Asked, Problem> {
        let said = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Asked {
            source: self.source.trim().to_owned(),
            username: said(self.username),
            // A password may begin or end with a blank.
            password: Some(self.password).filter(|password| !password.is_empty()),
            every_seconds: number("everySeconds", said(self.every_seconds))?,
            max_width: number("maxWidth", said(self.max_width))?,
            fallback_snapshot: said(self.fallback_snapshot),
            pinned_certificate: said(self.pinned_certificate),
            watch_frozen: self.watch_frozen.is_none().then_some(false),
        })
    }
}

fn number<T: std::str::FromStr>(name: &str, text: Option<String>) -> Result<Option<T>, Problem> {
    let number = text.map(|text| text.parse()).transpose();
    number.map_err(|_| Kind::InvalidCamera.because(format!("{name} is a number.")))
}
