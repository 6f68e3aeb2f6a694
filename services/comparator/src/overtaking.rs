//! Frames that waited in the broker's stream for so long that the folder's newest one is much younger: they are not judged.
//!
//! The stream keeps four frames of each folder. Where comparators do not keep up, each verdict would be about the oldest of
//! them, for as long as that lasts. The newest is what people want to know of.

use std::{collections::HashMap, ops::RangeInclusive};

use event_bus::{Folder, FrameArrival, Stored};
use time::{Duration, OffsetDateTime};

/// When the newest frame of a folder was stored; `None` where nobody knows.
pub(crate) type NewestFrame = Box<dyn Fn(&Folder) -> Option<OffsetDateTime> + Send + Sync>;

/// Which frames are overtaken before they have a lane.
pub(crate) struct Overtaking {
    newest: NewestFrame,
    /// How many in a row were, of folders of which some were.
    in_a_row: HashMap<Folder, u8>,
}

/// By how much the newest frame is younger. Both times are the broker's. Frames that come faster overtake each other in their
/// lane. The stream keeps none for longer than the end of this: what seems so old comes after a clock that was ahead.
const YOUNGER_BY: RangeInclusive<Duration> = Duration::seconds(1)..=Duration::minutes(5);

/// After so many in a row a folder's frame is judged however old it is: where frames come faster than they can even be taken
/// from the stream, each would be overtaken.
const MOST_IN_A_ROW: u8 = 3;

impl Overtaking {
    pub(crate) fn new(newest: NewestFrame) -> Self {
        Overtaking {
            newest,
            in_a_row: HashMap::new(),
        }
    }

    /// Whether this frame, which was just taken from the stream, is not to be judged.
    pub(crate) fn passes_over(&mut self, frame: &Stored<FrameArrival>) -> bool {
        let newest = (self.newest)(&frame.key);
        let is_old = newest.is_some_and(|newest| YOUNGER_BY.contains(&(newest - frame.stored_at)));
        let count = self.in_a_row.get(&frame.key).copied().unwrap_or_default();
        if !is_old || count >= MOST_IN_A_ROW {
            self.in_a_row.remove(&frame.key);
            return false;
        }
        self.in_a_row.insert(frame.key.clone(), count + 1);
        true
    }
}

#[cfg(test)]
mod tests {
    use event_bus::{FrameHeaders, Origin};

    use super::*;

    const NEWEST: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn frame(folder: &str, milliseconds_before: i64) -> Stored<FrameArrival> {
        let stored_at = NEWEST - Duration::milliseconds(milliseconds_before);
        Stored {
            key: folder.parse().unwrap(),
            event: FrameArrival {
                headers: FrameHeaders {
                    camera: String::new(),
                    captured_at: stored_at,
                },
                picture: bytes::Bytes::new(),
            },
            stored_at,
            sequence: 1,
            by: String::new(),
            first_said_at: None,
            origin: Origin::default(),
        }
    }

    #[test]
    fn a_frame_is_overtaken_by_one_that_is_a_second_younger() {
        let mut overtaking = Overtaking::new(Box::new(|_| Some(NEWEST)));
        assert!(overtaking.passes_over(&frame("gate", 1000)));
        assert!(!overtaking.passes_over(&frame("gate", 999)));
        assert!(!overtaking.passes_over(&frame("gate", 0)));
        assert!(!overtaking.passes_over(&frame("gate", 300_001)));
        let mut knows_nothing = Overtaking::new(Box::new(|_| None));
        assert!(!knows_nothing.passes_over(&frame("gate", 60_000)));
    }

    #[test]
    fn of_a_folder_whose_frames_are_all_old_one_in_four_is_judged() {
        let mut overtaking = Overtaking::new(Box::new(|_| Some(NEWEST)));
        let judged = (0..12).filter(|_| !overtaking.passes_over(&frame("gate", 5000)));
        assert_eq!(judged.count(), 3);
        assert!(overtaking.passes_over(&frame("dock", 5000)));
        assert!(!overtaking.passes_over(&frame("dock", 0)));
        assert_eq!(overtaking.in_a_row.len(), 0);
    }
}
