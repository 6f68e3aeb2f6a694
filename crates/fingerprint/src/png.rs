//! PNGs that lack their end.

use std::borrow::Cow;

const SIGNATURE_BYTES: usize = 8;

/// A chunk's length and type come before its data, its checksum comes behind them.
const HEAD_BYTES: usize = 8;
const CHECKSUM_BYTES: usize = 4;

/// Where the width is.
const WIDTH_AT: usize = 16;

/// A colour profile may take so much, which the decoder unpacks.
pub(crate) const METADATA_BYTES: u64 = 4 << 20;

/// The chunk that ends a PNG.
const END: [u8; 12] = *b"\0\0\0\0IEND\xAE\x42\x60\x82";

/// The file with the chunk that ends it, where that alone is missing, or part of it: all pixels may be there.
pub(crate) fn with_end(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut at = SIGNATURE_BYTES;
    while let Some(end) = end_of_chunk(bytes, at) {
        at = end;
    }
    match bytes.get(at..) {
        Some(rest) if rest.len() < END.len() && END.starts_with(rest) && !bytes.ends_with(&END) => {
            Cow::Owned([&bytes[..at], &END].concat())
        }
        _ => Cow::Borrowed(bytes),
    }
}

/// The most that the decoder may take beside the pixels: for a colour profile, for chunks as they are in the file, and for rows.
pub(crate) fn unpacked(bytes: &[u8]) -> u64 {
    const BYTES_PER_PIXEL: u64 = 8;
    let width = bytes.get(WIDTH_AT..).and_then(|rest| rest.first_chunk());
    let width = u64::from(width.copied().map_or(0, u32::from_be_bytes));
    METADATA_BYTES + bytes.len() as u64 + 2 * BYTES_PER_PIXEL * width
}

/// Where the chunk ends that begins there; `None` where it is not whole.
fn end_of_chunk(bytes: &[u8], at: usize) -> Option<usize> {
    let length = u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
    let end = at
        .checked_add(HEAD_BYTES + CHECKSUM_BYTES)?
        .checked_add(length as usize)?;
    (end <= bytes.len()).then_some(end)
}
