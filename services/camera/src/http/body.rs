//! What a camera answers, read no further than a picture can be long, whatever it says of its length.

use bytes::{Bytes, BytesMut};
use event_bus::MAX_FRAME_BYTES;
use reqwest::{Response, header::CONTENT_TYPE};
use tokio::time::timeout;

use super::connection::said;
use crate::{Outage, source::SILENCE};

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
    Outage::silent(format!(
        "the camera's pictures have more than {MAX_FRAME_BYTES} bytes: make them smaller in the camera"
    ))
}
