//! What is in a WebP, as far as it says how much memory its decoder takes.

mod bits;
mod code;
mod trees;

/// Where the first chunk begins; a chunk's head; where the data of an animation's first frame begin in its chunk.
const CHUNKS_AT: usize = 12;
const HEAD_BYTES: usize = 8;
const FRAME_AT: usize = 16;

const ANIMATED: u8 = 0b10;
const LOSSLESS_ALPHA: u8 = 1;

/// What the first picture in a WebP is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    is_animated: bool,
    is_lossless: bool,
    has_alpha_chunk: bool,
    is_alpha_packed: bool,
    /// The bytes that the prefix codes of its lossless parts take.
    trees: u64,
}

/// The bytes that decoding takes beside the pixels that it gives.
pub(crate) fn beside(bytes: &[u8], (width, height): (u32, u32), gives_alpha: bool) -> u64 {
    let parts = parts(bytes, (width, height));
    let pixels = u64::from(width) * u64::from(height);
    let file = bytes.len() as u64;
    let whole = |side: u32| u64::from(side).next_multiple_of(16);
    // Luma in full and two of colour at half the size; the data of the picture lie beside them, for a while in a buffer that
    // has grown to twice their size as well.
    let planes = whole(width) * whole(height) * 3 / 2 + 3 * file;
    // Predictors, colour transform, and which trees are where, a sixteenth each of four bytes; the last once more, of two.
    let lossless = pixels * 7 / 8 + parts.trees;
    let alpha = match (parts.has_alpha_chunk, parts.is_alpha_packed) {
        (false, _) => 0,
        (true, false) => pixels,
        (true, true) => 5 * pixels + lossless,
    };
    let kept_alpha = if parts.has_alpha_chunk { pixels } else { 0 };
    match parts {
        Parts {
            is_animated: true,
            is_lossless,
            ..
        } => {
            let frame = if is_lossless || parts.has_alpha_chunk {
                4
            } else {
                3
            } * pixels;
            let read = if is_lossless {
                lossless
            } else {
                planes + kept_alpha
            };
            // Then it is laid on the canvas.
            alpha.max(frame + read).max(frame + 4 * pixels)
        }
        Parts {
            is_lossless: true, ..
        } => lossless + if gives_alpha { 0 } else { 4 * pixels },
        _ => planes + alpha,
    }
}

fn parts(bytes: &[u8], size: (u32, u32)) -> Parts {
    let mut parts = Parts::default();
    for (name, data) in chunks(bytes.get(CHUNKS_AT..).unwrap_or_default()) {
        match name {
            b"VP8X" => parts.is_animated = data.first().is_some_and(|flags| flags & ANIMATED != 0),
            b"ANMF" => {
                let frame = data.get(FRAME_AT..).unwrap_or_default();
                let size = frame_size(data).unwrap_or(size);
                for (name, data) in chunks(frame) {
                    parts.note(name, data, size);
                }
                return parts;
            }
            _ if !parts.is_animated => parts.note(name, data, size),
            _ => {}
        }
    }
    parts
}

impl Parts {
    /// Notes a chunk of a picture of this size. Where there are two of a name, no matter which of them is decoded.
    fn note(&mut self, name: &[u8; 4], data: &[u8], size: (u32, u32)) {
        match name {
            b"VP8L" => {
                self.is_lossless = true;
                self.trees = self.trees.max(trees::of_picture(data));
            }
            b"ALPH" => {
                self.has_alpha_chunk = true;
                if let [head, packed @ ..] = data
                    && head & 3 == LOSSLESS_ALPHA
                {
                    self.is_alpha_packed = true;
                    self.trees = self.trees.max(trees::of_alpha(packed, size));
                }
            }
            _ => {}
        }
    }
}

/// Width and height of an animation's frame.
fn frame_size(frame: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| {
        let [a, b, c] = frame.get(at..)?.first_chunk()?;
        Some(u32::from_le_bytes([*a, *b, *c, 0]) + 1)
    };
    Some((side(6)?, side(9)?))
}

/// The names and data of chunks, the last as far as it is there.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (name, after) = rest.split_first_chunk::<4>()?;
        let (length, data) = after.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let data = &data[..length.min(data.len())];
        rest = rest
            .get(HEAD_BYTES + length.next_multiple_of(2)..)
            .unwrap_or_default();
        Some((name, data))
    })
}
