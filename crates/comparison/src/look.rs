//! What is kept of a picture in order to compare it.

use std::sync::Arc;

use fingerprint::Fingerprint;
use proto::Measure;

use crate::{Details, parts, view};

/// What is kept of a picture in order to compare it. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// What all pictures have, and the measures that compare hashes need.
    pub fingerprint: Fingerprint,
    /// What the network saw, where the measure `view` asked for it: some 80 KB.
    pub view: Option<Arc<view::Look>>,
    /// What it saw in tiles, where the measure `parts` asked for it: some 320 KB.
    pub parts: Option<Arc<parts::Look>>,
    /// What it saw of parts of the picture by themselves, where a rule asked for their own detail: some 80 KB each.
    pub details: Details,
}

impl Look {
    /// Whether it has what a measure needs.
    pub fn suits(&self, measure: Measure) -> bool {
        let kind = self.fingerprint.hash.map(|hash| hash.kind);
        match measure {
            Measure::Phash => true,
            Measure::Hash(needed) => kind == Some(needed),
            Measure::View => self.view.is_some(),
            Measure::Parts => self.parts.is_some(),
            Measure::Unknown => false,
        }
    }

    /// Whether it has all that this version keeps: a look that an earlier version stored compares as well, but tells less of
    /// what is wrong.
    pub fn is_complete(&self) -> bool {
        self.view.as_ref().is_none_or(|view| view.is_complete())
    }

    /// Whether the picture is of one tone, so that there is nothing to compare.
    pub fn is_blank(&self) -> bool {
        self.fingerprint.is_blank()
    }
}

impl From<Fingerprint> for Look {
    fn from(fingerprint: Fingerprint) -> Self {
        Look {
            fingerprint,
            view: None,
            parts: None,
            details: Details::new(),
        }
    }
}
