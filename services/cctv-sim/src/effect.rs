//! What staged incidents do to a finished picture, drawn or not.

use image::{RgbImage, imageops};

use crate::incident::{Kind, Staged};

/// Puts the incidents that change a picture's look on it: covered, out of focus and dark.
///
/// A turned camera is the drawn scene's own business; [`turn`] stands in for it in pictures that are not drawn.
pub(crate) fn apply(picture: &mut RgbImage, staged: &Staged) {
    if staged.has(Kind::Covered) {
        cover(picture);
    } else if staged.has(Kind::Defocused) {
        defocus(picture);
    }
    if staged.has(Kind::Dark) {
        darken(picture);
    }
}

/// Shows what a camera turned to the right would: the right part, and an extension of it made by mirroring.
pub(crate) fn turn(picture: &mut RgbImage) {
    let original = picture.clone();
    let (width, height) = original.dimensions();
    let (aside, down) = (width * 2 / 5, height / 8);
    let mirrored = |at: u32, size: u32| if at < size { at } else { 2 * size - 1 - at };
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let from = (mirrored(x + aside, width), mirrored(y + down, height));
        *pixel = *original.get_pixel(from.0, from.1);
    }
}

/// A dark cloth, close to the lens and so without sharp lines; light comes in along one edge.
fn cover(picture: &mut RgbImage) {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let folds: Vec<f32> = (0..picture.width() + picture.height())
        .map(|i| {
            let along = i as f32 / (width + height);
            (along * 17.0).sin() * 7.0 + (along * 41.0 + 1.3).sin() * 4.0
        })
        .collect();
    for (y, row) in picture.enumerate_rows_mut() {
        let v = y as f32 / height;
        for (x, _, pixel) in row {
            let u = x as f32 / width;
            let leak = (1.0 - (1.0 - u + 0.35 * v) / 0.42).max(0.0);
            let cloth = 44.0 + folds[(x + y / 2) as usize] + 16.0 * (1.0 - v) + 120.0 * leak * leak;
            pixel.0 = [cloth * 1.08, cloth * 0.96, cloth * 0.9].map(|c| c as u8);
        }
    }
}

/// The light is off: hardly anything is left but the sensor's own glow at one side.
fn darken(picture: &mut RgbImage) {
    let width = picture.width() as f32;
    let glow: Vec<u16> = (0..picture.width())
        .map(|x| (5.0 + 12.0 * (1.0 - x as f32 / width).powi(2)) as u16)
        .collect();
    for (_, row) in picture.enumerate_rows_mut() {
        for ((_, _, pixel), &glow) in row.zip(&glow) {
            pixel.0 = pixel
                .0
                .map(|channel| (u16::from(channel.saturating_sub(150)) / 24 + glow) as u8);
        }
    }
}

/// Blurs the picture over about a thirtieth of its height.
fn defocus(picture: &mut RgbImage) {
    let (width, height) = picture.dimensions();
    let step = (height / 45).max(2);
    let small = imageops::thumbnail(picture, (width / step).max(2), (height / step).max(2));
    let soft = imageops::blur(&small, 0.9);
    enlarge(&soft, picture);
}

/// Bilinear, in sixteenths of a 16-bit number: the pictures are large and the speed matters.
fn enlarge(from: &RgbImage, to: &mut RgbImage) {
    let columns: Vec<(u32, u32)> = (0..to.width())
        .map(|x| sample(x, to.width(), from.width()))
        .collect();
    let rows: Vec<(u32, u32)> = (0..to.height())
        .map(|y| sample(y, to.height(), from.height()))
        .collect();
    for (y, row) in to.enumerate_rows_mut() {
        let (top, down) = rows[y as usize];
        for (x, _, pixel) in row {
            let (left, along) = columns[x as usize];
            let corner = |dx: u32, dy: u32| from.get_pixel(left + dx, top + dy).0;
            let (a, b, c, d) = (corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1));
            for i in 0..3 {
                let upper = u32::from(a[i]) * (256 - along) + u32::from(b[i]) * along;
                let lower = u32::from(c[i]) * (256 - along) + u32::from(d[i]) * along;
                pixel.0[i] = ((upper * (256 - down) + lower * down) >> 16) as u8;
            }
        }
    }
}

/// The sample left of a place in the larger picture and how far, in 256ths, the place is past it.
fn sample(at: u32, large: u32, small: u32) -> (u32, u32) {
    let place = (at as f32 + 0.5) * small as f32 / large as f32 - 0.5;
    let place = place.clamp(0.0, (small - 1) as f32 - 0.001);
    (place as u32, (place.fract() * 256.0) as u32)
}
