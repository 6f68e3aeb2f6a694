//! What is remembered of a folder between its frames, here and in the bucket `learning`.

use proto::{
    from_timestamp, timestamp,
    v1::{Comparison, Frame, Learning, Proposal},
};
use time::OffsetDateTime;

/// What is remembered of a folder. All times are those of frames, by the broker's clock.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Remembered {
    /// The reference that all of this is about.
    pub(super) reference: String,
    /// When something was last not as it should be, or nobody looked. Trouble of some minutes is one.
    pub(super) disturbed_at: OffsetDateTime,
    /// When the last frame came, to some minutes.
    pub(super) seen_at: OffsetDateTime,
    /// When the frame came that was proposed last.
    pub(super) proposed_at: Option<OffsetDateTime>,
    pub(super) waiting: Option<Waiting>,
}

/// A frame that is proposed if nothing happens for a while.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Waiting {
    pub(super) at: OffsetDateTime,
    pub(super) proposal: Proposal,
}

impl Waiting {
    /// `None` of a proposal without a time.
    pub(super) fn of(proposal: Proposal) -> Option<Self> {
        let at = stored_at(proposal.frame.as_ref()?)?;
        Some(Waiting { at, proposal })
    }
}

impl Remembered {
    /// `None` where it says too little: then all begins anew.
    pub(super) fn read(learning: Learning) -> Option<Self> {
        let proposed_at = learning.proposed_at.as_ref();
        Some(Remembered {
            reference: learning.reference_id,
            disturbed_at: from_timestamp(learning.disturbed_at.as_ref()?)?,
            seen_at: from_timestamp(learning.seen_at.as_ref()?)?,
            proposed_at: proposed_at.and_then(from_timestamp),
            waiting: learning.waiting.and_then(Waiting::of),
        })
    }

    pub(super) fn to_message(&self) -> Learning {
        Learning {
            reference_id: self.reference.clone(),
            disturbed_at: Some(timestamp(self.disturbed_at)),
            seen_at: Some(timestamp(self.seen_at)),
            proposed_at: self.proposed_at.map(timestamp),
            waiting: self
                .waiting
                .as_ref()
                .map(|waiting| waiting.proposal.clone()),
        }
    }
}

/// When the frame was stored that was compared.
pub(super) fn frame_at(comparison: &Comparison) -> Option<OffsetDateTime> {
    stored_at(comparison.frame.as_ref()?)
}

fn stored_at(frame: &Frame) -> Option<OffsetDateTime> {
    frame.stored_at.as_ref().and_then(from_timestamp)
}
