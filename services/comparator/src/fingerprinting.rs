use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use fingerprint::{Fingerprint, Limits};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::Config;

/// Fingerprints pictures off the async threads, no more at a time than there are workers: decoding is what takes the
/// time and the memory.
pub(crate) struct Fingerprinting {
    limits: Limits,
    workers: Arc<Semaphore>,
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
    pub(crate) fn new(config: &Config) -> Self {
        Fingerprinting {
            limits: config.limits(),
            workers: Arc::new(Semaphore::new(config.workers())),
        }
    }

    pub(crate) async fn of(&self, picture: Bytes) -> Result<Fingerprint, Unreadable> {
        let limits = self.limits;
        let worker = Arc::clone(&self.workers)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let fingerprint = spawn_blocking(move || {
            let _worker = worker;
            let begun = Instant::now();
            let result = fingerprint::of_limited(&picture, &limits);
            metrics::histogram!("framewatch_fingerprint_seconds").record(begun.elapsed());
            result
        });
        Ok(fingerprint.await??)
    }
}
