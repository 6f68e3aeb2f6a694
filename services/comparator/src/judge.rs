//! What is done with one frame, and with a folder whose latest frame is to be judged again.

use std::{sync::Arc, time::Duration};

use alerting::{
    Clock, EvidenceWriter, FolderRule, Pictures, Settled, TransitionError, Transitions,
};
use bytes::Bytes;
use comparison::{
    Baseline, Depth, Look, Needs, Other, can_be_named,
    carry::{Glance, Grounds, Said},
    detector_version, is_too_dark, rule_digest,
};
use event_bus::{
    AlertSubject, Bus, Delivery, Folder, FrameArrival, PublishError, StoreError, Stored,
    with_causes,
};
use log_limiter::LogLimiter;
use proto::{
    EffectiveRule, from_timestamp,
    v1::{Comparison, Frame, Phase, Verdict},
};
use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    baselines::{BaselineError, Baselines},
    cascade::Cascade,
    comparisons::{self, Circumstances},
    digests::Digests,
    looking::{Looked, Looking, NotCompared, Unreadable},
    proposals::{JudgedFrame, Proposals, SeenPicture},
    recheck_queue::Cause,
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
    /// What was said of an earlier frame, where this one shows nothing new.
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
}

/// Why a frame that came was not judged.
#[derive(Debug, thiserror::Error)]
enum NotJudged {
    /// It may be later.
    #[error(transparent)]
    Now(#[from] JudgeError),
    #[error(transparent)]
    Ever(#[from] Unreadable),
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

    /// Whether it has the measures of all rules, without which no frame may be judged.
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
            .see(folder, arrival, stored_at, Some(&reference))
            .await?;
        if let Some(said) = &seen.carried {
            if self.carry_on(folder, &seen, said, &reference).await? {
                return Ok(());
            }
            seen = self.see(folder, again, stored_at, None).await?;
        }
        Ok(self.judge(folder, &seen, reference).await?)
    }

    /// Says that a frame cannot be read, and keeps it as a dead letter.
    async fn reject(
        &self,
        delivery: Delivery<FrameArrival>,
        reference: &CurrentReference,
        error: &Unreadable,
    ) {
        let Stored {
            key: folder,
            event,
            stored_at,
            ..
        } = &delivery.stored;
        metrics::counter!("framewatch_frames_unreadable_total").increment(1);
        if self.unreadable.is_due(folder) {
            let camera = &event.headers.camera;
            tracing::warn!(%folder, camera, %error, "a frame cannot be read; more of them are only counted for a minute");
        }
        let circumstances = Circumstances {
            folder,
            frame: &event.headers.frame(*stored_at),
            reference,
            rule: &self.state.rule(folder).rule,
        };
        let comparison = comparisons::of_unreadable(&circumstances, error);
        match self.bus.publish_comparison(folder, &comparison).await {
            Ok(_) => {
                self.nothing_to_propose(&circumstances, &comparison).await;
                delivery.reject(&self.bus, &error.to_string()).await;
            }
            Err(error) => self.retry(delivery, &error.into()).await,
        }
    }

    async fn retry(&self, delivery: Delivery<FrameArrival>, error: &JudgeError) {
        metrics::counter!("framewatch_frames_retried_total").increment(1);
        if self.retries.is_due(&()) {
            let folder = &delivery.stored.key;
            tracing::warn!(%folder, error = with_causes(error), "a frame was not judged and is tried again; more of them are only counted for a minute");
        }
        delivery.retry_after(RETRY).await;
    }

    /// Brings the folder's alert state up to date with its latest frame, its reference and its rule. Tries until it has
    /// succeeded, or shutdown.
    pub(crate) async fn recheck(
        &self,
        folder: &Folder,
        cause: Cause,
        shutdown: &CancellationToken,
    ) {
        while let Err(error) = self.try_recheck(folder, cause).await {
            tracing::warn!(%folder, error = with_causes(&error), "the latest frame was not judged again; trying again");
            if shutdown.run_until_cancelled(sleep(RETRY)).await.is_none() {
                return;
            }
        }
    }

    async fn try_recheck(&self, folder: &Folder, cause: Cause) -> Result<(), JudgeError> {
        let set = self.state.rule(folder);
        let Some(reference) = self.state.reference(folder) else {
            self.baselines.forget(folder);
            self.cascade.forget(folder);
            self.transitions.after_removal(folder, &set).await?;
            return Ok(());
        };
        if !set.rule.enabled {
            self.transitions.after_switching_off(folder, &set).await?;
        }
        match cause {
            Cause::Transition => self.catch_up(folder).await,
            Cause::Change if self.is_judged(folder, &reference, &set.rule).await? => Ok(()),
            Cause::Change => {
                let latest = self.bus.last_frame(folder).await?;
                self.judge_stored(folder, latest, reference).await
            }
        }
    }

    /// Judges the latest frame if it is newer than the one behind the folder's last alert. Whoever judged it may not have
    /// known of that alert yet, and so have seen nothing to change.
    async fn catch_up(&self, folder: &Folder) -> Result<(), JudgeError> {
        let Some(reference) = self.state.reference(folder) else {
            return Ok(());
        };
        let alert = self.state.alerts.alert(&AlertSubject::view(folder));
        let behind_alert = alert.and_then(|alert| alert.event.frame?.stored_at);
        let behind_alert = behind_alert.as_ref().and_then(from_timestamp);
        let latest = self.bus.latest_readable::<FrameArrival>(folder).await?;
        let newer = latest.filter(|latest| Some(latest.stored_at) > behind_alert);
        self.judge_stored(folder, newer, reference).await
    }

    async fn judge_stored(
        &self,
        folder: &Folder,
        frame: Option<Stored<FrameArrival>>,
        reference: CurrentReference,
    ) -> Result<(), JudgeError> {
        let Some(frame) = frame else {
            return Ok(());
        };
        // What is judged again is judged in full.
        match self.see(folder, frame.event, frame.stored_at, None).await {
            Ok(seen) => self.judge(folder, &seen, reference).await,
            // It was reported when it came.
            Err(_) => Ok(()),
        }
    }

    /// What a frame looks like. The network may be spared only where a reference is given, that of the folder.
    async fn see(
        &self,
        folder: &Folder,
        arrival: FrameArrival,
        stored_at: OffsetDateTime,
        reference: Option<&CurrentReference>,
    ) -> Result<FrameInHand, Unreadable> {
        let FrameArrival { headers, picture } = arrival;
        let set = self.state.rule(folder);
        let before = reference
            .and_then(|reference| self.cascade.before(folder, reference, &set.rule, stored_at));
        let looked = self
            .looking
            .of_new(picture.clone(), Needs::of(&set.rule), before);
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

    /// Says of a frame that shows nothing new what was said of an earlier one; `false` where it must be judged itself. Nothing
    /// follows from a verdict that is carried on: where an alert would fire or resolve by it, or a hold begin or end, it isn't.
    async fn carry_on(
        &self,
        folder: &Folder,
        seen: &FrameInHand,
        said: &Said,
        reference: &CurrentReference,
    ) -> Result<bool, JudgeError> {
        let set = &seen.set;
        let circumstances = Circumstances {
            folder,
            frame: &seen.frame,
            reference,
            rule: &set.rule,
        };
        let mut comparison = comparisons::of_carried(&circumstances, said);
        seen.digests.write_to(&mut comparison);
        if !self.transitions.stays(folder, set, &comparison).await? {
            return Ok(false);
        }
        self.publish(folder, seen, &comparison).await?;
        self.cascade.carried(folder, &seen.glance);
        // An alert may have fired or resolved meanwhile.
        if !self.transitions.stays(folder, set, &comparison).await? {
            return Ok(false);
        }
        count_looked_at("carried");
        self.propose_after(folder, seen, &comparison, reference)
            .await;
        Ok(true)
    }

    /// Whether the last comparison is what would be said of its frame now, and the alert state is what follows from it.
    async fn is_judged(
        &self,
        folder: &Folder,
        reference: &CurrentReference,
        rule: &EffectiveRule,
    ) -> Result<bool, StoreError> {
        let Some(last) = self.bus.latest_readable::<Comparison>(folder).await? else {
            return Ok(false);
        };
        let is_firing = self.state.alerts.is_firing(&AlertSubject::view(folder));
        let follows = match last.event.verdict() {
            Verdict::Match => !is_firing,
            Verdict::Mismatch => is_firing == rule.enabled,
            Verdict::Indeterminate | Verdict::Unreadable | Verdict::Unspecified => true,
        };
        let baseline = reference.baseline.as_ref();
        let was_held_against =
            |baseline: &Arc<Baseline>| last.event.baseline_digest == baseline.digest().as_bytes();
        Ok(follows
            && baseline.is_some_and(was_held_against)
            && last.event.rule_digest == rule_digest(rule).as_bytes()
            && last.event.detector_version == detector_version(rule.measure))
    }

    /// Compares what was seen with the reference, publishes the comparison, and does what follows from it.
    async fn judge(
        &self,
        folder: &Folder,
        seen: &FrameInHand,
        reference: CurrentReference,
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
            Settled::Changed | Settled::Overtaken => Box::pin(self.catch_up(folder)).await,
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

    /// Takes in what the network has said of a frame, so that later ones which show nothing new need not be given to it.
    fn remember(
        &self,
        folder: &Folder,
        seen: &FrameInHand,
        baseline: &Baseline,
        comparison: &Comparison,
    ) {
        if seen.look.view.is_some() {
            let grounds = Grounds::of(baseline, &seen.set.rule);
            let (glance, at) = (seen.glance.clone(), seen.stored_at);
            self.cascade.judged(folder, grounds, glance, at, comparison);
        }
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

    /// How long to look for what is wrong, and among which other views: once an episode, before it begins. What it was called
    /// then is likely while it lasts.
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

    /// Says that nothing can be said of a frame, since the reference is lost.
    async fn say_undecided(
        &self,
        circumstances: &Circumstances<'_>,
        seen: &FrameInHand,
        error: &BaselineError,
    ) -> Result<(), JudgeError> {
        let (folder, why) = (circumstances.folder, with_causes(error));
        if self.unreadable.is_due(folder) {
            tracing::warn!(%folder, error = why, "frames cannot be compared");
        }
        let mut comparison = comparisons::of_lost_reference(circumstances, &why);
        // Whether the camera works is known all the same.
        seen.digests.write_to(&mut comparison);
        self.bus.publish_comparison(folder, &comparison).await?;
        self.nothing_to_propose(circumstances, &comparison).await;
        Ok(())
    }

    /// Says of regions that they are judged without their own detail, since a picture is lost.
    fn say_without_detail(&self, folder: &Folder, regions: &[String]) {
        if regions.is_empty() {
            return;
        }
        metrics::counter!("framewatch_frames_without_detail_total").increment(1);
        if self.without_detail.is_due(folder) {
            tracing::warn!(%folder, ?regions, "these regions are judged without their own detail, since the stored picture of the reference is lost: upload it again; frames like it are only counted for a minute");
        }
    }

    /// Says of a frame in which nothing could be seen that there was one.
    async fn nothing_to_propose(&self, circumstances: &Circumstances<'_>, comparison: &Comparison) {
        self.proposals
            .after_judging(JudgedFrame {
                folder: circumstances.folder,
                comparison,
                reference: circumstances.reference,
                seen: None,
            })
            .await;
    }
}

/// Counts a frame by whether the network has looked at it: `yes`, `no` where the measure needs none, `carried` where it shows
/// nothing new.
fn count_looked_at(network: &'static str) {
    metrics::counter!("framewatch_frames_looked_at_total", "network" => network).increment(1);
}
