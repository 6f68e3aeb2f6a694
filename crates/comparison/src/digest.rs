//! Digests of content. They name what a comparison rests on by what it says, not by when it was stored: a number in a
//! stream or bucket begins again when that is made anew.

use fingerprint::Fingerprint;
use proto::{EffectiveRule, v1::Point};
use ring::digest::{Context, SHA256};

use crate::BaselinePicture;

/// A SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub(crate) [u8; 32]);

impl Digest {
    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn of_pictures(pictures: &[BaselinePicture]) -> Self {
        let mut parts = Parts::new("baseline");
        for picture in pictures {
            parts.add(picture.id.as_bytes());
            add_fingerprint(&mut parts, &picture.look.fingerprint);
            // A region whose detail is lost is judged otherwise.
            let details = picture.look.details.iter();
            for (crop, _) in details.filter(|(_, look)| look.is_none()) {
                parts.add(b"without detail");
                parts.add(&crop.to_bytes());
            }
        }
        parts.finish()
    }
}

/// The digest of what a rule says about comparing. What it says about alerts is left out, since it changes no
/// comparison.
pub fn rule_digest(rule: &EffectiveRule) -> Digest {
    let mut parts = Parts::new("rule");
    parts.add(rule.measure.word().unwrap_or_default().as_bytes());
    parts.add(&rule.threshold.to_be_bytes());
    add_areas(&mut parts, rule);
    parts.finish()
}

/// In an order of their own: which polygon a rule has first makes no difference. A rule without any has the digest that it had
/// before there were such.
fn add_areas(parts: &mut Parts, rule: &EffectiveRule) {
    let masks = rule.masks.iter().map(|mask| bytes_of(&mask.polygon));
    let regions = rule.regions.iter().map(|region| {
        let mut bytes = (region.name.len() as u64).to_be_bytes().to_vec();
        bytes.extend(region.name.as_bytes());
        bytes.extend(region.threshold.map_or([0xFF; 8], f64::to_be_bytes));
        bytes.extend(bytes_of(&region.polygon));
        if region.own_detail {
            bytes.push(1);
        }
        bytes
    });
    for (kind, mut all) in [
        ("mask", masks.collect::<Vec<_>>()),
        ("region", regions.collect()),
    ] {
        all.sort_unstable();
        for one in all {
            parts.add(kind.as_bytes());
            parts.add(&one);
        }
    }
}

fn bytes_of(polygon: &[Point]) -> Vec<u8> {
    let numbers = polygon.iter().flat_map(|point| [point.x, point.y]);
    numbers.flat_map(f64::to_be_bytes).collect()
}

/// Other hashes than the pHash, and what the network saw, are left out: they follow from the same picture, and which of them
/// counts, the rule says.
fn add_fingerprint(parts: &mut Parts, look: &Fingerprint) {
    parts.add(&look.algorithm.to_be_bytes());
    parts.add(&look.phash.to_be_bytes());
    for word in look.phash_256 {
        parts.add(&word.to_be_bytes());
    }
    parts.add(&look.quality.contrast.to_be_bytes());
}

/// Parts of one digest, each with its length, so that no two lists of parts are the same bytes.
pub(crate) struct Parts(Context);

impl Parts {
    pub(crate) fn new(kind: &str) -> Self {
        let mut parts = Parts(Context::new(&SHA256));
        parts.add(kind.as_bytes());
        parts
    }

    pub(crate) fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    pub(crate) fn finish(self) -> Digest {
        let digest = self.0.finish();
        Digest(digest.as_ref().try_into().expect("a SHA-256 has 32 bytes"))
    }
}
