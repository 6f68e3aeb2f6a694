//! The DC scans of progressive JPEG.

use std::ops::Range;

use super::codes::Codes;
use super::entropy::{EntropyData, ahead};
use super::plane::Plane;
use super::scan::{Places, Scan};

/// How DC coefficients come in a scan.
pub(super) enum Pass<'a> {
    /// Their high bits, Huffman-coded; by part of the scan.
    First([&'a Codes; 4]),
    /// One more bit of each.
    Refinement,
}

/// Reads a DC scan and writes its luma into the plane. Returns how many of its blocks there were.
pub(super) fn read(
    scan: &Scan,
    restart_interval: usize,
    data: &EntropyData,
    pass: &Pass<'_>,
    plane: &mut Plane,
) -> usize {
    let mut found = 0;
    for (units, bits) in scan.intervals(restart_interval, data) {
        let mut reader = BitReader {
            padded: data.padded(),
            at: bits.start,
            end: bits.end,
        };
        found += match pass {
            Pass::First(codes) => {
                let mut levels = [0_i16; 4];
                fill(scan, units, plane, |part| {
                    levels[part] = levels[part].wrapping_add(reader.difference(codes[part])?);
                    Some(levels[part])
                })
            }
            Pass::Refinement => fill(scan, units, plane, |_| reader.bit()),
        };
    }
    found
}

/// Adds to the coefficients of consecutive units what `next` says for each of their blocks, given its part of the scan,
/// until it says nothing. Returns how many blocks that was.
fn fill(
    scan: &Scan,
    units: Range<usize>,
    plane: &mut Plane,
    mut next: impl FnMut(usize) -> Option<i16>,
) -> usize {
    let mut places = Places::new(scan, units.start);
    let mut found = 0;
    for _ in units {
        for (&part, spot) in scan.sequence().iter().zip(scan.spots()) {
            let Some(bits) = next(part) else {
                return found;
            };
            found += 1;
            if spot.component == 0
                && let Some(at) = plane.at(places.of(spot))
            {
                plane.dc[at] |= bits << scan.approximation.1;
            }
        }
        places.advance();
    }
    found
}

/// What is left of a restart interval.
struct BitReader<'a> {
    padded: &'a [u8],
    at: usize,
    end: usize,
}

impl BitReader<'_> {
    #[inline]
    fn difference(&mut self, codes: &Codes) -> Option<i16> {
        if self.at >= self.end {
            return None;
        }
        let (taken, difference) = codes.decode_difference(ahead(self.padded, self.at))?;
        self.at += taken;
        (self.at <= self.end).then_some(difference as i16)
    }

    #[inline]
    fn bit(&mut self) -> Option<i16> {
        let bit = self.padded[self.at / 8] << (self.at % 8) >> 7;
        self.at += 1;
        (self.at <= self.end).then_some(bit.into())
    }
}
