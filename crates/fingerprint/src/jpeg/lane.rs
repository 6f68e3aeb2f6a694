//! The hot loop: one walk through sequential entropy-coded data, block by block.
//!
//! A step is one lookup and no unpredictable branch: what ends a block is not branched on but added, masked and selected.
//! So the processor isn't thrown off at the end of every block, and can work on the steps of two lanes at a time where
//! one alone would wait for its lookups.
//!
//! What a walk gathers of the AC coefficients has a type of its own, [`Gather`]. So a walk that needs none of them does
//! not pay for one that does.

use super::codes::{LOOKUP_BITS, extend};
use super::entropy::ahead;
use super::scan::{MAX_UNIT, Scan};
use super::slopes::{Slopes, Weights};
use super::tables::{ALL_ENTRIES, Entry, Pair, TableCache, Values, ac_table, begin_table};

const LOOKUP_SHIFT: u32 = 64 - LOOKUP_BITS;
/// Lookups after one refill; see [`Entry::MAX_BITS`].
const LOOKUPS: usize = 3;

/// What a walk gathers of a block's AC coefficients.
pub(super) trait Gather: Copy + Default {
    /// Takes in the coefficients that a lookup has found.
    fn take(&mut self, route: &Route<'_>, found: Found);

    /// Takes in the coefficient before a place in zigzag order, of the block at this place in its unit.
    fn take_one(&mut self, route: &Route<'_>, block: usize, place: u32, value: i32);

    /// The same where `mask` is all ones, nothing where it is zero.
    fn masked(self, mask: i64) -> Self;

    /// Puts what was gathered of the block number `at` of the luma in its place.
    fn store(self, luma: &mut [Slopes], at: usize);
}

/// What a lookup has found, and where.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// The place of the entry among all.
    at: usize,
    entry: u32,
    /// The bits that were looked up, the first one the most significant.
    bits: u64,
    /// The place of the block in its unit.
    block: usize,
    /// The place in the block, in zigzag order, before and after.
    before: u32,
    after: u32,
}

/// Nothing is gathered.
impl Gather for () {
    #[inline(always)]
    fn take(&mut self, _: &Route<'_>, _: Found) {}

    #[inline(always)]
    fn take_one(&mut self, _: &Route<'_>, _: usize, _: u32, _: i32) {}

    #[inline(always)]
    fn masked(self, _: i64) -> Self {}

    #[inline(always)]
    fn store(self, _: &mut [Slopes], _: usize) {}
}

impl Gather for Slopes {
    #[inline(always)]
    fn take(&mut self, route: &Route<'_>, found: Found) {
        let values = route.values[found.at % ALL_ENTRIES];
        let (advance, first) = values.first();
        let mut last = values.last();
        if Entry::is_open(found.entry) {
            last = values.open(found.bits, Entry::bits(found.entry));
        }
        let weights = route.weights_of(found.block);
        self.add(first, weights.before(found.before + advance));
        self.add(last, weights.before(found.after));
    }

    #[inline(always)]
    fn take_one(&mut self, route: &Route<'_>, block: usize, place: u32, value: i32) {
        self.add(value, route.weights_of(block).before(place));
    }

    #[inline(always)]
    fn masked(self, mask: i64) -> Self {
        Slopes::masked(self, mask)
    }

    #[inline(always)]
    fn store(self, luma: &mut [Slopes], at: usize) {
        luma[at] = self;
    }
}

/// What a walk needs to know of its scan.
pub(super) struct Route<'a> {
    padded: &'a [u8],
    entries: &'a [u32; ALL_ENTRIES],
    values: &'a [Values; ALL_ENTRIES],
    /// By place of a block in its unit.
    weights: [&'a Weights; 16],
    /// By place of a block in its unit.
    pairs: [Option<&'a Pair>; MAX_UNIT],
    /// By place of a block in its unit: the [`Cursor::state`] inside this block in the high half, that at the begin of
    /// the next block in the low one.
    transitions: [u64; 16],
}

impl<'a> Route<'a> {
    /// `places` are those of the scan's parts in `tables`; `weights` are those of the components, or of luma alone.
    pub(super) fn new(
        scan: &Scan,
        padded: &'a [u8],
        tables: &'a TableCache,
        places: &[usize],
        weights: &'a [Weights],
    ) -> Self {
        let sequence = scan.sequence();
        let mut route = Self {
            padded,
            entries: tables.entries(),
            values: tables.values(),
            weights: [&weights[0]; 16],
            pairs: [None; MAX_UNIT],
            transitions: [0; 16],
        };
        let state = |block: usize, table: u32| (block as u64) << 16 | u64::from(table);
        for (block, &part) in sequence.iter().enumerate() {
            let next = (block + 1) % sequence.len();
            let inside = state(block, ac_table(places[part]));
            let behind = state(next, begin_table(places[sequence[next]]));
            route.pairs[block] = Some(tables.pair(places[part]));
            route.transitions[block] = inside << 32 | behind;
            let component = scan.parts()[part].component;
            route.weights[block] = weights.get(component).unwrap_or(&weights[0]);
        }
        route
    }

    fn transition(&self, state: u32) -> u64 {
        self.transitions[block_of(state) % 16]
    }

    #[inline(always)]
    fn weights_of(&self, block: usize) -> &Weights {
        self.weights[block % 16]
    }

    /// The state at the begin of a unit, which is what follows its last block.
    fn start(&self) -> u32 {
        let last = self.pairs.iter().rposition(Option::is_some).unwrap_or(0);
        self.transitions[last] as u32
    }
}

/// The place of the block in its unit.
#[inline(always)]
fn block_of(state: u32) -> usize {
    (state >> 16) as usize
}

/// A block that was walked through.
#[derive(Clone, Copy, Default)]
pub(super) struct Block<G> {
    /// The bit behind it.
    pub(super) end: u32,
    /// The low 15 bits are those of the sum of all DC differences so far, of whatever component.
    pub(super) sum: u32,
    pub(super) gathered: G,
}

impl<G: Gather> Block<G> {
    /// The block's DC difference, given the sum before it.
    #[inline]
    pub(super) fn difference(self, before: u32) -> i16 {
        ((self.sum.wrapping_sub(before) << 17) as i32 >> 17) as i16
    }
}

/// The position of a lane.
#[derive(Clone, Copy, Default)]
struct Cursor<G> {
    /// The next bit.
    at: usize,
    /// The next coefficient of the block.
    index: u32,
    /// Low half: the table for the next lookup; high half: the place of the block in its unit.
    state: u32,
    sum: u32,
    gathered: G,
    /// Blocks done.
    count: usize,
}

/// A walk, and the blocks it has found.
#[derive(Default)]
pub(super) struct Lane<G> {
    cursor: Cursor<G>,
    blocks: Vec<Block<G>>,
    most: usize,
    is_guess: bool,
    is_lost: bool,
}

impl<G: Gather> Lane<G> {
    /// Starts at a bit where a unit begins, for at most `most` blocks.
    pub(super) fn begin(&mut self, route: &Route<'_>, at: usize, most: usize) {
        self.cursor = Cursor {
            at,
            state: route.start(),
            ..Cursor::default()
        };
        (self.most, self.is_guess, self.is_lost) = (most, false, false);
        if self.blocks.len() < most + LOOKUPS {
            self.blocks.resize(most + LOOKUPS, Block::default());
        }
    }

    /// Starts at a bit where a unit may or may not begin. Huffman codes put a reader right that started wrong, mostly
    /// within a few hundred codes; bits that are no code start the guess anew.
    pub(super) fn guess(&mut self, route: &Route<'_>, at: usize, most: usize) {
        self.begin(route, at, most);
        self.is_guess = true;
    }

    /// The blocks found so far.
    pub(super) fn blocks(&self) -> &[Block<G>] {
        &self.blocks[..self.cursor.count.min(self.most)]
    }

    fn is_before(&self, end: usize) -> bool {
        self.cursor.at < end && self.cursor.count < self.most && !self.is_lost
    }

    /// Whether it has got to the bit `end` before it ran out of blocks.
    pub(super) fn has_reached(&self, end: usize) -> bool {
        self.cursor.at >= end
    }

    /// Walks on to the bit `end` or a little further.
    pub(super) fn run(&mut self, route: &Route<'_>, end: usize) {
        while self.is_before(end) {
            self.advance(route);
        }
    }

    /// Forgets the blocks that took bits from behind the data's end.
    pub(super) fn drop_after(&mut self, end: usize) {
        let kept = self
            .blocks()
            .partition_point(|block| block.end as usize <= end);
        self.cursor.count = kept;
    }

    /// Walks on until this lane's units end where those of `other` do, or to the bit `end`. From there on both are the
    /// same: the numbers of blocks after which they are.
    pub(super) fn run_into(
        &mut self,
        other: &Self,
        route: &Route<'_>,
        unit: usize,
        end: usize,
    ) -> Option<(usize, usize)> {
        let (mut here, mut there) = (unit, unit);
        let first = other.blocks().get(there - 1)?.end;
        here += self.blocks().partition_point(|block| block.end < first) / unit * unit;
        loop {
            while self.blocks().len() < here {
                if !self.is_before(end) {
                    return None;
                }
                self.advance(route);
            }
            let at = self.blocks[here - 1].end;
            while other.blocks().get(there - 1)?.end < at {
                there += unit;
            }
            if other.blocks()[there - 1].end == at {
                return Some((here, there));
            }
            here += unit;
        }
    }

    /// Some steps: as many as one refill is good for.
    #[inline(always)]
    fn advance(&mut self, route: &Route<'_>) {
        let mut cursor = self.cursor;
        let blocks = self.blocks.as_mut_slice();
        let mut bits = ahead(route.padded, cursor.at);
        let mut by_hand = false;
        for _ in 0..LOOKUPS {
            let place = cursor.state.wrapping_add((bits >> LOOKUP_SHIFT) as u32);
            let at = place as usize % ALL_ENTRIES;
            let entry = route.entries[at];
            let index = cursor.index + (entry & Entry::ADVANCE);
            if index > 63 {
                by_hand = true;
                break;
            }
            let transition = route.transition(cursor.state);
            let taken = Entry::bits(entry);
            cursor.gathered.take(
                route,
                Found {
                    at,
                    entry,
                    bits,
                    block: block_of(cursor.state),
                    before: cursor.index,
                    after: index,
                },
            );
            bits <<= taken;
            cursor.at += taken as usize;
            cursor.sum = cursor.sum.wrapping_add(entry >> 16);
            let goes_on = entry as i32 >> 31; // all ones, or zero
            blocks[cursor.count] = Block {
                end: cursor.at as u32,
                sum: cursor.sum,
                gathered: cursor.gathered,
            };
            cursor.gathered = cursor.gathered.masked(goes_on.into());
            cursor.count = (cursor.count + 1).wrapping_add_signed(goes_on as isize);
            cursor.index = index & goes_on as u32;
            cursor.state = (transition >> (goes_on & 32)) as u32;
        }
        self.cursor = cursor;
        if by_hand {
            self.decode_by_hand(route);
        }
    }

    /// One code, where no entry serves: it is long, or the block ends with its last coefficient and not by a code.
    #[cold]
    #[inline(never)]
    fn decode_by_hand(&mut self, route: &Route<'_>) {
        if self.decode_one(route).is_some() {
            return;
        }
        if self.is_guess {
            let (at, most) = (self.cursor.at + 1, self.most);
            self.guess(route, at, most);
        } else {
            self.is_lost = true;
        }
    }

    fn decode_one(&mut self, route: &Route<'_>) -> Option<()> {
        let cursor = &mut self.cursor;
        let bits = ahead(route.padded, cursor.at);
        let block = block_of(cursor.state);
        let pair = route.pairs[block % MAX_UNIT]?;
        let transition = route.transition(cursor.state);
        if cursor.index == 0 {
            let (taken, difference) = pair.dc.decode_difference(bits)?;
            cursor.sum = cursor.sum.wrapping_add(difference as u32);
            cursor.at += taken;
            cursor.index = 1;
        } else {
            let (length, symbol) = pair.ac.decode((bits >> 48) as u32)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            let ends = size == 0 && run < 15;
            cursor.at += (length + size) as usize;
            cursor.index = if ends { 64 } else { cursor.index + run + 1 };
            if size > 0 {
                let extra = (bits << length >> (64 - size)) as u32;
                let value = extend(extra, size);
                cursor.gathered.take_one(route, block, cursor.index, value);
            }
        }
        if cursor.index < 64 {
            cursor.state = (transition >> 32) as u32;
        } else {
            self.blocks[cursor.count] = Block {
                end: cursor.at as u32,
                sum: cursor.sum,
                gathered: std::mem::take(&mut cursor.gathered),
            };
            cursor.count += 1;
            cursor.index = 0;
            cursor.state = transition as u32;
        }
        Some(())
    }
}

/// Walks with two lanes side by side, each to its end or a little further.
pub(super) fn run_both<G: Gather>(route: &Route<'_>, lanes: [&mut Lane<G>; 2], ends: [usize; 2]) {
    let [first, second] = lanes;
    while first.is_before(ends[0]) && second.is_before(ends[1]) {
        first.advance(route);
        second.advance(route);
    }
    first.run(route, ends[0]);
    second.run(route, ends[1]);
}
