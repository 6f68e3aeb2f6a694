//! The turn of pictures on the process's pool. What is made of them is left to those who decode.

use bytes::Bytes;
use fingerprint::{Encoded, Limits};
use service_runtime::CpuQueue;
use tokio::task::JoinError;

/// Where one kind of work with pictures is done.
pub(crate) struct Decoding {
    limits: Limits,
    queue: CpuQueue,
}

/// From this many pixels on, pictures are decoded one at a time: each takes hundreds of megabytes and up to seconds.
const LARGE_PIXELS: u64 = 16_000_000;

impl Decoding {
    pub(crate) fn new(limits: Limits, queue: CpuQueue) -> Self {
        Decoding { limits, queue }
    }

    /// What decoders allow.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Width and height of a picture by its header; `None` where that can't be read. `Err` where reading panicked.
    pub(crate) async fn size(&self, bytes: Bytes) -> Result<Option<(u32, u32)>, JoinError> {
        let limits = self.limits;
        let read = move || {
            let picture = Encoded::open(&bytes, limits).ok()?;
            Some(picture.size())
        };
        self.queue.run(read).await
    }

    /// Does what decodes a picture of this size. `Err` where it panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        (width, height): (u32, u32),
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        match u64::from(width) * u64::from(height) > LARGE_PIXELS {
            true => self.queue.run_large(work).await,
            false => self.queue.run(work).await,
        }
    }
}
