//! The pictures behind an alert, kept in the bucket `evidence`: beside the alert, never in its way.
//!
//! They are stored before the alert is published, in at most [`PATIENCE`]. What could not be stored by then the alert goes
//! out without, and says so; it waits in memory (`waiting`) and is stored when that is possible again.
//!
//! Each folder has a share of the bucket, and its own oldest pictures make room for its new ones (`shares`). Of a folder whose
//! alerts come very often pictures are kept of some an hour (`storms`): every alert goes out all the same.

mod limits;
mod shares;
mod storms;
mod waiting;

use std::{iter, sync::Arc, time::Duration};

use bytes::Bytes;
use event_bus::{
    Bus, Evidence, Exhibit, ExhibitChange, ExhibitKey, Folder, Folds, Objects, PictureKey,
    References, StoreError, with_causes,
};
use futures::future::join_all;
use log_limiter::LogLimiter;
use proto::v1::Alert;
use tokio::time::{Instant, sleep, timeout, timeout_at};

pub use limits::EvidenceLimits;

use shares::Shares;
use storms::Storms;
use waiting::{Waiting, WaitingExhibit};

/// Keeps the pictures behind alerts. Clones share what waits.
#[derive(Clone)]
pub struct EvidenceWriter(Arc<Writer>);

struct Writer {
    evidence: Objects<Evidence>,
    references: Objects<References>,
    limits: EvidenceLimits,
    shares: Shares,
    storms: Storms,
    waiting: Waiting,
    complaints: LogLimiter,
    removals: LogLimiter<Option<Folder>>,
}

/// The pictures behind an alert.
#[derive(Debug, Clone, Copy)]
pub struct Pictures<'a> {
    /// The frame's bytes.
    pub frame: &'a Bytes,
    /// The id of the reference, which is stored; `None` where the alert is not about one.
    pub reference: Option<&'a str>,
}

/// How long an alert may wait for the pictures behind it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is tried again to store the evidence that waits.
const RETRY: Duration = Duration::from_secs(2);

/// The most pictures that are removed for a new one where the evidence of all folders is too large.
const MOST_REMOVED: usize = 16;

/// How many waiting pictures are tried at a time. New ones join them meanwhile and must not come faster than these go.
const SIDE_BY_SIDE: usize = 8;

/// Where the bytes of an exhibit come from.
#[derive(Debug, Clone)]
enum Source {
    Bytes(Bytes),
    Reference(PictureKey),
}

/// Why an exhibit is not kept.
#[derive(Debug, thiserror::Error)]
enum NotKept {
    #[error("the evidence is as large as it may be")]
    NoRoom,
    #[error("of this folder's alerts, which come more often, the pictures of {0} an hour are kept")]
    TooOften(u32),
    #[error("the reference was deleted, or lost")]
    ReferenceGone,
    #[error("the reference's stored picture cannot be read: {0}")]
    ReferenceDamaged(String),
    #[error("NATS could not store it yet: {0}")]
    NotYet(String),
}

impl NotKept {
    fn may_pass(&self) -> bool {
        matches!(self, NotKept::NotYet(_))
    }
}

/// NATS says why it does not do something, which may pass.
fn not_yet(error: StoreError) -> NotKept {
    NotKept::NotYet(with_causes(&error))
}

impl EvidenceWriter {
    /// Keeps pictures within these limits.
    pub fn new(bus: &Bus, limits: EvidenceLimits) -> Self {
        EvidenceWriter(Arc::new(Writer {
            evidence: bus.evidence(),
            references: bus.references(),
            limits,
            shares: Shares::default(),
            storms: Storms::default(),
            waiting: Waiting::default(),
            complaints: LogLimiter::default(),
            removals: LogLimiter::default(),
        }))
    }

    /// Keeps up to date what of the evidence is whose. Until it has caught up, some folder may have more.
    pub fn follow(&self, folds: &Folds) {
        let writer = Arc::clone(&self.0);
        folds.start_with::<ExhibitChange>(move |latest| writer.shares.apply(latest));
    }

    /// Whether some evidence is still waiting for NATS to store it.
    pub fn is_behind(&self) -> bool {
        !self.0.waiting.is_empty()
    }

    /// Stores what waits when that is possible again. Never ends; what waits when it is dropped is lost.
    pub async fn keep_trying(&self) {
        loop {
            sleep(RETRY).await;
            self.0.try_waiting().await;
        }
    }

    /// Keeps the pictures behind an alert. Says in a sentence what of them is missing and why; empty where all is there.
    /// Another comparator that judges the same frame stores the same. The evidence of an alert that is not published after
    /// all goes with age.
    pub(crate) async fn store(
        &self,
        folder: &Folder,
        alert: &Alert,
        pictures: Pictures<'_>,
    ) -> String {
        let per_hour = self.0.limits.alerts_per_hour;
        if !self
            .0
            .storms
            .admit(folder, per_hour, std::time::Instant::now())
        {
            let why = NotKept::TooOften(per_hour);
            self.0.complain(folder, alert, Exhibit::Frame, &why);
            return format!("its pictures: {why}");
        }
        let deadline = Instant::now() + PATIENCE;
        let frame = (Exhibit::Frame, Source::Bytes(pictures.frame.clone()));
        let reference = pictures.reference.map(|id| {
            let stored = Source::Reference(PictureKey::new(folder, id));
            (Exhibit::Reference, stored)
        });
        let mut missing = Vec::new();
        for (exhibit, source) in iter::once(frame).chain(reference) {
            let key = ExhibitKey::new(alert.id.clone(), exhibit);
            if let Err(why) = self.0.keep_or_wait(key, source, deadline).await {
                self.0.complain(folder, alert, exhibit, &why);
                missing.push(format!("its {}: {why}", exhibit.word()));
            }
        }
        missing.join("; ")
    }
}

impl Writer {
    async fn keep_or_wait(
        &self,
        key: ExhibitKey,
        source: Source,
        deadline: Instant,
    ) -> Result<(), NotKept> {
        let kept = if !self.waiting.is_empty() {
            // What waits is tried again and again: another alert need not wait to hear the same.
            Err(NotKept::NotYet("it does not store at present".to_owned()))
        } else {
            let kept = timeout_at(deadline, self.keep(&key, &source)).await;
            kept.unwrap_or_else(|_| Err(NotKept::NotYet("it did not answer in time".to_owned())))
        };
        if kept.as_ref().is_err_and(NotKept::may_pass) {
            self.waiting.add(WaitingExhibit::new(key, source));
        }
        kept
    }

    async fn keep(&self, key: &ExhibitKey, source: &Source) -> Result<(), NotKept> {
        let picture = match source {
            Source::Bytes(picture) => picture.clone(),
            Source::Reference(id) => self.reference(id).await?,
        };
        self.make_room(key, picture.len() as u64).await?;
        let put = self.evidence.put(key, &(), &picture);
        put.await.map_err(not_yet)?;
        self.shares.note(key, picture.len() as u64);
        Ok(())
    }

    /// Lets older pictures go: of the same folder where it has its share, and then of the folder that has most.
    async fn make_room(&self, key: &ExhibitKey, bytes: u64) -> Result<(), NotKept> {
        let limits = self.limits;
        if bytes > limits.max_bytes.min(limits.folder_max_bytes) {
            return Err(NotKept::NoRoom);
        }
        let folder = key.folder();
        for oldest in self.shares.beyond(&folder, bytes, limits.folder_max_bytes) {
            self.remove(&oldest).await?;
        }
        for _ in 0..MOST_REMOVED {
            let size = self.evidence.size().await.map_err(not_yet)?;
            if size + bytes <= limits.max_bytes {
                return Ok(());
            }
            match self.shares.oldest_of_the_largest() {
                Some(oldest) => self.remove(&oldest).await?,
                None => break,
            }
        }
        Err(NotKept::NoRoom)
    }

    async fn remove(&self, key: &ExhibitKey) -> Result<(), NotKept> {
        self.evidence.delete(key).await.map_err(not_yet)?;
        self.shares.forget(key);
        metrics::counter!("framewatch_evidence_removed_total").increment(1);
        let folder = key.folder();
        if self.removals.is_due(&folder) {
            let folder = folder.map_or(String::new(), |folder| folder.to_string());
            tracing::warn!(folder, exhibit = %key, "a picture behind an alert makes room for newer ones; more of this folder's are only counted for a minute");
        }
        Ok(())
    }

    async fn reference(&self, id: &PictureKey) -> Result<Bytes, NotKept> {
        match self.references.get(id).await {
            Ok(Some(picture)) => Ok(picture),
            Ok(None) => Err(NotKept::ReferenceGone),
            Err(error @ StoreError::Damaged { .. }) => {
                Err(NotKept::ReferenceDamaged(with_causes(&error)))
            }
            Err(error) => Err(NotKept::NotYet(with_causes(&error))),
        }
    }

    fn complain(&self, folder: &Folder, alert: &Alert, exhibit: Exhibit, why: &NotKept) {
        let exhibit = exhibit.word();
        if why.may_pass() {
            metrics::counter!("framewatch_evidence_late_total").increment(1);
        } else {
            metrics::counter!("framewatch_evidence_not_kept_total").increment(1);
        }
        if self.complaints.is_due(&()) {
            tracing::warn!(%folder, id = alert.id, exhibit, %why, "an alert goes out without a picture behind it; more of them are only counted for a minute");
        }
    }

    /// Tries what waits, the oldest first and some at a time, until one has to wait on.
    async fn try_waiting(&self) {
        loop {
            let oldest = self.waiting.oldest(SIDE_BY_SIDE);
            let settled = join_all(oldest.iter().map(|exhibit| self.try_again(exhibit))).await;
            if settled.is_empty() || settled.contains(&false) {
                return;
            }
        }
    }

    /// Tries again to keep what waits; says whether that is settled.
    async fn try_again(&self, exhibit: &WaitingExhibit) -> bool {
        let (key, source) = (&exhibit.key, &exhibit.source);
        match timeout(PATIENCE, self.keep(key, source)).await {
            Err(_) => return false,
            Ok(Err(why)) if why.may_pass() => return false,
            Ok(Err(why)) => {
                metrics::counter!("framewatch_evidence_not_kept_total").increment(1);
                tracing::warn!(exhibit = %key, %why, "evidence that waited is not kept");
            }
            Ok(Ok(())) => {
                tracing::info!(exhibit = %key, "evidence that waited is kept now");
            }
        }
        self.waiting.done(key);
        true
    }
}
