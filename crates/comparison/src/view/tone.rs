//! How bright a picture is, and whether a frame is a night's before a day's picture.

/// Grey levels below this are dark.
const DARK_LEVEL: u8 = 40;
/// By how much, of 1, a night's mean is lower.
const DARKER_BY: f32 = 0.15;
/// By how much the share of dark pixels is larger.
const MORE_DARK_BY: f32 = 0.25;
/// The contrast, in grey levels, that a night's picture has: lamps. A covered lens has less.
const MIN_CONTRAST: f32 = 25.0;

/// The tone of a picture, from its grey levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tone {
    /// 0 to 1.
    pub(super) mean: f32,
    /// The standard deviation, in grey levels.
    pub(super) contrast: f32,
    /// The share of pixels below 40: 0 to 1.
    pub(super) dark_share: f32,
}

impl Tone {
    pub(super) fn of(luma: &[u8]) -> Self {
        let count = luma.len() as f64;
        let sum: u64 = luma.iter().map(|&level| u64::from(level)).sum();
        let squares: u64 = luma.iter().map(|&level| u64::from(level).pow(2)).sum();
        let dark = luma.iter().filter(|&&level| level < DARK_LEVEL).count();
        let mean = sum as f64 / count;
        Tone {
            mean: (mean / 255.0) as f32,
            contrast: (squares as f64 / count - mean * mean).max(0.0).sqrt() as f32,
            dark_share: (dark as f64 / count) as f32,
        }
    }

    /// Whether `frame` looks like a night of this picture's view.
    pub(super) fn is_night_in(&self, frame: &Self) -> bool {
        self.mean - frame.mean > DARKER_BY
            && frame.dark_share - self.dark_share > MORE_DARK_BY
            && frame.contrast >= MIN_CONTRAST
    }
}
