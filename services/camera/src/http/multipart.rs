//! A stream of pictures in one answer (`multipart/x-mixed-replace`). Taking it apart is left to the crate `camera-pictures`.

use bytes::Bytes;
use camera_pictures::parts::Parts;
use event_bus::MAX_FRAME_BYTES;
use tokio::time::{Instant, timeout};

use super::body::Body;
use crate::{Outage, deadlines::SILENCE};

/// What stands between the parts of an answer of this type; `None` where the answer is no stream.
pub(super) fn boundary(content_type: Option<&str>) -> Option<String> {
    let content_type = content_type?;
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let named = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"'))
    });
    // Some put into the name what only its use begins with.
    Some(
        named
            .unwrap_or_default()
            .trim_start_matches("--")
            .to_owned(),
    )
}

/// A stream of pictures.
pub(super) struct Multipart {
    body: Body,
    parts: Parts,
}

impl Multipart {
    pub(super) fn new(boundary: String, body: Body) -> Self {
        Multipart {
            body,
            parts: Parts::new(&boundary, MAX_FRAME_BYTES),
        }
    }

    /// The first picture that is whole after this time. What came before it is passed over.
    pub(super) async fn next_after(&mut self, due: Instant) -> Result<Bytes, Outage> {
        loop {
            let part = timeout(SILENCE, self.next()).await.unwrap_or_else(|_| {
                Err(Outage::silent(format!(
                    "the stream of pictures stands still: nothing came for {SILENCE:?}"
                )))
            })?;
            if Instant::now() >= due {
                return Ok(part);
            }
        }
    }

    async fn next(&mut self) -> Result<Bytes, Outage> {
        loop {
            let part = self.parts.next_part();
            if let Some(part) = part.map_err(|error| Outage::silent(error.to_string()))? {
                return Ok(part);
            }
            let chunk = self.body.chunk().await?;
            let chunk =
                chunk.ok_or_else(|| Outage::silent("the camera ended its stream of pictures"))?;
            self.parts.feed(&chunk);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_read_as_cameras_write_it() {
        for (text, boundary_) in [
            ("multipart/x-mixed-replace; boundary=b", Some("b")),
            ("multipart/x-mixed-replace;boundary=\"--b\"", Some("b")),
            ("Multipart/X-Mixed-Replace", Some("")),
            ("image/jpeg", None),
        ] {
            assert_eq!(boundary(Some(text)).as_deref(), boundary_, "{text}");
        }
    }
}
