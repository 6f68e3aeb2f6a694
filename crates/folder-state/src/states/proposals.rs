//! The frames of a folder that are proposed as normal pictures, and which of them still make sense.

use std::collections::BTreeMap;

use event_bus::{Folder, ProposalKey, ProposalPlace};
use proto::v1::Proposal;

use super::{Known, KnownFolder};

/// The stored frames of one folder: those that are proposed, by id and so by time, and the one that waits.
#[derive(Default)]
pub(super) struct Stored {
    proposed: BTreeMap<String, Proposal>,
    something_waits: bool,
}

impl Stored {
    pub(super) fn learn(&mut self, place: ProposalPlace, about: Option<Proposal>) {
        match (place, about) {
            (ProposalPlace::Waiting, about) => self.something_waits = about.is_some(),
            (ProposalPlace::Proposed(id), Some(proposal)) => {
                self.proposed.insert(id, proposal);
            }
            (ProposalPlace::Proposed(id), None) => {
                self.proposed.remove(&id);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.proposed.is_empty() && !self.something_waits
    }
}

impl Known {
    /// The frames that are proposed, the oldest first.
    pub fn proposals(&self, folder: &Folder) -> Vec<(&str, &Proposal)> {
        let known = self.folders.get(folder);
        known.map_or_else(Vec::new, |known| known.proposals().collect())
    }

    /// The frame that is proposed by this id.
    pub fn proposal(&self, folder: &Folder, id: &str) -> Option<&Proposal> {
        let known = self.folders.get(folder)?;
        let (_, proposal) = known.proposals().find(|(known, _)| *known == id)?;
        Some(proposal)
    }

    /// The stored frames that are of no use any more: they were judged by a picture that holds no longer.
    pub fn stale_proposals(&self, folder: &Folder) -> Vec<ProposalKey> {
        let Some(known) = self.folders.get(folder) else {
            return Vec::new();
        };
        let proposed = known.stored_proposals.proposed.iter();
        let stale = proposed.filter(|(_, proposal)| !known.is_judged_by_what_holds(proposal));
        let stale = stale.map(|(id, _)| ProposalKey::proposed(folder, id.as_str()));
        // A comparator puts another one in the place of what waits; of a folder without a reference, none does.
        let waits = known.stored_proposals.something_waits && known.reference().is_none();
        stale
            .chain(waits.then(|| ProposalKey::waiting(folder)))
            .collect()
    }

    /// Everything that is stored of a folder, the one that waits as well.
    pub fn stored_proposals(&self, folder: &Folder) -> Vec<ProposalKey> {
        let Some(known) = self.folders.get(folder) else {
            return Vec::new();
        };
        let stored = &known.stored_proposals;
        let proposed = stored.proposed.keys();
        let proposed = proposed.map(|id| ProposalKey::proposed(folder, id.as_str()));
        let waits = stored.something_waits.then(|| ProposalKey::waiting(folder));
        proposed.chain(waits).collect()
    }

    /// The folders that have proposals.
    pub fn folders_with_proposals(&self) -> Vec<Folder> {
        let known = self.folders.iter();
        known
            .filter(|(_, known)| known.proposals().next().is_some())
            .map(|(folder, _)| folder.clone())
            .collect()
    }
}

impl KnownFolder {
    pub(super) fn proposals(&self) -> impl Iterator<Item = (&str, &Proposal)> {
        let proposed = self.stored_proposals.proposed.iter();
        let proposed = proposed.map(|(id, proposal)| (id.as_str(), proposal));
        proposed.filter(|(_, proposal)| self.is_judged_by_what_holds(proposal))
    }

    /// Whether it was compared with the present reference, the picture that it was closest to is still right, and it is
    /// not itself one of the pictures. It may be one where it was accepted and its removal failed.
    fn is_judged_by_what_holds(&self, proposal: &Proposal) -> bool {
        let Some(reference) = self.reference() else {
            return false;
        };
        let closest = proposal.closest.as_ref().map(|closest| &closest.id);
        let mut holding = std::iter::once(reference).chain(self.normals());
        let frame_at = proposal.frame.as_ref().and_then(|frame| frame.stored_at);
        let mut normals = self.normals().iter();
        reference.id == proposal.reference_id
            && holding.any(|picture| Some(&picture.id) == closest)
            && !normals.any(|normal| normal.frame_at.is_some() && normal.frame_at == frame_at)
    }
}
