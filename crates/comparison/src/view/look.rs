//! What is kept of a picture in order to compare it.

use super::detail::Detail;
use super::statistics::STATISTICS;
use super::tone::Tone;
use super::units::Units;
use super::{COARSE, COARSE_CHANNELS, FINE, FINE_CHANNELS, SIZE};
use crate::Areas;

/// The first byte of a stored look.
const FORMAT: u8 = 2;
/// The same of earlier versions, which kept no grey levels.
const FORMAT_WITHOUT_LUMA: u8 = 1;
/// The grey levels that are kept.
const LUMA: usize = kinds::WIDTH * kinds::HEIGHT;
const PLACES: (usize, usize) = (FINE.0 * FINE.1, COARSE.0 * COARSE.1);

/// A picture as the network saw it.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Features after stage 5: 15 rows × 20 columns × 112 channels.
    pub stage5: &'a [f32],
    /// Features after stage 7: 7 rows × 10 columns × 320 channels.
    pub stage7: &'a [f32],
    /// The grey levels (0.299 R + 0.587 G + 0.114 B) of the 320×240 pixels that the network was given, row by row.
    pub luma: &'a [u8],
}

/// Features or grey levels of another shape than the measure is for, or that are no numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} has {length} values where {expected} finite ones are expected")]
pub struct ShapeError {
    /// Which.
    pub what: &'static str,
    /// How many there are.
    pub length: usize,
    /// How many there should be.
    pub expected: usize,
}

/// What is kept of a picture in order to compare it, and to say what is wrong: 77,533 bytes stored, 79,100 in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    pub(super) fine: Units,
    pub(super) coarse: Units,
    pub(super) detail: Detail,
    pub(super) tone: Tone,
    /// 160×120 grey levels. They change no similarity and no verdict; `None` in looks that an earlier version stored.
    pub(super) luma: Option<Vec<u8>>,
}

impl Look {
    /// The bytes that a stored look takes.
    pub const BYTES: usize = Self::BYTES_WITHOUT_LUMA + LUMA;
    /// The same of an earlier version's.
    const BYTES_WITHOUT_LUMA: usize =
        1 + PLACES.0 * (FINE_CHANNELS + 4) + PLACES.1 * (COARSE_CHANNELS + 4 + 3 * 4) + 3 * 4;

    /// The look of a picture.
    ///
    /// # Errors
    /// Where a part has another length, or a feature is infinite or not a number.
    pub fn of(picture: &Picture<'_>) -> Result<Self, ShapeError> {
        let (stage5, stage7) = (picture.stage5, picture.stage7);
        let is_finite = |values: &[f32]| values.iter().all(|it| it.is_finite());
        check(
            "stage 5",
            stage5.len(),
            PLACES.0 * FINE_CHANNELS,
            is_finite(stage5),
        )?;
        check(
            "stage 7",
            stage7.len(),
            PLACES.1 * COARSE_CHANNELS,
            is_finite(stage7),
        )?;
        check("the luma", picture.luma.len(), SIZE.0 * SIZE.1, true)?;
        let (fine, coarse) = &*STATISTICS;
        Ok(Look {
            fine: Units::of(&fine.centred(stage5), fine.channels()),
            coarse: Units::of(&coarse.centred(stage7), coarse.channels()),
            detail: Detail::of(picture.luma),
            tone: Tone::of(picture.luma),
            luma: Some(kinds::halved(picture.luma)),
        })
    }

    /// Whether it has all that this version keeps. What an earlier version stored compares as well as any, but tells less
    /// of what is wrong.
    pub fn is_complete(&self) -> bool {
        self.luma.is_some()
    }

    /// Whether there is nothing to see: as [`fingerprint::Fingerprint::is_blank`], of the picture at 320×240.
    pub fn is_blank(&self) -> bool {
        self.tone.contrast < fingerprint::BLANK_CONTRAST
    }

    /// How much of its fine detail a frame has lost against this picture: about 0 for a frame in focus whatever the light,
    /// above 0.75 for one out of focus. As a logarithm.
    pub fn sharper_by(&self, frame: &Self) -> f32 {
        self.sharper_in(frame, &Areas::default())
    }

    /// The same, without what masks leave out.
    pub(super) fn sharper_in(&self, frame: &Self, areas: &Areas) -> f32 {
        let masked = areas.masked().map(|masked| &masked.coarse[..]);
        self.detail.sharper_by(&frame.detail, masked)
    }

    /// The tone without what masks leave out; of a look of an earlier version, which kept no grey levels, of all.
    pub(super) fn tone_in(&self, areas: &Areas) -> Tone {
        match (areas.masked(), &self.luma) {
            (Some(masked), Some(luma)) => {
                let both = luma.iter().zip(&masked.pixels);
                let left: Vec<u8> = both.filter(|it| !it.1).map(|it| *it.0).collect();
                if left.is_empty() {
                    self.tone
                } else {
                    Tone::of(&left)
                }
            }
            _ => self.tone,
        }
    }

    /// m of each place of stage 5.
    pub(super) fn fine_likeness(&self, other: &Self) -> Vec<f32> {
        self.fine.likeness(&other.fine, STATISTICS.0.softness())
    }

    /// m of each place of stage 7.
    pub(super) fn coarse_likeness(&self, other: &Self) -> Vec<f32> {
        self.coarse.likeness(&other.coarse, STATISTICS.1.softness())
    }

    /// To be stored: [`Self::BYTES`] long at most, the same on every machine.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.push(match self.luma {
            Some(_) => FORMAT,
            None => FORMAT_WITHOUT_LUMA,
        });
        for units in [&self.fine, &self.coarse] {
            bytes.extend(units.steps().iter().map(|step| step.to_le_bytes()[0]));
            put(&mut bytes, units.lengths());
        }
        for band in &self.detail.0 {
            put(&mut bytes, band);
        }
        let Tone {
            mean,
            contrast,
            dark_share,
        } = self.tone;
        put(&mut bytes, &[mean, contrast, dark_share]);
        bytes.extend(self.luma.iter().flatten());
        bytes
    }

    /// What [`Self::to_bytes`] gave, here or in the version before; `None` where these bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&format, mut rest) = bytes.split_first()?;
        match (format, bytes.len()) {
            (FORMAT, Self::BYTES) | (FORMAT_WITHOUT_LUMA, Self::BYTES_WITHOUT_LUMA) => {}
            _ => return None,
        }
        let look = Look {
            fine: get_units(&mut rest, PLACES.0, FINE_CHANNELS)?,
            coarse: get_units(&mut rest, PLACES.1, COARSE_CHANNELS)?,
            detail: Detail([
                get(&mut rest, PLACES.1)?,
                get(&mut rest, PLACES.1)?,
                get(&mut rest, PLACES.1)?,
            ]),
            tone: Tone {
                mean: get(&mut rest, 1)?[0],
                contrast: get(&mut rest, 1)?[0],
                dark_share: get(&mut rest, 1)?[0],
            },
            luma: (!rest.is_empty()).then(|| rest.to_vec()),
        };
        Some(look)
    }
}

pub(crate) fn check(
    what: &'static str,
    length: usize,
    expected: usize,
    is_finite: bool,
) -> Result<(), ShapeError> {
    if length == expected && is_finite {
        return Ok(());
    }
    Err(ShapeError {
        what,
        length,
        expected,
    })
}

pub(crate) fn put(bytes: &mut Vec<u8>, values: &[f32]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// `None` as well where a value is not finite.
fn get(bytes: &mut &[u8], count: usize) -> Option<Vec<f32>> {
    let (taken, rest) = bytes.split_at_checked(count * 4)?;
    *bytes = rest;
    let values = taken.as_chunks().0.iter().map(|it| f32::from_le_bytes(*it));
    values.map(|it| it.is_finite().then_some(it)).collect()
}

pub(crate) fn get_units(bytes: &mut &[u8], places: usize, channels: usize) -> Option<Units> {
    let (taken, rest) = bytes.split_at_checked(places * channels)?;
    *bytes = rest;
    let steps = taken.iter().map(|&it| i8::from_le_bytes([it])).collect();
    Some(Units::from_parts(steps, get(bytes, places)?))
}
