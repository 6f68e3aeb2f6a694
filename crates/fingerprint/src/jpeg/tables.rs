//! Tables that resolve several Huffman codes with one lookup.
//!
//! At 1/8 scale only the DC coefficients' values are wanted; of the AC coefficients only how many bits they take and where
//! a block ends. So an entry holds what all the codes do that fit into its index: the bits they take, extra bits included,
//! how far they advance within the block, and the DC difference. A block of few coefficients is one lookup. At 1/4 scale
//! the AC coefficients' values are wanted too: then an entry covers two of them at most, and [`Values`] beside it has them.

use std::array;

use super::codes::{Codes, Definition, LOOKUP_BITS, extend};

/// The entries of one table, one for each value of the next [`LOOKUP_BITS`] bits.
const ENTRIES: usize = 1 << LOOKUP_BITS;
/// How many pairs of codes are kept. A scan needs one for each of its components at most.
pub(super) const PAIRS: usize = 4;
/// The entries of all tables. For each pair the table for a block's begin, then that for its AC coefficients.
pub(super) const ALL_ENTRIES: usize = PAIRS * 2 * ENTRIES;

/// What an entry says. Layout of its 32 bits:
///
/// | bits | |
/// |---|---|
/// | 0–6 | coefficients that the codes cover; [`Entry::NONE`] where no code fits the index |
/// | 8–13 | bits that they take, with extra bits; up to [`Entry::MAX_BITS`] |
/// | 14 | set where the value's extra bits lie beyond the index |
/// | 16–30 | the DC difference, in two's complement; 0 for AC codes |
/// | 31 | set while the block goes on |
pub(super) struct Entry;

impl Entry {
    pub(super) const ADVANCE: u32 = 127;
    pub(super) const NONE: u32 = 127;
    /// Three lookups take at most two times this and [`LOOKUP_BITS`] more: what one refill of 57 bits holds.
    pub(super) const MAX_BITS: u32 = (57 - LOOKUP_BITS) / 2;

    /// As [`Self::MAX_BITS`], where the last lookup's extra bits are to be seen too.
    const MAX_OPEN_BITS: u32 = 57 / 3;
    const OPEN: u32 = 1 << 14;

    /// The bits that the codes take.
    #[inline(always)]
    pub(super) fn bits(entry: u32) -> u32 {
        entry >> 8 & 63
    }

    /// Whether the value is not in the index.
    #[inline(always)]
    pub(super) fn is_open(entry: u32) -> bool {
        entry & Self::OPEN != 0
    }

    fn pack(advance: u32, bits: u32, difference: i32, goes_on: bool) -> u32 {
        let difference = (difference as u32 & 0x7FFF) << 16;
        advance | bits << 8 | difference | u32::from(goes_on) << 31
    }
}

/// The AC coefficients that an entry covers. Layout of its 32 bits:
///
/// | bits | |
/// |---|---|
/// | 0–5 | how far the first code with a value advances, and those before it |
/// | 6–15 | its value, in two's complement, if there is another one; else 0 |
/// | 16–31 | the last value, where there is any; of an open entry, how many bits it has |
#[derive(Clone, Copy, Default)]
pub(super) struct Values(u32);

impl Values {
    /// How far the codes up to the first of two values advance, and that value; 0 where there aren't two.
    #[inline(always)]
    pub(super) fn first(self) -> (u32, i32) {
        (self.0 & 63, (self.0 << 16) as i32 >> 22)
    }

    /// The last, or only, value.
    #[inline(always)]
    pub(super) fn last(self) -> i32 {
        self.0 as i32 >> 16
    }

    /// The last value of an open entry, given the bits that were looked up and how many its codes take.
    #[inline(always)]
    pub(super) fn open(self, bits: u64, taken: u32) -> i32 {
        let size = self.0 >> 16;
        extend((bits >> (64 - taken)) as u32 & ((1 << size) - 1), size)
    }

    fn are_none(self) -> bool {
        self.0 == 0
    }

    /// With one more value, up to which the codes advance so far; `None` where there is no room.
    fn with(self, advance: u32, value: i32) -> Option<Self> {
        let value = (value as u32) << 16;
        if self.are_none() {
            return Some(Self(value | advance));
        }
        let (before, first) = (self.0 & 63, self.last());
        let has_room = self.first().1 == 0 && (-512..512).contains(&first);
        has_room.then_some(Self(value | (first as u32 & 0x3FF) << 6 | before))
    }
}

/// Which values a walk wants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Those of DC coefficients.
    Dc,
    /// Those of all.
    All,
}

/// The codes of one component, as decoded one by one where no entry serves.
pub(super) struct Pair {
    pub(super) dc: Codes,
    pub(super) ac: Codes,
    defined_by: (Definition, Definition),
    wanted: Wanted,
}

/// A component's codes as a scan refers to them, for its DC and its AC coefficients, and what is wanted of it.
pub(super) type Request<'a> = (&'a Definition, &'a Definition, Wanted);

/// Tables for the pairs of codes that were used last: cameras define the same ones in every frame.
pub(super) struct TableCache {
    entries: Box<[u32; ALL_ENTRIES]>,
    values: Box<[Values; ALL_ENTRIES]>,
    pairs: [Option<Box<Pair>>; PAIRS],
    oldest: usize,
}

impl Default for TableCache {
    fn default() -> Self {
        let entries = vec![Entry::NONE; ALL_ENTRIES].into_boxed_slice();
        let values = vec![Values::default(); ALL_ENTRIES].into_boxed_slice();
        Self {
            entries: entries.try_into().expect("it has this length"),
            values: values.try_into().ok().expect("it has this length"),
            pairs: array::from_fn(|_| None),
            oldest: 0,
        }
    }
}

impl TableCache {
    /// Makes the tables of each pair, where they aren't there, and returns the places of all.
    pub(super) fn load<'a>(
        &mut self,
        requests: impl Iterator<Item = Request<'a>> + Clone,
    ) -> [usize; PAIRS] {
        let mut places = [0; PAIRS];
        for (place, request) in places.iter_mut().zip(requests.clone()) {
            *place = self.find(request).unwrap_or_else(|| {
                while self.is_requested(self.oldest, requests.clone()) {
                    self.oldest = (self.oldest + 1) % PAIRS;
                }
                self.build(self.oldest, request);
                self.oldest
            });
        }
        places
    }

    pub(super) fn entries(&self) -> &[u32; ALL_ENTRIES] {
        &self.entries
    }

    /// What is beside the entries.
    pub(super) fn values(&self) -> &[Values; ALL_ENTRIES] {
        &self.values
    }

    pub(super) fn pair(&self, place: usize) -> &Pair {
        self.pairs[place].as_ref().expect("it was loaded")
    }

    fn find(&self, (dc, ac, wanted): Request<'_>) -> Option<usize> {
        self.pairs.iter().position(|pair| {
            pair.as_ref().is_some_and(|pair| {
                pair.wanted == wanted && pair.defined_by.0 == *dc && pair.defined_by.1 == *ac
            })
        })
    }

    fn is_requested<'a>(
        &self,
        place: usize,
        mut requests: impl Iterator<Item = Request<'a>>,
    ) -> bool {
        requests.any(|request| self.find(request) == Some(place))
    }

    fn build(&mut self, place: usize, (dc, ac, wanted): Request<'_>) {
        let pair = match self.pairs[place].take() {
            Some(mut pair) => {
                pair.dc.define(dc);
                pair.ac.define(ac);
                pair.defined_by = (dc.clone(), ac.clone());
                pair.wanted = wanted;
                pair
            }
            None => Box::new(Pair {
                dc: Codes::new(dc),
                ac: Codes::new(ac),
                defined_by: (dc.clone(), ac.clone()),
                wanted,
            }),
        };
        let (begin, ac) = (begin_table(place) as usize, ac_table(place) as usize);
        for index in 0..ENTRIES {
            let made = begin_entry(index as u32, &pair);
            (self.entries[begin + index], self.values[begin + index]) = made;
            let made = Making::new(index as u32, wanted).entry(&pair.ac);
            (self.entries[ac + index], self.values[ac + index]) = made;
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

fn begin_entry(index: u32, pair: &Pair) -> (u32, Values) {
    match pair.dc.decode(index << (16 - LOOKUP_BITS)) {
        Some((length, size)) if length + u32::from(size) <= LOOKUP_BITS => {
            let size = u32::from(size);
            let mut making = Making::new(index, pair.wanted);
            making.used = length + size;
            making.advance = 1;
            making.difference = extend(making.last_bits(size), size);
            making.entry(&pair.ac)
        }
        _ => (Entry::NONE, Values::default()),
    }
}

/// The symbol for sixteen coefficients that are 0.
const PASS_OVER: u8 = 0xF0;

/// An entry in the making.
struct Making {
    index: u32,
    wanted: Wanted,
    /// The bits of the index that codes have taken so far, how far these advance, and what they stand for.
    used: u32,
    advance: u32,
    difference: i32,
    values: Values,
}

impl Making {
    fn new(index: u32, wanted: Wanted) -> Self {
        Self {
            index,
            wanted,
            used: 0,
            advance: 0,
            difference: 0,
            values: Values::default(),
        }
    }

    /// The entry, with the AC codes that follow the bits used: those of a DC code, or none.
    fn entry(mut self, ac: &Codes) -> (u32, Values) {
        while let Some((length, symbol)) = ac.decode(self.ahead()) {
            let left = LOOKUP_BITS - self.used;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            let covers = run + 1;
            // What the codes advance tells where the last value is, so nothing but the block's end may follow it.
            let hides_value = symbol == PASS_OVER && !self.values.are_none();
            if length > left || hides_value {
                break;
            } else if size == 0 && run < 15 {
                self.used += length;
                return self.pack(false);
            } else if self.advance + covers > 63 {
                break;
            } else if length + size > left {
                return match self.used {
                    0 => self.open(covers, length, size),
                    _ => self.pack(true),
                };
            }
            let before = (self.used, self.advance);
            self.used += length + size;
            self.advance += covers;
            if size > 0 && self.wanted == Wanted::All {
                let value = extend(self.last_bits(size), size);
                match self.values.with(self.advance, value) {
                    Some(values) => self.values = values,
                    None => {
                        (self.used, self.advance) = before;
                        break;
                    }
                }
            }
            if self.used == LOOKUP_BITS {
                break;
            }
        }
        self.pack(true)
    }

    /// The entry of one code whose extra bits lie beyond the index.
    fn open(self, covers: u32, length: u32, size: u32) -> (u32, Values) {
        let bits = length + size;
        let entry = Entry::pack(covers, bits, 0, true);
        match self.wanted {
            Wanted::Dc if bits <= Entry::MAX_BITS => (entry, self.values),
            Wanted::All if bits <= Entry::MAX_OPEN_BITS => {
                (entry | Entry::OPEN, Values(size << 16))
            }
            _ => (Entry::NONE, self.values),
        }
    }

    fn pack(self, goes_on: bool) -> (u32, Values) {
        if self.advance == 0 && goes_on {
            return (Entry::NONE, self.values);
        }
        let entry = Entry::pack(self.advance, self.used, self.difference, goes_on);
        (entry, self.values)
    }

    /// The 16 bits, filled up with zeros, that follow those used.
    fn ahead(&self) -> u32 {
        (self.index << (16 - LOOKUP_BITS) << self.used) & 0xFFFF
    }

    /// The last ones of the bits used.
    fn last_bits(&self, count: u32) -> u32 {
        self.index >> (LOOKUP_BITS - self.used) & ((1 << count) - 1)
    }
}
