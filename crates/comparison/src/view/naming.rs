//! What `kinds` is given of two looks.

use kinds::{Depth, Ignored, Measures, Network, Pair, Picture};

use super::Look;
use crate::Areas;

/// What tells how a frame differs from a picture, without what masks leave out. `aspect` is the frame's height by its width.
/// `None` where one of them was stored by an earlier version, which kept too little.
pub fn measures(
    reference: &Look,
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
        ignored: areas.masked().map(|masked| Ignored {
            pixels: &masked.pixels,
            fine: &masked.fine,
            coarse: &masked.coarse,
        }),
    };
    Some(Measures::of(&pair, depth))
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
