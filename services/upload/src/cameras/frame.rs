//! The latest camera frame of a folder.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use event_bus::{Folder, FrameArrival, Stored};
use fingerprint::Format;
use proto::rfc3339;
use utoipa::IntoParams;

use crate::{
    app::App,
    front_door::{
        addresses::InFolder,
        extract::Params,
        refusals::{self, Asked, Part, Refusals},
    },
    pictures::sending::{self, Picture, Wanted},
    problem::{Kind, Problem},
};

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only browsers make something of it")]
pub(crate) struct FrameQuery {
    /// Any text; a page that changes it makes a browser ask again.
    at: Option<String>,
}

/// Sends the latest frame of the folder's camera
///
/// The headers `Stored-At`, `Captured-At` and `Camera` say when it came and what the camera says of it.
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/frame",
    tag = "folders",
    operation_id = "getFrame",
    params(InFolder, sending::PictureQuery, FrameQuery),
    responses(sending::Answers, Refusals<(Asked, refusals::Folder, refusals::Frame, Part)>)
)]
pub(super) async fn latest(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let folder = app.existing(&at.folder)?;
    let known = app.states.read().current_frame(&folder).cloned();
    if let Some(known) = known {
        let headers = told(&known);
        if let Some(response) = wanted.at_hand(&app, &Picture::Frame(known)) {
            return Ok((headers, response).into_response());
        }
    }
    let frame = current(&app, &folder).await?;
    let headers = told(&frame);
    let response = wanted.answer(&app, &Picture::Frame(frame)).await?;
    Ok((headers, response).into_response())
}

/// The latest frame, if it is a picture.
pub(crate) async fn current(app: &App, folder: &Folder) -> Result<Stored<FrameArrival>, Problem> {
    let frame = app.broker.latest_frame(folder).await?.ok_or_else(|| {
        Kind::NoFrame.because(format!(
            "No camera has sent a frame to {folder} that is still kept."
        ))
    })?;
    if Format::sniff(&frame.event.picture).is_none() {
        return Err(Kind::UnreadableFrame.because(format!(
            "What a camera sent to {folder} at {} is not {}.",
            rfc3339(frame.stored_at),
            Format::ACCEPTED
        )));
    }
    Ok(frame)
}

/// What is known of a frame.
fn told(frame: &Stored<FrameArrival>) -> HeaderMap {
    let said = &frame.event.headers;
    let told = [
        ("captured-at", rfc3339(said.captured_at)),
        ("stored-at", rfc3339(frame.stored_at)),
        ("camera", said.camera.clone()),
    ];
    told.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| {
            let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
            Some((HeaderName::from_static(name), value))
        })
        .collect()
}
