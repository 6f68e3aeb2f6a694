//! Looks of references and normal pictures as they are stored in the bucket `features`: read before one is computed, and
//! written beside the work. Without the bucket all is as with it, and takes longer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use comparison::{
    Crop, Look, detail_from_bytes, detail_to_bytes, detail_version, look_version, parts, view,
};
use event_bus::{Bus, FeaturesChange, FeaturesKey, StoreError, with_causes};
use log_limiter::LogLimiter;
use proto::Measure;
use time::OffsetDateTime;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{sleep, timeout},
};

/// The looks that are stored.
pub(crate) struct StoredLooks {
    bus: Bus,
    /// `None` where they are only read.
    to_write: Option<mpsc::Sender<Entry>>,
    waiting_bytes: Arc<Semaphore>,
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
    content: Content,
    /// Its part of what may wait.
    _bytes: OwnedSemaphorePermit,
}

/// What is stored of a picture.
enum Content {
    /// All that a measure needs.
    Look(Measure, Look),
    /// What the network saw of one part of it by itself.
    Detail(Crop, Arc<view::Look>),
}

/// How many looks may wait to be written.
const MOST_WAITING: usize = 1000;

/// How many bytes of looks may wait: 1000 looks by the measure `view`, 255 by `parts`.
const MOST_WAITING_BYTES: usize = 80_000_000;

/// How long reading a look may take before it is computed instead, and how long writing one may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// After how long a look that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// NATS could not be asked for a look, or not in time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("NATS did not answer in time")]
    Silent,
}

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
            waiting_bytes: Arc::new(Semaphore::new(MOST_WAITING_BYTES)),
            not_usable: LogLimiter::default(),
        }
    }

    /// The look of the picture of this id by a measure, in this version; `None` where none is stored that can be trusted.
    pub(crate) async fn get(
        &self,
        picture: &str,
        measure: Measure,
    ) -> Result<Option<Look>, LookError> {
        let read = |bytes: &Bytes| Look::from_bytes(bytes, picture, measure);
        let write_again = |look: &Look| self.put(picture, measure, look);
        self.read(picture, &look_version(measure), read, write_again)
            .await
    }

    /// The same of a part of it by itself.
    pub(crate) async fn get_detail(
        &self,
        picture: &str,
        crop: Crop,
    ) -> Result<Option<Arc<view::Look>>, LookError> {
        let read = |bytes: &Bytes| detail_from_bytes(bytes, picture, crop).map(Arc::new);
        let write_again = |detail: &Arc<_>| self.put_detail(picture, crop, detail);
        self.read(picture, &detail_version(crop), read, write_again)
            .await
    }

    /// What is stored under a key; has it written again where it is old.
    async fn read<T>(
        &self,
        picture: &str,
        version: &str,
        read: impl Fn(&Bytes) -> Option<T>,
        write_again: impl Fn(&T),
    ) -> Result<Option<T>, LookError> {
        let Ok(key) = FeaturesKey::new(picture, version) else {
            return Ok(None);
        };
        let stored = timeout(PATIENCE, self.bus.latest::<FeaturesChange>(&key)).await;
        let stored = match stored.map_err(|_| LookError::Silent)? {
            Ok(Some(stored)) => stored,
            // Without the bucket there are none, until somebody makes it again.
            Ok(None) | Err(StoreError::Missing(_)) => return Ok(None),
            Err(StoreError::Damaged { .. }) => return Ok(self.say_not_usable(&key)),
            Err(error) => return Err(error.into()),
        };
        let Some(bytes) = stored.event.value else {
            return Ok(None);
        };
        let Some(look) = read(&bytes) else {
            return Ok(self.say_not_usable(&key));
        };
        metrics::counter!("framewatch_looks_total", "from" => "store").increment(1);
        if OffsetDateTime::now_utc() - stored.stored_at > WRITTEN_AGAIN_AFTER {
            write_again(&look);
        }
        Ok(Some(look))
    }

    fn say_not_usable<T>(&self, key: &FeaturesKey) -> Option<T> {
        metrics::counter!("framewatch_looks_not_usable_total").increment(1);
        if self.not_usable.is_due(&()) {
            tracing::warn!(%key, "a stored look cannot be used and is computed again; more of them are only counted for a minute");
        }
        None
    }

    /// Has a look written, when that is possible; does not wait for it. Of what finds no room to wait nothing is stored.
    pub(crate) fn put(&self, picture: &str, measure: Measure, look: &Look) {
        let content = Content::Look(measure, look.clone());
        self.put_content(picture, content, look_bytes(measure));
    }

    /// The same of a part of a picture by itself.
    pub(crate) fn put_detail(&self, picture: &str, crop: Crop, detail: &Arc<view::Look>) {
        let content = Content::Detail(crop, Arc::clone(detail));
        self.put_content(picture, content, look_bytes(Measure::View));
    }

    fn put_content(&self, picture: &str, content: Content, bytes: u32) {
        let Some(to_write) = &self.to_write else {
            return;
        };
        let bytes = Arc::clone(&self.waiting_bytes).try_acquire_many_owned(bytes);
        let Ok(bytes) = bytes else {
            count_as_not_stored();
            return;
        };
        let entry = Entry {
            picture: picture.to_owned(),
            content,
            _bytes: bytes,
        };
        if to_write.try_send(entry).is_err() {
            count_as_not_stored();
        }
    }
}

impl LookWriter {
    /// Writes what it is given, and tries each until it is stored: comparators keep looks in memory, so nobody would ask for
    /// it again before its picture is lost. Ends with [`StoredLooks`]; what waits when it is dropped is not stored.
    pub(crate) async fn run(mut self) {
        while let Some(entry) = self.to_write.recv().await {
            match entry.to_store() {
                Some((key, bytes)) => self.store(&key, &bytes).await,
                None => count_as_not_stored(),
            }
        }
    }

    async fn store(&self, key: &FeaturesKey, bytes: &Bytes) {
        let mut was_refused = false;
        while let Err(error) = self.write(key, bytes).await {
            if !was_refused {
                count_as_not_stored();
            }
            was_refused = true;
            if self.refused.is_due(&()) {
                let error = with_causes(&error);
                tracing::warn!(%key, error, "what a picture looks like cannot be stored, and is tried again every second");
            }
            sleep(RETRY).await;
        }
    }

    async fn write(&self, key: &FeaturesKey, bytes: &Bytes) -> Result<(), LookError> {
        let written = timeout(PATIENCE, self.bus.features().set(key, bytes)).await;
        written.map_err(|_| LookError::Silent)??;
        Ok(())
    }
}

impl Entry {
    /// Bytes are made only now, so that what waits is shared with what is compared with. `None` where no look can be made of
    /// them again.
    fn to_store(&self) -> Option<(FeaturesKey, Bytes)> {
        let picture = &self.picture;
        let (version, bytes) = match &self.content {
            Content::Look(measure, look) => {
                (look_version(*measure), look.to_bytes(picture, *measure)?)
            }
            Content::Detail(crop, detail) => {
                let bytes = detail_to_bytes(detail, picture, *crop);
                (detail_version(*crop), bytes)
            }
        };
        let key = FeaturesKey::new(picture, &version).ok()?;
        Some((key, bytes.into()))
    }
}

/// About what a look takes.
fn look_bytes(measure: Measure) -> u32 {
    match measure {
        Measure::Parts => parts::Look::BYTES as u32,
        Measure::View => view::Look::BYTES as u32,
        Measure::Phash | Measure::Hash(_) | Measure::Unknown => size_of::<Look>() as u32,
    }
}

fn count_as_not_stored() {
    metrics::counter!("framewatch_looks_not_stored_total").increment(1);
}
