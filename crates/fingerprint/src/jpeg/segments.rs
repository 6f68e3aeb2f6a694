//! A JPEG file's marker segments, in order.

/// Start of a frame header, and its kinds that are read here.
pub(super) const SOF_BASELINE: u8 = 0xC0;
pub(super) const SOF_EXTENDED: u8 = 0xC1;
pub(super) const SOF_PROGRESSIVE: u8 = 0xC2;
/// Huffman tables.
pub(super) const DHT: u8 = 0xC4;
/// End of the picture.
pub(super) const EOI: u8 = 0xD9;
/// Start of a scan: entropy-coded data follow its segment.
pub(super) const SOS: u8 = 0xDA;
/// Quantisation tables.
pub(super) const DQT: u8 = 0xDB;
/// Restart interval.
pub(super) const DRI: u8 = 0xDD;
/// Application segments: JFIF, EXIF, Adobe.
pub(super) const APP0: u8 = 0xE0;
pub(super) const APP1: u8 = 0xE1;
pub(super) const APP14: u8 = 0xEE;
/// One that nobody knows.
pub(super) const UNUSED: u8 = 0xEF;

/// A marker and, where it has any, what its segment says.
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    /// Without the length field. Empty for markers without a segment.
    pub(super) body: &'a [u8],
    /// Where the marker is in the file: the byte behind 0xFF.
    pub(super) at: usize,
}

/// Walks through the segments, passing over bytes between them as all decoders do.
pub(super) struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next segment; `None` where the file ends before one does. Restart markers are passed over: outside of a scan's
    /// data they mean nothing, and whoever doesn't read those data wants to get past them.
    pub(super) fn next(&mut self) -> Option<Segment<'a>> {
        loop {
            let (marker, start) = next_marker(self.bytes, self.at)?;
            self.at = start;
            match marker {
                0x01 | 0xD0..=0xD8 => {}
                EOI => {
                    return Some(Segment {
                        marker,
                        body: &[],
                        at: start - 1,
                    });
                }
                _ => {
                    let &[high, low] = self.bytes.get(start..)?.first_chunk()?;
                    let end = start + usize::from(u16::from_be_bytes([high, low]));
                    let body = self.bytes.get(start + 2..end)?;
                    self.at = end;
                    return Some(Segment {
                        marker,
                        body,
                        at: start - 1,
                    });
                }
            }
        }
    }

    /// What follows the last segment.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    pub(super) fn skip(&mut self, length: usize) {
        self.at += length;
    }
}

/// The next marker at or after `at`, and where what follows it starts.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr::memchr(0xFF, bytes.get(at..)?)? + 1;
        match bytes.get(at)? {
            0 | 0xFF => {}
            &marker => return Some((marker, at + 1)),
        }
    }
}
