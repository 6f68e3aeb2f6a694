//! What was seen since an alert fired, read from `COMPARISONS` when it ends. What follows from it is left to `episode`.

use std::time::Duration;

use event_bus::{Bus, Folder, with_causes};
use proto::{
    from_timestamp,
    v1::{Alert, Comparison},
};
use tokio::time::timeout;

use crate::episode::Ending;

/// Looks back at the comparisons since an alert fired, which `COMPARISONS` holds for a day.
pub struct EpisodePast {
    bus: Bus,
}

/// How long an end waits for that look: the alert must not.
const PATIENCE: Duration = Duration::from_secs(2);

impl EpisodePast {
    /// Over this connection.
    pub fn new(bus: Bus) -> Self {
        EpisodePast { bus }
    }

    /// What those comparisons say of the end of `firing`; `None` where they could not be read in time.
    pub async fn ending(&self, folder: &Folder, firing: &Alert) -> Option<Ending> {
        let frame = firing.frame.as_ref()?;
        let fired = frame.stored_at.as_ref().and_then(from_timestamp)?;
        let mut ending = Ending::default();
        let reading = self.bus.since::<Comparison>(folder, fired, |stored| {
            ending.learn(firing, stored.event);
        });
        let error = match timeout(PATIENCE, reading).await {
            Ok(Ok(())) => return Some(ending),
            Ok(Err(error)) => with_causes(&error),
            Err(_) => format!("not within {PATIENCE:?}"),
        };
        metrics::counter!("framewatch_alerts_without_worst_similarity_total").increment(1);
        tracing::warn!(%folder, id = firing.id, error, "the comparisons since an alert fired cannot be read; it ends without its worst similarity");
        None
    }
}
