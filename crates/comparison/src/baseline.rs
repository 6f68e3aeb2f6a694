//! The pictures that show how a view should look.

use std::{collections::BTreeMap, sync::Arc};

use proto::{Measure, v1::Kind};

use crate::{
    Areas, Crop, Digest, Look,
    parts::{self, Bank},
    view::{self, Normals, SeenRegion},
};

/// What a folder's frames are held against: its reference, and the normal pictures beside it.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// The reference comes first.
    pictures: Vec<BaselinePicture>,
    /// What is normal among them by the measure `view`; `None` where one was not seen by the network.
    normals: Option<Normals>,
    /// The same by the measure `parts`.
    bank: Option<Bank>,
    /// What is normal in parts of the picture that are looked at by themselves.
    details: BTreeMap<Crop, Normals>,
    digest: Digest,
}

/// A picture that shows how the view should look.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselinePicture {
    /// The id of its upload.
    pub id: String,
    /// The name of its file.
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
    /// Where a change lies, if the measure is sure of one.
    pub(crate) changed: Option<kinds::Area>,
}

impl Baseline {
    /// The most normal pictures that a folder may have whose rule in force has this measure: 64 by `parts`, 16 by any other.
    pub const fn max_normals(measure: Measure) -> usize {
        match measure {
            Measure::Parts => parts::MAX_PICTURES - 1,
            Measure::View | Measure::Phash | Measure::Hash(_) | Measure::Unknown => {
                view::MAX_PICTURES - 1
            }
        }
    }

    /// How many of the normal pictures that a folder has count by this measure, the first of them: 16 by `view`. One that had
    /// another measure may have more.
    pub const fn counting_normals(measure: Measure) -> usize {
        match measure {
            Measure::View => view::MAX_PICTURES - 1,
            Measure::Parts | Measure::Phash | Measure::Hash(_) | Measure::Unknown => {
                parts::MAX_PICTURES - 1
            }
        }
    }

    /// The baseline that a reference makes with normal pictures, of which the first
    /// [`Self::counting_normals`] count. By the measure `parts`, with many, takes seconds.
    pub fn new(reference: BaselinePicture, normals: Vec<BaselinePicture>) -> Self {
        let measure = match reference.look.view {
            Some(_) => Measure::View,
            None => Measure::Phash,
        };
        let counting = Self::counting_normals(measure);
        let mut pictures = vec![reference];
        pictures.extend(normals.into_iter().take(counting));
        let views = pictures.iter().map(|picture| picture.look.view.clone());
        let views: Option<Vec<_>> = views.collect();
        let parts = pictures.iter().map(|picture| picture.look.parts.clone());
        let parts: Option<Vec<_>> = parts.collect();
        Baseline {
            digest: Digest::of_pictures(&pictures),
            normals: views.and_then(|looks| Normals::new(looks).ok()),
            bank: parts.and_then(Bank::new),
            details: details(&pictures),
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

    /// The folder's own limit by the measure `view` or `parts`; `None` with fewer than five pictures, or without what the
    /// network saw.
    pub fn limit(&self) -> Option<f32> {
        let by_parts = self.bank.as_ref().and_then(Bank::limit);
        by_parts.or_else(|| self.normals.as_ref()?.limit())
    }

    /// What is normal in a part of the picture that is looked at by itself; `None` where the reference was not seen so.
    pub(crate) fn detail(&self, crop: Crop) -> Option<&Normals> {
        self.details.get(&crop)
    }

    /// Whether its looks have what a measure needs.
    pub fn suits(&self, measure: Measure) -> bool {
        self.pictures
            .iter()
            .all(|picture| picture.look.suits(measure))
    }

    /// The picture that a frame is closest to by a measure, and what is found of the frame. `None` where the looks lack what
    /// the measure needs. Only the measures `view` and `parts` heed areas.
    pub(crate) fn closest(
        &self,
        frame: &Look,
        measure: Measure,
        areas: &Areas,
    ) -> Option<Closest<'_>> {
        match measure {
            Measure::View => self.closest_view(frame, areas),
            Measure::Parts => self.closest_parts(frame, areas),
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
            changed: None,
        })
    }

    fn closest_parts(&self, frame: &Look, areas: &Areas) -> Option<Closest<'_>> {
        let seen = self.bank.as_ref()?.see(frame.parts.as_ref()?, areas);
        Some(Closest {
            picture: &self.pictures[seen.closest],
            similarity: seen.similarity(),
            kind: Kind::Different,
            patches: seen.patches(),
            regions: seen.regions,
            changed: seen.changed,
        })
    }

    /// The closest picture by hashes; the first of those that are equally close.
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
                    changed: None,
                });
            }
        }
        closest
    }
}

/// What is normal in each part of which the reference was seen, by those pictures of which it was.
fn details(pictures: &[BaselinePicture]) -> BTreeMap<Crop, Normals> {
    let seen = |picture: &BaselinePicture, crop| picture.look.details.get(crop).cloned().flatten();
    let reference = &pictures[0];
    let crops = reference.look.details.keys();
    let normals = crops.filter_map(|crop| {
        seen(reference, crop)?;
        let looks: Vec<Arc<view::Look>> = pictures.iter().filter_map(|it| seen(it, crop)).collect();
        Some((*crop, Normals::new(looks).ok()?))
    });
    normals.collect()
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
