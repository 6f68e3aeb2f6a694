//! What is said of a frame that cannot be compared, or not in full.

use event_bus::{Delivery, Folder, FrameArrival, Stored, with_causes};
use proto::v1::Comparison;

use super::{FrameInHand, Judge, JudgeError};
use crate::{
    baselines::BaselineError,
    comparisons::{self, Circumstances},
    looking::Unreadable,
    proposals::JudgedFrame,
    references::CurrentReference,
};

impl Judge {
    /// Says that a frame cannot be read, and keeps it as a dead letter.
    pub(super) async fn reject(
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

    /// Says that nothing can be said of a frame, since the reference is lost.
    pub(super) async fn say_undecided(
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
    pub(super) fn say_without_detail(&self, folder: &Folder, regions: &[String]) {
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
