//! A folder whose latest frame is to be judged again.

use std::sync::Arc;

use comparison::{Baseline, detector_version, rule_digest};
use event_bus::{AlertSubject, Folder, FrameArrival, StoreError, Stored, with_causes};
use proto::{
    EffectiveRule, from_timestamp,
    v1::{Comparison, Verdict},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Judge, JudgeError, RETRY};
use crate::{looking::Patience, recheck_queue::Cause, references::CurrentReference};

impl Judge {
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
            Cause::Transition => self.catch_up(folder, Patience::Long).await,
            Cause::Change if self.is_judged(folder, &reference, &set.rule).await? => Ok(()),
            Cause::Change => {
                let latest = self.bus.last_frame(folder).await?;
                self.judge_stored(folder, latest, reference, Patience::Long)
                    .await
            }
        }
    }

    /// Judges the latest frame if it is newer than the one behind the folder's last alert. Whoever judged it may not
    /// have known of that alert yet, and so have seen nothing to change.
    ///
    /// Each alert that is published has every comparator do this, so whoever has just published one loses nothing by little
    /// patience.
    pub(super) async fn catch_up(
        &self,
        folder: &Folder,
        patience: Patience,
    ) -> Result<(), JudgeError> {
        let Some(reference) = self.state.reference(folder) else {
            return Ok(());
        };
        let alert = self.state.alerts.alert(&AlertSubject::view(folder));
        let behind_alert = alert.and_then(|alert| alert.event.frame?.stored_at);
        let behind_alert = behind_alert.as_ref().and_then(from_timestamp);
        let latest = self.bus.latest_readable::<FrameArrival>(folder).await?;
        let newer = latest.filter(|latest| Some(latest.stored_at) > behind_alert);
        self.judge_stored(folder, newer, reference, patience).await
    }

    async fn judge_stored(
        &self,
        folder: &Folder,
        frame: Option<Stored<FrameArrival>>,
        reference: CurrentReference,
        patience: Patience,
    ) -> Result<(), JudgeError> {
        let Some(frame) = frame else {
            return Ok(());
        };
        // What is judged again is judged in full.
        let seen = self.see(folder, frame.event, frame.stored_at, None, patience);
        match seen.await {
            Ok(seen) => self.judge(folder, &seen, reference, patience).await,
            // It was reported when it came; or is looked at when its alert is heard of.
            Err(_) => Ok(()),
        }
    }

    /// Whether the last comparison says what would be said of its frame now, and the alert state follows from it.
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
}
