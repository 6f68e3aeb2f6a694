//! The reference of a folder as this comparator uses it: from the upload's event to the baseline of its frames.

use std::{iter, sync::Arc};

use comparison::{Baseline, BaselinePicture, Look};
use event_bus::{ReferenceChange, Stored};
use proto::{from_timestamp, timestamp, v1};
use time::OffsetDateTime;

/// The pictures that a folder's frames are compared with.
#[derive(Debug, Clone)]
pub(crate) struct CurrentReference {
    picture: KnownPicture,
    /// Those that are right as well.
    normals: Vec<KnownPicture>,
    /// When it became the reference, by the broker's clock.
    pub(crate) since: OffsetDateTime,
    /// What frames are held against, by what the events say. `None` where the upload service computed the look of a picture
    /// by another version of the algorithm than ours.
    pub(crate) baseline: Option<Arc<Baseline>>,
}

/// What is known of a picture.
#[derive(Debug, Clone)]
pub(crate) struct KnownPicture {
    pub(crate) id: String,
    name: String,
    /// Without what only some measures need; `None` where it is of another version.
    look: Option<Look>,
}

impl KnownPicture {
    fn of(upload: &v1::Upload) -> Self {
        let fingerprint = upload.fingerprint.as_ref();
        let fingerprint = fingerprint.and_then(v1::Fingerprint::comparable);
        KnownPicture {
            id: upload.id.clone(),
            name: upload.name.clone(),
            look: fingerprint.map(Look::from),
        }
    }

    /// As a picture of a baseline, looking so.
    pub(crate) fn with(&self, look: Look) -> BaselinePicture {
        BaselinePicture {
            id: self.id.clone(),
            name: self.name.clone(),
            look,
        }
    }

    fn as_it_is(&self) -> Option<BaselinePicture> {
        self.look.clone().map(|look| self.with(look))
    }
}

impl CurrentReference {
    /// The reference after a change, given the one before it; `None` where the folder has none any more.
    pub(crate) fn after(
        change: &Stored<ReferenceChange>,
        before: Option<&CurrentReference>,
    ) -> Option<Self> {
        let upload = change.event.reference()?;
        let since = match &change.event {
            ReferenceChange::Uploaded(_) | ReferenceChange::Removed(_) => change.stored_at,
            // These leave the reference as it was. Of one that nothing else is known of, the upload says when it came.
            ReferenceChange::NormalAdded(_) | ReferenceChange::NormalRemoved(_) => {
                let known = before.filter(|before| before.id() == upload.id);
                let uploaded_at = upload.uploaded_at.as_ref().and_then(from_timestamp);
                known.map_or(uploaded_at.unwrap_or(change.stored_at), |known| known.since)
            }
        };
        let picture = KnownPicture::of(upload);
        let normals: Vec<_> = change
            .event
            .normals()
            .iter()
            .map(KnownPicture::of)
            .collect();
        let looks: Option<Vec<_>> = normals.iter().map(KnownPicture::as_it_is).collect();
        let baseline = picture.as_it_is().zip(looks);
        let baseline = baseline.map(|(picture, normals)| Arc::new(Baseline::new(picture, normals)));
        Some(CurrentReference {
            since,
            picture,
            normals,
            baseline,
        })
    }

    /// The reference's id.
    pub(crate) fn id(&self) -> &str {
        &self.picture.id
    }

    /// The reference itself.
    pub(crate) fn picture(&self) -> &KnownPicture {
        &self.picture
    }

    /// The pictures that are right as well.
    pub(crate) fn normals(&self) -> &[KnownPicture] {
        &self.normals
    }

    /// All pictures, the reference first.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = &KnownPicture> {
        iter::once(&self.picture).chain(&self.normals)
    }

    pub(crate) fn to_message(&self) -> v1::Reference {
        v1::Reference {
            id: self.picture.id.clone(),
            name: self.picture.name.clone(),
            since: Some(timestamp(self.since)),
        }
    }
}

#[cfg(test)]
mod tests {
    use event_bus::Origin;
    use proto::v1::{NormalAdded, NormalRemoved, Upload};

    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds)
    }

    fn stored(event: ReferenceChange, seconds: i64) -> Stored<ReferenceChange> {
        Stored {
            key: "dock".parse().expect("this is a name"),
            event,
            sequence: 1,
            stored_at: at(seconds),
            by: String::new(),
            is_put_back: false,
            origin: Origin::default(),
        }
    }

    #[test]
    fn a_reference_holds_since_its_upload_whatever_normal_pictures_come_and_go() {
        let upload = Upload {
            id: "1".to_owned(),
            uploaded_at: Some(timestamp(at(10))),
            ..Upload::default()
        };
        let added = ReferenceChange::NormalAdded(NormalAdded {
            reference: Some(upload.clone()),
            ..NormalAdded::default()
        });
        let removed = ReferenceChange::NormalRemoved(NormalRemoved {
            reference: Some(upload.clone()),
            ..NormalRemoved::default()
        });
        let since = |event, seconds, before: Option<&CurrentReference>| {
            let after = CurrentReference::after(&stored(event, seconds), before);
            after.map(|after| after.since)
        };
        let uploaded = stored(ReferenceChange::Uploaded(upload), 11);
        let first = CurrentReference::after(&uploaded, None);
        assert_eq!(first.as_ref().map(|it| it.since), Some(at(11)));
        assert_eq!(since(added.clone(), 20, first.as_ref()), Some(at(11)));
        assert_eq!(since(removed, 30, first.as_ref()), Some(at(11)));
        assert_eq!(since(added.clone(), 20, None), Some(at(10)), "at a start");

        let mut other = first.expect("it was uploaded");
        other.picture.id = "0".to_owned();
        other.since = at(5);
        assert_eq!(since(added, 20, Some(&other)), Some(at(10)));
    }
}
