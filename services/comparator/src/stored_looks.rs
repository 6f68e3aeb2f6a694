//! Looks of references and normal pictures as they are stored in the bucket `features`: read before one is computed, and
//! written beside the work. Without the bucket all is as with it, and takes longer.

use std::time::Duration;

use bytes::Bytes;
use comparison::{Look, look_version};
use event_bus::{Bus, FeaturesChange, FeaturesKey, with_causes};
use log_limiter::LogLimiter;
use proto::Measure;
use time::OffsetDateTime;
use tokio::{sync::mpsc, time::timeout};

/// The looks that are stored.
pub(crate) struct StoredLooks {
    bus: Bus,
    /// `None` where they are only read.
    to_write: Option<mpsc::Sender<Entry>>,
    not_usable: LogLimiter,
}

/// Writes looks, one after another.
pub(crate) struct LookWriter {
    bus: Bus,
    to_write: mpsc::Receiver<Entry>,
    refused: LogLimiter,
}

/// A look that is to be written.
struct Entry {
    picture: String,
    measure: Measure,
    look: Look,
}

/// How many looks may wait to be written: 60 MB of them.
const MOST_WAITING: usize = 1000;

/// How long asking for a look may take, before it is computed instead, and how long writing one.
const PATIENCE: Duration = Duration::from_secs(1);

/// After so long what is still used is written again: the bucket lets go of what nobody has written for 30 days.
pub(crate) const WRITTEN_AGAIN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The looks that are stored, and who writes to them.
pub(crate) fn stored_looks(bus: &Bus) -> (StoredLooks, LookWriter) {
    let (sender, receiver) = mpsc::channel(MOST_WAITING);
    let looks = StoredLooks {
        to_write: Some(sender),
        ..StoredLooks::read_only(bus)
    };
    let writer = LookWriter {
        bus: bus.clone(),
        to_write: receiver,
        refused: LogLimiter::default(),
    };
    (looks, writer)
}

impl StoredLooks {
    /// Writes nothing.
    pub(crate) fn read_only(bus: &Bus) -> Self {
        StoredLooks {
            bus: bus.clone(),
            to_write: None,
            not_usable: LogLimiter::default(),
        }
    }

    /// The look of the picture of this id by a measure, in this version; `None` where none is stored that can be trusted.
    pub(crate) async fn get(&self, picture: &str, measure: Measure) -> Option<Look> {
        let key = FeaturesKey::new(picture, &look_version(measure)).ok()?;
        let stored = timeout(PATIENCE, self.bus.latest::<FeaturesChange>(&key)).await;
        // What is wrong with NATS is said when the picture itself is asked for.
        let stored = stored.ok()?.ok()??;
        let look = Look::from_bytes(&stored.event.value?, picture, measure);
        let Some(look) = look else {
            metrics::counter!("framewatch_looks_not_usable_total").increment(1);
            if self.not_usable.is_due(&()) {
                tracing::warn!(%key, "a stored look cannot be used and is computed again; more of them are only counted for a minute");
            }
            return None;
        };
        metrics::counter!("framewatch_looks_total", "from" => "store").increment(1);
        if OffsetDateTime::now_utc() - stored.stored_at > WRITTEN_AGAIN_AFTER {
            self.put(picture, measure, &look);
        }
        Some(look)
    }

    /// Has a look written, when that is possible; does not wait for it. What cannot be written is computed again when it is
    /// needed.
    pub(crate) fn put(&self, picture: &str, measure: Measure, look: &Look) {
        let Some(to_write) = &self.to_write else {
            return;
        };
        let entry = Entry {
            picture: picture.to_owned(),
            measure,
            look: look.clone(),
        };
        if to_write.try_send(entry).is_err() {
            count_as_not_stored();
        }
    }
}

impl LookWriter {
    /// Writes what it is given. Ends with [`StoredLooks`]; what waits when it is dropped is not stored.
    pub(crate) async fn run(mut self) {
        while let Some(entry) = self.to_write.recv().await {
            if let Err(why) = self.write(&entry).await {
                count_as_not_stored();
                if self.refused.is_due(&()) {
                    let picture = entry.picture;
                    tracing::warn!(
                        picture,
                        why,
                        "what a picture looks like is not stored, and will be computed again; more of them are only counted for a minute"
                    );
                }
            }
        }
    }

    async fn write(&self, entry: &Entry) -> Result<(), String> {
        let (picture, measure) = (&entry.picture, entry.measure);
        let key = FeaturesKey::new(picture, &look_version(measure));
        let key = key.map_err(|error| error.to_string())?;
        // Bytes are made only now, so that what waits is shared with what is compared with.
        let bytes = entry.look.to_bytes(picture, measure);
        let bytes = Bytes::from(bytes.ok_or("it lacks what its measure needs")?);
        match timeout(PATIENCE, self.bus.features().set(&key, &bytes)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(with_causes(&error)),
            Err(_) => Err("NATS did not answer in time".to_owned()),
        }
    }
}

fn count_as_not_stored() {
    metrics::counter!("framewatch_looks_not_stored_total").increment(1);
}
