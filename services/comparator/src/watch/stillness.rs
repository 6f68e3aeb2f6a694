//! How long a camera's picture has been the same.

use fingerprint::Tiles;
use time::{Duration, OffsetDateTime};

use crate::digests::Digests;

/// A frame, as far as it tells whether the picture moves.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenFrame {
    /// When it was stored.
    pub(super) at: OffsetDateTime,
    pub(super) digests: Digests,
    /// Whether there is too little to see for anything to move: the frame is blank, or too dark.
    pub(super) is_empty: bool,
}

/// What is known of how long a picture has stood still.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    run: Option<Run>,
    bytes: Variation,
    picture: Variation,
}

/// Frames of the same picture, one after another.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: SeenFrame,
    last: OffsetDateTime,
    frames: u32,
    /// Whether all these frames have the same bytes.
    is_of_same_bytes: bool,
    beginning: Beginning,
}

/// What is known of the frame before the first of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// It was another picture.
    Change,
    /// It was before this process began.
    Unknown,
    /// Nothing more can be known.
    NotToBeKnown,
}

/// What a camera's picture that stands still looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sameness {
    /// The same bytes again and again.
    Bytes,
    /// The same picture but for a small part, such as a burned-in clock.
    Picture,
}

/// The most tiles that may differ in pictures that count as the same: a running clock, a line of text.
const CLOCK: usize = Tiles::COUNT / 10;

/// From this many differing tiles on, a picture varies all over, even if only by the sensor's noise.
const ALL_OVER: usize = Tiles::COUNT / 2;

/// The fewest frames that make a picture that stands still.
const FEWEST: u32 = 3;

impl Stillness {
    /// As if it had varied so: that was learned before this process began.
    pub(super) fn recall(&mut self, bytes_vary: bool, picture_varies: bool) {
        if self.run.is_none() {
            self.bytes = Variation::known(bytes_vary);
            self.picture = Variation::known(picture_varies);
        }
    }

    /// Takes in the camera's next frame.
    pub(super) fn learn(&mut self, frame: SeenFrame) {
        let Some(run) = &mut self.run else {
            self.run = Some(Run::beginning(frame, Beginning::Unknown));
            return;
        };
        let differing = run.first.digests.tiles.differing(&frame.digests.tiles);
        if run.first.digests.same_bytes(&frame.digests) || differing <= CLOCK {
            run.last = frame.at;
            run.frames += 1;
            run.is_of_same_bytes &= run.first.digests.same_bytes(&frame.digests);
            return;
        }
        let repeated = run.frames - 1;
        self.bytes.learn(match run.is_of_same_bytes {
            true => repeated,
            false => 0,
        });
        self.picture.learn(repeated);
        if differing < ALL_OVER {
            self.picture.learn_repeated();
        }
        self.run = Some(Run::beginning(frame, Beginning::Change));
    }

    /// Since when the picture has been the same, if it has been for so long and varied before.
    pub(super) fn frozen(&self, limit: std::time::Duration) -> Option<(OffsetDateTime, Sameness)> {
        let run = self.run.as_ref()?;
        let sameness = match run.is_of_same_bytes {
            true => Sameness::Bytes,
            false => Sameness::Picture,
        };
        let varied = match sameness {
            Sameness::Bytes => self.bytes.is_usual(),
            Sameness::Picture => self.picture.is_usual() && !run.first.is_empty,
        };
        let lasted = run.last - run.first.at;
        let is_frozen = varied && run.frames >= FEWEST && lasted >= limit;
        is_frozen.then_some((run.first.at, sameness))
    }

    /// Whether the picture has become another one after this time.
    pub(super) fn has_changed_since(&self, at: OffsetDateTime) -> bool {
        let run = self.run.as_ref();
        run.is_some_and(|run| run.beginning == Beginning::Change && run.first.at > at)
    }

    /// Whether the picture may have been the same since before this process began.
    pub(super) fn has_unknown_beginning(&self) -> bool {
        let run = self.run.as_ref();
        run.is_some_and(|run| run.beginning == Beginning::Unknown && run.frames >= FEWEST)
    }

    /// Takes in the frames before this process began, the oldest first, up to those that it knows.
    pub(super) fn look_back(&mut self, frames: impl IntoIterator<Item = SeenFrame>) {
        let mut before = Stillness { run: None, ..*self };
        frames.into_iter().for_each(|frame| before.learn(frame));
        let Some(run) = &mut self.run else { return };
        run.beginning = Beginning::NotToBeKnown;
        let reaches = |longer: &Run| longer.last >= run.first.at && longer.first.at <= run.first.at;
        if let Some(longer) = before.run.filter(reaches) {
            run.frames = run.frames.max(longer.frames);
            run.is_of_same_bytes &= longer.is_of_same_bytes;
            run.first = longer.first;
            if longer.beginning == Beginning::Change {
                run.beginning = Beginning::Change;
            }
        }
    }

    /// Whether the bytes of its frames usually differ, and whether its picture usually differs all over.
    pub(super) fn variation(&self) -> (bool, bool) {
        (self.bytes.is_usual(), self.picture.is_usual())
    }
}

impl Run {
    fn beginning(first: SeenFrame, beginning: Beginning) -> Self {
        Run {
            first,
            last: first.at,
            frames: 1,
            is_of_same_bytes: true,
            beginning,
        }
    }
}

/// Which of the latest frames were another picture than the one before: a bit each, the latest the lowest.
#[derive(Debug, Default, Clone, Copy)]
struct Variation(u16);

/// How many of sixteen frames must vary for that to be usual. A picture that is published again and again until the
/// next one comes varies in fewer.
const USUAL: u32 = 12;

/// The most repeats in a row that count. A camera with more of them stood still, which tells nothing of what is usual.
/// It may stand still again a few frames after it worked.
const MOST_REPEATS: u32 = 3;

impl Variation {
    fn known(varies: bool) -> Self {
        Variation(if varies { u16::MAX } else { 0 })
    }

    /// Takes in that `repeated` frames repeated the one before them, and that the next one did not.
    fn learn(&mut self, repeated: u32) {
        let repeated = repeated.min(MOST_REPEATS);
        self.0 = (self.0 << repeated) << 1 | 1;
    }

    /// The latest one did repeat the one before after all.
    fn learn_repeated(&mut self) {
        self.0 &= !1;
    }

    fn is_usual(self) -> bool {
        self.0.count_ones() >= USUAL
    }
}

/// The time between two frames as a duration that is never negative.
pub(super) fn between(from: OffsetDateTime, to: OffsetDateTime) -> std::time::Duration {
    (to - from).max(Duration::ZERO).unsigned_abs()
}

#[cfg(test)]
mod tests;
