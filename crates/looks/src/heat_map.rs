//! A picture of how different each place of a frame is, to be laid over the frame.

use std::io::Cursor;

use comparison::view::Patches;
use image::{ImageFormat, Rgba, RgbaImage};

/// Pixels on a side of a place.
const SIDE: u32 = 16;

/// Below this a place is the same: nothing is drawn.
const SAME: u8 = 64;

/// A PNG of 320×240 pixels, transparent where a frame is as it should be, and the redder the less it is. `None` where
/// these are no scores of places, row by row as [`Patches`] has them.
pub fn heat_map(scores: &[u8]) -> Option<Vec<u8>> {
    if scores.len() != Patches::ROWS * Patches::COLUMNS {
        return None;
    }
    let (columns, rows) = (Patches::COLUMNS as u32, Patches::ROWS as u32);
    let picture = RgbaImage::from_fn(columns * SIDE, rows * SIDE, |x, y| {
        colour(scores[((y / SIDE) * columns + x / SIDE) as usize])
    });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).ok()?;
    Some(png.into_inner())
}

/// From yellow, where a place differs somewhat, to red, where it is another.
fn colour(score: u8) -> Rgba<u8> {
    if score < SAME {
        return Rgba([0; 4]);
    }
    let over = u16::from(score - SAME);
    let green = 200_u16.saturating_sub(over * 200 / u16::from(u8::MAX - SAME));
    Rgba([255, green as u8, 0, 60 + (over * 2 / 3) as u8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_clear_and_what_is_not_is_red() {
        let mut scores = vec![0; Patches::ROWS * Patches::COLUMNS];
        scores[1] = u8::MAX;
        let png = heat_map(&scores).unwrap();
        let picture = image::load_from_memory(&png).unwrap().into_rgba8();
        assert_eq!(picture.dimensions(), (320, 240));
        assert_eq!(picture.get_pixel(0, 0).0[3], 0);
        assert_eq!(picture.get_pixel(20, 3).0[..3], [255, 0, 0]);
        assert_eq!(heat_map(&scores[1..]), None);
    }
}
