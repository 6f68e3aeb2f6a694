//! The scans of baseline and extended sequential JPEG.

use super::entropy::EntropyData;
use super::frame::MAX_COMPONENTS;
use super::lane::{Block, Gather, Lane, Route, run_both};
use super::plane::Plane;
use super::scan::{Places, Scan, Spot};

/// Bits of a scan from which on it pays to start in two places.
const WORTH_SPLITTING: usize = 8 * 4096;

/// Two lanes, with the memory for the blocks that they find.
#[derive(Default)]
pub(super) struct Lanes<G> {
    first: Lane<G>,
    second: Lane<G>,
}

impl<G: Gather> Lanes<G> {
    /// The memory that a scan's blocks take, in bytes.
    pub(super) fn bytes_for(scan: &Scan) -> u64 {
        2 * (scan.blocks() * size_of::<Block<G>>()) as u64
    }

    /// Reads a scan and writes what it says of the first components into their planes. Returns how many of its blocks there
    /// were.
    pub(super) fn read(
        &mut self,
        scan: &Scan,
        restart_interval: usize,
        data: &EntropyData,
        route: &Route<'_>,
        planes: &mut [Plane],
    ) -> usize {
        if restart_interval > 0 {
            self.read_intervals(scan, restart_interval, data, route, planes)
        } else {
            self.read_whole(scan, data.bits(), route, planes)
        }
    }

    /// Without restart intervals only the begin of the data is known to be the begin of a unit. One lane starts there,
    /// the other one in the middle by guess; the first goes on until it finds where the second was right.
    fn read_whole(
        &mut self,
        scan: &Scan,
        end: usize,
        route: &Route<'_>,
        planes: &mut [Plane],
    ) -> usize {
        let most = scan.blocks();
        let mut writer = Writer::new(scan, planes, 0);
        self.first.begin(route, 0, most);
        if end >= WORTH_SPLITTING {
            let middle = end / 16 * 8;
            self.second.guess(route, middle, most);
            run_both(route, [&mut self.first, &mut self.second], [middle, end]);
            // Wrong guesses can find so many blocks that none are left for the rest.
            let is_usable = self.second.has_reached(end);
            self.second.drop_after(end);
            if is_usable
                && let Some((here, there)) =
                    self.first.run_into(&self.second, route, scan.unit(), end)
            {
                let (head, tail) = (&self.first.blocks()[..here], self.second.blocks());
                let tail = &tail[..tail.len().min(there + most - here)];
                writer.write(0, head);
                writer.write(tail[there - 1].sum, &tail[there..]);
                let found = here + tail.len() - there;
                writer.fill(most - found);
                return found;
            }
        }
        self.first.run(route, end);
        self.first.drop_after(end);
        writer.write_interval(self.first.blocks(), most)
    }

    fn read_intervals(
        &mut self,
        scan: &Scan,
        restart_interval: usize,
        data: &EntropyData,
        route: &Route<'_>,
        planes: &mut [Plane],
    ) -> usize {
        let mut intervals = scan.intervals(restart_interval, data);
        let mut found = 0;
        while let Some((units, bits)) = intervals.next() {
            let most = units.len() * scan.unit();
            self.first.begin(route, bits.start, most);
            if let Some((next_units, next_bits)) = intervals.next() {
                let next_most = next_units.len() * scan.unit();
                self.second.begin(route, next_bits.start, next_most);
                run_both(
                    route,
                    [&mut self.first, &mut self.second],
                    [bits.end, next_bits.end],
                );
                self.second.drop_after(next_bits.end);
                let mut writer = Writer::new(scan, planes, next_units.start);
                found += writer.write_interval(self.second.blocks(), next_most);
            } else {
                self.first.run(route, bits.end);
            }
            self.first.drop_after(bits.end);
            let mut writer = Writer::new(scan, planes, units.start);
            found += writer.write_interval(self.first.blocks(), most);
        }
        found
    }
}

/// Adds up the DC differences of the components that have a plane, and writes the sums, and what was gathered, where they
/// belong.
struct Writer<'a> {
    scan: &'a Scan,
    planes: &'a mut [Plane],
    places: Places,
    /// By component.
    levels: [i16; MAX_COMPONENTS],
}

impl<'a> Writer<'a> {
    fn new(scan: &'a Scan, planes: &'a mut [Plane], unit: usize) -> Self {
        Self {
            places: Places::new(scan, unit),
            scan,
            planes,
            levels: [0; MAX_COMPONENTS],
        }
    }

    /// `sum` is that of the block before.
    fn write<G: Gather>(&mut self, mut sum: u32, blocks: &[Block<G>]) {
        for unit in blocks.chunks(self.scan.unit()) {
            for (block, spot) in unit.iter().zip(self.scan.spots()) {
                if spot.component < self.planes.len() {
                    let level = &mut self.levels[spot.component];
                    *level = level.wrapping_add(block.difference(sum));
                    self.put(spot, block.gathered);
                }
                sum = block.sum;
            }
            self.places.advance();
        }
    }

    /// Puts the last level in the place of blocks that are missing.
    fn fill(&mut self, missing: usize) {
        for _ in 0..missing / self.scan.unit() {
            for spot in self.scan.spots() {
                self.put(spot, ());
            }
            self.places.advance();
        }
    }

    fn write_interval<G: Gather>(&mut self, blocks: &[Block<G>], expected: usize) -> usize {
        self.write(0, blocks);
        self.fill(expected - blocks.len());
        blocks.len()
    }

    #[inline]
    fn put<G: Gather>(&mut self, spot: &Spot, gathered: G) {
        let Some(plane) = self.planes.get_mut(spot.component) else {
            return;
        };
        if let Some(at) = plane.at(self.places.of(spot)) {
            plane.dc[at] = self.levels[spot.component];
            gathered.store(&mut plane.slopes, at);
        }
    }
}
