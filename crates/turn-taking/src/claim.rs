//! Saying whose turn it is.

use std::time::Duration;

use event_bus::{Expected, KeyValue, KeyValueBucket, PublishError, with_causes};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use crate::{ABANDONED_AFTER, SAY_EVERY};

/// How long saying something may take to be stored. What is said after [`SAY_EVERY`] is given up at the moment when
/// another copy may begin.
const STORED_WITHIN: Duration =
    Duration::from_secs(ABANDONED_AFTER.as_secs() - SAY_EVERY.as_secs());

/// A key, and what this copy has said of it.
pub struct Claim<B: KeyValueBucket> {
    bucket: KeyValue<B>,
    key: B::Key,
    /// The last change that we made, or that left it ours.
    revision: u64,
    /// When we said the last time that it is ours, and know that it was stored.
    said_at: watch::Sender<Option<Instant>>,
}

/// The result of saying something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It is stored.
    Stored,
    /// Nobody knows whether it is.
    Unknown,
    /// It is not: something else was said since.
    Overtaken,
}

/// Whether a turn is still ours. For whoever does the work that the turn is about.
#[derive(Debug, Clone)]
pub struct Grip(watch::Receiver<Option<Instant>>);

impl<B: KeyValueBucket> Claim<B> {
    /// To claim a key with.
    pub fn new(bucket: KeyValue<B>, key: B::Key) -> Self {
        Claim {
            bucket,
            key,
            revision: 0,
            said_at: watch::channel(None).0,
        }
    }

    /// The last change that we made, or that left it ours; 0 before the first.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// For whoever does what the turn is about.
    pub fn grip(&self) -> Grip {
        Grip(self.said_at.subscribe())
    }

    /// Whether it is certain that no other copy has begun.
    pub fn is_sure(&self) -> bool {
        is_sure(*self.said_at.borrow())
    }

    /// Whether it is time to say it again.
    pub fn is_due(&self) -> bool {
        let said_at = *self.said_at.borrow();
        said_at.is_none_or(|said_at| said_at.elapsed() >= SAY_EVERY / 2)
    }

    /// Says `value`, where the last change is still the expected one.
    pub async fn say(&mut self, value: &B::Value, expected: u64) -> Said {
        let began = Instant::now();
        let saying = self.bucket.update(&self.key, value, Expected(expected));
        match timeout(STORED_WITHIN, saying).await {
            Ok(Ok(revision)) => {
                self.revision = revision;
                self.said_at.send_replace(Some(began));
                Said::Stored
            }
            Ok(Err(PublishError::Conflict)) => Said::Overtaken,
            Ok(Err(error)) => {
                let error = with_causes(&error);
                tracing::debug!(key = %self.key, error, "it is not stored whose turn it is");
                Said::Unknown
            }
            Err(_) => Said::Unknown,
        }
    }

    /// It is ours by this change, which is not the last that we know of: its answer was lost, or another copy has added to it.
    pub fn is_ours_by(&mut self, revision: u64) {
        self.revision = revision;
    }

    /// It is ours no more.
    pub fn let_go(&mut self) {
        self.said_at.send_replace(None);
    }
}

impl Grip {
    /// Whether it is certain that no other copy has begun.
    pub fn is_sure(&self) -> bool {
        is_sure(*self.0.borrow())
    }
}

fn is_sure(said_at: Option<Instant>) -> bool {
    said_at.is_some_and(|said_at| said_at.elapsed() <= ABANDONED_AFTER)
}
