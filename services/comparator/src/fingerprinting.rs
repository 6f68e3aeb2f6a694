//! Fingerprints of pictures, made on the process's pool. What they are compared with is left to `judge`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use fingerprint::{Fingerprint, Fingerprinter, Limits};
use proto::Measure;
use service_runtime::CpuPool;

/// Fingerprints pictures on the pool, which bounds how many are decoded at a time: decoding is what takes the time and the
/// memory. Frames need no queue there: [`Lanes`](crate::lanes::Lanes) bounds how many wait.
pub(crate) struct Fingerprinting {
    limits: Limits,
    cpu: CpuPool,
    /// Those that are not in use at the moment, with the tables and the memory of the frames before.
    idle: Arc<Mutex<Vec<Fingerprinter>>>,
}

/// Why a picture has no fingerprint.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Picture(#[from] fingerprint::Error),
    #[error("the decoder gave up on it in an unforeseen way")]
    Decoder(#[from] tokio::task::JoinError),
}

impl Fingerprinting {
    pub(crate) fn new(limits: Limits, cpu: CpuPool) -> Self {
        Fingerprinting {
            limits,
            cpu,
            idle: Arc::default(),
        }
    }

    /// The fingerprint of a picture, with the hash that a measure needs.
    pub(crate) async fn of(
        &self,
        picture: Bytes,
        measure: Measure,
    ) -> Result<Fingerprint, Unreadable> {
        let (limits, idle) = (self.limits, Arc::clone(&self.idle));
        let work = move || {
            let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = idle().pop();
            let mut fingerprinter = taken.unwrap_or_else(|| Fingerprinter::new(limits));
            let begun = Instant::now();
            let result = fingerprinter.with_hash(&picture, measure.hash());
            metrics::histogram!("framewatch_fingerprint_seconds").record(begun.elapsed());
            idle().push(fingerprinter);
            result
        };
        Ok(self.cpu.run(work).await??)
    }
}
