//! The AC scans of a progressive JPEG's luma (T.81, G.1.2.2 and G.1.2.3), of which only the picture at 1/4 scale is made.
//!
//! A scan that refines a coefficient has as many bits for it as it takes to know what came before, so all of them are kept
//! until the end of the file.

use std::ops::Range;

use super::codes::{Codes, extend};
use super::entropy::{EntropyData, ahead};
use super::scan::Scan;
use super::slopes::{Slopes, Weights};
use super::{corrupt, out_of_order};
use crate::Error;

/// A block's coefficients in zigzag order; the DC one is kept elsewhere.
type Block = [i16; 64];

/// The AC coefficients of the picture's luma.
pub(super) struct Spectrum {
    blocks: Vec<Block>,
    /// By coefficient, the lowest of its bits that scans have given.
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
    /// What so many blocks take, in bytes.
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
        let band = self.precision.get_mut(first.into()..usize::from(last) + 1);
        let band = band
            .filter(|band| !band.is_empty())
            .ok_or_else(|| corrupt("a progressive scan has no such coefficients"))?;
        let before = (high > 0).then_some(high);
        let is_next = low <= 13 && (high == 0 || high == low + 1);
        if !is_next || band.iter().any(|precision| *precision != before) {
            return Err(out_of_order());
        }
        band.fill(Some(low));
        self.blocks.resize(scan.blocks(), [0; 64]);
        Ok(())
    }

    /// Reads the data of a scan. Returns how many of its blocks there were.
    pub(super) fn read(
        &mut self,
        scan: &Scan,
        restart_interval: usize,
        data: &EntropyData,
        codes: &Codes,
    ) -> usize {
        let mut found = 0;
        for (units, bits) in scan.intervals(restart_interval, data) {
            let mut pass = Pass {
                padded: data.padded(),
                at: bits.start,
                end: bits.end,
                codes,
                band: scan.spectrum.0.into()..usize::from(scan.spectrum.1) + 1,
                shift: scan.approximation.1.into(),
                ended: 0,
            };
            let is_first = scan.approximation.0 == 0;
            let blocks = self.blocks[units].iter_mut();
            let whole = blocks.map_while(|block| match is_first {
                true => pass.read(block),
                false => pass.refine(block),
            });
            found += whole.count();
        }
        found
    }

    /// What they come to, block by block. There are none where no scan came.
    pub(super) fn slopes(&self, weights: &Weights) -> impl Iterator<Item = Slopes> {
        let counting = weights.counting();
        self.blocks.iter().map(move |block| {
            let mut slopes = Slopes::default();
            for (index, weight) in counting {
                slopes.add(block[index % 64].into(), weight);
            }
            slopes
        })
    }
}

/// A restart interval of a scan, as far as it is read. Its methods say `None` where it ends early or has no such code.
struct Pass<'a> {
    padded: &'a [u8],
    at: usize,
    end: usize,
    codes: &'a Codes,
    /// The coefficients that the scan is about.
    band: Range<usize>,
    shift: u32,
    /// How many blocks more have no further codes.
    ended: u32,
}

impl Pass<'_> {
    /// The first bits of a block's coefficients.
    fn read(&mut self, block: &mut Block) -> Option<()> {
        if self.ended > 0 {
            self.ended -= 1;
            return Some(());
        }
        let mut at = self.band.start;
        while at < self.band.end {
            let (run, size) = self.code()?;
            if size == 0 && run < 15 {
                self.ended = self.run_of_ends(run)? - 1;
                break;
            }
            at += run;
            if size > 0 {
                let value = extend(self.bits(size)?, size) << self.shift;
                *block[..self.band.end].get_mut(at)? = value as i16;
            }
            at += 1;
        }
        Some(())
    }

    /// One more bit of a block's coefficients.
    fn refine(&mut self, block: &mut Block) -> Option<()> {
        let band = &mut block[self.band.clone()];
        let mut coefficients = band.iter_mut();
        while self.ended == 0 && coefficients.len() > 0 {
            let (run, size) = self.code()?;
            if size == 0 && run < 15 {
                self.ended = self.run_of_ends(run)?;
                break;
            }
            let value = match size {
                0 => 0,
                _ => (2 * self.bits(1)? as i16 - 1) << self.shift,
            };
            let mut zeros = run;
            for coefficient in coefficients.by_ref() {
                if *coefficient != 0 {
                    self.correct(coefficient)?;
                } else if zeros == 0 {
                    *coefficient = value;
                    break;
                } else {
                    zeros -= 1;
                }
            }
        }
        for coefficient in coefficients {
            if *coefficient != 0 {
                self.correct(coefficient)?;
            }
        }
        self.ended = self.ended.saturating_sub(1);
        Some(())
    }

    /// A coefficient that isn't 0 has a bit of its own, which is added to its magnitude.
    #[inline]
    fn correct(&mut self, coefficient: &mut i16) -> Option<()> {
        let bit = (self.bits(1)? as i16) << self.shift;
        *coefficient = match *coefficient > 0 {
            true => coefficient.wrapping_add(bit),
            false => coefficient.wrapping_sub(bit),
        };
        Some(())
    }

    /// A code: how many coefficients that stay 0 it passes over, and how many bits the value after them has.
    #[inline]
    fn code(&mut self) -> Option<(usize, u32)> {
        let bits = (ahead(self.padded, self.at) >> 48) as u32;
        let (length, symbol) = self.codes.decode(bits)?;
        self.advance(length)?;
        Some((usize::from(symbol >> 4), u32::from(symbol & 15)))
    }

    /// For how many blocks, this one among them, there are no further codes.
    fn run_of_ends(&mut self, size: usize) -> Option<u32> {
        let size = size as u32;
        Some((1 << size) + self.bits(size)?)
    }

    #[inline]
    fn bits(&mut self, count: u32) -> Option<u32> {
        let bits = ahead(self.padded, self.at) >> 32 >> (32 - count);
        self.advance(count)?;
        Some(bits as u32)
    }

    #[inline]
    fn advance(&mut self, bits: u32) -> Option<()> {
        self.at += bits as usize;
        (self.at <= self.end).then_some(())
    }
}
