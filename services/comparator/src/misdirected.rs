//! Frames that are published where no stream takes them, as on `frames.gate.cam1`: whoever sends them is told nothing by
//! NATS, so a trace is left here.

use std::time::Duration;

use event_bus::{Bus, with_causes};
use tokio::time::sleep;

/// One in so long is enough to find who sends them; more would let that camera take what is everybody's.
const PAUSE: Duration = Duration::from_secs(60);

/// Tells of them until it is dropped.
pub(crate) async fn tell(bus: Bus) {
    loop {
        match bus.misdirected_frame().await {
            Ok(subject) => {
                tracing::warn!(
                    subject,
                    "a frame was published where nobody takes it: the subject must be frames.<folder>, and a folder's name \
                     has no dot; it is kept as a dead letter, and more of them are not looked for in the next minute"
                );
            }
            Err(error) => {
                tracing::debug!(error = with_causes(&error), "frames that nobody takes");
            }
        }
        sleep(PAUSE).await;
    }
}
