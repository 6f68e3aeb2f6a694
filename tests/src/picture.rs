//! Drawn pictures of a few blocks.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Luma};

/// Views that nobody would take for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Blocks of many greys.
    Dock,
    /// Other blocks of many greys.
    Wall,
    /// Still others.
    Yard,
    /// One grey level and no more.
    Blank,
}

/// A drawn picture of 320×240 as JPEG. `seed` changes it as sensor noise would: not the view.
pub fn picture(view: View, seed: u32) -> Vec<u8> {
    let image = GrayImage::from_fn(320, 240, |x, y| Luma([level(view, x, y, seed)]));
    jpeg(image.into())
}

pub(crate) fn jpeg(image: DynamicImage) -> Vec<u8> {
    let mut jpeg = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut jpeg), ImageFormat::Jpeg)
        .expect("a drawn picture can be encoded");
    jpeg
}

const BLOCK: u32 = 40;

fn level(view: View, x: u32, y: u32, seed: u32) -> u8 {
    let scene = match view {
        View::Dock => 1,
        View::Wall => 2,
        View::Yard => 3,
        View::Blank => return 128,
    };
    let block = scrambled(scene, x / BLOCK, y / BLOCK) % 200;
    let noise = scrambled(seed, x, y) % 5;
    u8::try_from(20 + block + noise).expect("at most 20 + 199 + 4")
}

/// A number that looks random and is the same every time.
fn scrambled(a: u32, b: u32, c: u32) -> u32 {
    let mixed = (a ^ 0x9e37_79b9)
        .wrapping_mul(0x85eb_ca6b)
        .wrapping_add(b.wrapping_mul(0xc2b2_ae35))
        .wrapping_add(c.wrapping_mul(0x27d4_eb2f));
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
    mixed ^ (mixed >> 13)
}
