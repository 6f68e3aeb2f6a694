//! The AC scans of a progressive JPEG's luma (T.81, G.1.2.2 and G.1.2.3), of which only the picture at 1/4 scale is made.
//!
//! A scan that refines coefficients has a bit for each one that isn't 0, and codes for the others. So of a coefficient two
//! bits are kept, whether it is 0 and its sign; what it comes to is added up at once.

use std::ops::Range;

use super::codes::{Codes, extend};
use super::entropy::{EntropyData, ahead};
use super::scan::Scan;
use super::slopes::{Slopes, Weights};
use super::{corrupt, out_of_order};
use crate::Error;

/// What is known of a block's coefficients, a bit for each one in zigzag order.
#[derive(Clone, Copy, Default)]
struct Block {
    nonzero: u64,
    negative: u64,
}

/// What the scans so far have told of the luma's AC coefficients.
pub(super) struct Spectrum {
    blocks: Vec<Block>,
    /// For each coefficient, the lowest of its bits that scans have given.
    precision: [Option<u8>; 64],
}

impl Default for Spectrum {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            precision: [None; 64],
        }
    }
}

impl Spectrum {
    /// The bytes that this many blocks take.
    pub(super) fn bytes_for(blocks: usize) -> u64 {
        (blocks * size_of::<Block>()) as u64
    }

    /// Forgets the picture before. There are no blocks before the first scan.
    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.precision = [None; 64];
    }

    /// Takes note that a scan comes.
    ///
    /// # Errors
    /// When it gives bits that came before, or refines what didn't come.
    pub(super) fn begin(&mut self, scan: &Scan) -> Result<(), Error> {
        let (first, last) = scan.spectrum;
        let (high, low) = scan.approximation;
        let band = self
            .precision
            .get_mut(first.into()..usize::from(last) + 1)
            .filter(|band| !band.is_empty())
            .ok_or_else(|| corrupt("a progressive scan has no such coefficients"))?;
        let before = (high > 0).then_some(high);
        let is_next = low <= 13 && (high == 0 || high == low + 1);
        if !is_next || band.iter().any(|precision| *precision != before) {
            return Err(out_of_order());
        }
        band.fill(Some(low));
        self.blocks.resize(scan.blocks(), Block::default());
        Ok(())
    }

    /// Reads the data of a scan, and adds what its coefficients come to, block by block. Returns how many of its blocks
    /// there were.
    pub(super) fn read(
        &mut self,
        scan: &Scan,
        restart_interval: usize,
        data: &EntropyData,
        (codes, weights): (&Codes, &Weights),
        slopes: &mut [Slopes],
    ) -> usize {
        let mut found = 0;
        for (units, bits) in scan.intervals(restart_interval, data) {
            let mut pass = Pass {
                padded: data.padded(),
                at: bits.start,
                end: bits.end,
                codes,
                weights,
                band: scan.spectrum.0.into()..u32::from(scan.spectrum.1) + 1,
                shift: scan.approximation.1.into(),
                ended: 0,
            };
            let is_first = scan.approximation.0 == 0;
            let blocks = self.blocks[units.clone()].iter_mut();
            let whole =
                blocks
                    .zip(&mut slopes[units])
                    .map_while(|(block, slopes)| match is_first {
                        true => pass.read(block, slopes),
                        false => pass.refine(block, slopes),
                    });
            found += whole.count();
        }
        found
    }
}

/// A restart interval of a scan, as far as it is read. Its methods say `None` where it ends early or has no such code.
struct Pass<'a> {
    padded: &'a [u8],
    at: usize,
    end: usize,
    codes: &'a Codes,
    weights: &'a Weights,
    /// The coefficients that the scan is about.
    band: Range<u32>,
    shift: u32,
    /// How many more blocks have no further codes.
    ended: u32,
}

/// A code, and the bits behind it.
enum Code {
    /// `run` coefficients stay 0. The next one has this value; 0 means that it stays 0 too.
    Value { run: u32, value: i32 },
    /// This many blocks, the present one among them, have no further codes.
    Ends(u32),
}

impl Pass<'_> {
    /// The first bits of a block's coefficients.
    fn read(&mut self, block: &mut Block, slopes: &mut Slopes) -> Option<()> {
        if self.ended > 0 {
            self.ended -= 1;
            return Some(());
        }
        let mut at = self.band.start;
        while at < self.band.end {
            match self.code()? {
                Code::Ends(blocks) => {
                    self.ended = blocks - 1;
                    break;
                }
                Code::Value { run, value } => {
                    at += run;
                    if value != 0 {
                        if at >= self.band.end {
                            return None;
                        }
                        self.put(block, slopes, at, value);
                    }
                    at += 1;
                }
            }
        }
        Some(())
    }

    /// One more bit of a block's coefficients.
    fn refine(&mut self, block: &mut Block, slopes: &mut Slopes) -> Option<()> {
        let mut left = (u64::MAX >> (64 - self.band.end)) & (u64::MAX << self.band.start);
        while self.ended == 0 && left != 0 {
            let (run, value) = match self.code()? {
                Code::Value { run, value } => (run, value.signum()),
                Code::Ends(blocks) => {
                    self.ended = blocks;
                    break;
                }
            };
            // Of those that are 0 so far, the one behind `run` others.
            let mut zeros = left & !block.nonzero;
            for _ in 0..run {
                zeros &= zeros.wrapping_sub(1);
            }
            let place = zeros & zeros.wrapping_neg();
            // All where there is no such place: it is 0 then.
            let before = place.wrapping_sub(1);
            self.correct(block, slopes, left & before & block.nonzero)?;
            if place != 0 && value != 0 {
                self.put(block, slopes, place.trailing_zeros(), value);
            }
            left &= !(before | place);
        }
        self.correct(block, slopes, left & block.nonzero)?;
        self.ended = self.ended.saturating_sub(1);
        Some(())
    }

    fn put(&self, block: &mut Block, slopes: &mut Slopes, at: u32, value: i32) {
        block.nonzero |= 1 << at;
        block.negative |= u64::from(value < 0) << at;
        slopes.add(value << self.shift, self.weights.before(at + 1));
    }

    /// Each of these coefficients, none of which is 0, has a bit that is added to its magnitude.
    fn correct(&mut self, block: &Block, slopes: &mut Slopes, mut which: u64) -> Option<()> {
        while which != 0 {
            let count = which.count_ones().min(32);
            let mut bits = ahead(self.padded, self.at);
            self.advance(count)?;
            for _ in 0..count {
                let at = which.trailing_zeros();
                let bit = ((bits >> 63) as i32) << self.shift;
                let sign = 1 - 2 * (block.negative >> at & 1) as i32;
                slopes.add(sign * bit, self.weights.before(at + 1));
                which &= which - 1;
                bits <<= 1;
            }
        }
        Some(())
    }

    #[inline(always)]
    fn code(&mut self) -> Option<Code> {
        let bits = ahead(self.padded, self.at);
        let (length, symbol) = self.codes.decode((bits >> 48) as u32)?;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let is_end = size == 0 && run < 15;
        let more = if is_end { run } else { size };
        let extra = (bits << length >> 32 >> (32 - more)) as u32;
        self.advance(length + more)?;
        Some(match is_end {
            true => Code::Ends((1 << run) + extra),
            false => Code::Value {
                run,
                value: extend(extra, size),
            },
        })
    }

    #[inline]
    fn advance(&mut self, bits: u32) -> Option<()> {
        self.at += bits as usize;
        (self.at <= self.end).then_some(())
    }
}
