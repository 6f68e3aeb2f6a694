//! Pictures that are drawn on, and chance that can be had again.

use image::{RgbImage, imageops};

/// Random numbers by a seed (SplitMix64).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.bits() % count as u64) as usize
    }

    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.bits() >> 40) as f32 / (1u64 << 24) as f32
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// About a normal distribution of mean 0 and deviation 1.
    pub(crate) fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.between(0.0, 1.0)).sum::<f32>() - 6.0
    }
}

/// RGB, in floating point.
#[derive(Clone)]
pub(crate) struct Canvas {
    pub(crate) wide: usize,
    pub(crate) high: usize,
    pub(crate) pixels: Vec<[f32; 3]>,
}

impl Canvas {
    pub(crate) fn of(picture: &RgbImage) -> Self {
        Canvas {
            wide: picture.width() as usize,
            high: picture.height() as usize,
            pixels: picture.pixels().map(|it| it.0.map(f32::from)).collect(),
        }
    }

    pub(crate) fn to_picture(&self) -> RgbImage {
        RgbImage::from_fn(self.wide as u32, self.high as u32, |x, y| {
            let pixel = self.pixels[y as usize * self.wide + x as usize];
            image::Rgb(pixel.map(|it| it.clamp(0.0, 255.0) as u8))
        })
    }

    pub(crate) fn resized(&self, wide: usize, high: usize) -> Self {
        let filter = imageops::FilterType::Triangle;
        let resized = imageops::resize(&self.to_picture(), wide as u32, high as u32, filter);
        Canvas::of(&resized)
    }

    /// Not larger than so many pixels on a side.
    pub(crate) fn at_most(self, side: usize) -> Self {
        let scale = side as f32 / self.wide.max(self.high) as f32;
        let by = |of: usize| ((of as f32 * scale).round() as usize).max(1);
        match scale < 1.0 {
            true => self.resized(by(self.wide), by(self.high)),
            false => self,
        }
    }

    pub(crate) fn blurred(&self, sigma: f32) -> Self {
        let (wide, high) = (self.wide, self.high);
        let reach = (sigma * 3.0).ceil() as isize;
        let weight = |at: isize| (-0.5 * (at as f32 / sigma).powi(2)).exp();
        let weights: Vec<f32> = (-reach..=reach).map(weight).collect();
        let total: f32 = weights.iter().sum();
        let pass = |from: &[[f32; 3]], step: usize, count: usize, at: &dyn Fn(usize) -> usize| {
            let mut to = vec![[0.0; 3]; from.len()];
            for (index, pixel) in to.iter_mut().enumerate() {
                let place = at(index) as isize;
                for (offset, weight) in (-reach..=reach).zip(&weights) {
                    let other = (place + offset).clamp(0, count as isize - 1);
                    let other = (index as isize + (other - place) * step as isize) as usize;
                    for channel in 0..3 {
                        pixel[channel] += from[other][channel] * weight / total;
                    }
                }
            }
            to
        };
        let across = pass(&self.pixels, 1, wide, &|index| index % wide);
        Canvas {
            pixels: pass(&across, wide, high, &|index| index / wide),
            ..self.clone()
        }
    }

    /// Each pixel anew, of its place and what it is.
    pub(crate) fn with(mut self, mut draw: impl FnMut(usize, usize, [f32; 3]) -> [f32; 3]) -> Self {
        for (at, pixel) in self.pixels.iter_mut().enumerate() {
            *pixel = draw(at % self.wide, at / self.wide, *pixel);
        }
        self
    }

    pub(crate) fn noisy(self, deviation: f32, chance: &mut Chance) -> Self {
        self.with(|_, _, pixel| pixel.map(|it| it + deviation * chance.normal()))
    }

    pub(crate) fn mean(&self) -> f32 {
        let sum: f32 = self.pixels.iter().flatten().sum();
        sum / (3 * self.pixels.len()) as f32
    }

    /// As a JPEG shows it.
    pub(crate) fn as_jpeg(&self, quality: u8) -> Self {
        let mut bytes = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality);
        self.to_picture().write_with_encoder(encoder).unwrap();
        Canvas::of(&image::load_from_memory(&bytes).unwrap().into_rgb8())
    }

    /// What a camera sees that looks at a part of this: 400×300 pixels around `(x, y)`. They are `across` pixels of
    /// this one wide, turned by `degrees` and zoomed in.
    pub(crate) fn window(&self, (x, y): (f32, f32), across: f32, degrees: f32, zoom: f32) -> Self {
        let scale = 400.0 / across * zoom;
        let from = match scale < 0.8 {
            true => self.blurred(0.45 / scale),
            false => self.clone(),
        };
        let (sin, cos) = degrees.to_radians().sin_cos();
        let blank = Canvas {
            wide: 400,
            high: 300,
            pixels: vec![[0.0; 3]; 400 * 300],
        };
        blank.with(|to_x, to_y, _| {
            let (right, down) = ((to_x as f32 - 200.0) / scale, (to_y as f32 - 150.0) / scale);
            from.between(x + cos * right - sin * down, y + sin * right + cos * down)
        })
    }

    fn between(&self, x: f32, y: f32) -> [f32; 3] {
        let x = x.clamp(0.0, self.wide as f32 - 1.001);
        let y = y.clamp(0.0, self.high as f32 - 1.001);
        let (left, top) = (x as usize, y as usize);
        let (right, down) = (x - left as f32, y - top as f32);
        let at = |x: usize, y: usize| {
            self.pixels[y.min(self.high - 1) * self.wide + x.min(self.wide - 1)]
        };
        let (a, b, c, d) = (
            at(left, top),
            at(left + 1, top),
            at(left, top + 1),
            at(left + 1, top + 1),
        );
        std::array::from_fn(|it| {
            let upper = a[it] * (1.0 - right) + b[it] * right;
            upper * (1.0 - down) + (c[it] * (1.0 - right) + d[it] * right) * down
        })
    }
}

/// Smooth noise of deviation about 1: so many cells across.
pub(crate) fn clouds(wide: usize, high: usize, cells: usize, chance: &mut Chance) -> Vec<f32> {
    let rows = (high * cells).div_ceil(wide).max(2);
    let grid: Vec<f32> = (0..(cells + 1) * (rows + 1))
        .map(|_| chance.normal())
        .collect();
    let smooth = |it: f32| it * it * (3.0 - 2.0 * it);
    let value = |at: usize| {
        let x = (at % wide) as f32 / wide as f32 * cells as f32;
        let y = (at / wide) as f32 / high as f32 * rows as f32;
        let (left, top) = (x as usize, y as usize);
        let (right, down) = (smooth(x - left as f32), smooth(y - top as f32));
        let row = |y: usize| {
            let at = y * (cells + 1) + left;
            grid[at] * (1.0 - right) + grid[at + 1] * right
        };
        row(top) * (1.0 - down) + row(top + 1) * down
    };
    (0..wide * high).map(value).collect()
}
