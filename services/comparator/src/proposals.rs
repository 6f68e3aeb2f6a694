//! Proposes frames as normal pictures: a folder's frame that matches well, after an hour in which nothing happened, before it
//! and after it. Whether one does, `decision` says.
//!
//! The frame waits in the bucket `proposals` and what is remembered of its folder in the bucket `learning`, by compare-and-set;
//! so any comparator goes on where another one stopped, and one of them proposes. What goes wrong costs a proposal: the
//! frame is judged all the same.

mod decision;
mod known;
mod remembered;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::{Mutex, MutexGuard};

use alerting::AlertStates;
use bytes::Bytes;
use event_bus::{
    AlertSubject, Bus, Folder, LearningChange, ProposalKey, PublishError, StoreError, with_causes,
};
use log_limiter::LogLimiter;
use proto::v1::{Comparison, Proposal, Subject};
use time::OffsetDateTime;
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use self::decision::Pace;
use self::{
    decision::{Occasion, Step, There, after, is_of_view},
    known::Known,
    remembered::{Remembered, frame_at},
};
use crate::references::CurrentReference;

/// Proposes normal pictures, together with other comparators.
pub(crate) struct Proposals {
    bus: Bus,
    alerts: Arc<AlertStates>,
    known: Arc<Known>,
    /// `None` where nothing is to be proposed.
    pace: Option<Pace>,
    /// Trouble that could not be written down: it is with the folder's next frame.
    owed: Mutex<HashMap<Folder, OffsetDateTime>>,
    failures: LogLimiter,
}

/// A frame that was judged.
#[derive(Clone, Copy)]
pub(crate) struct JudgedFrame<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) comparison: &'a Comparison,
    pub(crate) reference: &'a CurrentReference,
    /// What is seen of the frame; `None` where nothing could be seen.
    pub(crate) seen: Option<SeenPicture<'a>>,
}

/// A picture, and what is seen of it.
#[derive(Clone, Copy)]
pub(crate) struct SeenPicture<'a> {
    pub(crate) bytes: &'a Bytes,
    /// Its mean grey level, 0 to 255.
    pub(crate) brightness: f32,
}

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
enum ProposalError {
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("other comparators were faster each time")]
    Busy,
    #[error("not within {PATIENCE:?}")]
    TooSlow,
}

/// How long the next frame of the folder waits for a step at most.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often a step is tried, where others are faster each time.
const ATTEMPTS: usize = 4;

impl Proposals {
    pub(crate) fn new(bus: &Bus, alerts: &Arc<AlertStates>, pace: Option<Pace>) -> Self {
        Proposals {
            bus: bus.clone(),
            alerts: Arc::clone(alerts),
            known: Arc::default(),
            pace,
            owed: Mutex::default(),
            failures: LogLimiter::default(),
        }
    }

    /// Follows what is remembered and proposed until shutdown. Resolves when all that was there is loaded.
    pub(crate) fn follow(
        &self,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        known::follow(&self.known, &self.bus, tracker, shutdown)
    }

    /// Does what follows from a frame, once its comparison and the alert that may follow are stored.
    pub(crate) async fn after_judging(&self, frame: JudgedFrame<'_>) {
        let Some(pace) = self.pace.filter(|_| is_of_view(frame.comparison)) else {
            return;
        };
        let folder = frame.folder;
        let accepted = frame.reference.pictures().map(|picture| There {
            brightness: picture.brightness,
            frame_at: picture.frame_at,
        });
        let accepted: Vec<There> = accepted.collect();
        let proposed = self.known.proposed(folder);
        let occasion = Occasion {
            comparison: frame.comparison,
            brightness: frame.seen.map_or(0.0, |seen| seen.brightness),
            trouble_at: self.trouble_at(folder, frame.comparison),
            accepted: &accepted,
            proposed: &proposed,
        };
        if after(self.known.remembered(folder).as_ref(), &occasion, pace) == Step::Nothing {
            return;
        }
        let taking = timeout(PATIENCE, self.take_step(&frame, &occasion, pace)).await;
        match taking.unwrap_or(Err(ProposalError::TooSlow)) {
            Ok(()) => drop(self.owed().remove(folder)),
            Err(error) => self.owe(folder, &occasion, &error),
        }
    }

    /// When an alert of the folder last fired or resolved, or a hold began or ended; now, where an alert is firing.
    fn trouble_at(&self, folder: &Folder, comparison: &Comparison) -> Option<OffsetDateTime> {
        let now = frame_at(comparison);
        let alert_at = |subject: Subject| {
            let subject = AlertSubject {
                folder: folder.clone(),
                subject,
            };
            let alert = self.alerts.alert(&subject).map(|alert| alert.stored_at);
            match self.alerts.is_firing(&subject) {
                true => alert.max(now),
                false => alert,
            }
        };
        let hold_at = self.alerts.hold(folder).map(|hold| hold.stored_at);
        let owed = self.owed().get(folder).copied();
        let alerts = alert_at(Subject::View).max(alert_at(Subject::Camera));
        alerts.max(hold_at).max(owed)
    }

    /// Decides by what the broker holds, and carries that out.
    async fn take_step(
        &self,
        frame: &JudgedFrame<'_>,
        occasion: &Occasion<'_>,
        pace: Pace,
    ) -> Result<(), ProposalError> {
        let folder = frame.folder;
        for _ in 0..ATTEMPTS {
            let last = self.bus.last::<LearningChange>(folder).await?;
            let learning = last.event.and_then(|stored| stored.event.value);
            let remembered = learning.and_then(Remembered::read);
            let step = after(remembered.as_ref(), occasion, pace);
            let (next, stored) = match step {
                Step::Nothing => return Ok(()),
                Step::Remember(next) => (next, None),
                Step::Wait(next) => {
                    let waiting = next.waiting.as_ref().map(|it| it.proposal.clone());
                    let seen = waiting.zip(frame.seen);
                    let key = ProposalKey::waiting(folder);
                    let stored = seen.map(|(proposal, seen)| (key, proposal, seen.bytes.clone()));
                    (next, stored)
                }
                Step::Propose(next, proposal) => {
                    match self.waiting_picture(folder, &proposal).await? {
                        Some(picture) => {
                            let key = ProposalKey::proposed(folder, &proposal.id);
                            (next, Some((key, *proposal, picture)))
                        }
                        // It is as if it had never waited.
                        None => (next.without_proposing(remembered.as_ref()), None),
                    }
                }
            };
            let (learning, next) = (self.bus.learning(), next.to_message());
            match learning.update(folder, &next, last.expected).await {
                Ok(_) => {}
                Err(PublishError::Conflict) => continue,
                Err(error) => return Err(error.into()),
            }
            // Only whoever has written down that it waits, or is proposed, stores the picture.
            return match stored {
                Some((key, proposal, picture)) => self.store(&key, &proposal, &picture).await,
                None => Ok(()),
            };
        }
        Err(ProposalError::Busy)
    }

    /// The picture that was kept of the frame; `None` where it is lost.
    async fn waiting_picture(
        &self,
        folder: &Folder,
        proposal: &Proposal,
    ) -> Result<Option<Bytes>, ProposalError> {
        let key = ProposalKey::waiting(folder);
        match self.bus.proposals().get_described(&key).await {
            Ok(kept) => {
                Ok(kept.and_then(|(about, picture)| (about.id == proposal.id).then_some(picture)))
            }
            Err(StoreError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn store(
        &self,
        key: &ProposalKey,
        proposal: &Proposal,
        picture: &Bytes,
    ) -> Result<(), ProposalError> {
        self.bus.proposals().put(key, proposal, picture).await?;
        if *key != ProposalKey::waiting(&key.folder) {
            metrics::counter!("framewatch_proposals_total").increment(1);
            tracing::info!(folder = %key.folder, id = proposal.id, "a frame is proposed as a normal picture");
        }
        Ok(())
    }

    /// Keeps in mind what could not be written down: a proposal that does not come is no harm, trouble that is forgotten is.
    fn owe(&self, folder: &Folder, occasion: &Occasion<'_>, error: &ProposalError) {
        if let Some(trouble_at) = occasion.trouble_by_now() {
            let mut owed = self.owed();
            let at = owed.entry(folder.clone()).or_insert(trouble_at);
            *at = trouble_at.max(*at);
        }
        if self.failures.is_due(&()) {
            tracing::warn!(%folder, error = with_causes(error), "what would follow for proposals of normal pictures waits");
        }
    }

    fn owed(&self) -> MutexGuard<'_, HashMap<Folder, OffsetDateTime>> {
        self.owed.lock()
    }
}
