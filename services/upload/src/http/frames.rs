//! The latest camera frame of a folder.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use fingerprint::Format;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::extract::Params;
use crate::{
    app::App,
    problem::{Kind, Problem},
};

pub(crate) async fn latest(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
) -> Result<Response, Problem> {
    let folder = app.existing(&name)?;
    let frame = app.broker.latest_frame(&folder).await?.ok_or_else(|| {
        Kind::NoFrame.because(format!(
            "No camera has sent a frame to {folder} in the last 5 minutes."
        ))
    })?;
    let format = Format::sniff(&frame.event.picture).ok_or_else(|| {
        Kind::UnreadableFrame.because(format!(
            "What a camera sent to {folder} at {} is not {}.",
            rfc3339(frame.stored_at),
            Format::ACCEPTED
        ))
    })?;
    let mut response = Body::from(frame.event.picture).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.content_type()),
    );
    let told = [
        ("captured-at", rfc3339(frame.event.headers.captured_at)),
        ("stored-at", rfc3339(frame.stored_at)),
        ("camera", frame.event.headers.camera),
    ];
    for (name, value) in told {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes())
            && !value.is_empty()
        {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Ok(response)
}

fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339)
        .expect("a time of the years 0 to 9999 has a text form")
}
