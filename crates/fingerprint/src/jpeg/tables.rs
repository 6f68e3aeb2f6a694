//! Tables that resolve several Huffman codes with one lookup.
//!
//! Only the DC coefficients' values are wanted; of the AC coefficients only how many bits they take and where a block
//! ends. So an entry holds what all the codes do that fit into its index: the bits they take, extra bits included, how
//! far they advance within the block, and the DC difference. A block of few coefficients is one lookup.

use std::array;

use super::codes::{Codes, Definition, LOOKUP_BITS, extend};

/// The entries of one table, one for each value of the next [`LOOKUP_BITS`] bits.
const ENTRIES: usize = 1 << LOOKUP_BITS;
/// How many pairs of codes are kept. A scan needs one for each of its components at most.
const PAIRS: usize = 4;
/// The entries of all tables. For each pair the table for a block's begin, then that for its AC coefficients.
pub(super) const ALL_ENTRIES: usize = PAIRS * 2 * ENTRIES;

/// What an entry says. Layout of its 32 bits:
///
/// | bits | |
/// |---|---|
/// | 0–6 | coefficients that the codes cover; [`Entry::NONE`] where no code fits the index |
/// | 8–13 | bits that they take, with extra bits; up to [`Entry::MAX_BITS`] |
/// | 16–30 | the DC difference, in two's complement; 0 for AC codes |
/// | 31 | set while the block goes on |
pub(super) struct Entry;

impl Entry {
    pub(super) const ADVANCE: u32 = 127;
    pub(super) const NONE: u32 = 127;
    /// Three lookups take at most two times this and [`LOOKUP_BITS`] more: what one refill of 57 bits holds.
    pub(super) const MAX_BITS: u32 = (57 - LOOKUP_BITS) / 2;

    fn pack(advance: u32, bits: u32, difference: i32, goes_on: bool) -> u32 {
        let difference = (difference as u32 & 0x7FFF) << 16;
        advance | bits << 8 | difference | u32::from(goes_on) << 31
    }
}

/// The codes of one component, as decoded one by one where no entry serves.
pub(super) struct Pair {
    pub(super) dc: Codes,
    pub(super) ac: Codes,
    defined_by: (Definition, Definition),
}

/// Tables for the pairs of codes that were used last: cameras define the same ones in every frame.
pub(super) struct TableCache {
    entries: Box<[u32; ALL_ENTRIES]>,
    pairs: [Option<Box<Pair>>; PAIRS],
    oldest: usize,
}

impl Default for TableCache {
    fn default() -> Self {
        let entries = vec![Entry::NONE; ALL_ENTRIES].into_boxed_slice();
        Self {
            entries: entries.try_into().expect("it has this length"),
            pairs: array::from_fn(|_| None),
            oldest: 0,
        }
    }
}

impl TableCache {
    /// Makes the tables of each pair, where they aren't there, and returns the places of all.
    pub(super) fn load<'a>(
        &mut self,
        wanted: impl Iterator<Item = (&'a Definition, &'a Definition)> + Clone,
    ) -> [usize; PAIRS] {
        let mut places = [0; PAIRS];
        for (place, (dc, ac)) in places.iter_mut().zip(wanted.clone()) {
            *place = self.find(dc, ac).unwrap_or_else(|| {
                while self.is_wanted(self.oldest, wanted.clone()) {
                    self.oldest = (self.oldest + 1) % PAIRS;
                }
                self.build(self.oldest, dc, ac);
                self.oldest
            });
        }
        places
    }

    pub(super) fn entries(&self) -> &[u32; ALL_ENTRIES] {
        &self.entries
    }

    pub(super) fn pair(&self, place: usize) -> &Pair {
        self.pairs[place].as_ref().expect("it was loaded")
    }

    fn find(&self, dc: &Definition, ac: &Definition) -> Option<usize> {
        self.pairs.iter().position(|pair| {
            pair.as_ref()
                .is_some_and(|pair| pair.defined_by.0 == *dc && pair.defined_by.1 == *ac)
        })
    }

    fn is_wanted<'a>(
        &self,
        place: usize,
        mut wanted: impl Iterator<Item = (&'a Definition, &'a Definition)>,
    ) -> bool {
        wanted.any(|(dc, ac)| self.find(dc, ac) == Some(place))
    }

    fn build(&mut self, place: usize, dc: &Definition, ac: &Definition) {
        let pair = match self.pairs[place].take() {
            Some(mut pair) => {
                pair.dc.define(dc);
                pair.ac.define(ac);
                pair.defined_by = (dc.clone(), ac.clone());
                pair
            }
            None => Box::new(Pair {
                dc: Codes::new(dc),
                ac: Codes::new(ac),
                defined_by: (dc.clone(), ac.clone()),
            }),
        };
        let tables = &mut self.entries[begin_table(place) as usize..][..2 * ENTRIES];
        let (begin, ac) = tables.split_at_mut(ENTRIES);
        for (index, (begin, ac)) in (0_u32..).zip(begin.iter_mut().zip(ac)) {
            *begin = begin_entry(index, &pair);
            *ac = ac_entry(index, &pair.ac, 0, 0, 0);
        }
        self.pairs[place] = Some(pair);
    }
}

/// Where the table for the begin of a block starts among all entries.
pub(super) fn begin_table(place: usize) -> u32 {
    (place * 2 * ENTRIES) as u32
}

/// Where the table for AC coefficients starts among all entries.
pub(super) fn ac_table(place: usize) -> u32 {
    begin_table(place) + ENTRIES as u32
}

fn begin_entry(index: u32, pair: &Pair) -> u32 {
    match pair.dc.decode(index << (16 - LOOKUP_BITS)) {
        Some((length, size)) if length + u32::from(size) <= LOOKUP_BITS => {
            let size = u32::from(size);
            let bits = index >> (LOOKUP_BITS - length - size) & ((1 << size) - 1);
            ac_entry(index, &pair.ac, length + size, 1, extend(bits, size))
        }
        _ => Entry::NONE,
    }
}

/// The entry for the AC codes that follow the first `used` bits of `index`, which are a DC code or nothing.
fn ac_entry(index: u32, ac: &Codes, mut used: u32, mut advance: u32, difference: i32) -> u32 {
    while let Some((length, symbol)) = ac.decode((index << (16 - LOOKUP_BITS) << used) & 0xFFFF) {
        let left = LOOKUP_BITS - used;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let covers = run + 1;
        if length > left {
            break;
        } else if size == 0 && run < 15 {
            return Entry::pack(advance, used + length, difference, false);
        } else if advance + covers > 63 {
            break;
        } else if length + size > left {
            // The values of extra bits don't matter, so those of a first code may lie beyond the index.
            if used == 0 && length + size <= Entry::MAX_BITS {
                return Entry::pack(covers, length + size, 0, true);
            }
            break;
        }
        used += length + size;
        advance += covers;
        if used == LOOKUP_BITS {
            break;
        }
    }
    if advance == 0 {
        Entry::NONE
    } else {
        Entry::pack(advance, used, difference, true)
    }
}
