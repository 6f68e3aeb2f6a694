//! The pictures that show how a view should look.

use proto::{Measure, v1::Kind};

use crate::{
    Areas, Digest, Look,
    view::{MAX_PICTURES, Normals, SeenRegion},
};

/// What a folder's frames are held against: its reference, and the normal pictures beside it.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// The reference comes first.
    pictures: Vec<BaselinePicture>,
    /// What is normal among them; `None` where one was not seen by the network.
    normals: Option<Normals>,
    digest: Digest,
}

/// A picture that shows how the view should look.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselinePicture {
    /// Of its upload.
    pub id: String,
    /// Of its file.
    pub name: String,
    /// What it looks like.
    pub look: Look,
}

/// What was found of a frame that was held against a baseline.
pub(crate) struct Closest<'a> {
    pub(crate) picture: &'a BaselinePicture,
    /// 0 to 1.
    pub(crate) similarity: f64,
    /// What a mismatch would be called.
    pub(crate) kind: Kind,
    /// How different each place is, where the measure tells: [`Patches`](crate::view::Patches).
    pub(crate) patches: Vec<u8>,
    /// What was seen of regions that have a threshold of their own.
    pub(crate) regions: Vec<SeenRegion>,
}

impl Baseline {
    /// The most normal pictures that count.
    pub const MAX_NORMALS: usize = MAX_PICTURES - 1;

    /// The baseline that a reference makes with normal pictures, of which the first [`Self::MAX_NORMALS`] count.
    pub fn new(reference: BaselinePicture, normals: Vec<BaselinePicture>) -> Self {
        let mut pictures = vec![reference];
        pictures.extend(normals.into_iter().take(Self::MAX_NORMALS));
        let looks = pictures.iter().map(|picture| picture.look.view.clone());
        let looks: Option<Vec<_>> = looks.collect();
        Baseline {
            digest: Digest::of_pictures(&pictures),
            normals: looks.and_then(|looks| Normals::new(looks).ok()),
            pictures,
        }
    }

    /// The picture that was uploaded last.
    pub fn reference(&self) -> &BaselinePicture {
        &self.pictures[0]
    }

    /// All pictures, the reference first.
    pub fn pictures(&self) -> &[BaselinePicture] {
        &self.pictures
    }

    /// Tells baselines apart: equal where the pictures and their looks are, wherever and whenever it is computed.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The folder's own limit by the measure `view`; `None` with fewer than five pictures, or without what the network saw.
    pub fn limit(&self) -> Option<f32> {
        self.normals.as_ref()?.limit()
    }

    /// Whether its looks have what a measure needs.
    pub fn suits(&self, measure: Measure) -> bool {
        self.pictures
            .iter()
            .all(|picture| picture.look.suits(measure))
    }

    /// The picture that a frame is closest to by a measure, and what is found of the frame. `None` where the looks lack what
    /// the measure needs. Only the measure `view` heeds areas.
    pub(crate) fn closest(
        &self,
        frame: &Look,
        measure: Measure,
        areas: &Areas,
    ) -> Option<Closest<'_>> {
        match measure {
            Measure::View => self.closest_view(frame, areas),
            Measure::Phash | Measure::Hash(_) => self.closest_hash(frame, measure),
            Measure::Unknown => None,
        }
    }

    fn closest_view(&self, frame: &Look, areas: &Areas) -> Option<Closest<'_>> {
        let seen = self.normals.as_ref()?.see_in(frame.view.as_ref()?, areas);
        Some(Closest {
            picture: &self.pictures[seen.closest],
            similarity: seen.similarity(),
            kind: seen.condition.kind(),
            patches: seen.patches.as_bytes().to_vec(),
            regions: seen.regions,
        })
    }

    /// Of pictures that are equally close, the first.
    fn closest_hash(&self, frame: &Look, measure: Measure) -> Option<Closest<'_>> {
        let mut closest: Option<Closest<'_>> = None;
        for picture in &self.pictures {
            let similarity = similarity(&picture.look, frame, measure)?;
            if closest.as_ref().is_none_or(|it| it.similarity < similarity) {
                closest = Some(Closest {
                    picture,
                    similarity,
                    kind: Kind::Different,
                    patches: Vec::new(),
                    regions: Vec::new(),
                });
            }
        }
        closest
    }
}

fn similarity(one: &Look, other: &Look, measure: Measure) -> Option<f64> {
    let (one, other) = (&one.fingerprint, &other.fingerprint);
    match measure.hash() {
        None => Some(one.similarity(other)),
        Some(kind) => {
            let (one, other) = (one.hash?, other.hash?);
            (one.kind == kind).then(|| one.similarity(&other))?
        }
    }
}
