//! JPEG's entropy code: Huffman tables and the blocks they encode, read only to see where they end.

/// What `DHT` defines: for every 16 bits that may come next, the length of the code they start with and its symbol.
pub(super) struct Table(Vec<(u8, u8)>);

impl Table {
    /// `counts[i]` codes of `i + 1` bits, in order; a length of 0 marks bits that no code starts with. `None` when
    /// there are more codes than bits can tell apart.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut entries = Vec::with_capacity(1 << 16);
        let mut symbols = symbols.iter();
        for (length, &count) in (1u8..=16).zip(counts) {
            for _ in 0..count {
                let span = 1usize << (16 - length);
                entries.extend(std::iter::repeat_n((length, *symbols.next()?), span));
            }
        }
        if entries.len() > 1 << 16 {
            return None;
        }
        entries.resize(1 << 16, (0, 0));
        Some(Self(entries))
    }
}

/// The bits of one restart interval, its stuffing (a zero after each 0xFF) still in place.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    next: usize,
    buffer: u64,
    available: u32,
    borrowed: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            next: 0,
            buffer: 0,
            available: 0,
            borrowed: 0,
        }
    }

    /// Whether more bits were taken than there are.
    fn overrun(&self) -> bool {
        self.borrowed > self.available
    }

    /// Past the end come zeros, counted in `borrowed`.
    fn fill(&mut self) {
        while self.available <= 48 {
            let byte = self.bytes.get(self.next).copied();
            self.next += if byte == Some(0xFF) { 2 } else { 1 };
            self.borrowed += if byte.is_none() { 8 } else { 0 };
            self.buffer = (self.buffer << 8) | u64::from(byte.unwrap_or(0));
            self.available += 8;
        }
    }

    fn symbol(&mut self, table: &Table) -> Option<u8> {
        if self.available < 32 {
            self.fill();
        }
        let ahead = (self.buffer >> (self.available - 16)) & 0xFFFF;
        let (length, symbol) = table.0[ahead as usize];
        self.available -= u32::from(length);
        (length > 0).then_some(symbol)
    }

    /// Passes over one 8×8 block. `None` when its bits are no block.
    pub(super) fn skip_block(&mut self, dc: &Table, ac: &Table) -> Option<()> {
        let size = self.symbol(dc)?;
        self.skip(size)?;
        let mut index = 1;
        while index < 64 {
            let symbol = self.symbol(ac)?;
            let (run, size) = (symbol >> 4, symbol & 15);
            match (run, size) {
                (0, 0) => break,
                (15, 0) => index += 16,
                _ => index += u32::from(run) + 1,
            }
            self.skip(size)?;
        }
        (!self.overrun()).then_some(())
    }

    fn skip(&mut self, bits: u8) -> Option<()> {
        self.available -= (bits <= 16).then_some(u32::from(bits))?;
        Some(())
    }
}
