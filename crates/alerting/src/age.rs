//! Which of two judgements is the newer one: by its reference and by its frame, each as the broker stored it.

use proto::{
    from_timestamp,
    v1::{Alert, Comparison, Frame, Reference},
};
use time::OffsetDateTime;

/// When something was seen and by what measure, by the broker's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age {
    pub(crate) reference_since: Option<OffsetDateTime>,
    pub(crate) frame_stored_at: Option<OffsetDateTime>,
}

impl Age {
    pub(crate) fn of(comparison: &Comparison) -> Self {
        Age::new(comparison.reference.as_ref(), comparison.frame.as_ref())
    }

    pub(crate) fn of_alert(alert: &Alert) -> Self {
        Age::new(alert.reference.as_ref(), alert.frame.as_ref())
    }

    fn new(reference: Option<&Reference>, frame: Option<&Frame>) -> Self {
        let reference_since = reference.and_then(|reference| reference.since);
        let frame_stored_at = frame.and_then(|frame| frame.stored_at);
        Age {
            reference_since: reference_since.as_ref().and_then(from_timestamp),
            frame_stored_at: frame_stored_at.as_ref().and_then(from_timestamp),
        }
    }

    /// From when on the two were there to be compared.
    pub(crate) fn moment(self) -> Option<OffsetDateTime> {
        self.reference_since.max(self.frame_stored_at)
    }

    /// Whether this is of an earlier moment than the other: its reference is older, or its frame is.
    pub(crate) fn is_older_than(self, other: Age) -> bool {
        self.reference_since < other.reference_since || self.frame_stored_at < other.frame_stored_at
    }
}
