//! The views of the corpus, regions in them, small things, and copies that show nothing new.

use std::{
    io::Cursor,
    path::{Path, PathBuf},
};

use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use proto::v1::Point;

/// A view: its reference, and frames in which nothing is wrong.
pub(crate) struct Scene {
    pub(crate) reference: PathBuf,
    pub(crate) benign: Vec<PathBuf>,
}

const CAMERA: [&str; 4] = ["cctv", "tamper", "objects", "webcam"];

/// A picture must be so wide for a thing of 1.5 % of the width to be of some pixels.
const LEAST_WIDTH: u32 = 640;

/// The views whose references are wide enough; `None` without a corpus.
pub(crate) fn scenes() -> Option<Vec<Scene>> {
    let corpus = std::env::var_os("FRAMEWATCH_CORPUS")?;
    let manifest = Path::new(&corpus).join("manifest.csv");
    let text = std::fs::read_to_string(&manifest).unwrap_or_else(|error| {
        panic!("FRAMEWATCH_CORPUS must name a folder with a manifest.csv: {error}")
    });
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|it| it.split(',').collect())
        .collect();
    let is_of = |row: &Vec<&str>, set: &str, scene: &str, role: &str| {
        row[1] == set && row[2] == scene && row[3] == role
    };
    let path = |row: &Vec<&str>| Path::new(&corpus).join(row[0]);
    let references = rows.iter().filter(|row| {
        let width: u32 = row[row.len() - 2].parse().unwrap_or_default();
        CAMERA.contains(&row[1]) && row[3] == "reference" && width >= LEAST_WIDTH
    });
    let scene = |reference: &Vec<&str>| Scene {
        reference: path(reference),
        benign: rows
            .iter()
            .filter(|row| is_of(row, reference[1], reference[2], "benign"))
            .map(path)
            .collect(),
    };
    Some(references.map(scene).collect())
}

/// Random numbers by a seed (xorshift).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Chance(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    pub(crate) fn below(&mut self, count: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as u32 % count.max(1)
    }
}

/// A square region, in pixels and as a rule has it.
pub(crate) struct Place {
    left: u32,
    top: u32,
    side: u32,
    pub(crate) polygon: Vec<Point>,
}

impl Place {
    /// Somewhere, its side this share of the width.
    pub(crate) fn in_picture(picture: &RgbImage, share: f64, chance: &mut Chance) -> Self {
        let (width, height) = picture.dimensions();
        let side = (share * f64::from(width)) as u32;
        let (left, top) = (chance.below(width - side), chance.below(height - side));
        let x = |at: u32| f64::from(at) / f64::from(width);
        let y = |at: u32| f64::from(at) / f64::from(height);
        let corners = [
            (left, top),
            (left + side, top),
            (left + side, top + side),
            (left, top + side),
        ];
        Place {
            left,
            top,
            side,
            polygon: corners
                .map(|(left, top)| Point {
                    x: x(left),
                    y: y(top),
                })
                .to_vec(),
        }
    }
}

/// Levels by which a thing differs from what is behind it.
const CONTRAST: i32 = 70;

/// The picture with a body of one colour and a bow above it, as a padlock has, somewhere in the region: this share of the width
/// wide, and darker or brighter than what is there.
pub(crate) fn with_a_thing(
    picture: &RgbImage,
    place: &Place,
    share: f64,
    chance: &mut Chance,
) -> RgbImage {
    let side = (share * f64::from(picture.width())).round() as u32;
    let left = place.left + chance.below(place.side - side);
    let top = place.top + chance.below(place.side - side);
    let mean = mean(picture, (left, top), side);
    let by = if mean > 128 { -CONTRAST } else { CONTRAST };
    let colour = [mean + by, mean + by * 3 / 4, mean + by / 2].map(|it| it.clamp(0, 255) as u8);
    let mut drawn = picture.clone();
    for y in 0..side {
        for x in 0..side {
            let is_body = y >= side * 2 / 5;
            let (dx, dy) = (
                2 * x as i32 - side as i32,
                2 * (y as i32) - side as i32 * 4 / 5,
            );
            let far = (dx * dx + dy * dy) as f64 / f64::from(side * side);
            if is_body || (0.2..0.64).contains(&far) {
                drawn.put_pixel(left + x, top + y, Rgb(colour));
            }
        }
    }
    drawn
}

fn mean(picture: &RgbImage, (left, top): (u32, u32), side: u32) -> i32 {
    let pixels = (top..top + side).flat_map(|y| (left..left + side).map(move |x| (x, y)));
    let sum: i32 = pixels
        .map(|(x, y)| i32::from(picture.get_pixel(x, y).0[1]))
        .sum();
    sum / (side * side) as i32
}

/// The picture encoded anew, brighter, noisy, and as a camera gives it that trembles by a pixel.
pub(crate) fn copies(picture: &RgbImage, chance: &mut Chance) -> Vec<(&'static str, Vec<u8>)> {
    let mapped = |of: &mut dyn FnMut(u8) -> f32| {
        let mut copy = picture.clone();
        for level in copy.iter_mut() {
            *level = of(*level).clamp(0.0, 255.0) as u8;
        }
        copy
    };
    let brighter = mapped(&mut |level| f32::from(level) * 1.15 + 8.0);
    let darker = mapped(&mut |level| f32::from(level) * 0.8);
    let noisy = mapped(&mut |level| f32::from(level) + normal(chance) * 5.0);
    let (width, height) = picture.dimensions();
    let moved = RgbImage::from_fn(width, height, |x, y| {
        *picture.get_pixel((x + 1).min(width - 1), y)
    });
    vec![
        ("encoded anew at 85", jpeg(picture, 85)),
        ("encoded anew at 50", jpeg(picture, 50)),
        ("brighter", jpeg(&brighter, 80)),
        ("darker", jpeg(&darker, 80)),
        ("noisy", jpeg(&noisy, 80)),
        ("moved by a pixel", jpeg(&moved, 80)),
    ]
}

/// About a normal distribution of mean 0 and deviation 1.
fn normal(chance: &mut Chance) -> f32 {
    let sum: u32 = (0..12).map(|_| chance.below(1001)).sum();
    sum as f32 / 1000.0 - 6.0
}

pub(crate) fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    picture.write_with_encoder(encoder).unwrap();
    bytes.into_inner()
}
