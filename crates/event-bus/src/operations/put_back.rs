//! Putting back how things stood, where a stream or bucket was deleted.
//!
//! The upload service remembers the last event of each key of what says how things stand. Where such a stream or bucket is
//! gone, it makes it again and puts back what it remembers, unless somebody has said something new of the same key by then.
//! Events come in on subjects of their own, as in a restore: who listens on `alerts.>` must not be told a second time.
//!
//! Left as they are made anew, empty: histories (`COMPARISONS`, `CHANGES`), frames, holds, pictures, dead letters, and
//! `sessions`, so that whoever deletes these logs everybody out. `HISTORY` is made again of `COMPARISONS` by who writes it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::{Mutex, MutexGuard};

use async_nats::jetstream::message::PublishMessage;
use futures::{TryStreamExt as _, future::BoxFuture, stream};
use proto::{rfc3339, v1::Alert};
use tokio::{sync::Notify, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::restore::{closed, opened};
use crate::{
    contract::{
        acknowledgements::AcknowledgementChange,
        alerts::{self, AlertSubject},
        camera_settings::CameraSettingsChange,
        declaration::UNHEARD,
        folders::FolderChange,
        notices::NoticeChange,
        routes::RoutesChange,
        rules::RuleChange,
        silences::SilenceChange,
        uploads::ReferenceChange,
    },
    folder::Folder,
    nats::{
        bucket::{Change, KeyValueBucket, put_message},
        bus::Bus,
        causes::with_causes,
        event::{Event, Stored},
        follow::{From, Latest},
        headers::{PUT_BACK, said_by},
        publish_error::PublishError,
        store_error::StoreError,
    },
};

/// How often to look for what is gone.
const LOOK_AFTER: Duration = Duration::from_secs(3);

/// How many keys of a bucket are put back at once. There may be thousands, and all should be back within seconds.
const AT_ONCE: usize = 32;

/// An event that says how its key stands until the next one does.
trait Standing: Event {
    /// Whether it goes into a bucket. The others go into a stream of events that somebody may be listening to.
    const IS_OF_A_BUCKET: bool;

    /// Whether something still holds after this event.
    fn holds(&self) -> bool {
        true
    }

    /// The message that says so again; `None` of what does not hold.
    fn again(&self, key: &Self::Key) -> Option<PublishMessage>;
}

impl Standing for ReferenceChange {
    const IS_OF_A_BUCKET: bool = false;

    fn again(&self, folder: &Folder) -> Option<PublishMessage> {
        Some(self.message(folder))
    }
}

impl Standing for Alert {
    const IS_OF_A_BUCKET: bool = false;

    fn again(&self, subject: &AlertSubject) -> Option<PublishMessage> {
        Some(alerts::message(subject, self))
    }
}

impl<B: KeyValueBucket> Standing for Change<B> {
    const IS_OF_A_BUCKET: bool = true;

    fn holds(&self) -> bool {
        self.value.is_some()
    }

    fn again(&self, _: &B::Key) -> Option<PublishMessage> {
        let value = self.value.as_ref()?;
        B::encode(value).ok().map(put_message)
    }
}

impl Bus {
    /// Makes streams and buckets again that are deleted, within seconds, and puts back how things stood. For the upload
    /// service; several may do so at once.
    pub fn keep_standing(&self, tracker: &TaskTracker, shutdown: &CancellationToken) {
        let gone = Arc::new(Notify::new());
        let remember = Remember {
            bus: self,
            gone: &gone,
            tracker,
            shutdown,
        };
        let remembered: [Box<dyn PutBack>; 9] = [
            remember.start::<ReferenceChange>(),
            remember.start::<Alert>(),
            remember.start::<FolderChange>(),
            remember.start::<RuleChange>(),
            remember.start::<CameraSettingsChange>(),
            remember.start::<AcknowledgementChange>(),
            remember.start::<SilenceChange>(),
            remember.start::<NoticeChange>(),
            remember.start::<RoutesChange>(),
        ];
        let bus = self.clone();
        let repair = async move {
            loop {
                tokio::select! {
                    () = gone.notified() => {}
                    () = sleep(LOOK_AFTER) => {}
                }
                bus.make_what_is_missing().await;
                for remembered in &remembered {
                    remembered.put_back(&bus).await;
                }
            }
        };
        tracker.spawn(shutdown.clone().run_until_cancelled_owned(repair));
    }
}

struct Remember<'a> {
    bus: &'a Bus,
    gone: &'a Arc<Notify>,
    tracker: &'a TaskTracker,
    shutdown: &'a CancellationToken,
}

impl Remember<'_> {
    fn start<E: Standing>(&self) -> Box<dyn PutBack> {
        let memory = Memory::<E>::default();
        let (bus, shutdown) = (self.bus.clone(), self.shutdown.clone());
        let (learning, gone) = (memory.clone(), Arc::clone(self.gone));
        self.tracker.spawn(async move {
            bus.follow_from(From::LatestOfEachKey, &shutdown, |latest| {
                if learning.learn(latest) == Learnt::SomethingIsGone {
                    gone.notify_one();
                }
            })
            .await;
        });
        Box::new(memory)
    }
}

/// What is remembered of one stream or bucket, whatever its events are.
trait PutBack: Send + Sync {
    /// Puts back what is gone.
    fn put_back<'a>(&'a self, bus: &'a Bus) -> BoxFuture<'a, ()>;
}

/// The last event of each key. Clones share it.
struct Memory<E: Event>(Arc<Mutex<Remembered<E>>>);

struct Remembered<E: Event> {
    held: HashMap<String, Arc<Stored<E>>>,
    /// What a stream held that is gone, and that the present stream does not hold.
    gone: HashMap<String, Arc<Stored<E>>>,
    /// Whether we know all that the present stream holds.
    is_caught_up: bool,
}

#[derive(PartialEq)]
enum Learnt {
    AsUsual,
    SomethingIsGone,
}

impl<E: Event> Clone for Memory<E> {
    fn clone(&self) -> Self {
        Memory(Arc::clone(&self.0))
    }
}

impl<E: Event> Default for Memory<E> {
    fn default() -> Self {
        Memory(Arc::new(Mutex::new(Remembered {
            held: HashMap::new(),
            gone: HashMap::new(),
            is_caught_up: false,
        })))
    }
}

impl<E: Standing> Memory<E> {
    fn remembered(&self) -> MutexGuard<'_, Remembered<E>> {
        self.0.lock()
    }

    fn learn(&self, latest: Latest<E>) -> Learnt {
        let mut remembered = self.remembered();
        match latest {
            Latest::Event(stored) => {
                let subject = E::subject(&stored.key);
                remembered.gone.remove(&subject);
                match stored.event.holds() {
                    true => remembered.held.insert(subject, Arc::new(stored)),
                    false => remembered.held.remove(&subject),
                };
            }
            Latest::Anew => {
                let held = std::mem::take(&mut remembered.held);
                remembered.gone.extend(held);
                remembered.is_caught_up = false;
            }
            Latest::CaughtUp => {
                remembered.is_caught_up = true;
                if !remembered.gone.is_empty() {
                    return Learnt::SomethingIsGone;
                }
            }
        }
        Learnt::AsUsual
    }

    /// What is to be put back, oldest first.
    fn gone(&self) -> Vec<(String, Arc<Stored<E>>)> {
        let remembered = self.remembered();
        if !remembered.is_caught_up {
            return Vec::new();
        }
        let gone = remembered.gone.iter();
        let mut gone: Vec<_> = gone
            .map(|(subject, stored)| (subject.clone(), Arc::clone(stored)))
            .collect();
        gone.sort_by_key(|(_, stored)| stored.sequence);
        gone
    }

    /// Events in the order in which they were said; of a bucket many at once, since keys know nothing of each other.
    async fn publish(
        &self,
        bus: &Bus,
        gone: &[(String, Arc<Stored<E>>)],
    ) -> Result<(), StoreError> {
        let at_once = if E::IS_OF_A_BUCKET { AT_ONCE } else { 1 };
        stream::iter(gone.iter().map(Ok))
            .try_for_each_concurrent(at_once, |(subject, stored)| {
                self.publish_one(bus, subject, stored)
            })
            .await
    }

    async fn publish_one(
        &self,
        bus: &Bus,
        subject: &str,
        stored: &Stored<E>,
    ) -> Result<(), StoreError> {
        let Some(message) = stored.event.again(&stored.key) else {
            return Ok(());
        };
        let first_said_at = stored.first_said_at.unwrap_or(stored.stored_at);
        let message = said_by(message, &stored.by)
            .header(PUT_BACK, rfc3339(first_said_at))
            .expected_last_subject_sequence(0);
        let to = match E::IS_OF_A_BUCKET {
            true => subject.to_owned(),
            false => format!("{UNHEARD}{subject}"),
        };
        match bus.publish_to(to, message).await {
            // Who was faster knew of something newer.
            Ok(_) | Err(PublishError::Conflict) => {}
            Err(error) => return Err(error.without_conflict()),
        }
        self.remembered().gone.remove(subject);
        Ok(())
    }

    async fn try_put_back(
        &self,
        bus: &Bus,
        gone: &[(String, Arc<Stored<E>>)],
    ) -> Result<(), StoreError> {
        if E::IS_OF_A_BUCKET {
            return self.publish(bus, gone).await;
        }
        let stream = bus.jetstream.get_stream(E::STREAM).await?;
        let config = &stream.cached_info().config;
        bus.jetstream.update_stream(opened(config)).await?;
        let published = self.publish(bus, gone).await;
        bus.jetstream.update_stream(closed(config)).await?;
        published
    }
}

impl<E: Standing> PutBack for Memory<E> {
    fn put_back<'a>(&'a self, bus: &'a Bus) -> BoxFuture<'a, ()> {
        Box::pin(async {
            let gone = self.gone();
            if gone.is_empty() {
                return;
            }
            let (stream, count) = (E::STREAM, gone.len());
            match self.try_put_back(bus, &gone).await {
                Ok(()) => {
                    metrics::counter!("framewatch_put_back_total", "stream" => E::STREAM)
                        .increment(count as u64);
                    tracing::warn!(
                        stream,
                        count,
                        "was deleted; what it last said of each key was put back"
                    );
                }
                Err(error) => {
                    let error = with_causes(&error);
                    tracing::warn!(
                        stream,
                        count,
                        error,
                        "was deleted; what it last said was not put back yet"
                    );
                }
            }
        })
    }
}
