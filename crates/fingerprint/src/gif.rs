//! GIFs whose screen is smaller than their first frame.

use std::borrow::Cow;

/// Where the width of the screen is, and the height; where its flags are, and where the colours or blocks begin.
const SCREEN: std::ops::Range<usize> = 6..10;
const FLAGS: usize = 10;
const HEADER_BYTES: usize = 13;

const EXTENSION: u8 = 0x21;
const FRAME: u8 = 0x2C;

/// The file with a screen that has room for its first frame, as browsers show it.
pub(crate) fn with_room(bytes: &[u8]) -> Cow<'_, [u8]> {
    let screen = bytes.get(SCREEN).and_then(|sides| sides.first_chunk());
    let (Some(&screen), Some(frame)) = (screen, first_frame(bytes)) else {
        return Cow::Borrowed(bytes);
    };
    let [screen_width, screen_height] = numbers(screen);
    let (width, height) = (screen_width.max(frame.0), screen_height.max(frame.1));
    if (width, height) == (screen_width, screen_height) {
        return Cow::Borrowed(bytes);
    }
    let mut bytes = bytes.to_vec();
    bytes[SCREEN][..2].copy_from_slice(&width.to_le_bytes());
    bytes[SCREEN][2..].copy_from_slice(&height.to_le_bytes());
    Cow::Owned(bytes)
}

/// Whether the first frame is as wide as the screen, so that it needs no room of its own.
pub(crate) fn fills_rows(bytes: &[u8]) -> bool {
    let screen = bytes.get(SCREEN).and_then(|sides| sides.first_chunk());
    let screen_width = screen.map(|&screen| numbers(screen)[0]);
    let place = first_place(bytes);
    place.is_some_and(|[left, _, width, _]| left == 0 && Some(width) == screen_width)
}

/// How far the first frame reaches to the right and down; `None` where there is none, or nowhere a screen could be.
fn first_frame(bytes: &[u8]) -> Option<(u16, u16)> {
    let [left, top, width, height] = first_place(bytes)?;
    Some((left.checked_add(width)?, top.checked_add(height)?))
}

/// Left, top, width and height of the first frame.
fn first_place(bytes: &[u8]) -> Option<[u16; 4]> {
    let flags = *bytes.get(FLAGS)?;
    let colours = match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    };
    let mut rest = bytes.get(HEADER_BYTES + colours..)?;
    while *rest.first()? == EXTENSION {
        rest = after_blocks(rest.get(2..)?)?;
    }
    let (&FRAME, rest) = rest.split_first()? else {
        return None;
    };
    let [left, top] = numbers(*rest.first_chunk()?);
    let [width, height] = numbers(*rest.get(4..)?.first_chunk()?);
    Some([left, top, width, height])
}

/// What follows blocks of data. Each block begins with its length, and the last one is empty.
fn after_blocks(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, data) = rest.split_first()?;
        rest = data.get(length.into()..)?;
        if length == 0 {
            return Some(rest);
        }
    }
}

fn numbers([a, b, c, d]: [u8; 4]) -> [u16; 2] {
    [u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])]
}
