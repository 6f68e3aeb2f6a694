//! What is seen at a glance: small things drawn into frames of real clips, and one picture after another.

use std::{fmt, io::Cursor, path::Path};

use comparison::{
    Baseline, BaselinePicture,
    carry::{Glance, Grounds, Memory, Said},
};
use fingerprint::Limits;
use image::{RgbImage, codecs::jpeg::JpegEncoder};
use looks::{Look, Viewer};
use proto::{
    EffectiveRule, Measure, timestamp,
    v1::{Comparison, Frame, Verdict},
};
use time::{Duration, OffsetDateTime};

use crate::clips::Clip;

/// By how many grey levels an object is brighter or darker than what is behind it.
pub(crate) const CONTRASTS: [i16; 4] = [15, 20, 30, 50];

/// From so many levels on an object is plain to see.
pub(crate) const PLAIN: i16 = 30;

/// The quality of the JPEGs, usual for cameras.
const QUALITY: u8 = 85;

/// How many copies with an object are made of each frame that would be carried.
const PLACES: usize = 12;

#[derive(Default, Clone, Copy)]
pub(crate) struct Counts {
    /// Frames with an object, which would have been carried without.
    pub(crate) drawn: usize,
    pub(crate) carried: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Counts) {
        self.drawn += other.drawn;
        self.carried += other.carried;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} drawn, {} carried", self.drawn, self.carried)
    }
}

/// Draws objects of each contrast in every twentieth of the frames that are carried: they are the only thing that is new.
pub(crate) fn drawn_in(clip: &Clip) -> [Counts; CONTRASTS.len()] {
    let mut viewer = Viewer::new(Limits::default(), None);
    let (mut memory, mut chance) = (Memory::default(), 0x2545_F491_u64);
    let mut counts = [Counts::default(); CONTRASTS.len()];
    let mut grounds = None;
    let mut carried = 0;
    for (number, bytes) in clip.frames.iter().enumerate() {
        let at = OffsetDateTime::UNIX_EPOCH + Duration::seconds_f64(number as f64 / clip.fps);
        let picture = image::load_from_memory(bytes).unwrap().into_rgb8();
        let (look, glance) = seen(&mut viewer, &picture);
        let grounds = *grounds.get_or_insert_with(|| grounds_of(look));
        if memory.carries(&glance, at, &grounds).is_none() {
            memory.judged(glance, at, grounds, Some(said(at)));
            continue;
        }
        carried += 1;
        let places = if carried % 20 == 0 { PLACES } else { 0 };
        for (contrast, counts) in CONTRASTS.iter().zip(&mut counts) {
            for _ in 0..places {
                let drawn = with_object(&picture, *contrast, &mut chance);
                let (_, glance) = seen(&mut viewer, &drawn);
                counts.drawn += 1;
                counts.carried += usize::from(memory.carries(&glance, at, &grounds).is_some());
            }
        }
        memory.carried(&glance);
    }
    counts
}

/// So often two pictures alternate until what differs in them is usual.
const TURNS: usize = 60;

/// Whether a frame is carried on from another one, in a folder that has shown both in turn.
pub(crate) fn is_carried_when_usual(before: &Path, frame: &Path) -> bool {
    let mut viewer = Viewer::new(Limits::default(), None);
    let mut glance = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        let look = viewer.without_network(&bytes, Measure::View).unwrap();
        (viewer.glance(&look, &bytes), look)
    };
    let ((frame, _), (before, look)) = (glance(frame), glance(before));
    let grounds = grounds_of(look);
    let at = |turn: usize| OffsetDateTime::UNIX_EPOCH + Duration::seconds(turn as i64);
    let mut memory = Memory::default();
    for turn in 0..TURNS {
        // Each twice: what changes in every frame is taken for a clock.
        let shown = if turn / 2 % 2 == 0 { &frame } else { &before };
        memory.judged(shown.clone(), at(turn), grounds, Some(said(at(turn))));
    }
    memory.carries(&frame, at(TURNS), &grounds).is_some()
}

fn seen(viewer: &mut Viewer, picture: &RgbImage) -> (Look, Glance) {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    picture.write_with_encoder(encoder).unwrap();
    let bytes = bytes.into_inner();
    let look = viewer.without_network(&bytes, Measure::View).unwrap();
    let glance = viewer.glance(&look, &bytes);
    (look, glance)
}

fn grounds_of(look: Look) -> Grounds {
    let reference = BaselinePicture {
        id: "reference".to_owned(),
        name: "reference.jpg".to_owned(),
        look,
    };
    Grounds::of(
        &Baseline::new(reference, Vec::new()),
        &EffectiveRule::of(None, None),
    )
}

/// What a frame that matches well is said to be: here only what would be carried counts.
fn said(at: OffsetDateTime) -> Said {
    let comparison = Comparison {
        frame: Some(Frame {
            stored_at: Some(timestamp(at)),
            ..Frame::default()
        }),
        similarity: Some(0.99),
        threshold: 0.9,
        verdict: Verdict::Match.into(),
        ..Comparison::default()
    };
    Said::of(&comparison).expect("a plain match")
}

/// A square of a fiftieth of the width, somewhere; what is behind it shines through, so that it hides no texture.
fn with_object(picture: &RgbImage, contrast: i16, chance: &mut u64) -> RgbImage {
    let mut next = |below: u32| {
        *chance ^= *chance << 13;
        *chance ^= *chance >> 7;
        *chance ^= *chance << 17;
        (*chance >> 16) as u32 % below
    };
    let side = picture.width() / 50;
    let (left, top) = (next(picture.width() - side), next(picture.height() - side));
    let brighter = next(2) == 0;
    let mut drawn = picture.clone();
    for y in top..top + side {
        for x in left..left + side {
            for level in &mut drawn.get_pixel_mut(x, y).0 {
                let by = if brighter { contrast } else { -contrast };
                *level = (i16::from(*level) + by).clamp(0, 255) as u8;
            }
        }
    }
    drawn
}
