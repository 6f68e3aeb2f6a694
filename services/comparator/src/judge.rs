use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use event_bus::{
    Bus, Delivery, Folder, FrameArrival, FrameHeaders, PublishError, Stored, with_causes,
};
use fingerprint::Fingerprint;
use log_limiter::LogLimiter;
use proto::{
    EffectiveRule, from_timestamp, timestamp,
    v1::{Comparison, Frame, Verdict},
};
use service_runtime::CpuPool;
use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    Config,
    exhibits::{Exhibits, Pictures},
    fingerprinting::{Fingerprinting, Unreadable},
    references::{CurrentReference, ReferenceError, ReferencePictures},
    revisits::Cause,
    state::State,
    transitions::{Settled, TransitionError, Transitions},
    verdict::verdict,
};

/// What is done with one frame, and with a folder that is to be looked at again.
pub(crate) struct Judge {
    bus: Bus,
    state: Arc<State>,
    fingerprinting: Fingerprinting,
    unreadable: LogLimiter<Folder>,
    retries: LogLimiter,
    references: ReferencePictures,
    transitions: Transitions,
}

/// A frame as it came, and what it looks like.
struct Seen {
    headers: FrameHeaders,
    stored_at: OffsetDateTime,
    picture: Bytes,
    fingerprint: Fingerprint,
}

/// Why a frame could not be judged now.
#[derive(Debug, thiserror::Error)]
enum JudgeError {
    #[error(transparent)]
    Bus(#[from] PublishError),
    #[error(transparent)]
    Transition(#[from] TransitionError),
    #[error(transparent)]
    ReferencePicture(#[from] ReferenceError),
    #[error("the reference {id} cannot be read")]
    Reference { id: String, source: Unreadable },
}

/// After how long a frame that could not be judged is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl Judge {
    pub(crate) fn new(bus: Bus, state: Arc<State>, config: &Config, cpu: CpuPool) -> Self {
        let exhibits = Exhibits::new(bus.clone(), config.evidence_max_bytes());
        Judge {
            transitions: Transitions::new(bus.clone(), Arc::clone(&state), exhibits),
            fingerprinting: Fingerprinting::new(config.limits(), cpu),
            unreadable: LogLimiter::default(),
            retries: LogLimiter::default(),
            references: ReferencePictures::new(bus.clone()),
            bus,
            state,
        }
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
        let seen = match self.see(event, stored_at).await {
            Ok(seen) => seen,
            Err(error) => {
                metrics::counter!("framewatch_frames_unreadable_total").increment(1);
                if self.unreadable.is_due(&folder) {
                    let camera = &delivery.stored.event.headers.camera;
                    tracing::warn!(%folder, camera, %error, "a frame cannot be read; more of them are only counted for a minute");
                }
                return delivery.reject(&self.bus, &error.to_string()).await;
            }
        };
        match self.judge(&folder, &seen, reference).await {
            Ok(()) => delivery.done().await,
            Err(error) => {
                metrics::counter!("framewatch_frames_retried_total").increment(1);
                if self.retries.is_due(&()) {
                    tracing::warn!(%folder, error = with_causes(&error), "a frame was not judged and is tried again; more of them are only counted for a minute");
                }
                delivery.retry_after(RETRY).await;
            }
        }
    }

    /// Brings the folder's alert state up to date with its latest frame, its reference and its rule. Tries until it has
    /// succeeded, or shutdown.
    pub(crate) async fn revisit(
        &self,
        folder: &Folder,
        cause: Cause,
        shutdown: &CancellationToken,
    ) {
        while let Err(error) = self.try_revisit(folder, cause).await {
            tracing::warn!(%folder, error = with_causes(&error), "the latest frame was not judged again; trying again");
            if shutdown.run_until_cancelled(sleep(RETRY)).await.is_none() {
                return;
            }
        }
    }

    async fn try_revisit(&self, folder: &Folder, cause: Cause) -> Result<(), JudgeError> {
        let Some(reference) = self.state.reference(folder) else {
            self.transitions.after_removal(folder).await?;
            return Ok(());
        };
        let rule = self.state.rule(folder);
        if !rule.enabled {
            self.transitions.after_switching_off(folder).await?;
        }
        match cause {
            Cause::Transition => self.catch_up(folder).await,
            Cause::Change if self.is_judged(folder, &reference, &rule).await? => Ok(()),
            Cause::Change => {
                let latest = self.bus.latest::<FrameArrival>(folder).await?;
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
        let alert = self.state.alert(folder);
        let behind_alert = alert.and_then(|alert| alert.event.frame?.stored_at);
        let behind_alert = behind_alert.as_ref().and_then(from_timestamp);
        let latest = self.bus.latest::<FrameArrival>(folder).await?;
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
        match self.see(frame.event, frame.stored_at).await {
            Ok(seen) => self.judge(folder, &seen, reference).await,
            // It was reported when it came.
            Err(_) => Ok(()),
        }
    }

    async fn see(
        &self,
        frame: FrameArrival,
        stored_at: OffsetDateTime,
    ) -> Result<Seen, Unreadable> {
        let FrameArrival { headers, picture } = frame;
        let fingerprint = self.fingerprinting.of(picture.clone()).await?;
        Ok(Seen {
            headers,
            stored_at,
            picture,
            fingerprint,
        })
    }

    /// Whether the last comparison was made with this reference and this threshold, and the alert state is what follows
    /// from it.
    async fn is_judged(
        &self,
        folder: &Folder,
        reference: &CurrentReference,
        rule: &EffectiveRule,
    ) -> Result<bool, PublishError> {
        let Some(last) = self.bus.last::<Comparison>(folder).await?.event else {
            return Ok(false);
        };
        let is_firing = self.state.is_firing(folder);
        let follows = match last.event.verdict() {
            Verdict::Match => !is_firing,
            Verdict::Mismatch => is_firing == rule.enabled,
            Verdict::Indeterminate | Verdict::Unspecified => true,
        };
        Ok(follows
            && last.event.reference == Some(reference.to_message())
            && last.event.threshold == rule.threshold)
    }

    /// Compares what was seen with the reference, publishes the comparison, and does what follows from it.
    async fn judge(
        &self,
        folder: &Folder,
        seen: &Seen,
        reference: CurrentReference,
    ) -> Result<(), JudgeError> {
        let comparison = self.compare(folder, seen, &reference).await?;
        let number = self.bus.publish_comparison(folder, &comparison).await?;
        tracing::debug!(
            comparison = number,
            similarity = comparison.similarity,
            "compared"
        );
        metrics::counter!("framewatch_comparisons_total", "verdict" => comparison.verdict().word())
            .increment(1);
        let age = OffsetDateTime::now_utc() - seen.stored_at;
        metrics::histogram!("framewatch_frame_to_comparison_seconds").record(age.as_seconds_f64());

        let pictures = Pictures {
            frame: &seen.picture,
            reference: &reference,
            references: &self.references,
        };
        let settled = self
            .transitions
            .after_comparison(folder, &comparison, pictures);
        match settled.await? {
            Settled::AsItWas => Ok(()),
            Settled::Changed => Box::pin(self.catch_up(folder)).await,
        }
    }

    async fn compare(
        &self,
        folder: &Folder,
        seen: &Seen,
        reference: &CurrentReference,
    ) -> Result<Comparison, JudgeError> {
        let threshold = self.state.rule(folder).threshold;
        let of_reference = self.reference_fingerprint(folder, reference).await?;
        let similarity = of_reference.similarity(&seen.fingerprint);
        let verdict = verdict(&of_reference, &seen.fingerprint, similarity, threshold);
        Ok(Comparison {
            folder: folder.to_string(),
            frame: Some(Frame {
                stored_at: Some(timestamp(seen.stored_at)),
                captured_at: Some(timestamp(seen.headers.captured_at)),
                camera: seen.headers.camera.clone(),
            }),
            reference: Some(reference.to_message()),
            similarity,
            verdict: verdict.into(),
            threshold,
            compared_at: Some(timestamp(OffsetDateTime::now_utc())),
        })
    }

    /// The reference's fingerprint; computed from the stored picture where the event carries that of another version.
    async fn reference_fingerprint(
        &self,
        folder: &Folder,
        reference: &CurrentReference,
    ) -> Result<Fingerprint, JudgeError> {
        if let Some(fingerprint) = reference.fingerprint {
            return Ok(fingerprint);
        }
        let picture = self.references.get(folder, reference).await?;
        let fingerprint = self.fingerprinting.of(picture).await;
        let fingerprint = fingerprint.map_err(|source| JudgeError::Reference {
            id: reference.id.clone(),
            source,
        })?;
        self.state.learn_fingerprint(
            folder,
            &CurrentReference {
                fingerprint: Some(fingerprint),
                ..reference.clone()
            },
        );
        Ok(fingerprint)
    }
}
