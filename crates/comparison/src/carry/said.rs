//! What was said of a frame, as far as later ones may carry it on.

use bytes::Bytes;
use proto::{
    from_timestamp, timestamp,
    v1::{Comparison, Finding, Kind, Picture, Verdict},
};
use time::OffsetDateTime;

/// What was said of a frame that was judged in full.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// When that frame was stored.
    frame_at: OffsetDateTime,
    similarity: f64,
    verdict: Verdict,
    closest: Option<Picture>,
    findings: Vec<Finding>,
    patches: Bytes,
}

/// So far above the threshold a similarity must be: noise moves it.
const MATCH_MARGIN: f64 = 0.01;
/// So far below it, where it falls nine times as fast.
const MISMATCH_MARGIN: f64 = 0.08;

/// What is not said of frames by being like another one.
const NEVER: [Kind; 3] = [Kind::Blank, Kind::Dark, Kind::Unspecified];

impl Said {
    /// `None` where it is not to be carried on: it is no plain match or mismatch, close to the threshold, or was itself carried.
    pub fn of(comparison: &Comparison) -> Option<Self> {
        let similarity = comparison.similarity?;
        let above = similarity - comparison.threshold;
        let verdict = comparison.verdict();
        let is_plain = match verdict {
            Verdict::Match => above >= MATCH_MARGIN,
            Verdict::Mismatch => -above >= MISMATCH_MARGIN,
            Verdict::Indeterminate | Verdict::Unreadable | Verdict::Unspecified => false,
        };
        let is_excluded = |it: &Finding| NEVER.contains(&it.kind());
        let frame_at = comparison.frame.as_ref()?.stored_at.as_ref();
        let may_be = is_plain
            && comparison.carried_from.is_none()
            && !comparison.findings.iter().any(is_excluded);
        Some(Said {
            frame_at: from_timestamp(frame_at.filter(|_| may_be)?)?,
            similarity,
            verdict,
            closest: comparison.closest.clone(),
            findings: comparison.findings.clone(),
            patches: comparison.patches.clone(),
        })
    }

    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Says the same of another frame, and where it comes from.
    pub fn write_to(&self, comparison: &mut Comparison) {
        comparison.similarity = Some(self.similarity);
        comparison.set_verdict(self.verdict);
        comparison.closest.clone_from(&self.closest);
        comparison.findings.clone_from(&self.findings);
        comparison.patches = self.patches.clone();
        comparison.carried_from = Some(timestamp(self.frame_at));
    }
}
