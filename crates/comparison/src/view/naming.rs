//! What `kinds` is given of two looks.

use kinds::{Depth, Elsewhere, Ignored, Measures, Network, Pair, Picture};

use super::Look;
use crate::Areas;

/// How many other views are compared closely with a frame; each takes a millisecond or two.
const TRIED: usize = 4;

/// Measures how a frame differs from a picture, without what masks leave out. `others` also show the view as it should
/// look. `aspect` is the frame's height divided by its width. `None` where the picture or the frame was stored by an
/// earlier version, which kept too little.
pub fn measures(
    (reference, others): (&Look, &[&Look]),
    frame: &Look,
    aspect: f32,
    depth: Depth,
    areas: &Areas,
) -> Option<Measures> {
    let fine = reference.fine.cosines(&frame.fine);
    let coarse = reference.coarse.cosines(&frame.coarse);
    let plainness = |marked: &[bool]| {
        (
            reference.fine.plainness(marked),
            frame.fine.plainness(marked),
        )
    };
    let others = others.iter().filter_map(|other| other.luma.as_deref());
    let others: Vec<&[u8]> = others.collect();
    let pair = Pair {
        reference: picture(reference, areas)?,
        frame: picture(frame, areas)?,
        aspect: aspect * kinds::WIDTH as f32 / kinds::HEIGHT as f32,
        lost_detail: reference.sharper_in(frame, areas),
        network: Network {
            fine: &fine,
            coarse: &coarse,
            plainness: &plainness,
        },
        others: &others,
        ignored: areas.masked().map(|masked| Ignored {
            pixels: &masked.pixels,
            fine: &masked.fine,
            coarse: &masked.coarse,
        }),
    };
    Some(Measures::of(&pair, depth))
}

/// Which of other views a frame shows, that is not its own by `measures`; tried are the few that the network finds most
/// like it.
pub fn elsewhere<'a>(
    measures: &Measures,
    frame: &Look,
    others: impl Iterator<Item = &'a Look>,
) -> Option<Elsewhere> {
    let likeness = |other: &Look| {
        let cosines = other.coarse.cosines(&frame.coarse);
        cosines.iter().sum::<f32>() / cosines.len() as f32
    };
    let mut others: Vec<(usize, f32, &[u8])> = others
        .enumerate()
        .filter_map(|(at, other)| Some((at, likeness(other), other.luma.as_deref()?)))
        .collect();
    others.sort_by(|one, other| other.1.total_cmp(&one.1));
    others.truncate(TRIED);
    let levels = others.iter().map(|(_, _, luma)| *luma);
    let found = kinds::in_place_of(measures, frame.luma.as_deref()?, levels)?;
    Some(Elsewhere {
        at: others[found.at].0,
        ..found
    })
}

fn picture<'a>(look: &'a Look, areas: &Areas) -> Option<Picture<'a>> {
    let [low, middle, high] = &look.detail.0;
    let tone = look.tone_in(areas);
    Some(Picture {
        luma: look.luma.as_ref()?,
        mean: tone.mean * 255.0,
        contrast: tone.contrast,
        bands: [low, middle, high],
    })
}
