//! A scan's entropy-coded data without their byte stuffing.

use std::ops::Range;

/// Zeros behind the data, so that reading ahead of a block that ends at their end stays inside.
const PADDING: usize = 32;

/// The data of one scan, in one piece, and where its restart intervals begin.
#[derive(Default)]
pub(super) struct EntropyData {
    bytes: Vec<u8>,
    /// The first byte of each restart interval after the first.
    restarts: Vec<usize>,
}

impl EntropyData {
    /// Takes the scan that `raw` begins with: up to a marker other than RST, or to RST where the scan has no restart
    /// intervals. Returns how many bytes of `raw` that was.
    pub(super) fn fill(&mut self, raw: &[u8], has_restarts: bool) -> usize {
        self.bytes.clear();
        self.restarts.clear();
        self.bytes.reserve(raw.len().min(1 << 20) + PADDING);
        let mut at = 0;
        let length = loop {
            let Some(found) = memchr::memchr(0xFF, &raw[at..]) else {
                self.bytes.extend_from_slice(&raw[at..]);
                break raw.len();
            };
            let mark = at + found;
            match raw.get(mark + 1) {
                Some(0) => {
                    self.bytes.extend_from_slice(&raw[at..=mark]);
                    at = mark + 2;
                    continue;
                }
                Some(0xFF) => {
                    self.bytes.extend_from_slice(&raw[at..mark]);
                    at = mark + 1;
                    continue;
                }
                Some(0xD0..=0xD7) if has_restarts => {
                    self.bytes.extend_from_slice(&raw[at..mark]);
                    self.restarts.push(self.bytes.len());
                    at = mark + 2;
                    continue;
                }
                _ => {
                    self.bytes.extend_from_slice(&raw[at..mark]);
                    break mark;
                }
            }
        };
        self.bytes.extend_from_slice(&[0; PADDING]);
        length
    }

    /// The data with [`PADDING`].
    pub(super) fn padded(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bits there are.
    pub(super) fn bits(&self) -> usize {
        self.bytes.len().saturating_sub(PADDING) * 8
    }

    /// The restart intervals, in bits. There is at least one.
    pub(super) fn intervals(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = std::iter::once(0).chain(self.restarts.iter().map(|&byte| byte * 8));
        let ends = self.restarts.iter().map(|&byte| byte * 8);
        starts
            .zip(ends.chain(std::iter::once(self.bits())))
            .map(|(start, end)| start..end)
    }
}

/// At least 57 bits from the bit `at` on, the first one the most significant. `at` must not lie behind the data.
#[inline(always)]
pub(super) fn ahead(padded: &[u8], at: usize) -> u64 {
    let bytes = padded[at / 8..at / 8 + 8]
        .try_into()
        .expect("the slice is eight bytes long");
    u64::from_be_bytes(bytes) << (at % 8)
}
