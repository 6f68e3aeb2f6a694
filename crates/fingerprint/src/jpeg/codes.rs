//! Huffman codes, as `DHT` segments define them (ITU-T T.81, annex C).

use std::array;

/// How many of a code's first bits one lookup resolves.
pub(super) const LOOKUP_BITS: u32 = 12;

/// DC differences of 8-bit pictures have 11 bits and a sign.
const MAX_DC_SIZE: u8 = 11;

/// A definition: how many codes of each length there are, and what they stand for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Definition {
    counts: [u8; 16],
    symbols: [u8; 256],
}

impl Definition {
    /// Reads one definition. `None` where it is cut short or defines more codes than bits can tell apart.
    pub(super) fn parse<'a>(counts: &[u8; 16], bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let total = counts.iter().map(|&count| usize::from(count)).sum();
        let (listed, rest) = bytes.split_at_checked(total)?;
        let mut symbols = [0; 256];
        symbols.get_mut(..total)?.copy_from_slice(listed);
        let used: u32 = (0..16).map(|i| u32::from(counts[i]) << (15 - i)).sum();
        let definition = Self {
            counts: *counts,
            symbols,
        };
        (used <= 1 << 16).then_some((definition, rest))
    }

    /// The definition as it stands in a `DHT` segment.
    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> {
        let total = self.counts.iter().map(|&count| usize::from(count)).sum();
        self.counts
            .iter()
            .chain(self.symbols.iter().take(total))
            .copied()
    }

    fn of(counts: [u8; 16], listed: &[u8]) -> Self {
        Self::parse(&counts, listed)
            .expect("the standard's own tables are valid")
            .0
    }

    /// The tables of annex K, which Motion JPEG leaves out of its frames: luminance, chrominance.
    pub(super) fn standard_dc() -> [Self; 2] {
        let symbols: [u8; 12] = array::from_fn(|i| i as u8);
        [
            Self::of([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], &symbols),
            Self::of([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], &symbols),
        ]
    }

    /// As [`Self::standard_dc`], for the AC coefficients.
    pub(super) fn standard_ac() -> [Self; 2] {
        [
            Self::of(
                [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
                &LUMINANCE_AC,
            ),
            Self::of(
                [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
                &CHROMINANCE_AC,
            ),
        ]
    }
}

/// Codes that can be decoded.
pub(super) struct Codes {
    symbols: [u8; 256],
    /// For each value of the next [`LOOKUP_BITS`] bits: the code's length in the high byte, its symbol in the low one;
    /// 0 where the code is longer or there is none.
    short: Box<[u16; 1 << LOOKUP_BITS]>,
    /// By length less one: the 16 bits that follow the last code of this length, and what leads from a code to the place
    /// of its symbol.
    limits: [u32; 16],
    offsets: [i32; 16],
}

impl Codes {
    pub(super) fn new(definition: &Definition) -> Self {
        let mut codes = Self {
            symbols: definition.symbols,
            short: vec![0; 1 << LOOKUP_BITS]
                .into_boxed_slice()
                .try_into()
                .expect("it has this length"),
            limits: [0; 16],
            offsets: [0; 16],
        };
        codes.define(definition);
        codes
    }

    pub(super) fn define(&mut self, definition: &Definition) {
        self.symbols = definition.symbols;
        let (mut next, mut place, mut filled) = (0_u32, 0_usize, 0_usize);
        for (length, &count) in (1_u32..).zip(&definition.counts) {
            let index = length as usize - 1;
            self.offsets[index] = place as i32 - (next >> (16 - length)) as i32;
            for symbol in &definition.symbols[place..place + usize::from(count)] {
                next += 1 << (16 - length);
                let end = (next >> (16 - LOOKUP_BITS)) as usize;
                if length <= LOOKUP_BITS {
                    self.short[filled..end].fill((length as u16) << 8 | u16::from(*symbol));
                    filled = end;
                }
            }
            place += usize::from(count);
            self.limits[index] = next;
        }
        self.short[filled..].fill(0);
    }

    /// The code that 16 bits begin with: its length and its symbol.
    #[inline]
    pub(super) fn decode(&self, bits: u32) -> Option<(u32, u8)> {
        match self.short[(bits >> (16 - LOOKUP_BITS)) as usize % (1 << LOOKUP_BITS)] {
            0 => self.decode_long(bits),
            found => Some((u32::from(found >> 8), found as u8)),
        }
    }

    /// For codes of DC differences: how many bits the first code takes with its extra bits, and the difference that it
    /// stands for.
    #[inline]
    pub(super) fn decode_difference(&self, bits: u64) -> Option<(usize, i32)> {
        let (length, size) = self.decode((bits >> 48) as u32)?;
        if size > MAX_DC_SIZE {
            return None;
        }
        let size = u32::from(size);
        let extra = (bits << length >> 32 >> (32 - size)) as u32;
        Some(((length + size) as usize, extend(extra, size)))
    }

    fn decode_long(&self, bits: u32) -> Option<(u32, u8)> {
        let index = self.limits.iter().position(|&limit| bits < limit)?;
        let length = index as u32 + 1;
        let place = (bits >> (16 - length)) as i32 + self.offsets[index];
        Some((length, self.symbols[place as usize % 256]))
    }
}

/// The difference that `size` bits after a DC code stand for (T.81, F.2.2.1).
#[inline]
pub(super) fn extend(bits: u32, size: u32) -> i32 {
    let negative = size > 0 && bits >> (size - 1) == 0;
    bits as i32 - if negative { (1 << size) - 1 } else { 0 }
}

#[rustfmt::skip]
const LUMINANCE_AC: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
    0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72,
    0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37,
    0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
    0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
    0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3,
    0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
    0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
    0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

#[rustfmt::skip]
const CHROMINANCE_AC: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22,
    0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1,
    0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36,
    0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
    0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
    0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a,
    0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba,
    0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
    0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];
