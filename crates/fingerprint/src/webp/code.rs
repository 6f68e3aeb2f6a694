//! One prefix code of a lossless WebP: its symbols, and what image-webp 0.2 takes to keep it.

use super::bits::Bits;

/// The symbols of the largest alphabet: greens, lengths of copies, and a cache of 2^11 colours.
const MOST_SYMBOLS: usize = 256 + 24 + (1 << 11);
const LONGEST: usize = 15;

/// The order in which the lengths of the codes of lengths come.
const ORDER: [usize; 19] = [
    17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
];

/// image-webp's table is of so many bits and has four bytes an entry; what is longer lies in a tree, of two nodes a
/// symbol.
const TABLE_BITS: usize = 10;
const NODE_BYTES: u64 = 16;
/// The bytes that the two allocations take besides.
const ALLOCATION_BYTES: u64 = 32;

/// A prefix code, which gives each symbol by the bits that stand for it.
pub(super) struct Code {
    /// How many symbols have a code of each length in bits.
    of_length: [u16; LONGEST + 1],
    /// In the order of their codes; a single one takes no bit.
    symbols: Vec<u16>,
}

impl Code {
    /// Reads one of an alphabet of so many symbols; `None` where it is damaged.
    pub(super) fn read(bits: &mut Bits, alphabet: usize) -> Option<Self> {
        if !bits.is_set()? {
            let lengths = read_lengths(bits, alphabet)?;
            return Self::of_lengths(&lengths[..alphabet]);
        }
        let has_two = bits.is_set()?;
        let first_bits = if bits.is_set()? { 8 } else { 1 };
        let mut symbols = vec![bits.take(first_bits)? as u16];
        let mut of_length = [0; LONGEST + 1];
        if has_two {
            symbols.push(bits.take(8)? as u16);
            of_length[1] = 2;
        }
        let are_known = symbols.iter().all(|&it| usize::from(it) < alphabet);
        are_known.then_some(Code { of_length, symbols })
    }

    /// The code that gives each symbol so many bits, in the order of the symbols; 0 for those that do not come.
    fn of_lengths(lengths: &[u8]) -> Option<Self> {
        let mut of_length = [0; LONGEST + 1];
        let mut symbols = Vec::new();
        for (length, count) in of_length.iter_mut().enumerate().skip(1) {
            let has_it = |&symbol: &u16| usize::from(lengths[usize::from(symbol)]) == length;
            let before = symbols.len();
            symbols.extend((0..lengths.len() as u16).filter(has_it));
            *count = (symbols.len() - before) as u16;
        }
        let share = |(length, &count): (usize, &u16)| usize::from(count) << (LONGEST - length);
        let shares: usize = of_length.iter().enumerate().skip(1).map(share).sum();
        let is_whole = shares == 1 << LONGEST;
        (symbols.len() == 1 || is_whole).then_some(Code { of_length, symbols })
    }

    /// The next symbol.
    pub(super) fn symbol(&self, bits: &mut Bits) -> Option<u16> {
        if let [symbol] = self.symbols[..] {
            return Some(symbol);
        }
        let ahead = bits.peek();
        let (mut code, mut first, mut index) = (0, 0, 0);
        for length in 1..=LONGEST {
            let count = usize::from(self.of_length[length]);
            code = code << 1 | (ahead >> (length - 1) & 1) as usize;
            if code < first + count {
                bits.skip(length as u32)?;
                return self.symbols.get(index + code - first).copied();
            }
            index += count;
            first = (first + count) << 1;
        }
        None
    }

    /// What the decoder allocates for it.
    pub(super) fn bytes(&self) -> u64 {
        if self.symbols.len() == 1 {
            return 0;
        }
        let longest = self.of_length.iter().rposition(|&count| count > 0);
        let table_bits = longest.unwrap_or(0).min(TABLE_BITS);
        let in_tree: u64 = self.of_length[table_bits + 1..]
            .iter()
            .map(|&count| u64::from(count))
            .sum();
        (4 << table_bits) + 2 * NODE_BYTES * in_tree.max(2) + ALLOCATION_BYTES
    }
}

/// The lengths of the codes of an alphabet, which are coded themselves.
fn read_lengths(bits: &mut Bits, alphabet: usize) -> Option<[u8; MOST_SYMBOLS]> {
    let mut of_lengths = [0; ORDER.len()];
    let given = 4 + bits.take(4)? as usize;
    for &at in &ORDER[..given] {
        of_lengths[at] = bits.take(3)? as u8;
    }
    let code = Code::of_lengths(&of_lengths)?;
    let mut left = alphabet;
    if bits.is_set()? {
        let width = 2 + 2 * bits.take(3)?;
        left = 2 + bits.take(width)? as usize;
        if left > alphabet {
            return None;
        }
    }
    let mut lengths = [0; MOST_SYMBOLS];
    let mut before = 8;
    let mut at = 0;
    while at < alphabet && left > 0 {
        left -= 1;
        let (length, times) = match code.symbol(bits)? {
            16 => (before, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length as u8, 1),
        };
        let end = at + times as usize;
        lengths[..alphabet].get_mut(at..end)?.fill(length);
        if length != 0 {
            before = length;
        }
        at = end;
    }
    Some(lengths)
}
