//! Reads what was seen since an alert fired, when the alert ends: from `COMPARISONS`, and from `HISTORY` where that
//! reaches further back.
//! What follows from it is left to `episode`.

use std::time::Duration;

use event_bus::{Bus, Folder, StoreError, with_causes};
use proto::{
    from_timestamp,
    v1::{Alert, Comparison, HistoryPart},
};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::episode::Ending;

/// Looks back at the comparisons since an alert fired, as far as a day.
pub struct EpisodePast {
    bus: Bus,
}

/// How long the end of an alert waits until the comparisons are read.
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
        let error = match timeout(PATIENCE, self.read(folder, firing, fired)).await {
            Ok(Ok(ending)) => return Some(ending),
            Ok(Err(error)) => with_causes(&error),
            Err(_) => format!("not within {PATIENCE:?}"),
        };
        metrics::counter!("framewatch_alerts_without_worst_similarity_total").increment(1);
        tracing::warn!(%folder, id = firing.id, error, "the comparisons since an alert fired cannot be read; it ends without its worst similarity");
        None
    }

    async fn read(
        &self,
        folder: &Folder,
        firing: &Alert,
        fired: OffsetDateTime,
    ) -> Result<Ending, StoreError> {
        let mut ending = Ending::default();
        let mut first = None;
        let reading = self.bus.since::<Comparison>(folder, fired, |stored| {
            first = first.or_else(|| frame_stored_at(&stored.event));
            ending.learn(firing, stored.event);
        });
        reading.await?;
        // Before the comparison that the alert fired with there is nothing to know.
        if first.is_some_and(|first| first <= fired) {
            return Ok(ending);
        }
        let mut before = Ending::default();
        let reading = self.bus.since::<HistoryPart>(folder, fired, |stored| {
            for comparison in stored.event.comparisons() {
                before.learn(firing, comparison);
            }
        });
        reading.await?;
        Ok(before.and_then(ending))
    }
}

fn frame_stored_at(comparison: &Comparison) -> Option<OffsetDateTime> {
    let frame = comparison.frame.as_ref()?;
    frame.stored_at.as_ref().and_then(from_timestamp)
}
