//! What is needed to find, sort and count folders, without all else that is known of each: of ten thousand folders a
//! page shows sixty.

use std::{
    cmp::Reverse,
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
};

use event_bus::Folder;
use proto::v1::{Alert, Folder as Details};
use time::OffsetDateTime;

use super::{
    FolderState, Known, KnownFolder, natural_order,
    urgency::{Attended, Urgency},
};

/// A folder among the others.
#[derive(Debug)]
pub struct Listed<'a> {
    /// Its name.
    pub folder: &'a Folder,
    /// What people say of it; `None` where only a camera has made it known.
    pub details: Option<&'a Details>,
    /// Its state in one word.
    pub state: FolderState,
    /// Its place among the others where those with something wrong come first.
    pub urgency: Urgency,
    /// The similarity of the last comparison with the current reference.
    pub similarity: Option<f64>,
    /// When the last frame was stored that was seen, however old.
    pub frame_at: Option<OffsetDateTime>,
}

/// Tells whether a folder has changed. While its version stays the same, so does all that its summary says, except what
/// changes with time alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    change: u64,
    state: FolderState,
}

impl Listed<'_> {
    /// The key by name, `folder2` before `folder10`.
    pub fn by_name(&self) -> (&str, u64, &str) {
        natural_order(self.folder)
    }

    /// The key that puts folders first where something is wrong.
    pub fn by_urgency(&self) -> (u8, Reverse<Option<OffsetDateTime>>) {
        self.urgency.key()
    }
}

impl Known {
    /// All folders that exist, in no order that anybody should rely on.
    pub fn listing(&self) -> Vec<Listed<'_>> {
        let folders = self.folders.iter();
        folders
            .filter(|(_, known)| known.exists())
            .map(|(folder, known)| self.listed(folder, known))
            .collect()
    }

    /// The version of a folder that exists; `None` where it does not.
    pub fn version(&self, folder: &Folder) -> Option<Version> {
        let known = self.existing(folder)?;
        Some(Version {
            change: known.change,
            state: known.state(),
        })
    }

    fn listed<'a>(&'a self, folder: &'a Folder, known: &'a KnownFolder) -> Listed<'a> {
        let (state, comparison) = (known.state(), known.current_comparison());
        let (view, camera) = self.attended(known);
        Listed {
            folder,
            details: known.made.as_ref(),
            state,
            urgency: Urgency::of(state, view, camera),
            similarity: comparison.and_then(|comparison| comparison.similarity),
            frame_at: known.frame.as_ref().map(|frame| frame.stored_at),
        }
    }

    /// The alerts of a folder's view and of its camera that are firing, and who has each in hand.
    pub(super) fn attended<'a>(
        &'a self,
        known: &'a KnownFolder,
    ) -> (Option<Attended<'a>>, Option<Attended<'a>>) {
        let attended = |alert: Option<&'a Alert>| {
            alert.map(|alert| Attended {
                alert,
                by: self.acknowledgement(&alert.id),
            })
        };
        (
            attended(known.firing_alert()),
            attended(known.firing_camera_alert()),
        )
    }
}

/// A number that is another one as soon as a folder comes or goes, is in another state, stands elsewhere by urgency, or is
/// described otherwise; in whichever order they are given.
pub fn fingerprint(listing: &[Listed]) -> u64 {
    listing.iter().fold(0, |sum, listed| {
        let mut hasher = DefaultHasher::new();
        listed.folder.as_str().hash(&mut hasher);
        listed.state.slug().hash(&mut hasher);
        listed.by_urgency().hash(&mut hasher);
        if let Some(details) = listed.details {
            (&details.title, &details.site, &details.area, &details.tags).hash(&mut hasher);
        }
        sum.wrapping_add(hasher.finish())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FolderStates;

    fn make(known: &mut Known, name: &str) {
        let name: Folder = name.parse().unwrap();
        known.folder(&name).made = Some(Details::default());
    }

    #[test]
    fn the_fingerprint_is_of_what_folders_are_found_and_sorted_by() {
        let states = FolderStates::default();
        let mut known = states.known.write();
        let of_none = fingerprint(&known.listing());
        make(&mut known, "gate");
        make(&mut known, "dock");
        let of_two = fingerprint(&known.listing());
        assert_ne!(of_two, of_none);
        let mut backwards = known.listing();
        backwards.reverse();
        assert_eq!(fingerprint(&backwards), of_two);

        let gate: Folder = "gate".parse().unwrap();
        known.folder(&gate).judged_at = Some(OffsetDateTime::now_utc());
        assert_eq!(fingerprint(&known.listing()), of_two);
        known.folder(&gate).made = Some(Details {
            title: "The gate".into(),
            ..Details::default()
        });
        assert_ne!(fingerprint(&known.listing()), of_two);
    }

    #[test]
    fn a_version_is_another_one_after_each_change_also_of_a_folder_that_comes_again() {
        let states = FolderStates::default();
        let mut known = states.known.write();
        let gate: Folder = "gate".parse().unwrap();
        assert_eq!(known.version(&gate), None);
        make(&mut known, "gate");
        let first = known.version(&gate);
        assert!(first.is_some() && known.version(&gate) == first);
        make(&mut known, "dock");
        assert_eq!(known.version(&gate), first, "it is another folder");
        make(&mut known, "gate");
        assert_ne!(known.version(&gate), first);
        known.folders.remove(&gate);
        make(&mut known, "gate");
        assert_ne!(known.version(&gate), first);
    }
}
