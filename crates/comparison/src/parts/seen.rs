//! What was seen of a part: how far it is from being right, and where.

use kinds::Area;

use super::{COLUMNS, ROWS, fine_place};
use crate::view::{FINE, SeenRegion, similarity};

/// From so many places on that hang together a change has a place.
const LEAST_PLACES: usize = 2;
/// A change that covers more of the picture than this is another part, not a change in it.
const LARGEST: f32 = 0.25;

/// What was seen of a frame that was held against a [`Bank`](super::Bank).
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The picture that the frame is closest to: 0 is the reference, others are counted as they were given.
    pub closest: usize,
    /// How far the frame is from being right, 1 being where the constants were fitted: u.
    pub excess: f32,
    /// How far its least alike places are from any that are right.
    pub s: f32,
    /// The limit of s.
    pub limit: f32,
    /// What was seen of each region that has a threshold of its own, in the rule's order.
    pub regions: Vec<SeenRegion>,
    /// Where the largest change lies, where that is sure.
    pub changed: Option<Area>,
    /// How far each place is from being right, divided by the limit: 45 rows × 60 columns; 0 where masks leave it out.
    pub(super) places: Vec<f32>,
}

impl Seen {
    /// 0 to 1, 1 being the same; 0.9 where [`excess`](Self::excess) is 1.
    pub fn similarity(&self) -> f64 {
        similarity(self.excess)
    }

    /// As [`view::Patches`](crate::view::Patches) has it, each the most of its 3×3 places: 128 at the limit.
    pub fn patches(&self) -> Vec<u8> {
        let mut patches = vec![0; FINE.0 * FINE.1];
        for (place, far) in self.places.iter().enumerate() {
            let patch = &mut patches[fine_place(place)];
            *patch = (*patch).max((127.5 * far).round() as u8);
        }
        patches
    }
}

/// The largest area of places beyond the limit that hang together; `None` where all are small, or it is most of the picture.
pub(super) fn changed(by_limit: &[f32]) -> Option<Area> {
    let mut left: Vec<bool> = by_limit.iter().map(|far| *far > 1.0).collect();
    let mut largest: Option<Found> = None;
    while let Some(start) = left.iter().position(|it| *it) {
        let found = take(start, &mut left);
        if largest.as_ref().is_none_or(|it| it.count < found.count) {
            largest = Some(found);
        }
    }
    let largest = largest?;
    let across = |x: usize| x as f32 / COLUMNS as f32;
    let down = |y: usize| y as f32 / ROWS as f32;
    let area = Area {
        left: across(largest.columns.0),
        top: down(largest.rows.0),
        right: across(largest.columns.1),
        bottom: down(largest.rows.1),
    };
    let size = (area.right - area.left) * (area.bottom - area.top);
    (largest.count >= LEAST_PLACES && size <= LARGEST).then_some(area)
}

/// Places that hang together: from the first to before the second.
struct Found {
    count: usize,
    rows: (usize, usize),
    columns: (usize, usize),
}

/// Takes what hangs together with a place.
fn take(start: usize, left: &mut [bool]) -> Found {
    let mut to_see = vec![start];
    left[start] = false;
    let mut found = Found {
        count: 0,
        rows: (ROWS, 0),
        columns: (COLUMNS, 0),
    };
    while let Some(place) = to_see.pop() {
        let (y, x) = (place / COLUMNS, place % COLUMNS);
        found.count += 1;
        found.rows = (found.rows.0.min(y), found.rows.1.max(y + 1));
        found.columns = (found.columns.0.min(x), found.columns.1.max(x + 1));
        for y in y.saturating_sub(1)..(y + 2).min(ROWS) {
            for x in x.saturating_sub(1)..(x + 2).min(COLUMNS) {
                let place = y * COLUMNS + x;
                if std::mem::take(&mut left[place]) {
                    to_see.push(place);
                }
            }
        }
    }
    found
}
