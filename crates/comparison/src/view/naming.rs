//! What `kinds` is given of two looks.

use kinds::{Depth, Measures, Network, Pair, Picture};

use super::Look;

/// What tells how a frame differs from a picture. `aspect` is the frame's height by its width. `None` where one of them
/// was stored by an earlier version, which kept too little.
pub fn measures(reference: &Look, frame: &Look, aspect: f32, depth: Depth) -> Option<Measures> {
    let fine = reference.fine.cosines(&frame.fine);
    let coarse = reference.coarse.cosines(&frame.coarse);
    let plainness = |marked: &[bool]| {
        (
            reference.fine.plainness(marked),
            frame.fine.plainness(marked),
        )
    };
    let pair = Pair {
        reference: picture(reference)?,
        frame: picture(frame)?,
        aspect: aspect * kinds::WIDTH as f32 / kinds::HEIGHT as f32,
        lost_detail: reference.sharper_by(frame),
        network: Network {
            fine: &fine,
            coarse: &coarse,
            plainness: &plainness,
        },
    };
    Some(Measures::of(&pair, depth))
}

fn picture(look: &Look) -> Option<Picture<'_>> {
    let [low, middle, high] = &look.detail.0;
    Some(Picture {
        luma: look.luma.as_ref()?,
        mean: look.tone.mean * 255.0,
        contrast: look.tone.contrast,
        bands: [low, middle, high],
    })
}
