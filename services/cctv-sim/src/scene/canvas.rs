//! A picture to draw on: anti-aliased polygons filled by a shader, in pixel coordinates.

/// Colour in linear 8-bit steps, red, green, blue, 0 to 255 each.
pub(super) type Colour = [f32; 3];

/// What a shader puts on one pixel.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    pub(super) colour: Colour,
    /// 0 leaves what is there, 1 hides it.
    pub(super) alpha: f32,
}

impl Ink {
    pub(super) fn solid(colour: Colour) -> Self {
        Self { colour, alpha: 1.0 }
    }

    pub(super) fn veil(colour: Colour, alpha: f32) -> Self {
        Self { colour, alpha }
    }
}

/// Lines per pixel row whose spans are averaged.
const SUBLINES: usize = 4;

/// An RGB picture with 8 bits a channel.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    coverage: Vec<f32>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self::over(width, height, vec![0; width * height * 3])
    }

    /// Draws on the picture given, row by row without padding.
    pub(super) fn over(width: usize, height: usize, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(pixels.len(), width * height * 3);
        Self {
            width,
            height,
            pixels,
            coverage: vec![0.0; width],
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    pub(super) fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// Fills the polygon (even-odd) with what `shader` gives for each pixel's centre.
    pub(super) fn fill(&mut self, outline: &[[f32; 2]], shader: impl Fn(f32, f32) -> Ink) {
        if outline.len() < 3 {
            return;
        }
        let top = outline.iter().map(|p| p[1]).fold(f32::MAX, f32::min);
        let bottom = outline.iter().map(|p| p[1]).fold(f32::MIN, f32::max);
        let first = top.floor().max(0.0) as usize;
        let last = (bottom.ceil().max(0.0) as usize).min(self.height);
        for y in first..last {
            let Some((from, to)) = self.cover_row(outline, y) else {
                continue;
            };
            for x in from..to {
                let covered = std::mem::take(&mut self.coverage[x]);
                if covered > 0.003 {
                    let ink = shader(x as f32 + 0.5, y as f32 + 0.5);
                    self.blend(x, y, ink.colour, ink.alpha * covered.min(1.0));
                }
            }
        }
    }

    /// Adds the row's coverage up and returns the columns that it touches.
    fn cover_row(&mut self, outline: &[[f32; 2]], y: usize) -> Option<(usize, usize)> {
        let (mut from, mut to) = (self.width, 0);
        let mut crossings = [0.0f32; 16];
        for sub in 0..SUBLINES {
            let line = y as f32 + (sub as f32 + 0.5) / SUBLINES as f32;
            let count = crossings_of(outline, line, &mut crossings);
            for span in crossings[..count].chunks_exact(2) {
                let left = span[0].max(0.0);
                let right = span[1].min(self.width as f32);
                if right > left {
                    self.cover_span(left, right);
                    from = from.min(left as usize);
                    to = to.max((right.ceil() as usize).min(self.width));
                }
            }
        }
        (from < to).then_some((from, to))
    }

    fn cover_span(&mut self, left: f32, right: f32) {
        const FULL: f32 = 1.0 / SUBLINES as f32;
        let (first, last) = (left as usize, (right as usize).min(self.width - 1));
        if first == last {
            self.coverage[first] += (right - left) * FULL;
            return;
        }
        self.coverage[first] += ((first + 1) as f32 - left) * FULL;
        for covered in &mut self.coverage[first + 1..last] {
            *covered += FULL;
        }
        self.coverage[last] += (right - last as f32) * FULL;
    }

    fn blend(&mut self, x: usize, y: usize, colour: Colour, alpha: f32) {
        let at = (y * self.width + x) * 3;
        for (channel, value) in self.pixels[at..at + 3].iter_mut().zip(colour) {
            let old = f32::from(*channel);
            *channel = (old + (value - old) * alpha + 0.5) as u8;
        }
    }

    /// Halves the picture in both directions by averaging.
    pub(super) fn halved(self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut pixels = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            let upper = &self.pixels[2 * y * self.width * 3..][..self.width * 3];
            let lower = &self.pixels[(2 * y + 1) * self.width * 3..][..self.width * 3];
            for x in 0..width {
                for c in 0..3 {
                    let at = x * 6 + c;
                    let sum = [upper[at], upper[at + 3], lower[at], lower[at + 3]]
                        .into_iter()
                        .map(u16::from)
                        .sum::<u16>();
                    pixels.push(((sum + 2) / 4) as u8);
                }
            }
        }
        Self::over(width, height, pixels)
    }
}

/// The sorted columns at which the outline crosses the line; an even number of them.
fn crossings_of(outline: &[[f32; 2]], line: f32, found: &mut [f32; 16]) -> usize {
    let mut count = 0;
    for (i, a) in outline.iter().enumerate() {
        let b = outline[(i + 1) % outline.len()];
        if (a[1] <= line) != (b[1] <= line) && count < found.len() {
            found[count] = a[0] + (line - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
            count += 1;
        }
    }
    found[..count].sort_unstable_by(f32::total_cmp);
    count & !1
}

/// `colour` made lighter or darker by the factor.
pub(super) fn shade(colour: Colour, factor: f32) -> Colour {
    colour.map(|channel| (channel * factor).clamp(0.0, 255.0))
}

/// From `a` (at 0) to `b` (at 1).
pub(super) fn mix(a: Colour, b: Colour, at: f32) -> Colour {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * at.clamp(0.0, 1.0))
}
