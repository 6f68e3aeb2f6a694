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

/// Where the blocks of one place in a unit lie in the plane of their component.
#[derive(Clone, Copy, Default)]
pub(super) struct Spot {
    /// The component's index in the frame.
    pub(super) component: usize,
    /// The place in the unit, in blocks.
    within: (usize, usize),
    /// How far the next unit is, to the right and down, in blocks.
    step: (usize, usize),
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
    /// The same, where the blocks lie.
    spots: [Spot; MAX_UNIT],
    unit: usize,
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
            spots: [Spot::default(); MAX_UNIT],
            unit: 0,
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
            let component = self.parts[0].component;
            self.unit = 1;
            self.spots[0] = Spot {
                component,
                within: (0, 0),
                step: (1, 1),
            };
            frame.blocks_of(&frame.components()[component])
        } else {
            for part in 0..self.part_count {
                let component = self.parts[part].component;
                let sampling = frame.components()[component];
                let step = (sampling.across.into(), sampling.down.into());
                for place in 0..step.0 * step.1 {
                    *self.sequence.get_mut(self.unit)? = part;
                    self.spots[self.unit] = Spot {
                        component,
                        within: (place % step.0, place / step.0),
                        step,
                    };
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

    /// For each block of a unit, where it lies.
    pub(super) fn spots(&self) -> &[Spot] {
        &self.spots[..self.unit]
    }

    /// Whether some of its blocks are luma.
    pub(super) fn has_luma(&self) -> bool {
        self.parts().iter().any(|part| part.component == 0)
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

/// The units of a scan, one after the other.
pub(super) struct Places {
    /// The number of the unit in its row, and of the row.
    x: usize,
    y: usize,
    across: usize,
}

impl Places {
    /// From the unit number `unit` on.
    pub(super) fn new(scan: &Scan, unit: usize) -> Self {
        Self {
            x: unit % scan.across,
            y: unit / scan.across,
            across: scan.across,
        }
    }

    /// Where a block of the unit lies in the plane of its component, in blocks.
    #[inline]
    pub(super) fn of(&self, spot: &Spot) -> (usize, usize) {
        (
            self.x * spot.step.0 + spot.within.0,
            self.y * spot.step.1 + spot.within.1,
        )
    }

    #[inline]
    pub(super) fn advance(&mut self) {
        self.x += 1;
        if self.x >= self.across {
            (self.x, self.y) = (0, self.y + 1);
        }
    }
}
