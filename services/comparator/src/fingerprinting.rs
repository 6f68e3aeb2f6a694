use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use fingerprint::{Fingerprint, Fingerprinter, Limits};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::Config;

/// Fingerprints pictures off the async threads, no more at a time than there are workers: decoding is what takes the
/// time and the memory.
pub(crate) struct Fingerprinting {
    limits: Limits,
    workers: Arc<Semaphore>,
    /// Those that no worker uses at the moment, with the tables and the memory of the frames before.
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
    pub(crate) fn new(config: &Config) -> Self {
        Fingerprinting {
            limits: config.limits(),
            workers: Arc::new(Semaphore::new(config.workers())),
            idle: Arc::default(),
        }
    }

    pub(crate) async fn of(&self, picture: Bytes) -> Result<Fingerprint, Unreadable> {
        let (limits, idle) = (self.limits, Arc::clone(&self.idle));
        let worker = Arc::clone(&self.workers)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let fingerprint = spawn_blocking(move || {
            let _worker = worker;
            let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = idle().pop();
            let mut fingerprinter = taken.unwrap_or_else(|| Fingerprinter::new(limits));
            let begun = Instant::now();
            let result = fingerprinter.of(&picture);
            metrics::histogram!("framewatch_fingerprint_seconds").record(begun.elapsed());
            idle().push(fingerprinter);
            result
        });
        Ok(fingerprint.await??)
    }
}
