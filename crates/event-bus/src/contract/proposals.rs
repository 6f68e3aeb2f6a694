//! The bucket `proposals`: frames that comparators propose as normal pictures, and for each folder the one that still waits.
//! Comparators write them; the upload service removes them, and alone makes normal pictures of them.

use std::{collections::HashMap, fmt, str::FromStr};

use proto::v1::Proposal;

use super::{
    declaration::{Backup, Declaration},
    rights::{Right, Service},
};
use crate::{
    folder::{Folder, InvalidFolder},
    nats::{
        bucket::BucketNames,
        bus::Bus,
        codec::from_json,
        event::Undecodable,
        objects::{ObjectBucket, ObjectChange, Objects, object_names},
        store_error::StoreError,
    },
};

pub(super) const DECLARATION: Declaration = Declaration {
    // They belong to the pictures that a restore replaces, and come again.
    backup: Backup::Emptied,
    rights: &[
        (Service::Upload, &[Right::Write, Right::Follow, Right::Ask]),
        (
            Service::Comparator,
            &[Right::Write, Right::Follow, Right::Ask],
        ),
    ],
    ..Declaration::objects(
        Proposals::NAMES,
        "Frames that are proposed as normal pictures",
    )
};

/// The proposed frames: the bucket `proposals`, objects `<folder>/<id>` and `<folder>/waiting`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposals;

/// A frame was proposed or waits, or is gone (`None`).
pub type ProposalChange = ObjectChange<Proposals>;

/// Which frame.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProposalKey {
    /// Its folder.
    pub folder: Folder,
    /// Which of the folder's.
    pub place: ProposalPlace,
}

/// Which of a folder's frames.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProposalPlace {
    /// The one that waits; people do not see it.
    Waiting,
    /// The one that is proposed by this [`Proposal::id`].
    Proposed(String),
}

/// A text that names no such frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProposalKey {
    /// It has no two parts.
    #[error("it is not named <folder>/<id>")]
    Unnamed,
    /// Its first part is no folder.
    #[error(transparent)]
    Folder(#[from] InvalidFolder),
}

const WAITING: &str = "waiting";

/// The metadata under which the [`Proposal`] is kept, as JSON.
const PROPOSAL: &str = "proposal";

impl ProposalKey {
    /// The frame of the folder that waits.
    pub fn waiting(folder: &Folder) -> Self {
        ProposalKey {
            folder: folder.clone(),
            place: ProposalPlace::Waiting,
        }
    }

    /// The proposal of this id in this folder.
    pub fn proposed(folder: &Folder, id: impl Into<String>) -> Self {
        ProposalKey {
            folder: folder.clone(),
            place: ProposalPlace::Proposed(id.into()),
        }
    }
}

impl fmt::Display for ProposalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match &self.place {
            ProposalPlace::Waiting => WAITING,
            ProposalPlace::Proposed(id) => id,
        };
        write!(f, "{}/{place}", self.folder)
    }
}

impl FromStr for ProposalKey {
    type Err = InvalidProposalKey;

    fn from_str(name: &str) -> Result<Self, InvalidProposalKey> {
        let (folder, place) = name.split_once('/').ok_or(InvalidProposalKey::Unnamed)?;
        let folder = folder.parse()?;
        Ok(match place {
            WAITING => ProposalKey::waiting(&folder),
            id => ProposalKey::proposed(&folder, id),
        })
    }
}

impl ObjectBucket for Proposals {
    const NAMES: BucketNames = object_names!("proposals");
    type Key = ProposalKey;
    type About = Proposal;

    fn metadata(proposal: &Proposal) -> Result<HashMap<String, String>, StoreError> {
        let json = serde_json::to_string(proposal).map_err(StoreError::Unencodable)?;
        Ok(HashMap::from([(PROPOSAL.to_owned(), json)]))
    }

    fn about(metadata: &HashMap<String, String>) -> Result<Proposal, Undecodable> {
        let proposal = metadata.get(PROPOSAL);
        let proposal =
            proposal.ok_or_else(|| Undecodable(format!("it has no metadata {PROPOSAL:?}")))?;
        from_json(proposal.as_bytes())
    }
}

impl Bus {
    /// The proposed frames.
    pub fn proposals(&self) -> Objects<Proposals> {
        self.objects()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_its_name_says() {
        let dock: Folder = "dock".parse().unwrap();
        for key in [
            ProposalKey::waiting(&dock),
            ProposalKey::proposed(&dock, "01"),
        ] {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        assert_eq!(
            "dock".parse::<ProposalKey>(),
            Err(InvalidProposalKey::Unnamed)
        );
    }
}
