//! A frame that shows nothing new, of which is said what was said of an earlier one.

use comparison::{
    Baseline,
    carry::{Grounds, Said},
};
use event_bus::Folder;
use proto::v1::Comparison;

use super::{FrameInHand, Judge, JudgeError, count_looked_at};
use crate::{
    comparisons::{self, Circumstances},
    references::CurrentReference,
};

impl Judge {
    /// Says of a frame that shows nothing new what was said of an earlier one; `false` where it must be judged itself.
    /// Nothing follows from a verdict that is carried on: where an alert would fire or resolve by it, or a hold begin
    /// or end, it isn't.
    pub(super) async fn carry_on(
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

    /// Takes in what the network has said of a frame, so that later ones which show nothing new need not be given to
    /// it.
    pub(super) fn remember(
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
}
