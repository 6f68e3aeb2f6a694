//! The pictures that show how a view should look.

use proto::Measure;

use crate::{Digest, Look};

/// What a folder's frames are held against. Today that is its reference alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    reference: BaselinePicture,
    digest: Digest,
}

/// A picture that shows how the view should look.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselinePicture {
    /// Of its upload.
    pub id: String,
    /// Of its file.
    pub name: String,
    /// What it looks like.
    pub look: Look,
}

impl Baseline {
    /// The baseline that this reference makes.
    pub fn new(reference: BaselinePicture) -> Self {
        Baseline {
            digest: Digest::of_pictures([&reference]),
            reference,
        }
    }

    /// The picture that was uploaded last.
    pub fn reference(&self) -> &BaselinePicture {
        &self.reference
    }

    /// Tells baselines apart: equal where the pictures and their looks are, wherever and whenever it is computed.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether its looks have what a measure needs.
    pub fn suits(&self, measure: Measure) -> bool {
        let kind = self.reference.look.hash.map(|hash| hash.kind);
        measure.hash().is_none_or(|needed| kind == Some(needed))
    }

    /// The picture that a frame is closest to by a measure, and the similarity to it: 0 to 1. `None` where the looks lack what
    /// the measure needs.
    pub(crate) fn closest(
        &self,
        frame: &Look,
        measure: Measure,
    ) -> Option<(&BaselinePicture, f64)> {
        let similarity = similarity(&self.reference.look, frame, measure)?;
        Some((&self.reference, similarity))
    }
}

fn similarity(one: &Look, other: &Look, measure: Measure) -> Option<f64> {
    match measure {
        Measure::Phash => Some(one.similarity(other)),
        Measure::Hash(kind) => {
            let (one, other) = (one.hash?, other.hash?);
            (one.kind == kind).then(|| one.similarity(&other))?
        }
        Measure::Unknown => None,
    }
}
