//! The normal pictures of a folder: which hold, which are stored, and when each was last the closest.

use std::collections::BTreeMap;

use event_bus::Folder;
use proto::{
    from_timestamp, rfc3339,
    v1::{Comparison, Upload},
};
use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use super::{Known, KnownFolder};

/// A normal picture, and when it was last of use.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Normal {
    /// What is known of the picture.
    #[serde(flatten)]
    pub upload: Upload,
    /// When the last frame was stored that was closer to it than to the reference and the other normal pictures. `null`
    /// where none was since this service started.
    #[serde(serialize_with = "as_rfc3339")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_closest_at: Option<OffsetDateTime>,
}

/// When each picture was last the closest, by its id.
#[derive(Default)]
pub(super) struct Closest(BTreeMap<String, OffsetDateTime>);

impl Closest {
    /// Takes in a comparison; taking one in again changes nothing.
    pub(super) fn learn(&mut self, comparison: &Comparison) {
        let frame = comparison.frame.as_ref();
        let stored_at = frame.and_then(|frame| frame.stored_at);
        let at = stored_at.as_ref().and_then(from_timestamp);
        let reference = comparison.reference.as_ref().map(|it| &it.id);
        let Some((closest, at)) = comparison.closest.as_ref().zip(at) else {
            return;
        };
        if Some(&closest.id) == reference {
            return;
        }
        match self.0.get_mut(&closest.id) {
            Some(last) => *last = at.max(*last),
            None => drop(self.0.insert(closest.id.clone(), at)),
        }
    }

    /// Forgets pictures that hold no more.
    pub(super) fn keep(&mut self, normals: &[Upload]) {
        let holds = |id: &String| normals.iter().any(|normal| normal.id == *id);
        self.0.retain(|id, _| holds(id));
    }
}

impl Known {
    /// The normal pictures that hold, the oldest first.
    pub fn normals(&self, folder: &Folder) -> &[Upload] {
        let known = self.folders.get(folder);
        known.map_or(&[], KnownFolder::normals)
    }

    /// The same, with when each was last the closest.
    pub fn normals_in_use(&self, folder: &Folder) -> Vec<Normal> {
        let known = self.folders.get(folder);
        known.map_or_else(Vec::new, KnownFolder::normals_in_use)
    }

    /// The normal pictures that are stored, by id and so by time, whether they hold or not.
    pub fn stored_normals(&self, folder: &Folder) -> &BTreeMap<String, Upload> {
        static NONE: BTreeMap<String, Upload> = BTreeMap::new();
        let known = self.folders.get(folder);
        known.map_or(&NONE, |known| &known.stored_normals)
    }
}

impl KnownFolder {
    pub(super) fn normals(&self) -> &[Upload] {
        let change = self.reference.as_ref();
        change.map_or(&[], |change| change.event.normals())
    }

    pub(super) fn normals_in_use(&self) -> Vec<Normal> {
        let normals = self.normals().iter();
        normals
            .map(|upload| Normal {
                upload: upload.clone(),
                last_closest_at: self.closest.0.get(&upload.id).copied(),
            })
            .collect()
    }
}

fn as_rfc3339<S: Serializer>(at: &Option<OffsetDateTime>, to: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(to)
}

#[cfg(test)]
mod tests {
    use proto::{
        timestamp,
        v1::{Frame, Picture, Reference},
    };

    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds)
    }

    fn comparison(closest: &str, seconds: i64) -> Comparison {
        Comparison {
            frame: Some(Frame {
                stored_at: Some(timestamp(at(seconds))),
                ..Frame::default()
            }),
            reference: Some(Reference {
                id: "reference".to_owned(),
                ..Reference::default()
            }),
            closest: Some(Picture {
                id: closest.to_owned(),
                ..Picture::default()
            }),
            ..Comparison::default()
        }
    }

    #[test]
    fn of_each_normal_picture_the_latest_frame_counts_in_whatever_order_they_come() {
        let mut closest = Closest::default();
        for (id, seconds) in [("night", 7), ("night", 3), ("reference", 9), ("snow", 5)] {
            closest.learn(&comparison(id, seconds));
        }
        let expected = [("night".to_owned(), at(7)), ("snow".to_owned(), at(5))];
        assert_eq!(closest.0, BTreeMap::from(expected));

        closest.keep(&[Upload {
            id: "snow".to_owned(),
            ..Upload::default()
        }]);
        assert_eq!(closest.0.keys().collect::<Vec<_>>(), ["snow"]);
    }
}
