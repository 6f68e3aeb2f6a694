//! Frames that nobody could decide on. Their reference's picture was lost by a fault of the trial. What comparators had
//! stored of it was lost as well, or could not be stored.

use std::time::Duration;

use event_bus::{FeaturesChange, Stored};
use proto::{
    from_timestamp,
    v1::{Comparison, Upload},
};
use time::OffsetDateTime;

use crate::losses::Losses;

/// Knows which looks were stored, and what was lost.
pub(crate) struct Undecided<'a> {
    losses: &'a Losses,
    looks: Vec<Stored<FeaturesChange>>,
}

/// A reference as it was announced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announced<'a> {
    pub(crate) upload: &'a Upload,
    pub(crate) at: OffsetDateTime,
    /// When a frame was decided on with it first: from then on a comparator had its look.
    pub(crate) used_at: Option<OffsetDateTime>,
}

/// A comparator asks for the look, then for the picture, and then says that it has neither; it may be stopped meanwhile.
const ASKING: Duration = Duration::from_secs(10);

/// Within this a look is stored that a comparator has, where nothing hinders that.
const STORED_WITHIN: Duration = Duration::from_secs(10);

impl<'a> Undecided<'a> {
    pub(crate) fn new(losses: &'a Losses, looks: Vec<Stored<FeaturesChange>>) -> Self {
        Undecided { losses, looks }
    }

    /// Why a comparator should have decided, or should have said something else; `None` where all is right.
    pub(crate) fn objection(
        &self,
        comparison: &Comparison,
        reference: Announced<'_>,
    ) -> Option<String> {
        let compared_at = comparison
            .compared_at
            .as_ref()
            .and_then(from_timestamp)
            .unwrap();
        let lost_at = self.picture_lost_at(reference);
        let Some(lost_at) = lost_at.filter(|lost_at| *lost_at <= compared_at) else {
            return Some("its picture was there".to_owned());
        };
        if self.had_look(reference, compared_at) {
            return Some("its look was stored".to_owned());
        }
        if self.look_was_due(reference, lost_at, compared_at) {
            return Some("its look was not stored, though nothing hindered that".to_owned());
        }
        let says_so = matches!(&comparison.findings[..], [finding]
            if finding.cause.contains(&reference.upload.id)
                && finding.cause.contains("upload it again"));
        (!says_so).then(|| format!("it should say why, not {:?}", comparison.findings))
    }

    /// When the reference's picture was lost; `None` where it never was.
    pub(crate) fn picture_lost_at(&self, reference: Announced<'_>) -> Option<OffsetDateTime> {
        let uploaded_at = reference.upload.uploaded_at.as_ref();
        let stored_from = uploaded_at.and_then(from_timestamp).unwrap();
        let lost = self.losses.pictures.iter();
        let lost = lost.filter(|lost| lost.includes(stored_from, reference.at));
        lost.map(|lost| lost.from).min()
    }

    /// Whether the reference's look is stored in the end.
    pub(crate) fn has_look(&self, reference: Announced<'_>) -> bool {
        let now = OffsetDateTime::now_utc();
        self.looks_of(reference)
            .any(|look| !self.is_lost(look, reference, now))
    }

    fn had_look(&self, reference: Announced<'_>, at: OffsetDateTime) -> bool {
        self.looks_of(reference)
            .any(|look| look.stored_at + ASKING <= at && !self.is_lost(look, reference, at))
    }

    /// All that were ever stored. The last one alone is kept.
    fn looks_of(&self, reference: Announced<'_>) -> impl Iterator<Item = &Stored<FeaturesChange>> {
        let id = format!("{}_", reference.upload.id);
        let looks = self.looks.iter();
        looks.filter(move |look| look.key.to_string().starts_with(&id))
    }

    /// Whether a look, or the one that took its place, had been lost by then.
    fn is_lost(
        &self,
        look: &Stored<FeaturesChange>,
        reference: Announced<'_>,
        by: OffsetDateTime,
    ) -> bool {
        let is_of_reference =
            |at: OffsetDateTime| self.looks_of(reference).any(|look| look.stored_at == at);
        self.losses.looks.iter().any(|lost| {
            lost.from <= by && look.stored_at <= lost.to && lost.message.is_none_or(is_of_reference)
        })
    }

    /// Whether there was time to store the look before the picture was lost, and it was not lost since.
    fn look_was_due(
        &self,
        reference: Announced<'_>,
        lost_at: OffsetDateTime,
        compared_at: OffsetDateTime,
    ) -> bool {
        let was_lost = self.losses.looks.iter().any(|lost| {
            lost.message.is_none() && lost.from <= compared_at && reference.at <= lost.to
        });
        let was_damaged = self
            .looks_of(reference)
            .any(|look| self.is_lost(look, reference, compared_at));
        let calm = reference
            .used_at
            .map(|used_at| self.losses.longest_calm(used_at, lost_at));
        !was_lost && !was_damaged && calm.is_some_and(|calm| calm > STORED_WITHIN)
    }
}
