//! The pictures that show how the view of a drawn camera should look.

use std::time::Duration;

use bytes::Bytes;
use image::{ImageError, RgbImage};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::encode::{DEFAULT_QUALITY, jpeg};
use crate::incident::Staged;
use crate::scene::DrawnCamera;
use crate::size::Size;
use crate::spec::{CameraSpec, SourceSpec};

/// What the clock in a reference shows: the same reference is the same bytes.
const CLOCK: OffsetDateTime = datetime!(2026-01-05 08:00:00 UTC);

/// Why there is no reference.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The camera's source has pictures of its own.
    #[error("camera {0:?} shows no drawn scene: only those have pictures of their own")]
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
    let picture = camera(spec)?.reference(CLOCK);
    encoded(spec, &picture)
}

/// Pictures that are right as well, as JPEG: what the camera sends at moments spread over a day, with whoever passes then,
/// and nothing staged. They are the same at every call.
///
/// Takes some hundred milliseconds of computing.
///
/// # Errors
/// If the camera's scene is not drawn.
pub fn normal_pictures(spec: &CameraSpec, count: u32) -> Result<Vec<Bytes>, ReferenceError> {
    let mut camera = camera(spec)?;
    let moments = (1..=count).map(|number| DAY * number / (count + 1));
    moments
        .map(|elapsed| {
            let picture = camera.render(elapsed, CLOCK + elapsed, &Staged::default());
            encoded(spec, &picture)
        })
        .collect()
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn camera(spec: &CameraSpec) -> Result<DrawnCamera, ReferenceError> {
    let SourceSpec::Drawn { scene, seed } = spec.source else {
        return Err(ReferenceError::NotDrawn(spec.name.clone()));
    };
    let size = spec.size.unwrap_or(Size::HD);
    Ok(DrawnCamera::new(scene, size, seed, &spec.name))
}

fn encoded(spec: &CameraSpec, picture: &RgbImage) -> Result<Bytes, ReferenceError> {
    Ok(jpeg(picture, spec.quality.unwrap_or(DEFAULT_QUALITY))?)
}
