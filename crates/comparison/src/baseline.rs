//! The pictures that show how a view should look.

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

    /// The picture that a frame is closest to, and the similarity to it: 0 to 1.
    pub(crate) fn closest(&self, frame: &Look) -> (&BaselinePicture, f64) {
        (&self.reference, self.reference.look.similarity(frame))
    }
}
