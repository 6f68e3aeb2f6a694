//! What is kept of a picture of a part in order to compare it.

use crate::parts::{COLUMNS, PLACES, TILE_PLACES, TILES};
use crate::view::{self, FINE, FINE_CHANNELS, STATISTICS, ShapeError, Units};

/// The first byte of a stored look.
const FORMAT: u8 = 1;

/// What is kept of a picture of a part: 313,201 bytes stored, 324,000 in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// 45 rows × 60 columns of places, in the order in which they lie in the picture.
    pub(super) places: Units,
}

impl Look {
    /// The bytes that a stored look takes.
    pub const BYTES: usize = 1 + PLACES * (FINE_CHANNELS + 4);

    /// Takes the features after stage 5 of each of 3×3 tiles, row by row from the upper left. Each tile has 15 rows ×
    /// 20 columns × 112 channels.
    ///
    /// # Errors
    /// Where a tile has another length, or a feature is infinite or not a number.
    pub fn of(tiles: &[Vec<f32>; TILES * TILES]) -> Result<Self, ShapeError> {
        let mut vectors = vec![0.0_f32; PLACES * FINE_CHANNELS];
        for (tile, features) in tiles.iter().enumerate() {
            let is_finite = features.iter().all(|it| it.is_finite());
            let length = TILE_PLACES * FINE_CHANNELS;
            view::check("stage 5 of a tile", features.len(), length, is_finite)?;
            let (top, left) = (tile / TILES * FINE.0, tile % TILES * FINE.1);
            let centred = STATISTICS.0.centred(features);
            for (row, line) in centred.chunks_exact(FINE.1 * FINE_CHANNELS).enumerate() {
                let start = ((top + row) * COLUMNS + left) * FINE_CHANNELS;
                vectors[start..start + line.len()].copy_from_slice(line);
            }
        }
        let places = Units::of(&vectors, FINE_CHANNELS);
        Ok(Look { places })
    }

    /// To be stored: [`Self::BYTES`] long, the same on every machine.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.push(FORMAT);
        bytes.extend(self.places.steps().iter().map(|step| step.to_le_bytes()[0]));
        view::put(&mut bytes, self.places.lengths());
        bytes
    }

    /// What [`Self::to_bytes`] gave; `None` where these bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&format, mut rest) = bytes.split_first()?;
        if format != FORMAT || bytes.len() != Self::BYTES {
            return None;
        }
        let places = view::get_units(&mut rest, PLACES, FINE_CHANNELS)?;
        Some(Look { places })
    }
}
