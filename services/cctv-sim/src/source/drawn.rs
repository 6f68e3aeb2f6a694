//! Frames of a drawn scene.

use std::sync::Arc;

use parking_lot::Mutex;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::task::spawn_blocking;

use super::{Error, Frame};
use crate::encode::{JPEG, jpeg};
use crate::incident::Staged;
use crate::scene::DrawnCamera;

pub(super) struct Drawn {
    /// Shared with the thread that draws, so that it stays when the future that waits for that is dropped.
    camera: Arc<Mutex<DrawnCamera>>,
    quality: u8,
}

impl Drawn {
    pub(super) fn new(camera: DrawnCamera, quality: u8) -> Self {
        Self {
            camera: Arc::new(Mutex::new(camera)),
            quality,
        }
    }

    /// The picture `elapsed` after `opened_at`.
    pub(super) async fn take(
        &self,
        elapsed: Duration,
        opened_at: OffsetDateTime,
        staged: Staged,
    ) -> Result<Frame, Error> {
        let (camera, quality) = (Arc::clone(&self.camera), self.quality);
        let captured_at = OffsetDateTime::now_utc();
        let bytes = spawn_blocking(move || {
            let mut camera = camera.lock();
            jpeg(
                &camera.render(elapsed, opened_at + elapsed, &staged),
                quality,
            )
        })
        .await??;
        Ok(Frame {
            bytes,
            content_type: JPEG,
            captured_at,
        })
    }
}
