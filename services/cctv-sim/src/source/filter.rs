//! What becomes of a picture that was not drawn here: passed through, or decoded, changed and encoded anew.

use bytes::Bytes;
use fingerprint::{Encoded, Limits};
use image::DynamicImage;
use image::imageops::FilterType;
use time::OffsetDateTime;
use tokio::task::spawn_blocking;

use super::{Error, Frame, MAX_FRAME_BYTES};
use crate::effect;
use crate::encode::{DEFAULT_QUALITY, JPEG, jpeg};
use crate::incident::{Kind, Staged};
use crate::size::Size;
use crate::spec::{CameraSpec, SourceSpec};

pub(super) struct Filter {
    size: Option<Size>,
    quality: Option<u8>,
    /// Shown again while the picture is frozen.
    last: Option<(Bytes, &'static str)>,
}

impl Filter {
    /// The filter of a camera. Of a video, ffmpeg has already made the size and the quality right.
    pub(super) fn new(spec: &CameraSpec) -> Self {
        let video = matches!(spec.source, SourceSpec::Video { .. });
        Self {
            size: spec.size.filter(|_| !video),
            quality: spec.quality.filter(|_| !video),
            last: None,
        }
    }

    /// The frame that the picture becomes.
    pub(super) async fn frame(
        &mut self,
        bytes: Bytes,
        content_type: &'static str,
        staged: &Staged,
    ) -> Result<Frame, Error> {
        let captured_at = OffsetDateTime::now_utc();
        let frozen = staged.has(Kind::Frozen);
        if let Some((bytes, content_type)) = self.last.clone().filter(|_| frozen) {
            return Ok(Frame {
                bytes,
                content_type,
                captured_at,
            });
        }
        let (bytes, content_type) = if self.passes(&bytes, staged) {
            (bytes, content_type)
        } else {
            let (size, quality, staged) = (self.size, self.quality, *staged);
            let quality = quality.unwrap_or(DEFAULT_QUALITY);
            (
                spawn_blocking(move || remake(&bytes, size, quality, &staged)).await??,
                JPEG,
            )
        };
        self.last = Some((bytes.clone(), content_type));
        Ok(Frame {
            bytes,
            content_type,
            captured_at,
        })
    }

    fn passes(&self, bytes: &Bytes, staged: &Staged) -> bool {
        self.size.is_none()
            && self.quality.is_none()
            && !staged.changes_picture()
            && bytes.len() <= MAX_FRAME_BYTES
    }
}

fn remake(bytes: &[u8], size: Option<Size>, quality: u8, staged: &Staged) -> Result<Bytes, Error> {
    let encoded = Encoded::open(bytes, Limits::default())?;
    let mut picture = encoded.decode()?;
    picture.apply_orientation(encoded.orientation());
    let mut picture = resized(picture, size).into_rgb8();
    if staged.has(Kind::Turned) {
        effect::turn(&mut picture);
    }
    effect::apply(&mut picture, staged);
    let bytes = jpeg(&picture, quality)?;
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(Error::TooLarge { bytes: bytes.len() });
    }
    Ok(bytes)
}

fn resized(picture: DynamicImage, size: Option<Size>) -> DynamicImage {
    match size {
        Some(size) => picture.resize_exact(size.width(), size.height(), FilterType::Triangle),
        None => picture,
    }
}
