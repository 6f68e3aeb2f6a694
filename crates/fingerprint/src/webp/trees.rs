//! The memory that the prefix codes of a lossless WebP take once they are read. A picture may be cut into blocks, and
//! each block has one of up to 65,536 groups of five codes. An image of its own, behind those of the transforms, tells
//! how many groups there are (RFC 9649, section 3). So these images are read as far as is needed to know where they
//! end.

use super::{bits::Bits, code::Code};

/// Five codes as image-webp 0.2 has them, without what they allocate.
const GROUP_BYTES: u64 = 280;

/// More than any budget: what there is beyond is not counted.
const ENOUGH: u64 = 4 << 30;

/// The most bytes of codes that a byte of the file describes: six symbols of 32 bytes each, in three bits.
const MOST_PER_BYTE: u64 = 6 * 32 * 8 / 3;

/// The bytes that the codes of a picture in a chunk `VP8L` take; where they cannot be read, what so much data can
/// describe.
pub(super) fn of_picture(data: &[u8]) -> u64 {
    let mut bits = Bits::new(data);
    let read = header(&mut bits).and_then(|size| of_stream(&mut bits, size));
    read.unwrap_or(MOST_PER_BYTE * data.len() as u64)
}

/// The same of transparency that is packed: a picture of the size of the one that it belongs to, without a header.
pub(super) fn of_alpha(data: &[u8], size: (u32, u32)) -> u64 {
    let read = of_stream(&mut Bits::new(data), size);
    read.unwrap_or(MOST_PER_BYTE * data.len() as u64)
}

/// Width and height.
fn header(bits: &mut Bits) -> Option<(u32, u32)> {
    let _signature = bits.take(8)?;
    let size = (bits.take(14)? + 1, bits.take(14)? + 1);
    let _alpha_and_version = bits.take(4)?;
    Some(size)
}

fn of_stream(bits: &mut Bits, (width, height): (u32, u32)) -> Option<u64> {
    let width = skip_transforms(bits, width, height)?;
    let cached = cached_colours(bits)?;
    let mut groups = 1;
    if bits.is_set()? {
        let pixels = blocks(bits, width, height)?;
        groups += skip_image(bits, pixels)?;
    }
    // A vector that grows to twice its size, with the old one beside it.
    let mut bytes = GROUP_BYTES * u64::from(groups.next_power_of_two()) * 3 / 2;
    for _ in 0..groups {
        for alphabet in alphabets(cached) {
            bytes += Code::read(bits, alphabet)?.bytes();
        }
        if bytes > ENOUGH {
            break;
        }
    }
    Some(bytes)
}

/// Gives the width that is left where several pixels lie in one.
fn skip_transforms(bits: &mut Bits, mut width: u32, height: u32) -> Option<u32> {
    const SUBTRACT_GREEN: u32 = 2;
    const COLOR_INDEXING: u32 = 3;
    while bits.is_set()? {
        match bits.take(2)? {
            SUBTRACT_GREEN => {}
            COLOR_INDEXING => {
                let colours = bits.take(8)? + 1;
                skip_image(bits, colours)?;
                let shift = match colours {
                    ..=2 => 3,
                    3..=4 => 2,
                    5..=16 => 1,
                    _ => 0,
                };
                width = width.div_ceil(1 << shift);
            }
            _predictor_or_colour => {
                let pixels = blocks(bits, width, height)?;
                skip_image(bits, pixels)?;
            }
        }
    }
    Some(width)
}

/// How many blocks a picture is cut into. Their side comes next among the bits.
fn blocks(bits: &mut Bits, width: u32, height: u32) -> Option<u32> {
    let side = 1 << (bits.take(3)? + 2);
    Some(width.div_ceil(side) * height.div_ceil(side))
}

/// Reads an image of so many pixels that is not cut into blocks. Gives the highest number that red and green make,
/// which is that of a group: what is copied or cached was there before.
fn skip_image(bits: &mut Bits, pixels: u32) -> Option<u32> {
    let [green, red, blue, alpha, distance] = group(bits)?;
    let mut highest = 0;
    let mut left = pixels;
    while left > 0 {
        let symbol = u32::from(green.symbol(bits)?);
        let passed = match symbol {
            ..256 => {
                highest = highest.max(u32::from(red.symbol(bits)?) << 8 | symbol);
                blue.symbol(bits)?;
                alpha.symbol(bits)?;
                1
            }
            256..280 => {
                let length = number(bits, symbol - 256)?;
                let distance = distance.symbol(bits)?;
                number(bits, distance.into())?;
                length
            }
            _cached => 1,
        };
        left = left.checked_sub(passed)?;
    }
    Some(highest)
}

fn group(bits: &mut Bits) -> Option<[Code; 5]> {
    let cached = cached_colours(bits)?;
    let codes: Option<Vec<Code>> = alphabets(cached)
        .map(|alphabet| Code::read(bits, alphabet))
        .into_iter()
        .collect();
    codes?.try_into().ok()
}

/// How many colours the cache keeps, so that they can be named again.
fn cached_colours(bits: &mut Bits) -> Option<usize> {
    if !bits.is_set()? {
        return Some(0);
    }
    match bits.take(4)? {
        width @ 1..=11 => Some(1 << width),
        _ => None,
    }
}

/// How many symbols each of a group's five codes has: green with lengths and cached colours, red, blue, alpha,
/// distance.
fn alphabets(cached: usize) -> [usize; 5] {
    [256 + 24 + cached, 256, 256, 256, 40]
}

/// A length or a distance: a prefix, and the bits that it asks for.
fn number(bits: &mut Bits, prefix: u32) -> Option<u32> {
    if prefix < 4 {
        return Some(prefix + 1);
    }
    let more = (prefix - 2) >> 1;
    Some(((2 + (prefix & 1)) << more) + bits.take(more)? + 1)
}
