//! How far a camera that trembles shifts what it sees, by pictures in which all is well.

use crate::{HEIGHT, WIDTH, field::Field, tiles::Tiles};

/// Shifts that are as large as this, in pixels, but for those of the pictures, are no others.
const SLACK: f32 = 1.0;

/// The least and the largest shift that pictures have: of the width to the right, and of the height down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Jitter {
    across: (f32, f32),
    down: (f32, f32),
}

impl Jitter {
    /// The shifts between the field of the picture that a frame is held against and the fields of other pictures. A
    /// picture whose tiles do not agree on a shift counts for nothing.
    pub(crate) fn of(reference: &Field, others: impl Iterator<Item = Field>) -> Self {
        let shifted = others.map(|other| Tiles::of(reference, &other, &[]));
        let shifts = shifted.filter(Tiles::are_shifted).map(|tiles| tiles.shift);
        let widened = |(least, most): (f32, f32), by: f32| (least.min(by), most.max(by));
        let none = Jitter {
            across: (0.0, 0.0),
            down: (0.0, 0.0),
        };
        shifts.fold(none, |jitter, (right, down)| Jitter {
            across: widened(jitter.across, right),
            down: widened(jitter.down, down),
        })
    }

    /// Whether a shift is no larger than those of these pictures.
    pub(crate) fn has(&self, (right, down): (f32, f32)) -> bool {
        let is_within = |by: f32, (least, most): (f32, f32), pixels: usize| {
            let slack = SLACK / pixels as f32;
            (least - slack..=most + slack).contains(&by)
        };
        is_within(right, self.across, WIDTH) && is_within(down, self.down, HEIGHT)
    }
}
