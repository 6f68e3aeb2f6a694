//! What a scan's header says, and where the blocks of the scan lie in the picture.

use std::ops::Range;

use super::entropy::EntropyData;
use super::frame::Frame;

/// Most blocks of one unit (T.81, B.2.3).
pub(super) const MAX_UNIT: usize = 10;

/// One component's part of a scan.
#[derive(Clone, Copy, Default)]
pub(super) struct Part {
    /// Its index in the frame.
    pub(super) component: usize,
    /// The numbers of its Huffman tables.
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// A scan: a sequence of units, each a fixed sequence of blocks (T.81 calls it MCU).
#[derive(Clone, Copy)]
pub(super) struct Scan {
    parts: [Part; 4],
    part_count: usize,
    /// The first and last coefficient in zigzag order; the bit positions before and after.
    pub(super) spectrum: (u8, u8),
    pub(super) approximation: (u8, u8),
    /// For each block of a unit, which part it belongs to.
    sequence: [usize; MAX_UNIT],
    /// The same, where the block lies in the unit if it is luma, in blocks.
    luma: [Option<(usize, usize)>; MAX_UNIT],
    unit: usize,
    /// The size of a unit's luma, in blocks.
    pub(super) step: (usize, usize),
    pub(super) across: usize,
    pub(super) units: usize,
}

impl Scan {
    /// Reads the segment of a start-of-scan marker. `None` where it contradicts itself or the frame.
    pub(super) fn parse(frame: &Frame, body: &[u8]) -> Option<Self> {
        let (&count, rest) = body.split_first()?;
        let count = usize::from(count);
        let (selectors, rest) = rest.split_at_checked(2 * count)?;
        let &[first, last, approximation] = rest.first_chunk()?;
        if !(1..=4).contains(&count) {
            return None;
        }
        let mut scan = Self {
            parts: [Part::default(); 4],
            part_count: count,
            spectrum: (first, last),
            approximation: (approximation >> 4, approximation & 15),
            sequence: [0; MAX_UNIT],
            luma: [None; MAX_UNIT],
            unit: 0,
            step: (0, 0),
            across: 0,
            units: 0,
        };
        for (index, &[id, tables]) in selectors.as_chunks::<2>().0.iter().enumerate() {
            let component = frame.components().iter().position(|c| c.id == id)?;
            let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
            if dc > 3 || ac > 3 || scan.parts[..index].iter().any(|p| p.component == component) {
                return None;
            }
            scan.parts[index] = Part { component, dc, ac };
        }
        scan.lay_out(frame)?;
        Some(scan)
    }

    fn lay_out(&mut self, frame: &Frame) -> Option<()> {
        let (across, down) = if self.part_count == 1 {
            let component = &frame.components()[self.parts[0].component];
            self.unit = 1;
            self.step = (1, 1);
            if self.parts[0].component == 0 {
                self.luma[0] = Some((0, 0));
            }
            frame.blocks_of(component)
        } else {
            for part in 0..self.part_count {
                let component = self.parts[part].component;
                let sampling = frame.components()[component];
                for place in 0..usize::from(sampling.across) * usize::from(sampling.down) {
                    let across = usize::from(sampling.across);
                    *self.sequence.get_mut(self.unit)? = part;
                    if component == 0 {
                        self.luma[self.unit] = Some((place % across, place / across));
                        self.step = (across, sampling.down.into());
                    }
                    self.unit += 1;
                }
            }
            frame.units()
        };
        (self.across, self.units) = (across, across * down);
        Some(())
    }

    /// The restart intervals, the whole scan where there are none: their units, and where these are in the data, in bits.
    pub(super) fn intervals(
        &self,
        restart_interval: usize,
        data: &EntropyData,
    ) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let units = self.units;
        let length = if restart_interval > 0 {
            restart_interval
        } else {
            units
        };
        let starts = (0..units).step_by(length);
        let parts = starts.map(move |start| start..units.min(start + length));
        parts.zip(data.intervals())
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts[..self.part_count]
    }

    /// For each block of a unit, which part it belongs to.
    pub(super) fn sequence(&self) -> &[usize] {
        &self.sequence[..self.unit]
    }

    /// For each block of a unit, where it lies in the unit if it is luma.
    pub(super) fn luma(&self) -> &[Option<(usize, usize)>] {
        &self.luma[..self.unit]
    }

    /// The blocks of a unit.
    pub(super) fn unit(&self) -> usize {
        self.unit
    }

    /// The blocks of the whole scan.
    pub(super) fn blocks(&self) -> usize {
        self.units * self.unit
    }
}

/// Where the units of a scan lie, one after the other.
pub(super) struct Places {
    /// The first luma block of the unit.
    pub(super) x: usize,
    pub(super) y: usize,
    step: (usize, usize),
    end: usize,
}

impl Places {
    /// From the unit number `unit` on.
    pub(super) fn new(scan: &Scan, unit: usize) -> Self {
        Self {
            x: unit % scan.across * scan.step.0,
            y: unit / scan.across * scan.step.1,
            step: scan.step,
            end: scan.across * scan.step.0,
        }
    }

    #[inline]
    pub(super) fn advance(&mut self) {
        self.x += self.step.0;
        if self.x >= self.end {
            (self.x, self.y) = (0, self.y + self.step.1);
        }
    }
}
