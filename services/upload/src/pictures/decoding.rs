//! The turn of pictures on the process's pool, and the memory that they take there. What is made of them is left to those who
//! decode.

use fingerprint::{Error, Limits};
use service_runtime::{CpuQueue, NeedsMemory, NotDone};

/// Where one kind of work with pictures is done.
pub(crate) struct Decoding {
    limits: Limits,
    queue: CpuQueue,
}

impl Decoding {
    pub(crate) fn new(limits: Limits, queue: CpuQueue) -> Self {
        Decoding { limits, queue }
    }

    /// Does what decodes a picture, within the limits that it is given. What needs more memory than a place of the pool has waits
    /// for it, and is done one at a time: it takes up to seconds. `Err` where it panicked, or never could have the memory.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Fn(Limits) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<Result<T, Error>, NotDone> {
        let limits = self.limits;
        let within = move |max_alloc_bytes| {
            let done = work(Limits {
                max_alloc_bytes,
                ..limits
            });
            match done.as_ref().err().and_then(Error::needed_bytes) {
                Some(needed) => Err(NeedsMemory(needed)),
                None => Ok(done),
            }
        };
        self.queue.run_within(within).await
    }
}
