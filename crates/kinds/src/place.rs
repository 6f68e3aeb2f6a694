//! Where a view has changed: connected places that are not alike.

use crate::{COARSE, FINE};

/// Places less alike than this have changed, and the threshold of the mask over coarse places.
const CHANGED: f32 = 0.3;
const UNLIKE: f32 = 0.5;
/// The most areas that are told, and the least share of the largest one's weight that another must have.
const MOST: usize = 3;
const TELLING: f32 = 0.25;

/// A rectangle in fractions of the picture, from its upper left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// The left edge: 0 to 1.
    pub left: f32,
    /// The upper edge: 0 to 1.
    pub top: f32,
    /// The right edge: 0 to 1.
    pub right: f32,
    /// The lower edge: 0 to 1.
    pub bottom: f32,
}

/// The areas that have changed most, the largest first, of the likeness of the fine places.
pub(crate) fn changed(fine: &[f32]) -> Vec<Area> {
    let mut found: Vec<(f32, Area)> = Vec::new();
    let mut left: Vec<bool> = fine.iter().map(|&it| it < CHANGED).collect();
    for start in 0..left.len() {
        if left[start] {
            found.push(take(start, &mut left, fine));
        }
    }
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    let least = found.first().map_or(0.0, |largest| TELLING * largest.0);
    let telling = found.into_iter().filter(|it| it.0 >= least).take(MOST);
    telling.map(|(_, area)| area).collect()
}

/// Takes what hangs together with `start`, at sides and corners.
fn take(start: usize, left: &mut [bool], fine: &[f32]) -> (f32, Area) {
    let (rows, columns) = FINE;
    let (mut weight, mut to_see) = (0.0, vec![start]);
    let (mut least, mut most) = ((columns, rows), (0, 0));
    left[start] = false;
    while let Some(at) = to_see.pop() {
        let (y, x) = (at / columns, at % columns);
        weight += CHANGED - fine[at];
        least = (least.0.min(x), least.1.min(y));
        most = (most.0.max(x + 1), most.1.max(y + 1));
        for y in y.saturating_sub(1)..(y + 2).min(rows) {
            for x in x.saturating_sub(1)..(x + 2).min(columns) {
                let at = y * columns + x;
                if std::mem::take(&mut left[at]) {
                    to_see.push(at);
                }
            }
        }
    }
    let (across, down) = (columns as f32, rows as f32);
    let area = Area {
        left: least.0 as f32 / across,
        top: least.1 as f32 / down,
        right: most.0 as f32 / across,
        bottom: most.1 as f32 / down,
    };
    (weight, area)
}

/// Which fine places lie where the coarse ones are unlike, between which is interpolated.
pub(crate) fn unlike(coarse: &[f32]) -> Vec<bool> {
    let (rows, columns) = FINE;
    let between = |at: usize, count: usize, of: usize| {
        let place = (at as f32 + 0.5) * of as f32 / count as f32 - 0.5;
        let place = place.clamp(0.0, (of - 1) as f32);
        let low = (place as usize).min(of - 2);
        (low, place - low as f32)
    };
    let likeness = |at: usize| {
        let (y, down) = between(at / columns, rows, COARSE.0);
        let (x, across) = between(at % columns, columns, COARSE.1);
        let row = |y: usize| {
            let at = y * COARSE.1 + x;
            coarse[at] * (1.0 - across) + coarse[at + 1] * across
        };
        row(y) * (1.0 - down) + row(y + 1) * down
    };
    (0..rows * columns)
        .map(|at| likeness(at) < UNLIKE)
        .collect()
}
