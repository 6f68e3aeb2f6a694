use std::{sync::Arc, time::Duration};

use event_bus::{
    Bus, Delivery, Expected, Folder, FrameArrival, FrameHeaders, Pictures, PublishError,
    StoreError, Stored, with_causes,
};
use fingerprint::Fingerprint;
use proto::{
    timestamp,
    v1::{Alert, Comparison, Frame, Phase},
};
use time::OffsetDateTime;
use tokio::{sync::OnceCell, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    Config, episode,
    fingerprinting::{Fingerprinting, Unreadable},
    references::CurrentReference,
    state::State,
    unreadable::UnreadableLog,
    verdict::verdict,
};

/// What is done with one frame, and with a folder whose reference or rule has changed.
pub(crate) struct Judge {
    bus: Bus,
    state: Arc<State>,
    fingerprinting: Fingerprinting,
    unreadable: UnreadableLog,
    pictures: OnceCell<Pictures>,
}

/// Why a frame could not be judged now.
#[derive(Debug, thiserror::Error)]
enum JudgeError {
    #[error(transparent)]
    Bus(#[from] PublishError),
    #[error("cannot read the reference from the object store")]
    Pictures(#[source] StoreError),
    #[error("the reference {id} cannot be read")]
    Reference { id: String, source: Unreadable },
    #[error("the reference {id} is not in the object store")]
    ReferenceGone { id: String },
}

/// How often a transition is tried against other comparators that are faster each time.
const SETTLE_ATTEMPTS: usize = 8;

/// After how long a frame that could not be judged is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl Judge {
    pub(crate) fn new(bus: Bus, state: Arc<State>, config: &Config) -> Self {
        Judge {
            bus,
            state,
            fingerprinting: Fingerprinting::new(config),
            unreadable: UnreadableLog::default(),
            pictures: OnceCell::new(),
        }
    }

    /// Judges a frame and acknowledges it.
    pub(crate) async fn frame(&self, delivery: Delivery<FrameArrival>) {
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
        let fingerprint = match self.fingerprinting.of(event.picture).await {
            Ok(fingerprint) => fingerprint,
            Err(error) => {
                self.unreadable
                    .report(&folder, &event.headers.camera, &error);
                return delivery.reject().await;
            }
        };
        match self
            .compare(&folder, &event.headers, stored_at, fingerprint, reference)
            .await
        {
            Ok(()) => delivery.done().await,
            Err(error) => {
                tracing::warn!(%folder, error = with_causes(&error), "a frame was not judged; trying again");
                delivery.retry_after(RETRY).await;
            }
        }
    }

    /// Judges the folder's latest frame again if its reference or threshold has changed since, and resolves the alert of
    /// a folder that has no reference any more. Tries until it has succeeded, or shutdown.
    pub(crate) async fn revisit(&self, folder: &Folder, shutdown: &CancellationToken) {
        while let Err(error) = self.try_revisit(folder).await {
            tracing::warn!(%folder, error = with_causes(&error), "the latest frame was not judged again; trying again");
            if shutdown.run_until_cancelled(sleep(RETRY)).await.is_none() {
                return;
            }
        }
    }

    async fn try_revisit(&self, folder: &Folder) -> Result<(), JudgeError> {
        let Some(reference) = self.state.reference(folder) else {
            return Ok(self.resolve_without_reference(folder).await?);
        };
        if self.is_judged(folder, &reference).await? {
            return Ok(());
        }
        let Some(frame) = self.bus.latest::<FrameArrival>(folder).await? else {
            return Ok(());
        };
        let Ok(fingerprint) = self.fingerprinting.of(frame.event.picture).await else {
            return Ok(());
        };
        self.compare(
            folder,
            &frame.event.headers,
            frame.stored_at,
            fingerprint,
            reference,
        )
        .await
    }

    /// Whether the last comparison was made with this reference and with the threshold that holds.
    async fn is_judged(
        &self,
        folder: &Folder,
        reference: &CurrentReference,
    ) -> Result<bool, PublishError> {
        let last = self.bus.last::<Comparison>(folder).await?.event;
        Ok(last.is_some_and(|last| {
            last.event.reference == Some(reference.to_message())
                && last.event.threshold == self.state.threshold(folder)
        }))
    }

    async fn compare(
        &self,
        folder: &Folder,
        headers: &FrameHeaders,
        stored_at: OffsetDateTime,
        fingerprint: Fingerprint,
        reference: CurrentReference,
    ) -> Result<(), JudgeError> {
        let threshold = self.state.threshold(folder);
        let of_reference = self.reference_fingerprint(folder, &reference).await?;
        let similarity = of_reference.similarity(&fingerprint);
        let verdict = verdict(&of_reference, &fingerprint, similarity, threshold);
        let comparison = Comparison {
            folder: folder.to_string(),
            frame: Some(Frame {
                stored_at: Some(timestamp(stored_at)),
                captured_at: Some(timestamp(headers.captured_at)),
                camera: headers.camera.clone(),
            }),
            reference: Some(reference.to_message()),
            similarity,
            verdict: verdict.into(),
            threshold,
            compared_at: Some(timestamp(OffsetDateTime::now_utc())),
        };
        self.bus.publish_comparison(folder, &comparison).await?;
        metrics::counter!("framewatch_comparisons_total", "verdict" => verdict.word()).increment(1);
        let age = OffsetDateTime::now_utc() - stored_at;
        metrics::histogram!("framewatch_frame_to_comparison_seconds").record(age.as_seconds_f64());

        self.settle(folder, |last, expected| {
            episode::after_comparison(folder, last, expected, &comparison)
        })
        .await?;
        Ok(())
    }

    async fn resolve_without_reference(&self, folder: &Folder) -> Result<(), PublishError> {
        let now = OffsetDateTime::now_utc();
        self.settle(folder, |last, _| {
            last.and_then(|last| episode::after_removal(last, now))
        })
        .await
    }

    /// Publishes the alert that `decide` asks for. Where another comparator was faster, `decide` is asked again with what
    /// that one published.
    async fn settle(
        &self,
        folder: &Folder,
        decide: impl Fn(Option<&Alert>, u64) -> Option<Alert>,
    ) -> Result<(), PublishError> {
        let mut unreadable = None;
        for _ in 0..SETTLE_ATTEMPTS {
            let last = self.state.alert(folder);
            let expected = unreadable.unwrap_or(Expected::after(last.as_ref()));
            let Some(alert) = decide(last.as_ref().map(|stored| &stored.event), expected.0) else {
                return Ok(());
            };
            match self.bus.publish_alert(folder, &alert, expected).await {
                Ok(sequence) => {
                    self.announce(folder, alert, sequence);
                    return Ok(());
                }
                Err(PublishError::Conflict) => {
                    let last = self.bus.last::<Alert>(folder).await?;
                    // What was known may be newer than what the stream holds: an alert ends by age, or with its stream.
                    // One that cannot be read is followed, and the last one that could be remains the state.
                    if last.event.is_some() || last.expected == Expected(0) {
                        self.state.set_alert(folder, last.event);
                    } else {
                        unreadable = Some(last.expected);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(PublishError::Conflict)
    }

    fn announce(&self, folder: &Folder, alert: Alert, sequence: u64) {
        let phase = alert.phase();
        metrics::counter!("framewatch_alerts_total", "phase" => phase.word()).increment(1);
        match phase {
            Phase::Firing => {
                tracing::warn!(target: "comparator::alerts", %folder, id = alert.id, "{}", alert.message);
            }
            _ => {
                tracing::info!(target: "comparator::alerts", %folder, id = alert.id, "{}", alert.message)
            }
        }
        self.state.learn_alert(Stored {
            key: folder.clone(),
            event: alert,
            stored_at: OffsetDateTime::now_utc(),
            sequence,
        });
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
        let id = || reference.id.clone();
        let picture = self
            .pictures
            .get_or_try_init(|| self.bus.pictures())
            .await
            .map_err(JudgeError::Pictures)?
            .get(folder, &reference.id)
            .await
            .map_err(JudgeError::Pictures)?
            .ok_or_else(|| JudgeError::ReferenceGone { id: id() })?;
        let fingerprint = self
            .fingerprinting
            .of(picture)
            .await
            .map_err(|source| JudgeError::Reference { id: id(), source })?;
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
