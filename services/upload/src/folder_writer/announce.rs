//! Saying on `uploads.<folder>` what holds: each event says all of it, so each follows from the one before it.

use event_bus::{Folder, Last, ReferenceChange, Stored};
use folder_state::Known;
use proto::v1::Upload;

use super::Folders;
use crate::{
    access::By,
    broker::Published,
    problem::{Kind, Problem},
};

/// How often a change is decided, where something else comes first each time.
const DECISIONS: usize = 16;

/// What a folder's frames are compared with.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Holding {
    pub(super) reference: Option<Upload>,
    /// The oldest first.
    pub(super) normals: Vec<Upload>,
}

/// What an event says.
pub(super) struct Announced {
    pub(super) sequence: u64,
    pub(super) now: Holding,
}

impl Holding {
    fn after(change: Option<&ReferenceChange>) -> Self {
        Holding {
            reference: change
                .and_then(ReferenceChange::reference)
                .map(Upload::alone),
            normals: change.map_or_else(Vec::new, |change| change.normals().to_vec()),
        }
    }

    /// The pictures in force after the last event.
    pub(super) fn now(latest: Option<&Stored<ReferenceChange>>) -> Self {
        Holding::after(latest.map(|latest| &latest.event))
    }

    /// The pictures in force, as far as is known here.
    pub(super) fn known(state: &Known, folder: &Folder) -> Self {
        Holding::after(state.reference_change(folder))
    }
}

impl Folders {
    /// Publishes what `decide` makes of the folder's last event, and asks it again where another event came first. `None`:
    /// the last event says already what is to be said.
    pub(super) async fn announce(
        &self,
        folder: &Folder,
        by: &By,
        decide: impl Fn(Option<&Stored<ReferenceChange>>) -> Result<Option<ReferenceChange>, Problem>,
    ) -> Result<Announced, Problem> {
        for _ in 0..DECISIONS {
            let Last {
                event: latest,
                expected,
            } = self.broker.latest_reference(folder).await?;
            let Some(change) = decide(latest.as_ref())? else {
                return Ok(Announced {
                    sequence: expected.0,
                    now: Holding::now(latest.as_ref()),
                });
            };
            let published = self
                .broker
                .publish_pictures(folder, &change, by.name(), expected)
                .await?;
            if let Published::As(sequence) = published {
                return Ok(Announced {
                    sequence,
                    now: Holding::after(Some(&change)),
                });
            }
        }
        Err(Kind::Busy.because(format!("The folder {folder} is being changed by others.")))
    }
}
