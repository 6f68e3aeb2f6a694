//! What an alert says that takes more than one of its fields.

use crate::v1::{Alert, Phase};

impl Alert {
    /// The similarity with which it fired, and the threshold by which it did. `None` where nothing was measured, and in an
    /// alert of an earlier version that has resolved: those say it only while they fire.
    pub fn fired_with(&self) -> Option<(f64, f64)> {
        match (self.fired_similarity, self.phase()) {
            (Some(similarity), _) => Some((similarity, self.fired_threshold)),
            (None, Phase::Firing) => Some((self.similarity?, self.threshold)),
            (None, _) => None,
        }
    }
}
