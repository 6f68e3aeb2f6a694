//! The reference picture that goes with a drawn camera.

use bytes::Bytes;
use image::ImageError;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::encode::{DEFAULT_QUALITY, jpeg};
use crate::scene::DrawnCamera;
use crate::size::Size;
use crate::spec::{CameraSpec, SourceSpec};

/// What the clock in a reference shows: the same reference is the same bytes.
const CLOCK: OffsetDateTime = datetime!(2026-01-05 08:00:00 UTC);

/// Why there is no reference.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The camera's source has pictures of its own.
    #[error("camera {0:?} shows no drawn scene: only those have a reference of their own")]
    NotDrawn(String),
    /// The picture cannot be encoded.
    #[error("the reference cannot be encoded: {0}")]
    Encode(#[from] ImageError),
}

/// The view of a drawn camera as it should be, as JPEG: nobody passing, no noise, nothing staged.
///
/// Takes some hundred milliseconds of computing: call it where that is no harm.
///
/// # Errors
/// If the camera's scene is not drawn.
pub fn reference(spec: &CameraSpec) -> Result<Bytes, ReferenceError> {
    let SourceSpec::Drawn { scene, seed } = spec.source else {
        return Err(ReferenceError::NotDrawn(spec.name.clone()));
    };
    let size = spec.size.unwrap_or(Size::HD);
    let picture = DrawnCamera::new(scene, size, seed, &spec.name).reference(CLOCK);
    Ok(jpeg(&picture, spec.quality.unwrap_or(DEFAULT_QUALITY))?)
}
