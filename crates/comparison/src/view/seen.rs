//! What was seen of a frame: similarity, what stood in the way, and where. The verdict is left to `judge`.

use proto::v1::Kind;

use super::{COARSE, FINE};
use crate::areas::Masked;

/// What was seen of a frame that was held against [`Normals`](super::Normals).
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The picture that the frame is closest to: 0 is the reference, others are counted as they were given.
    pub closest: usize,
    /// What stands in the way of seeing.
    pub condition: Condition,
    /// How far the frame is from being the same, 1 being where the constants were fitted: u.
    pub excess: f32,
    /// Likeness of the least alike places, to the closest picture: −1 to 1.
    pub s: f32,
    /// How far the least normal places are from normal; `None` with fewer than five pictures.
    pub z: Option<f32>,
    /// The folder's own limit of z.
    pub limit: Option<f32>,
    /// How different each place is; 0 where masks leave it out.
    pub patches: Patches,
    /// What was seen of each region that has a threshold of its own, in the rule's order.
    pub regions: Vec<SeenRegion>,
}

/// What was seen of a region that is judged by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenRegion {
    /// As the rule has it.
    pub name: String,
    /// u, of its places alone.
    pub excess: f32,
}

impl SeenRegion {
    /// 0 to 1, 1 being the same.
    pub fn similarity(&self) -> f64 {
        similarity(self.excess)
    }
}

/// What stands in the way of seeing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    Clear,
    /// The frame is out of focus.
    Blurred,
    /// The frame is a night's, and none of the pictures is.
    Night,
}

impl Condition {
    /// What a mismatch is called in it.
    pub fn kind(self) -> Kind {
        match self {
            Condition::Clear => Kind::Different,
            Condition::Blurred => Kind::Blurred,
            Condition::Night => Kind::Dark,
        }
    }
}

impl Seen {
    /// 0 to 1, 1 being the same; 0.9 where [`excess`](Self::excess) is 1.
    pub fn similarity(&self) -> f64 {
        similarity(self.excess)
    }
}

pub(crate) fn similarity(excess: f32) -> f64 {
    let u = f64::from(excess);
    let similarity = match u <= 1.0 {
        true => 1.0 - 0.1 * u,
        false => 0.9 * (1.3 - 0.64 * u) / 0.66,
    };
    similarity.clamp(0.0, 1.0)
}

/// How different each of 15 rows × 20 columns of places is, row by row from the upper left: 0 the same, 128 as different as
/// the least alike places of a frame may be on the whole at the threshold 0.9, 255 twice that or more. Each is a twentieth
/// of the picture's width and a fifteenth of its height.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patches(Vec<u8>);

impl Patches {
    /// Rows of places.
    pub const ROWS: usize = FINE.0;
    /// Columns of places.
    pub const COLUMNS: usize = FINE.1;

    /// Takes the distance of each place of stage 7, divided by its threshold, and of each place of stage 5, divided by
    /// the folder's limit. The larger of the two counts.
    pub(super) fn new(coarse: &[f32], fine: Option<&[f32]>, masked: Option<&Masked>) -> Self {
        let score = |place: usize| {
            let at = coarse_place(place);
            let (is_out, coarse_is_out) =
                masked.map_or((false, false), |it| (it.fine[place], it.coarse[at]));
            let by_limit = fine.map_or(0.0, |fine| fine[place]);
            let by_threshold = if coarse_is_out { 0.0 } else { coarse[at] };
            match is_out {
                true => 0,
                false => (127.5 * by_limit.max(by_threshold)).round() as u8,
            }
        };
        Patches((0..Self::ROWS * Self::COLUMNS).map(score).collect())
    }

    /// All 300.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The place of stage 7 in which one of stage 5 lies. The last row of stage 5 is beyond stage 7's, which is nearest.
fn coarse_place(fine: usize) -> usize {
    let (y, x) = (fine / FINE.1, fine % FINE.1);
    (y / 2).min(COARSE.0 - 1) * COARSE.1 + x / 2
}
