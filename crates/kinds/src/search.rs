//! Where the view has gone: in place, shifted, turned, zoomed.

use crate::{
    align::{Aligner, Peak},
    field::{ACROSS, DOWN, Field},
    limits, tiles,
    turn::{Original, Turn},
};

/// How long to look for what explains a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Depth {
    /// Shifts.
    Shifts,
    /// Turns and zooms as well, where no shift explains the frame. They take most of the time.
    Turns,
    /// One turn and zoom that is likely, where no shift explains the frame.
    Like {
        /// See [`Moved::degrees`].
        degrees: f32,
        /// See [`Moved::zoom`].
        zoom: f32,
    },
}

/// How the view lies in a frame, and how surely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved {
    /// How far what is seen has moved to the right, of the width.
    pub dx: f32,
    /// How far what is seen has moved down, of the height.
    pub dy: f32,
    /// How far the camera was turned around its axis, in degrees. To the right is positive: what is seen turns left.
    pub degrees: f32,
    /// How much larger things are.
    pub zoom: f32,
    /// Agreement there, in standard deviations.
    pub z: f32,
    /// The next best agreement, elsewhere.
    pub next: f32,
}

impl Moved {
    /// Whether the view has gone there, by its agreement in place and at the next best place.
    pub(crate) fn explains_better_than(&self, in_place: f32) -> bool {
        let next = self.next.max(1.0);
        let is_alone = |by: f32| self.z >= by * next;
        self.z >= limits::BETTER * in_place
            && (self.z >= limits::SURELY_MOVED && is_alone(limits::SURELY_ALONE)
                || self.z >= limits::MOVED && is_alone(limits::ALONE))
    }
}

/// Shifts of at most so many cells are none: the view is in place.
const IN_PLACE: usize = 2;
/// How many cells away tiles are looked for.
const NEAR: usize = tiles::REACH / 2;
/// A turn or zoom must explain the frame so much better than a shift.
const BETTER: f32 = 1.12;

const TURNS: [f32; 7] = [-12.0, -8.0, -4.0, 0.0, 4.0, 8.0, 12.0];
const ZOOMS: [f32; 5] = [0.78, 0.88, 1.0, 1.13, 1.28];
const FINER_TURNS: [f32; 3] = [-2.0, 0.0, 2.0];
const FINER_ZOOMS: [f32; 3] = [0.94, 1.0, 1.06];

/// Where a view was found.
pub(crate) struct Found {
    /// The agreement in place.
    pub(crate) in_place: f32,
    /// The best with a shift as large as tiles are looked for.
    pub(crate) near: f32,
    /// The best elsewhere.
    pub(crate) moved: Moved,
}

/// Looks for the reference's view in a frame.
pub(crate) fn search(reference: &Field, frame: &Field, seen: &Original<'_>, depth: Depth) -> Found {
    let aligner = Aligner::new(&reference.halved());
    let surface = aligner.at(&frame.halved());
    let in_place = surface.in_place();
    let found = |moved: Moved| Found {
        in_place,
        near: surface.within(NEAR),
        moved,
    };
    let shifted = moved(surface.peak(Some(IN_PLACE)), Turn::NONE);
    let is_explained = in_place >= limits::IN_PLACE || shifted.explains_better_than(in_place);
    if is_explained || depth == Depth::Shifts {
        return found(shifted);
    }
    let at = |turn: Turn| {
        let peak = aligner.at(&turn.undone(seen)).peak(None);
        (turn, peak)
    };
    let better = |best: (Turn, Peak), turn| {
        let other = at(turn);
        if other.1.z > best.1.z { other } else { best }
    };
    let best = match depth {
        Depth::Like { degrees, zoom } => at(Turn { degrees, zoom }),
        Depth::Shifts | Depth::Turns => {
            let first = at(Turn {
                degrees: TURNS[0],
                zoom: ZOOMS[0],
            });
            let others = pairs(TURNS, ZOOMS)
                .skip(1)
                .filter(|turn| *turn != Turn::NONE);
            finer(others.fold(first, better), better)
        }
    };
    let (turn, peak) = best;
    match peak.z > BETTER * shifted.z {
        true => found(moved(peak, turn)),
        false => found(shifted),
    }
}

/// The best of those around the best.
fn finer(best: (Turn, Peak), better: impl Fn((Turn, Peak), Turn) -> (Turn, Peak)) -> (Turn, Peak) {
    let around = pairs(FINER_TURNS, FINER_ZOOMS).filter(|turn| *turn != Turn::NONE);
    let turns = around.map(|by| Turn {
        degrees: best.0.degrees + by.degrees,
        zoom: best.0.zoom * by.zoom,
    });
    turns.fold(best, better)
}

fn pairs<const A: usize, const B: usize>(
    turns: [f32; A],
    zooms: [f32; B],
) -> impl Iterator<Item = Turn> {
    turns
        .into_iter()
        .flat_map(move |degrees| zooms.into_iter().map(move |zoom| Turn { degrees, zoom }))
}

fn moved(peak: Peak, turn: Turn) -> Moved {
    Moved {
        dx: peak.x / ACROSS as f32,
        dy: peak.y / DOWN as f32,
        degrees: turn.degrees,
        zoom: turn.zoom,
        z: peak.z,
        next: peak.next,
    }
}
