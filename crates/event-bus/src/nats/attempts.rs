//! What is tried again and again: reading a stream until shutdown, across faults and reconnects.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{bus::Bus, causes::with_causes, store_error::StoreError};

const RETRY: Duration = Duration::from_millis(500);

/// Something on a stream that is begun again whenever it ends: after a fault, or because the connection was lost
/// meanwhile and what it held on to may be gone.
pub(crate) struct Attempts<'a> {
    bus: &'a Bus,
    stream: &'static str,
    generation: watch::Receiver<u64>,
    shutdown: &'a CancellationToken,
}

impl Bus {
    pub(crate) fn attempts<'a>(
        &'a self,
        stream: &'static str,
        shutdown: &'a CancellationToken,
    ) -> Attempts<'a> {
        Attempts {
            bus: self,
            stream,
            generation: self.generation(),
            shutdown,
        }
    }
}

impl Attempts<'_> {
    /// Whether there is to be another attempt after this one.
    pub(crate) async fn again(
        &mut self,
        attempt: impl Future<Output = Result<(), StoreError>>,
    ) -> bool {
        self.generation.mark_unchanged();
        tokio::select! {
            () = self.shutdown.cancelled() => false,
            _ = self.generation.changed() => true,
            result = attempt => {
                if let Err(error) = result {
                    self.bus.interruptions.began(self.stream);
                    let error = with_causes(&error);
                    tracing::warn!(stream = self.stream, error, "interrupted; beginning again");
                    self.bus.make_what_is_missing().await;
                }
                self.shutdown.run_until_cancelled(sleep(RETRY)).await.is_some()
            }
        }
    }
}
