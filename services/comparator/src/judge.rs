//! What is done with one frame.

mod again;
mod carried;
mod unclear;

use std::{sync::Arc, time::Duration};

use alerting::{
    Clock, EvidenceWriter, FolderRule, Pictures, Settled, TransitionError, Transitions,
};
use bytes::Bytes;
use comparison::{
    Depth, Look, Needs, Other, can_be_named,
    carry::{Glance, Said},
    is_too_dark,
};
use event_bus::{
    AlertSubject, Bus, Delivery, Folder, FrameArrival, PublishError, StoreError, Stored,
    with_causes,
};
use log_limiter::LogLimiter;
use proto::v1::{Comparison, Frame, Phase};
use time::OffsetDateTime;
use tracing::Instrument as _;

use crate::{
    baselines::{BaselineError, Baselines},
    cascade::Cascade,
    comparisons::{self, Circumstances},
    digests::Digests,
    looking::{Looked, Looking, NotCompared, Patience, Unreadable},
    proposals::{JudgedFrame, Proposals, SeenPicture},
    references::CurrentReference,
    state::State,
};

/// Judges frames, one after another of each folder.
pub(crate) struct Judge {
    bus: Bus,
    state: Arc<State>,
    looking: Looking,
    unreadable: LogLimiter<Folder>,
    without_detail: LogLimiter<Folder>,
    retries: LogLimiter,
    baselines: Baselines,
    cascade: Cascade,
    transitions: Transitions,
    proposals: Proposals,
}

/// A frame as it came, what people have set for its folder, and what it looks like by that.
struct FrameInHand {
    set: FolderRule,
    frame: Frame,
    stored_at: OffsetDateTime,
    picture: Bytes,
    look: Look,
    digests: Digests,
    glance: Glance,
    /// What was said of an earlier frame, if this one shows nothing new.
    carried: Option<Said>,
}

/// Why a frame could not be judged now.
#[derive(Debug, thiserror::Error)]
enum JudgeError {
    #[error(transparent)]
    Bus(#[from] PublishError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    NotCompared(#[from] NotCompared),
    #[error(transparent)]
    Transition(#[from] TransitionError),
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    #[error(transparent)]
    Unreadable(Unreadable),
}

/// Why a frame that came was not judged.
#[derive(Debug, thiserror::Error)]
enum NotJudged {
    /// It may be later.
    #[error(transparent)]
    Now(#[from] JudgeError),
    #[error(transparent)]
    Ever(Unreadable),
}

impl From<Unreadable> for NotJudged {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::MemoryTaken => JudgeError::Unreadable(error).into(),
            error => NotJudged::Ever(error),
        }
    }
}

/// After how long a frame that could not be judged is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl Judge {
    pub(crate) fn new(
        bus: Bus,
        state: Arc<State>,
        evidence: EvidenceWriter,
        looking: Looking,
        baselines: Baselines,
        cascade: Cascade,
        proposals: Proposals,
    ) -> Self {
        let alerts = Arc::clone(&state.alerts);
        Judge {
            transitions: Transitions::new(bus.clone(), alerts, evidence, Clock::of_machine()),
            looking,
            unreadable: LogLimiter::default(),
            without_detail: LogLimiter::default(),
            retries: LogLimiter::default(),
            baselines,
            cascade,
            proposals,
            bus,
            state,
        }
    }

    /// Whether this version has the measures of all rules. Without them no frame may be judged.
    pub(crate) fn has_all_measures(&self) -> bool {
        self.state.has_all_measures()
    }

    /// Judges a frame and acknowledges it.
    pub(crate) async fn frame(&self, delivery: Delivery<FrameArrival>) {
        let Stored {
            key: folder,
            sequence: frame,
            origin,
            ..
        } = &delivery.stored;
        let span = tracing::info_span!("compare", %folder, frame);
        origin.continue_in(&span);
        self.handle(delivery).instrument(span).await;
    }

    async fn handle(&self, delivery: Delivery<FrameArrival>) {
        let Stored {
            key: folder,
            event,
            stored_at,
            ..
        } = delivery.stored.clone();
        let Some(reference) = self.state.reference(&folder) else {
            metrics::counter!("framewatch_frames_without_reference_total").increment(1);
            return delivery.done().await;
        };
        let compared = self.compare(&folder, event, stored_at, reference.clone());
        match compared.await {
            Ok(()) => delivery.done().await,
            Err(NotJudged::Now(error)) => self.retry(delivery, &error).await,
            Err(NotJudged::Ever(error)) => self.reject(delivery, &reference, &error).await,
        }
    }

    /// Judges a frame that has just come, or lets an earlier verdict stand where it shows nothing new.
    async fn compare(
        &self,
        folder: &Folder,
        arrival: FrameArrival,
        stored_at: OffsetDateTime,
        reference: CurrentReference,
    ) -> Result<(), NotJudged> {
        let again = arrival.clone();
        let mut seen = self
            .see(
                folder,
                arrival,
                stored_at,
                Some(&reference),
                Patience::Short,
            )
            .await?;
        if let Some(said) = &seen.carried {
            if self.carry_on(folder, &seen, said, &reference).await? {
                return Ok(());
            }
            seen = self
                .see(folder, again, stored_at, None, Patience::Short)
                .await?;
        }
        let judged = self.judge(folder, &seen, reference, Patience::Short);
        Ok(judged.await?)
    }

    async fn retry(&self, delivery: Delivery<FrameArrival>, error: &JudgeError) {
        metrics::counter!("framewatch_frames_retried_total").increment(1);
        if self.retries.is_due(&()) {
            let folder = &delivery.stored.key;
            tracing::warn!(%folder, error = with_causes(error), "a frame was not judged and is tried again; more of them are only counted for a minute");
        }
        delivery.retry_after(RETRY).await;
    }

    /// The look of a frame. The network may be spared only where the folder's reference is given.
    async fn see(
        &self,
        folder: &Folder,
        arrival: FrameArrival,
        stored_at: OffsetDateTime,
        reference: Option<&CurrentReference>,
        patience: Patience,
    ) -> Result<FrameInHand, Unreadable> {
        let FrameArrival { headers, picture } = arrival;
        let set = self.state.rule(folder);
        let before = reference
            .and_then(|reference| self.cascade.before(folder, reference, &set.rule, stored_at));
        let looked = self
            .looking
            .of_new(picture.clone(), Needs::of(&set.rule), before, patience);
        let Looked {
            look,
            tiles,
            glance,
            carried,
        } = looked.await?;
        Ok(FrameInHand {
            set,
            frame: headers.frame(stored_at),
            stored_at,
            digests: Digests::of(&tiles, &picture),
            picture,
            look,
            glance,
            carried,
        })
    }

    /// Compares what was seen with the reference, publishes the comparison, and does what follows from it.
    async fn judge(
        &self,
        folder: &Folder,
        seen: &FrameInHand,
        reference: CurrentReference,
        patience: Patience,
    ) -> Result<(), JudgeError> {
        let set = &seen.set;
        let circumstances = Circumstances {
            folder,
            frame: &seen.frame,
            reference: &reference,
            rule: &set.rule,
        };
        let needs = Needs::of(&set.rule);
        let held = self.baselines.of(folder, &reference, &needs, &self.looking);
        let baseline = match held.await {
            Err(error) if error.is_for_good() => {
                return self.say_undecided(&circumstances, seen, &error).await;
            }
            baseline => baseline?,
        };
        let found = self
            .looking
            .compare(&baseline, &seen.look, &set.rule)
            .await?;
        self.say_without_detail(folder, &found.without_detail);
        let mut comparison = comparisons::of_found(&circumstances, &baseline, found);
        seen.digests.write_to(&mut comparison);
        if can_be_named(comparison.verdict(), &comparison.findings) {
            let (look, rule) = (seen.look.clone(), set.rule.clone());
            let search = self.search(folder);
            let named = self
                .looking
                .name(Arc::clone(&baseline), look, rule, search)
                .await;
            comparison.findings = named.unwrap_or(comparison.findings);
        }
        if is_too_dark(comparison.verdict(), &comparison.findings) {
            let last = self.bus.latest_readable::<Comparison>(folder).await?;
            comparisons::count_darkness(&mut comparison, last.map(|last| last.event));
        }
        self.publish(folder, seen, &comparison).await?;
        count_looked_at(match set.rule.measure.needs_network() {
            true => "yes",
            false => "no",
        });
        self.remember(folder, seen, &baseline, &comparison);

        let pictures = Pictures {
            frame: &seen.picture,
            reference: Some(reference.id()),
        };
        let settled = self
            .transitions
            .after_comparison(folder, set, &comparison, pictures);
        let settled = settled.await?;
        self.propose_after(folder, seen, &comparison, &reference)
            .await;
        match settled {
            Settled::Unchanged => Ok(()),
            Settled::Changed | Settled::Overtaken => {
                Box::pin(self.catch_up(folder, patience)).await
            }
        }
    }

    async fn publish(
        &self,
        folder: &Folder,
        seen: &FrameInHand,
        comparison: &Comparison,
    ) -> Result<(), JudgeError> {
        let number = self.bus.publish_comparison(folder, comparison).await?;
        tracing::debug!(
            comparison = number,
            similarity = comparison.similarity,
            "compared"
        );
        metrics::counter!("framewatch_comparisons_total", "verdict" => comparison.verdict().word())
            .increment(1);
        let age = OffsetDateTime::now_utc() - seen.stored_at;
        metrics::histogram!("framewatch_frame_to_comparison_seconds").record(age.as_seconds_f64());
        Ok(())
    }

    /// Looks whether the frame, or an earlier one, is to be proposed as a normal picture.
    async fn propose_after(
        &self,
        folder: &Folder,
        seen: &FrameInHand,
        comparison: &Comparison,
        reference: &CurrentReference,
    ) {
        let seen = SeenPicture {
            bytes: &seen.picture,
            brightness: seen.look.fingerprint.quality.brightness,
        };
        let frame = JudgedFrame {
            folder,
            comparison,
            reference,
            seen: Some(seen),
        };
        self.proposals.after_judging(frame).await;
    }

    /// How hard to look for what is wrong, and among which other views. Everything is searched once for each episode,
    /// before it begins; while it lasts, what it was called then is likely.
    fn search(&self, folder: &Folder) -> (Depth, Vec<Other>) {
        let alert = self.state.alerts.alert(&AlertSubject::view(folder));
        let firing = alert.filter(|alert| alert.event.phase() == Phase::Firing);
        let Some(firing) = firing else {
            return (Depth::Turns, self.baselines.but_for(folder));
        };
        let finding = firing.event.findings.first();
        let shift = finding.and_then(|it| it.shift);
        let depth = shift.map_or(Depth::Shifts, |shift| Depth::Like {
            degrees: shift.degrees as f32,
            zoom: shift.zoom as f32,
        });
        let other = finding.and_then(|it| self.baselines.named(&it.folder));
        (depth, other.into_iter().collect())
    }
}

/// Counts a frame by whether the network has looked at it: `yes`, `no` where the measure needs none, `carried` where it shows
/// nothing new.
fn count_looked_at(network: &'static str) {
    metrics::counter!("framewatch_frames_looked_at_total", "network" => network).increment(1);
}
