//! Writes from time to time how similar matching frames have been, so that it outlives the service. Of several copies each writes
//! what it knows, which is the same.

use std::time::Duration;

use event_bus::{Bus, with_causes};
use folder_state::FolderStates;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(300);

/// Goes on until shutdown, and writes once more then.
pub(crate) async fn keep_written(states: &FolderStates, bus: &Bus, shutdown: &CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.tick().await;
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        write(states, bus).await;
    }
    write(states, bus).await;
}

async fn write(states: &FolderStates, bus: &Bus) {
    if let Err(error) = states.write_drifts(bus).await {
        tracing::warn!(
            error = with_causes(&error),
            "how similar frames have been is not written; it is tried again in five minutes"
        );
    }
}
