//! Work for the processor, off the threads that answer requests.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use tokio::{sync::Semaphore, task::JoinError};

/// As many pieces of work at a time as there are cores; further ones wait their turn.
#[derive(Clone)]
pub(crate) struct Cores {
    count: u32,
    free: Arc<Semaphore>,
}

impl Cores {
    pub(crate) fn new() -> Self {
        let count = available_parallelism().map_or(1, NonZero::get);
        Cores {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            free: Arc::new(Semaphore::new(count)),
        }
    }

    /// Does `work` on a core. `Err` where it panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        self.take(1, work).await
    }

    /// Does work that takes much memory: no other is done at that time.
    pub(crate) async fn run_alone<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        self.take(self.count, work).await
    }

    /// The cores stay taken until the work is done, even when nobody waits for it any more.
    async fn take<T: Send + 'static>(
        &self,
        cores: u32,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let taken = Arc::clone(&self.free)
            .acquire_many_owned(cores)
            .await
            .expect("the semaphore is never closed");
        let working = tokio::task::spawn_blocking(move || {
            let _taken = taken;
            work()
        });
        working.await
    }
}
