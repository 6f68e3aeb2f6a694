//! What a mismatch is called, and where it is.

use std::sync::Arc;

use kinds::{Area, Depth, Extent, Measures, Moved, Name};
use proto::v1::{Finding, Kind, Point, Region, Shift, Verdict};

use crate::{Areas, Baseline, Compared, Look, view};

/// From which score on something is what it is called.
const LIMIT: f64 = 0.5;

/// Another folder, and what its frames are held against.
pub type Other = (String, Arc<Baseline>);

/// Whether more can be said of it than was: a mismatch that is not already of one tone, or a long night.
pub fn can_be_named(verdict: Verdict, findings: &[Finding]) -> bool {
    let first = findings.first().map(Finding::kind);
    verdict == Verdict::Mismatch && matches!(first, Some(Kind::Different | Kind::Blurred))
}

/// Says what is wrong with a frame that does not match, instead of only that something is. The verdict and the similarity
/// stay. What nobody can be sure of stays [`Kind::Different`], and so does what is measured by hashes alone. `others` are
/// the folders whose views the frame may show instead.
pub fn name(compared: &mut Compared<'_>, frame: &Look, depth: Depth, others: &[Other]) {
    if !can_be_named(compared.verdict, &compared.findings) {
        return;
    }
    let closest = compared.closest;
    let looks = closest.look.view.as_ref().zip(frame.view.as_ref());
    let right = compared.pictures.iter();
    let right = right.filter(|picture| !std::ptr::eq(*picture, closest));
    let right: Vec<&view::Look> = right.filter_map(|it| it.look.view.as_deref()).collect();
    let (fingerprint, areas) = (&frame.fingerprint, &compared.areas);
    let aspect = fingerprint.height.max(1) as f32 / fingerprint.width.max(1) as f32;
    let measures = looks.and_then(|(reference, frame)| {
        view::measures((reference, &right), frame, aspect, depth, areas)
    });
    if let (Some(measures), Some(view)) = (measures, frame.view.as_ref()) {
        let different = compared.findings.remove(0);
        let better = match elsewhere(&measures, view, others) {
            Some(swapped) => vec![swapped],
            None => findings(measures.name(), different, areas),
        };
        compared.findings.splice(..0, better);
    }
}

/// The finding that a frame shows the view of another folder, where it does.
fn elsewhere(measures: &Measures, frame: &view::Look, others: &[Other]) -> Option<Finding> {
    let with_views = others.iter().filter_map(|(folder, baseline)| {
        let look = baseline.reference().look.view.as_deref()?;
        Some((folder, look))
    });
    let (folders, looks): (Vec<&String>, Vec<&view::Look>) = with_views.unzip();
    let found = view::elsewhere(measures, frame, looks.into_iter())?;
    Some(Finding {
        kind: Kind::Swapped.into(),
        score: rounded(found.score),
        limit: LIMIT,
        folder: folders[found.at].clone(),
        ..Finding::default()
    })
}

/// The findings that a name stands for; `different` is what was found before.
fn findings(Name { kind, score }: Name, different: Finding, areas: &Areas) -> Vec<Finding> {
    let of = |kind: Kind| Finding {
        kind: kind.into(),
        score: rounded(score),
        limit: LIMIT,
        ..Finding::default()
    };
    let at = |kind: Kind, places: &[Area]| Finding {
        regions: places.iter().map(|place| region(place, areas)).collect(),
        ..of(kind)
    };
    match kind {
        kinds::Kind::Moved(moved) => vec![Finding {
            shift: Some(shift(&moved)),
            ..of(Kind::Moved)
        }],
        kinds::Kind::Covered(Extent::Part(covered)) => vec![at(Kind::Covered, &covered)],
        kinds::Kind::Covered(Extent::Most) => vec![of(Kind::Covered)],
        kinds::Kind::Covered(Extent::AllOrTurned) => vec![
            of(Kind::Covered),
            // Nobody can say where to.
            Finding {
                score: LIMIT,
                ..of(Kind::Moved)
            },
        ],
        kinds::Kind::Blurred => vec![of(Kind::Blurred)],
        kinds::Kind::Dark => vec![of(Kind::Dark)],
        kinds::Kind::Changed(changed) => vec![at(Kind::Changed, &changed)],
        kinds::Kind::Different => vec![Finding {
            kind: Kind::Different.into(),
            ..different
        }],
    }
}

fn shift(moved: &Moved) -> Shift {
    Shift {
        dx: rounded(moved.dx),
        dy: rounded(moved.dy),
        degrees: rounded(moved.degrees),
        zoom: rounded(moved.zoom),
    }
}

/// A place, with the name of the region that it lies in.
pub(crate) fn region(area: &Area, areas: &Areas) -> Region {
    let (left, top) = (rounded(area.left), rounded(area.top));
    let (right, bottom) = (rounded(area.right), rounded(area.bottom));
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
    let name = areas.name_at(area.left, area.top, area.right, area.bottom);
    Region {
        polygon: corners.map(|(x, y)| Point { x, y }).to_vec(),
        name: name.unwrap_or_default().to_owned(),
    }
}

/// To four digits after the point: more of them say nothing, and only lengthen what is stored.
fn rounded(value: f32) -> f64 {
    (f64::from(value) * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn different() -> Finding {
        Finding {
            kind: Kind::Different.into(),
            score: 0.4,
            limit: 0.1,
            ..Finding::default()
        }
    }

    fn found(kind: kinds::Kind) -> Vec<Finding> {
        findings(Name { kind, score: 0.8 }, different(), &Areas::default())
    }

    #[test]
    fn only_a_mismatch_that_says_nothing_better_is_named() {
        let of = |kind: Kind| vec![Finding::certain(kind, "")];
        for (verdict, findings, can) in [
            (Verdict::Mismatch, of(Kind::Different), true),
            (Verdict::Mismatch, of(Kind::Blurred), true),
            (Verdict::Mismatch, of(Kind::Blank), false),
            (Verdict::Mismatch, of(Kind::Dark), false),
            (Verdict::Indeterminate, of(Kind::Dark), false),
            (Verdict::Match, Vec::new(), false),
        ] {
            assert_eq!(can_be_named(verdict, &findings), can, "{findings:?}");
        }
    }

    #[test]
    fn what_is_not_sure_stays_as_it_was_found() {
        assert_eq!(found(kinds::Kind::Different), [different()]);
    }

    #[test]
    fn what_may_be_either_is_both_and_says_no_way() {
        let found = found(kinds::Kind::Covered(Extent::AllOrTurned));
        let kinds: Vec<Kind> = found.iter().map(Finding::kind).collect();
        assert_eq!(kinds, [Kind::Covered, Kind::Moved]);
        assert_eq!(found[1].shift, None);
        assert_eq!((found[0].score, found[0].limit), (0.8, 0.5));
    }

    #[test]
    fn a_change_and_a_cover_of_a_part_have_the_corners_of_their_place() {
        let area = Area {
            left: 0.25,
            top: 0.2,
            right: 0.5,
            bottom: 0.4,
        };
        for (kind, word) in [
            (kinds::Kind::Changed(vec![area]), Kind::Changed),
            (
                kinds::Kind::Covered(Extent::Part(vec![area])),
                Kind::Covered,
            ),
        ] {
            let found = found(kind);
            assert_eq!(found[0].kind(), word);
            let corners = found[0].regions[0].polygon.iter().map(|it| (it.x, it.y));
            let corners: Vec<(f64, f64)> = corners.collect();
            assert_eq!(corners, [(0.25, 0.2), (0.5, 0.2), (0.5, 0.4), (0.25, 0.4)]);
        }
    }
}
