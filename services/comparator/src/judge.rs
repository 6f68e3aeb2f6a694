use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use event_bus::{
    Bus, Delivery, Evidence, Exhibit, Expected, Folder, FrameArrival, FrameHeaders, Pictures,
    PublishError, StoreError, Stored, with_causes,
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
    evidence: OnceCell<Evidence>,
    evidence_max_bytes: u64,
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
    #[error("cannot read the reference from the object store")]
    Pictures(#[source] StoreError),
    #[error("cannot store the evidence")]
    Evidence(#[source] StoreError),
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
            evidence: OnceCell::new(),
            evidence_max_bytes: config.evidence_max_bytes(),
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
        let seen = match self.see(event, stored_at).await {
            Ok(seen) => seen,
            Err(error) => {
                let camera = &delivery.stored.event.headers.camera;
                self.unreadable.report(&folder, camera, &error);
                return delivery.reject().await;
            }
        };
        match self.compare(&folder, &seen, reference).await {
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
            return self.resolve_without_reference(folder).await;
        };
        if self.is_judged(folder, &reference).await? {
            return Ok(());
        }
        let Some(frame) = self.bus.latest::<FrameArrival>(folder).await? else {
            return Ok(());
        };
        let Ok(seen) = self.see(frame.event, frame.stored_at).await else {
            return Ok(());
        };
        self.compare(folder, &seen, reference).await
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
        seen: &Seen,
        reference: CurrentReference,
    ) -> Result<(), JudgeError> {
        let threshold = self.state.threshold(folder);
        let of_reference = self.reference_fingerprint(folder, &reference).await?;
        let similarity = of_reference.similarity(&seen.fingerprint);
        let verdict = verdict(&of_reference, &seen.fingerprint, similarity, threshold);
        let comparison = Comparison {
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
        };
        self.bus.publish_comparison(folder, &comparison).await?;
        metrics::counter!("framewatch_comparisons_total", "verdict" => verdict.word()).increment(1);
        let age = OffsetDateTime::now_utc() - seen.stored_at;
        metrics::histogram!("framewatch_frame_to_comparison_seconds").record(age.as_seconds_f64());

        let exhibits = Some((&seen.picture, &reference));
        self.settle(folder, exhibits, |last, expected| {
            episode::after_comparison(folder, last, expected, &comparison)
        })
        .await
    }

    async fn resolve_without_reference(&self, folder: &Folder) -> Result<(), JudgeError> {
        let now = OffsetDateTime::now_utc();
        self.settle(folder, None, |last, _| {
            last.and_then(|last| episode::after_removal(last, now))
        })
        .await
    }

    /// Publishes the alert that `decide` asks for, once the frame and the reference behind it are stored. Where another
    /// comparator was faster, `decide` is asked again with what that one published.
    async fn settle(
        &self,
        folder: &Folder,
        exhibits: Option<(&Bytes, &CurrentReference)>,
        decide: impl Fn(Option<&Alert>, u64) -> Option<Alert>,
    ) -> Result<(), JudgeError> {
        let mut unreadable = None;
        for _ in 0..SETTLE_ATTEMPTS {
            let last = self.state.alert(folder);
            let expected = unreadable.unwrap_or(Expected::after(last.as_ref()));
            let Some(alert) = decide(last.as_ref().map(|stored| &stored.event), expected.0) else {
                return Ok(());
            };
            if let (Phase::Firing, Some((frame, reference))) = (alert.phase(), exhibits) {
                self.store_evidence(folder, &alert, frame, reference)
                    .await?;
            }
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
                Err(error) => return Err(error.into()),
            }
        }
        Err(PublishError::Conflict.into())
    }

    /// Another comparator that judges the same frame stores the same; an alert that isn't published after all leaves its
    /// evidence to age.
    async fn store_evidence(
        &self,
        folder: &Folder,
        alert: &Alert,
        frame: &Bytes,
        reference: &CurrentReference,
    ) -> Result<(), JudgeError> {
        let evidence = self.evidence.get_or_try_init(|| self.bus.evidence());
        let evidence = evidence.await.map_err(JudgeError::Evidence)?;
        let size = evidence.size().await.map_err(JudgeError::Evidence)?;
        if size >= self.evidence_max_bytes {
            metrics::counter!("framewatch_evidence_not_kept_total").increment(1);
            tracing::warn!(%folder, id = alert.id, size, "the evidence is as large as it may be: none is kept of this alert");
            return Ok(());
        }
        let put = async |exhibit, picture: &Bytes| {
            let put = evidence.put(&alert.id, exhibit, picture);
            put.await.map_err(JudgeError::Evidence)
        };
        put(Exhibit::Frame, frame).await?;
        match self.reference_picture(folder, reference).await {
            Ok(picture) => put(Exhibit::Reference, &picture).await,
            // It was deleted a moment ago: that is no reason to keep quiet about what was seen.
            Err(JudgeError::ReferenceGone { .. }) => Ok(()),
            Err(error) => Err(error),
        }
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
        let picture = self.reference_picture(folder, reference).await?;
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

    async fn reference_picture(
        &self,
        folder: &Folder,
        reference: &CurrentReference,
    ) -> Result<Bytes, JudgeError> {
        let pictures = self.pictures.get_or_try_init(|| self.bus.pictures());
        let pictures = pictures.await.map_err(JudgeError::Pictures)?;
        let picture = pictures.get(folder, &reference.id).await;
        picture
            .map_err(JudgeError::Pictures)?
            .ok_or_else(|| JudgeError::ReferenceGone {
                id: reference.id.clone(),
            })
    }
}
