//! What is said of the regions that are judged by themselves: those that have a threshold of their own, and those that are
//! looked at in their own detail.

use proto::{
    EffectiveRule,
    v1::{Region, WatchedRegion},
};

use crate::{Areas, Baseline, Crop, Look, view::SeenRegion};

/// The regions that are judged by themselves.
pub(crate) struct Regions<'a> {
    judged: Vec<Judged<'a>>,
    /// Names of those that were to be looked at in their own detail and could not be.
    pub(crate) without_detail: Vec<String>,
}

struct Judged<'a> {
    region: &'a WatchedRegion,
    similarity: f64,
    /// From which on it is as it should be.
    threshold: f64,
}

impl<'a> Regions<'a> {
    /// `seen` is of those that have a threshold of their own, in the rule's order, without their own detail. A region whose own
    /// detail cannot be seen is judged as one without.
    pub(crate) fn of(
        baseline: &Baseline,
        frame: &Look,
        rule: &'a EffectiveRule,
        seen: &[SeenRegion],
    ) -> Self {
        let mut seen = seen.iter();
        let (mut judged, mut without_detail) = (Vec::new(), Vec::new());
        for region in rule.regions.iter() {
            let by_places = region.threshold.and_then(|_| seen.next());
            let by_places = by_places.map(SeenRegion::similarity);
            let in_detail = in_detail(baseline, frame, rule, region);
            if region.own_detail && in_detail.is_none() {
                without_detail.push(region.name.clone());
            }
            judged.extend(in_detail.or(by_places).map(|similarity| Judged {
                region,
                similarity,
                threshold: region.threshold.unwrap_or(rule.threshold),
            }));
        }
        Regions {
            judged,
            without_detail,
        }
    }

    /// The least of a similarity of the whole and those of the regions, each stretched so that its threshold lies at the rule's.
    pub(crate) fn least(&self, whole: f64, threshold: f64) -> f64 {
        let own = self.judged.iter();
        own.map(|it| stretched(it.similarity, it.threshold, threshold))
            .fold(whole, f64::min)
    }

    /// Those that are less similar than their threshold, the least similar first.
    pub(crate) fn changed(&self) -> Vec<Region> {
        let below = self.judged.iter().filter(|it| it.similarity < it.threshold);
        let mut below: Vec<&Judged<'_>> = below.collect();
        below.sort_by(|one, other| {
            let by_similarity = one.similarity.total_cmp(&other.similarity);
            by_similarity.then_with(|| one.region.name.cmp(&other.region.name))
        });
        let changed = below.iter().map(|it| Region {
            polygon: it.region.polygon.clone(),
            name: it.region.name.clone(),
        });
        changed.collect()
    }
}

/// The similarity of a region in what is cut out around it; `None` where it is not to be looked at so, or cannot be.
fn in_detail(
    baseline: &Baseline,
    frame: &Look,
    rule: &EffectiveRule,
    region: &WatchedRegion,
) -> Option<f64> {
    if !region.own_detail {
        return None;
    }
    let crop = Crop::of(region);
    let normals = baseline.detail(crop)?;
    let look = frame.details.get(&crop)?.as_ref()?;
    let areas: Areas = crop.areas(&rule.masks, region);
    let seen = normals.see_in(look, &areas);
    seen.regions.first().map(SeenRegion::similarity)
}

/// A similarity that counts by a threshold of its own as one that counts by another: below or not below both, 0 and 1 the same.
fn stretched(similarity: f64, own: f64, threshold: f64) -> f64 {
    match similarity < own {
        true => (threshold * (similarity / own))
            .min(threshold.next_down())
            .max(0.0),
        false if own >= 1.0 => 1.0,
        false => threshold + (1.0 - threshold) * (similarity - own) / (1.0 - own),
    }
}
