//! Putting back what a backup holds.
//!
//! While that goes on, the streams of events carry a mark that keeps services from starting, and take events on
//! subjects of their own beside the usual ones: who listens on `alerts.>` must not be told again of alerts that are long
//! over.

use std::future::IntoFuture;

use async_nats::jetstream::{
    message::PublishMessage,
    stream::{Config, SubjectTransform},
};
use futures::TryStreamExt;
use proto::v1::{Alert, Change, Comparison};

use crate::{
    contract::{
        DECLARATIONS,
        alerts::{self, AlertSubject},
        changes, comparisons,
        declaration::{Backup, Declaration, UNHEARD},
        references::PictureChange,
        rules::{RuleChange, RuleScope},
        uploads::ReferenceChange,
    },
    folder::Folder,
    nats::{bus::Bus, event::Event, snapshot::Extent, store_error::StoreError},
};

/// Puts back what a backup holds. No service starts until it has finished.
pub struct Restoration {
    bus: Bus,
    /// Sent, and not known to be stored yet.
    underway: Vec<async_nats::jetstream::context::PublishAckFuture>,
}

/// The metadata of a stream that is being restored: which backup.
const RESTORING: &str = "framewatch-restoring";

/// The most events that may be sent and not yet known to be stored.
const AT_A_TIME: usize = 256;

/// What a restore empties: all that a backup holds, and what belongs to that.
fn emptied() -> impl Iterator<Item = &'static Declaration> {
    DECLARATIONS
        .iter()
        .filter(|declared| declared.backup != Backup::No)
}

/// The streams among that, which carry the mark.
fn restored_streams() -> impl Iterator<Item = &'static str> {
    emptied()
        .filter(|declared| declared.is_stream())
        .map(|declared| declared.stream)
}

impl Bus {
    /// Whether a service that follows references is running: an upload service or a comparator.
    pub async fn is_in_use(&self) -> Result<bool, StoreError> {
        let stream = self.jetstream.get_stream(ReferenceChange::STREAM).await?;
        let mut consumers = stream.consumers();
        while let Some(consumer) = consumers.try_next().await? {
            if consumer.num_waiting > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether people have made nothing yet: no reference, no rule, no alert.
    pub async fn is_unused(&self) -> Result<bool, StoreError> {
        if self
            .any(|picture: &PictureChange| picture.about.is_some())
            .await?
            || self.any(|rule: &RuleChange| rule.value.is_some()).await?
        {
            return Ok(false);
        }
        let alerts = self.jetstream.get_stream(Alert::STREAM).await?;
        Ok(alerts.cached_info().state.messages == 0)
    }

    /// Whether this is true of the latest event of at least one key.
    async fn any<E: Event>(&self, is_so: impl Fn(&E) -> bool) -> Result<bool, StoreError> {
        let mut latest = self.snapshot::<E>(Extent::LatestOfEachKey).await?;
        while let Some(stored) = latest.next().await? {
            if is_so(&stored.event) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The backup whose restoration was begun and has not ended.
    pub async fn unfinished_restoration(&self) -> Result<Option<String>, StoreError> {
        for name in restored_streams() {
            let stream = self.jetstream.get_stream(name).await?;
            if let Some(backup) = unfinished(&stream.cached_info().config) {
                return Ok(Some(backup.to_owned()));
            }
        }
        Ok(None)
    }

    /// Removes all that a backup holds, and begins to put this one back.
    pub async fn begin_restoration(&self, backup: &str) -> Result<Restoration, StoreError> {
        for name in restored_streams() {
            let stream = self.jetstream.get_stream(name).await?;
            let config = begun(&stream.cached_info().config, backup);
            self.jetstream.update_stream(config).await?;
        }
        for declared in emptied() {
            let stream = self.jetstream.get_stream_no_info(declared.stream).await?;
            stream.purge().await?;
        }
        Ok(Restoration {
            bus: self.clone(),
            underway: Vec::new(),
        })
    }
}

impl Restoration {
    /// Puts back what was last said of a folder's reference.
    pub async fn reference(
        &mut self,
        folder: &Folder,
        change: &ReferenceChange,
    ) -> Result<(), StoreError> {
        let message = change.message(folder);
        self.publish::<ReferenceChange>(folder, message).await
    }

    /// An alert; they are to come in their order.
    pub async fn alert(&mut self, subject: &AlertSubject, alert: &Alert) -> Result<(), StoreError> {
        self.publish::<Alert>(subject, alerts::message(subject, alert))
            .await
    }

    /// Puts back a change that somebody made. Changes must come in their order.
    pub async fn change(&mut self, scope: &RuleScope, change: &Change) -> Result<(), StoreError> {
        self.publish::<Change>(scope, changes::message(scope, change))
            .await
    }

    /// A folder's last comparison.
    pub async fn comparison(
        &mut self,
        folder: &Folder,
        comparison: &Comparison,
    ) -> Result<(), StoreError> {
        self.publish::<Comparison>(folder, comparisons::message(folder, comparison))
            .await
    }

    /// Waits until all is stored, and lets services start.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        self.await_stored().await?;
        for name in restored_streams() {
            let stream = self.bus.jetstream.get_stream(name).await?;
            let config = ended(&stream.cached_info().config);
            self.bus.jetstream.update_stream(config).await?;
        }
        Ok(())
    }

    async fn publish<E: Event>(
        &mut self,
        key: &E::Key,
        message: PublishMessage,
    ) -> Result<(), StoreError> {
        let subject = format!("{UNHEARD}{}", E::subject(key));
        let sent = self.bus.jetstream.send_publish(subject, message).await?;
        self.underway.push(sent);
        if self.underway.len() >= AT_A_TIME {
            self.await_stored().await?;
        }
        Ok(())
    }

    async fn await_stored(&mut self) -> Result<(), StoreError> {
        for sent in self.underway.drain(..) {
            sent.into_future().await?;
        }
        Ok(())
    }
}

/// The backup that is being restored into a stream.
pub(super) fn unfinished(stream: &Config) -> Option<&str> {
    stream.metadata.get(RESTORING).map(String::as_str)
}

fn begun(stream: &Config, backup: &str) -> Config {
    let mut begun = opened(stream);
    begun.metadata.insert(RESTORING.into(), backup.to_owned());
    begun
}

fn ended(stream: &Config) -> Config {
    let mut ended = closed(stream);
    ended.metadata.remove(RESTORING);
    ended
}

/// The stream, taking events that nobody is to hear of as well.
pub(super) fn opened(stream: &Config) -> Config {
    let mut opened = closed(stream);
    let usual = opened.subjects.first().cloned().unwrap_or_default();
    let unheard = format!("{UNHEARD}{usual}");
    opened.subjects.push(unheard.clone());
    opened.subject_transform = Some(SubjectTransform {
        source: unheard,
        destination: usual.replace('*', "{{wildcard(1)}}"),
    });
    opened
}

/// The stream, taking events on its usual subjects alone.
pub(super) fn closed(stream: &Config) -> Config {
    let mut closed = stream.clone();
    closed
        .subjects
        .retain(|subject| !subject.starts_with(UNHEARD));
    closed.subject_transform = None;
    closed
}
