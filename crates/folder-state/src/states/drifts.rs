//! The drift of all folders: as it is read, taken over from what was written, and written.

use event_bus::{Bus, Folder, StoreError};
use proto::EffectiveRule;

use super::{FolderStates, Known};
use crate::drift::Drift;

impl Known {
    /// The drift of each folder that exists. Those whose pictures want renewing come first, then those whose frames
    /// have become less similar by most.
    pub fn drifts(&self) -> Vec<(Folder, Drift)> {
        let folders = self.folders().into_iter();
        let drift = |folder: Folder| {
            let drift = self.drift(&folder)?;
            Some((folder, drift))
        };
        let mut drifts: Vec<_> = folders.filter_map(drift).collect();
        drifts.sort_by(|(_, one), (_, other)| {
            let wants = other.wants_renewing.cmp(&one.wants_renewing);
            wants.then(other.drift.total_cmp(&one.drift))
        });
        drifts
    }

    /// The drift of one folder; `None` where it does not exist, or none of its frames has matched yet.
    pub fn drift(&self, folder: &Folder) -> Option<Drift> {
        let known = self.existing(folder)?;
        let rule = EffectiveRule::of(known.rule.clone(), self.default_rule());
        known.averaged.drift(rule.threshold)
    }
}

impl FolderStates {
    /// Writes what has changed of all folders since it was last written.
    ///
    /// # Errors
    /// Where NATS does not take it. What was not written is written the next time that it has changed again.
    pub async fn write_drifts(&self, bus: &Bus) -> Result<(), StoreError> {
        let unwritten: Vec<_> = self.change_quietly(|known| {
            let folders = known.folders.iter_mut();
            folders
                .filter_map(|(folder, known)| {
                    Some((folder.clone(), known.averaged.take_unwritten()?))
                })
                .collect()
        });
        for (folder, averages) in unwritten {
            bus.drifts().set(&folder, &averages).await?;
        }
        Ok(())
    }
}
