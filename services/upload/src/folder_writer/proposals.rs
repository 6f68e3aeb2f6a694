//! Frames that comparators propose as normal pictures: accepted, refused, and retired with the pictures by which they were
//! judged. Comparators write them; this service alone removes them.

use event_bus::{Folder, ProposalKey};
use proto::{
    from_timestamp,
    v1::{Proposal, Upload},
};

use super::{Folders, normals::Origin};
use crate::{
    access::By,
    followed::log_unseen,
    pictures::{inspection::Inspected, names::of_frame},
    problem::{Kind, Problem},
};

impl Folders {
    /// Makes a normal picture of a proposal, whose picture this is.
    pub(crate) async fn accept_proposal(
        &self,
        folder: &Folder,
        id: &str,
        inspected: Inspected,
        by: By,
    ) -> Result<Upload, Problem> {
        let id = id.to_owned();
        self.in_turn(folder, |this, folder| async move {
            let proposal = this.proposal(&folder, &id)?;
            let frame = proposal.frame.as_ref();
            let frame_at = frame.and_then(|frame| frame.stored_at);
            let name = of_frame(
                frame_at.as_ref().and_then(from_timestamp),
                inspected.picture.format,
            );
            let upload = this
                .add_normal(&folder, &name, &inspected, Origin::Proposal(frame_at), &by)
                .await?;
            this.delete_proposals(&folder, vec![ProposalKey::proposed(&folder, id)])
                .await?;
            Ok(upload)
        })
        .await
    }

    /// Removes a proposal.
    pub(crate) async fn refuse_proposal(
        &self,
        folder: &Folder,
        id: &str,
        by: By,
    ) -> Result<(), Problem> {
        let id = id.to_owned();
        self.in_turn(folder, |this, folder| async move {
            this.proposal(&folder, &id)?;
            tracing::info!(%folder, id, who = by.name(), "a proposed normal picture was refused");
            this.delete_proposals(&folder, vec![ProposalKey::proposed(&folder, id)])
                .await
        })
        .await
    }

    /// To be called when it is the caller's turn.
    pub(super) async fn remove_all_proposals(&self, folder: &Folder) -> Result<(), Problem> {
        let stored = self.states.read().stored_proposals(folder);
        self.delete_proposals(folder, stored).await
    }

    /// Deletes the proposals that were judged by a picture that holds no longer. What fails is left to `reconcile`; none of
    /// them is shown meanwhile. To be called when it is the caller's turn.
    pub(super) async fn retire_proposals(&self, folder: &Folder) {
        let stale = self.states.read().stale_proposals(folder);
        if let Err(problem) = self.delete_proposals(folder, stale).await {
            tracing::debug!(%folder, problem.detail, "proposed normal pictures are not retired yet");
        }
    }

    async fn delete_proposals(
        &self,
        folder: &Folder,
        gone: Vec<ProposalKey>,
    ) -> Result<(), Problem> {
        for key in &gone {
            self.broker.delete_proposal(key).await?;
        }
        let is_gone = |stored: Vec<ProposalKey>| !gone.iter().any(|key| stored.contains(key));
        let is_seen = self
            .states
            .until(|state| is_gone(state.stored_proposals(folder)))
            .await;
        log_unseen(is_seen, folder);
        Ok(())
    }

    fn proposal(&self, folder: &Folder, id: &str) -> Result<Proposal, Problem> {
        let proposal = self.states.read().proposal(folder, id).cloned();
        proposal.ok_or_else(|| unknown_proposal(folder, id))
    }
}

pub(crate) fn unknown_proposal(folder: &Folder, id: &str) -> Problem {
    Kind::UnknownImage.because(format!(
        "In the folder {folder} no normal picture {id:?} is proposed; it may have been accepted or refused."
    ))
}
