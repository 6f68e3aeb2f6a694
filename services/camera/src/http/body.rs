//! What a camera answers, read no further than a picture can be long, whatever it says of its length.

use std::{error::Error as _, io};

use bytes::{Bytes, BytesMut};
use camera_pictures::parts::PartsError;
use event_bus::MAX_FRAME_BYTES;
use reqwest::{Response, header::CONTENT_TYPE};
use tokio::time::timeout;

use crate::{Outage, deadlines::SILENCE};

/// An answer whose body is still to be read.
pub(super) struct Body(Response);

impl Body {
    pub(super) fn new(response: Response) -> Self {
        Body(response)
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.0.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// What comes next; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Outage> {
        let chunk = self.0.chunk().await;
        chunk.map_err(|error| Outage::silent(said(&error)))
    }

    /// All of it.
    pub(super) async fn whole(mut self) -> Result<Bytes, Outage> {
        let reading = async {
            let mut whole = BytesMut::new();
            while let Some(chunk) = self.chunk().await? {
                if whole.len() + chunk.len() > MAX_FRAME_BYTES {
                    return Err(too_large());
                }
                whole.extend_from_slice(&chunk);
            }
            Ok(whole.freeze())
        };
        timeout(SILENCE, reading).await.unwrap_or_else(|_| {
            Err(Outage::silent(format!(
                "the camera does not finish a picture within {SILENCE:?}"
            )))
        })
    }
}

pub(super) fn too_large() -> Outage {
    let max_bytes = MAX_FRAME_BYTES;
    Outage::silent(PartsError::TooLarge { max_bytes }.to_string())
}

/// What went wrong with a request, in words that do not repeat its URL.
pub(super) fn said(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut words = None;
    while let Some(deeper) = cause {
        if let Some(io) = deeper.downcast_ref::<io::Error>()
            && io.kind() == io::ErrorKind::ConnectionRefused
        {
            return "the camera's address takes no connections there: is it on, and is the port right?".to_owned();
        }
        words = Some(deeper.to_string());
        cause = deeper.source();
    }
    let words = words.unwrap_or_else(|| "no answer".to_owned());
    match (error.is_connect(), error.is_timeout()) {
        (_, true) => {
            "the camera does not answer in time: is it on, and is the address right?".to_owned()
        }
        (true, _) => format!("no connection to the camera: {words}"),
        _ => format!("the connection to the camera broke off: {words}"),
    }
}
