//! Whether a frame shows nothing new since the last one of its folder that was judged in full, so that what was said of that
//! one still stands.
//!
//! Owns what is remembered of a folder for it, some 3 KB, and the decision. Pure: what is learned comes from the frames that are
//! shown to it, in their order. What is done with a verdict that is carried on is left to the comparator.
//!
//! # How
//! A frame is held against the last one that was judged in full, never against one that was carried: so what changes slowly
//! adds up until it is seen. Its [`Cells`] are taken in tiles of 4×2. No cell may differ by more than twice what its tile
//! usually does (`noise`), nor the sharpness of the thumbnail or the number of bytes, which fall where a view goes out of focus
//! and grow where something appears. "Usually" is learned of the folder's own frames, from the bottom: a folder of which too
//! little is known has little room, and one in which much moves has never more than 6 levels, which is below what an object of
//! a fiftieth of the width makes of a cell. Only up to four of the 256 tiles are left out that change in nearly every frame, as
//! those of a burned-in clock do. Nothing is carried for more than [`Memory::LONGEST`], from what is no plain match or mismatch,
//! or from what is so close to the threshold that noise could have decided.

mod noise;
mod said;
#[cfg(test)]
mod tests;

use fingerprint::{BLANK_CONTRAST, Cells, Fingerprint};
use proto::EffectiveRule;
use time::{Duration, OffsetDateTime};

use self::noise::{Noise, Scales};
use crate::{Baseline, Digest, detector_version, rule_digest};

pub use said::Said;

/// What is seen of a frame before the network looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance {
    /// Its grey levels, coarsely.
    pub cells: Cells,
    scales: Scales,
    size: (u32, u32),
    is_blank: bool,
}

impl Glance {
    /// The glance at a picture with these cells and this fingerprint, whose file has this many bytes.
    pub fn new(cells: Cells, fingerprint: &Fingerprint, bytes: usize) -> Self {
        Glance {
            cells,
            scales: Scales {
                sharpness: fingerprint.quality.sharpness,
                bytes: bytes as f32,
            },
            size: (fingerprint.width, fingerprint.height),
            is_blank: fingerprint.quality.contrast < BLANK_CONTRAST,
        }
    }
}

/// What a verdict rests on, apart from the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grounds {
    baseline: Digest,
    rule: Digest,
    detectors: &'static str,
}

impl Grounds {
    /// A baseline and a rule, and this version of the detectors.
    pub fn of(baseline: &Baseline, rule: &EffectiveRule) -> Self {
        Grounds {
            baseline: baseline.digest(),
            rule: rule_digest(rule),
            detectors: detector_version(rule.measure),
        }
    }
}

/// What is remembered of a folder: its last frame that was judged in full, and how much its frames usually differ.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    last: Option<Last>,
    noise: Noise,
}

#[derive(Debug, Clone)]
struct Last {
    glance: Glance,
    at: OffsetDateTime,
    grounds: Grounds,
    /// `None` where it is not to be carried.
    said: Option<Said>,
}

impl Memory {
    /// For how long what was said of a frame stands at most, from when one frame was stored to when the other was.
    pub const LONGEST: Duration = Duration::seconds(60);

    /// What was said of an earlier frame, if it holds for this one as well, which was stored `at`. `None` where this
    /// frame must be judged in full.
    pub fn carries(&self, glance: &Glance, at: OffsetDateTime, grounds: &Grounds) -> Option<&Said> {
        let last = self.last.as_ref()?;
        let age = at - last.at;
        let is_of_now = age > Duration::ZERO && age <= Self::LONGEST && last.grounds == *grounds;
        let may_be = is_of_now && !glance.is_blank && glance.size == last.glance.size;
        let said = last.said.as_ref().filter(|_| may_be)?;
        self.noise.explains(&last.glance, glance).then_some(said)
    }

    /// Learns from a frame that was carried how much the folder's frames differ.
    pub fn carried(&mut self, glance: &Glance) {
        self.learn(glance);
    }

    /// Takes in a frame that was judged in full, and what was said of it.
    pub fn judged(
        &mut self,
        glance: Glance,
        at: OffsetDateTime,
        grounds: Grounds,
        said: Option<Said>,
    ) {
        match self.last.as_ref().map(|last| at - last.at) {
            // It comes late: what is known is newer.
            Some(age) if age < Duration::ZERO => return,
            // It is judged again.
            Some(age) if age == Duration::ZERO => {}
            _ => self.learn(&glance),
        }
        self.last = Some(Last {
            glance,
            at,
            grounds,
            said,
        });
    }

    fn learn(&mut self, glance: &Glance) {
        match &self.last {
            Some(last) if last.glance.size == glance.size => self.noise.learn(&last.glance, glance),
            // A camera that sends another size is another camera.
            _ => self.noise = Noise::default(),
        }
    }
}
