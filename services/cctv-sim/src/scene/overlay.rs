//! The text that a camera writes into its picture: date, time and its name, white on a dark box.

use image::RgbImage;
use time::OffsetDateTime;

use super::font::{self, GLYPH_HEIGHT, GLYPH_WIDTH};

/// Puts the clock (UTC) into the upper left corner and the camera's name into the lower left one.
pub(super) fn write(picture: &mut RgbImage, name: &str, clock: OffsetDateTime) {
    let utc = clock.to_offset(time::UtcOffset::UTC);
    let stamp = format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        utc.year(),
        u8::from(utc.month()),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second()
    );
    let dot = (picture.height() / 300).max(1);
    let margin = 4 * dot;
    let line = GLYPH_HEIGHT * dot + 4 * dot;
    let bottom = picture.height().saturating_sub(margin + line);
    label(picture, &stamp, [margin, margin], dot);
    label(picture, name, [margin, bottom], dot);
}

fn label(picture: &mut RgbImage, text: &str, at: [u32; 2], dot: u32) {
    let pitch = (GLYPH_WIDTH + 1) * dot;
    let width = text.chars().count() as u32 * pitch + 3 * dot;
    let height = (GLYPH_HEIGHT + 4) * dot;
    for y in at[1]..(at[1] + height).min(picture.height()) {
        for x in at[0]..(at[0] + width).min(picture.width()) {
            let pixel = picture.get_pixel_mut(x, y);
            pixel.0 = pixel.0.map(|channel| channel / 4);
            let (inside_x, inside_y) = (x - at[0], y - at[1]);
            if inside_x < 2 * dot || inside_y < 2 * dot {
                continue;
            }
            let column = (inside_x - 2 * dot) / dot;
            let row = (inside_y - 2 * dot) / dot;
            let letter = text.chars().nth((column / (GLYPH_WIDTH + 1)) as usize);
            if letter.is_some_and(|c| font::is_set(c, column % (GLYPH_WIDTH + 1), row)) {
                pixel.0 = [245, 245, 240];
            }
        }
    }
}
