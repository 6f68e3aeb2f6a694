//! Carries decisions out: publishes what `episode` decides, by compare-and-set against whoever else decides.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use event_bus::{
    AlertSubject, Bus, Expected, Folder, FrameArrival, Hold, Origin, PublishError, StoreError,
    Stored,
};
use proto::{
    EffectiveRule,
    v1::{Alert, Comparison, Phase, ResolvedBy, Subject, Verdict},
};
use time::OffsetDateTime;
use tokio::time::sleep;

use crate::{
    AlertStates, Clock, EpisodePast, EvidenceWriter, Pictures,
    age::Age,
    episode::{self, CameraSeen, Decision, Standing, Transition, ViewStanding},
    sentences,
};

/// Carries out what is decided of a folder, among others that decide as well: a step is published only if what it rests
/// on is still so. If something else came first, it is decided anew from that.
pub struct Transitions {
    bus: Bus,
    states: Arc<AlertStates>,
    evidence: EvidenceWriter,
    past: EpisodePast,
    clock: Clock,
}

/// What people have set for a folder, and who.
#[derive(Debug, Clone, PartialEq)]
pub struct FolderRule {
    /// The rule in force.
    pub rule: EffectiveRule,
    /// Who changed it last; empty where nobody knows.
    pub rule_by: String,
    /// Who changed or removed the reference last; empty where nobody knows.
    pub reference_by: String,
}

/// What became of the alert state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is as it was.
    Unchanged,
    /// The alert fired or resolved.
    Changed,
    /// It is as it was: what would have changed it held no longer by then.
    Overtaken,
}

/// Why a decision could not be carried out now.
#[derive(Debug, thiserror::Error)]
pub enum TransitionError {
    /// NATS did not take it, or others were faster again and again.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// NATS did not say how things stand.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How often a decision is tried, where others are faster each time.
const ATTEMPTS: usize = 8;

/// Between two of them, where the broker does not say yet what came first.
const PAUSE: Duration = Duration::from_millis(50);

/// What a decision is based on. The broker must still hold it when the decision is carried out.
struct Known {
    alert: Option<Stored<Alert>>,
    hold: Option<Stored<Hold>>,
    expected_alert: Expected,
    expected_hold: Expected,
}

/// What leads to a decision.
#[derive(Clone, Copy)]
struct Occasion<'a> {
    comparison: Option<&'a Comparison>,
    pictures: Option<Pictures<'a>>,
    set: &'a FolderRule,
    /// When the last frame was stored of a camera that is said to send none any more.
    silent_since: Option<OffsetDateTime>,
}

impl Transitions {
    /// Decides by this clock.
    pub fn new(bus: Bus, states: Arc<AlertStates>, evidence: EvidenceWriter, clock: Clock) -> Self {
        Transitions {
            past: EpisodePast::new(bus.clone()),
            bus,
            states,
            evidence,
            clock,
        }
    }

    /// Does what follows from a comparison. The frame and the reference behind an alert are stored before it is
    /// published, where that is possible within a second.
    pub async fn after_comparison(
        &self,
        folder: &Folder,
        set: &FolderRule,
        comparison: &Comparison,
        pictures: Pictures<'_>,
    ) -> Result<Settled, TransitionError> {
        let occasion = Occasion {
            comparison: Some(comparison),
            pictures: Some(pictures),
            ..Occasion::of_people(set)
        };
        self.settle(&AlertSubject::view(folder), occasion, |known| {
            known.after(folder, &set.rule, comparison)
        })
        .await
    }

    /// Whether a comparison changes nothing: no alert fires or resolves, and no hold begins or ends.
    ///
    /// # Errors
    /// When the broker must be asked how things stand, and does not say.
    pub async fn stays(
        &self,
        folder: &Folder,
        set: &FolderRule,
        comparison: &Comparison,
    ) -> Result<bool, TransitionError> {
        let known = self.known_for_sure(&AlertSubject::view(folder)).await?;
        let decision = known.after(folder, &set.rule, comparison);
        Ok(decision == Decision::Nothing)
    }

    /// Resolves what is firing of the view of a folder that has no reference any more.
    pub async fn after_removal(
        &self,
        folder: &Folder,
        set: &FolderRule,
    ) -> Result<Settled, TransitionError> {
        self.after_people(folder, set, episode::after_removal).await
    }

    /// Resolves what is firing of the view of a folder whose alerts are switched off.
    pub async fn after_switching_off(
        &self,
        folder: &Folder,
        set: &FolderRule,
    ) -> Result<Settled, TransitionError> {
        self.after_people(folder, set, episode::after_switching_off)
            .await
    }

    async fn after_people(
        &self,
        folder: &Folder,
        set: &FolderRule,
        decide: impl Fn(Option<&Alert>, OffsetDateTime) -> Decision,
    ) -> Result<Settled, TransitionError> {
        let (now, occasion) = (self.clock.now(), Occasion::of_people(set));
        self.settle(&AlertSubject::view(folder), occasion, |known| {
            decide(known.last(), now)
        })
        .await
    }

    /// Does what follows from what was learnt of the folder's camera. The picture behind an alert, where there is one, is
    /// stored before it is published, where that is possible within a second.
    pub async fn after_camera(
        &self,
        folder: &Folder,
        set: &FolderRule,
        seen: &CameraSeen,
        picture: Option<&Bytes>,
    ) -> Result<Settled, TransitionError> {
        let pictures = picture.map(|frame| Pictures {
            frame,
            reference: None,
        });
        let occasion = Occasion {
            pictures,
            silent_since: seen.silent_since(),
            ..Occasion::of_people(set)
        };
        self.settle(&AlertSubject::camera(folder), occasion, |known| {
            episode::after_camera(&known.standing(folder), seen)
        })
        .await
    }

    async fn settle(
        &self,
        subject: &AlertSubject,
        occasion: Occasion<'_>,
        decide: impl Fn(&Known) -> Decision,
    ) -> Result<Settled, TransitionError> {
        let mut known = self.known_for_sure(subject).await?;
        for _ in 0..ATTEMPTS {
            let done = match (decide(&known), occasion.comparison) {
                (Decision::Nothing, _) | (Decision::Remember, None) => {
                    return Ok(Settled::Unchanged);
                }
                (Decision::Remember, Some(comparison)) => self
                    .remember(&subject.folder, comparison, known.expected_hold)
                    .await
                    .map(|()| Settled::Unchanged),
                (Decision::Publish(transition), _) => {
                    let alert = self.complete(subject, &known, *transition, occasion).await;
                    if self.is_overtaken(&subject.folder, &alert, occasion).await? {
                        return Ok(Settled::Overtaken);
                    }
                    self.publish(subject, alert, known.expected_alert)
                        .await
                        .map(|()| Settled::Changed)
                }
            };
            match done {
                Err(PublishError::Conflict) => {
                    let before = known.expectations();
                    known = self.ask(subject).await?;
                    if known.expectations() == before {
                        // A cluster is storing what came first at this moment.
                        sleep(PAUSE).await;
                    }
                }
                other => return Ok(other?),
            }
        }
        Err(PublishError::Conflict.into())
    }

    /// The alert with all that is to be said: why it ended and how bad it had become, and its sentence. Keeps the evidence
    /// of one that fires.
    async fn complete(
        &self,
        subject: &AlertSubject,
        known: &Known,
        Transition { mut alert, lasted }: Transition,
        occasion: Occasion<'_>,
    ) -> Alert {
        if let (Phase::Firing, Some(pictures)) = (alert.phase(), occasion.pictures) {
            let missing = self.evidence.store(&subject.folder, &alert, pictures);
            alert.evidence_missing = missing.await;
        }
        if let (Phase::Resolved, Some(firing)) = (alert.phase(), known.last()) {
            if subject.subject == Subject::View {
                self.look_back(&subject.folder, firing, &mut alert, occasion)
                    .await;
            }
            name_who_ended(&mut alert, occasion.set);
        }
        alert.message = sentences::of_alert(&alert, lasted);
        alert
    }

    /// Whether what led to the alert no longer holds. It held when it was seen, but looking back and storing evidence
    /// take a while.
    async fn is_overtaken(
        &self,
        folder: &Folder,
        alert: &Alert,
        occasion: Occasion<'_>,
    ) -> Result<bool, StoreError> {
        match (alert.phase(), occasion.comparison, occasion.silent_since) {
            (Phase::Resolved, Some(comparison), _) => {
                self.mismatches_again(folder, comparison).await
            }
            (Phase::Firing, _, Some(since)) => self.sends_again(folder, since).await,
            _ => Ok(false),
        }
    }

    /// Whether a newer frame than the one that is to end the alert was judged, and does not match. Others judged it
    /// while the alert was firing, and so had nothing to say.
    async fn mismatches_again(
        &self,
        folder: &Folder,
        comparison: &Comparison,
    ) -> Result<bool, StoreError> {
        let last = self.bus.latest_readable::<Comparison>(folder).await?;
        Ok(last.is_some_and(|Stored { event: last, .. }| {
            last.verdict() == Verdict::Mismatch
                && last.baseline_digest == comparison.baseline_digest
                && last.rule_digest == comparison.rule_digest
                && Age::of(comparison).is_older_than(Age::of(&last))
        }))
    }

    /// Whether the camera sent a frame after this moment.
    async fn sends_again(
        &self,
        folder: &Folder,
        since: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let last = self.bus.last::<FrameArrival>(folder).await?;
        Ok(last.event.is_some_and(|last| last.stored_at > since))
    }

    async fn look_back(
        &self,
        folder: &Folder,
        firing: &Alert,
        alert: &mut Alert,
        occasion: Occasion<'_>,
    ) {
        let ending = self.past.ending(folder, firing).await;
        alert.worst_similarity = ending.as_ref().and_then(|ending| ending.worst(firing));
        if let (ResolvedBy::Unspecified, Some(comparison)) =
            (alert.resolved_by(), occasion.comparison)
        {
            let ending = ending.unwrap_or_default();
            alert.set_resolved_by(ending.cause(firing, comparison));
        }
    }

    /// As the folds have it, or where there may be more than they know, as the broker has it.
    async fn known_for_sure(&self, subject: &AlertSubject) -> Result<Known, StoreError> {
        match self.states.is_doubtful(subject, self.bus.connections()) {
            true => self.ask(subject).await,
            false => Ok(self.known(subject)),
        }
    }

    /// As the folds have it: now and then a little late.
    fn known(&self, subject: &AlertSubject) -> Known {
        let alert = self.states.alert(subject);
        let hold = self.states.hold(&subject.folder);
        Known {
            expected_alert: Expected::after(alert.as_ref()),
            expected_hold: Expected::after(hold.as_ref()),
            alert,
            hold,
        }
    }

    /// As the broker has it. What an alert said still holds where it has ended by age or with its stream: until that is put
    /// back, the broker has nothing. One that cannot be read is followed, and the last one that could be remains the state.
    async fn ask(&self, subject: &AlertSubject) -> Result<Known, StoreError> {
        let (connection, now) = (self.bus.connections(), self.clock.now());
        let alert = self.bus.last::<Alert>(subject).await?;
        match alert.event {
            Some(event) => self.states.set_alert(event),
            None if alert.expected == Expected(0) => self.states.alert_is_gone(subject),
            None => {}
        }
        let hold = self.bus.last::<Hold>(&subject.folder).await?;
        self.states.set_hold(&subject.folder, hold.event);
        self.states.asked(subject, connection, now);
        Ok(Known {
            expected_alert: alert.expected,
            expected_hold: hold.expected,
            ..self.known(subject)
        })
    }

    async fn remember(
        &self,
        folder: &Folder,
        comparison: &Comparison,
        expected: Expected,
    ) -> Result<(), PublishError> {
        let sequence = self.bus.publish_hold(folder, comparison, expected).await?;
        let hold = Hold {
            value: Some(comparison.clone()),
        };
        self.states
            .learn_hold(self.stored(folder.clone(), hold, sequence));
        Ok(())
    }

    async fn publish(
        &self,
        subject: &AlertSubject,
        alert: Alert,
        expected: Expected,
    ) -> Result<(), PublishError> {
        let sequence = self.bus.publish_alert(subject, &alert, expected).await?;
        let (phase, id, message) = (alert.phase(), &alert.id, &alert.message);
        let folder = &subject.folder;
        metrics::counter!(
            "framewatch_alerts_total",
            "phase" => phase.word(), "subject" => subject.subject.word()
        )
        .increment(1);
        match phase {
            // A hundred cameras may fall silent at once: whoever watches them says it in one line.
            _ if subject.subject == Subject::Camera => {}
            Phase::Firing => {
                tracing::warn!(target: "comparator::alerts", %folder, id, event = sequence, "{message}");
            }
            _ => {
                tracing::info!(target: "comparator::alerts", %folder, id, event = sequence, "{message}");
            }
        }
        self.states
            .learn_alert(self.stored(subject.clone(), alert, sequence));
        Ok(())
    }

    fn stored<E: event_bus::Event>(&self, key: E::Key, event: E, sequence: u64) -> Stored<E> {
        Stored {
            key,
            event,
            stored_at: self.clock.now(),
            sequence,
            by: String::new(),
            first_said_at: None,
            origin: Origin::default(),
        }
    }
}

/// Who changed what ended the alert.
fn name_who_ended(alert: &mut Alert, set: &FolderRule) {
    let who = match alert.resolved_by() {
        ResolvedBy::Rule | ResolvedBy::SwitchedOff => &set.rule_by,
        ResolvedBy::Reference | ResolvedBy::Removed => &set.reference_by,
        ResolvedBy::View | ResolvedBy::Camera | ResolvedBy::Unspecified => return,
    };
    alert.resolved_by_name.clone_from(who);
}

impl Known {
    fn expectations(&self) -> (Expected, Expected) {
        (self.expected_alert, self.expected_hold)
    }

    fn after(&self, folder: &Folder, rule: &EffectiveRule, comparison: &Comparison) -> Decision {
        let hold = self.hold.as_ref();
        let hold = hold.and_then(|hold| hold.event.value.as_ref());
        let view = ViewStanding { rule, hold };
        episode::after_comparison(&self.standing(folder), &view, comparison)
    }

    fn last(&self) -> Option<&Alert> {
        self.alert.as_ref().map(|stored| &stored.event)
    }

    fn standing<'a>(&'a self, folder: &'a Folder) -> Standing<'a> {
        Standing {
            folder: folder.as_str(),
            last: self.last(),
            expected: self.expected_alert.0,
        }
    }
}

impl<'a> Occasion<'a> {
    fn of_people(set: &'a FolderRule) -> Self {
        Occasion {
            comparison: None,
            pictures: None,
            set,
            silent_since: None,
        }
    }
}
