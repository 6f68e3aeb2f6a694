//! The bits of a lossless WebP, the least of each byte first.

/// Bits, and how far they are read.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Bits { bytes, at: 0 }
    }

    /// The next ones, at most 24, as a number whose least bit came first; `None` at the end.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        let bits = self.peek() & ((1 << count) - 1);
        self.skip(count)?;
        Some(bits)
    }

    pub(super) fn is_set(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }

    /// The next 25 or more, zeros after the end.
    pub(super) fn peek(&self) -> u32 {
        let rest = &self.bytes[(self.at / 8).min(self.bytes.len())..];
        let four = match rest.first_chunk() {
            Some(four) => *four,
            None => std::array::from_fn(|at| rest.get(at).copied().unwrap_or(0)),
        };
        u32::from_le_bytes(four) >> (self.at % 8)
    }

    pub(super) fn skip(&mut self, count: u32) -> Option<()> {
        self.at += count as usize;
        (self.at <= 8 * self.bytes.len()).then_some(())
    }
}
