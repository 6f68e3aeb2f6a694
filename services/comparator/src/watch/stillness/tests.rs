//! When a picture counts as frozen, on frames whose tiles and bytes a test makes up.

use super::*;

/// A camera that sends a frame a second.
struct Filmed {
    stillness: Stillness,
    second: i64,
}

/// A frame in which these tiles show something else than in a frame of nought, and these bytes.
fn frame(second: i64, tiles: impl Fn(usize) -> u16, bytes: i64) -> SeenFrame {
    let mut all = [0; 2 * Tiles::COUNT];
    for (at, pair) in all.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        *pair = tiles(at).to_be_bytes();
    }
    SeenFrame {
        at: OffsetDateTime::UNIX_EPOCH + Duration::seconds(second),
        digests: Digests::of(&Tiles::from_bytes(&all).unwrap(), &bytes.to_be_bytes()),
        is_empty: false,
    }
}

fn noise(second: i64) -> impl Fn(usize) -> u16 {
    move |tile| (second * 64 + tile as i64) as u16
}

impl Filmed {
    fn begun() -> Self {
        Filmed {
            stillness: Stillness::default(),
            second: 0,
        }
    }

    fn next(&mut self, tiles: impl Fn(usize) -> u16, bytes: i64) {
        self.second += 1;
        self.stillness.learn(frame(self.second, tiles, bytes));
    }

    /// Takes in `frames` frames of a scene with noise.
    fn live(mut self, frames: i64) -> Self {
        for _ in 0..frames {
            let second = self.second + 1;
            self.next(noise(second), second);
        }
        self
    }

    /// Takes in `frames` frames of the last picture, under a clock of `clock` tiles.
    fn still(mut self, frames: i64, clock: usize) -> Self {
        let last = self.second;
        for _ in 0..frames {
            let second = self.second + 1;
            let shown = move |tile| match tile < clock {
                true => noise(second)(tile),
                false => noise(last)(tile),
            };
            self.next(shown, if clock == 0 { last } else { second });
        }
        self
    }

    fn frozen(&self) -> Option<Sameness> {
        let limit = std::time::Duration::from_secs(10);
        self.stillness.frozen(limit).map(|(_, sameness)| sameness)
    }
}

#[test]
fn the_same_bytes_for_long_after_others_are_a_frozen_picture() {
    assert_eq!(Filmed::begun().live(20).still(9, 0).frozen(), None);
    let frozen = Filmed::begun().live(20).still(10, 0);
    assert_eq!(frozen.frozen(), Some(Sameness::Bytes));
    assert!(
        !frozen
            .stillness
            .has_changed_since(OffsetDateTime::UNIX_EPOCH + Duration::seconds(21))
    );
    let again = frozen.live(1);
    assert_eq!(again.frozen(), None);
    assert!(
        again
            .stillness
            .has_changed_since(OffsetDateTime::UNIX_EPOCH + Duration::seconds(21))
    );
}

#[test]
fn one_that_stood_still_and_works_may_soon_stand_still_again() {
    let twice = Filmed::begun().live(20).still(60, 0).live(4).still(10, 0);
    assert_eq!(twice.frozen(), Some(Sameness::Bytes));
}

#[test]
fn a_clock_that_goes_on_does_not_hide_it_and_a_clock_that_stands_does_not_make_it() {
    let frozen = Filmed::begun().live(20).still(15, 6);
    assert_eq!(frozen.frozen(), Some(Sameness::Picture));
    let mut moving = Filmed::begun().live(20);
    for second in 100..120 {
        // All moves but for the clock.
        moving.next(
            move |tile| if tile < 6 { 7 } else { noise(second)(tile) },
            second,
        );
    }
    assert_eq!(moving.frozen(), None);
}

#[test]
fn a_still_that_is_published_again_and_again_is_not_frozen() {
    assert_eq!(Filmed::begun().still(100, 0).frozen(), None);
    let mut replaced = Filmed::begun();
    for _ in 0..20 {
        replaced = replaced.live(1).still(2, 0);
    }
    assert_eq!(replaced.still(100, 0).frozen(), None);
}

#[test]
fn a_scene_without_noise_is_not_frozen_while_its_bytes_differ() {
    let mut calm = Filmed::begun();
    for second in 1..100 {
        // A small thing moves now and then.
        calm.next(
            move |tile| u16::from(tile == (second / 10) as usize),
            second,
        );
    }
    assert_eq!(calm.frozen(), None);
}

#[test]
fn the_dark_is_not_frozen_while_its_bytes_differ() {
    let mut dark = Filmed::begun().live(20);
    for second in 100..150 {
        let frame = frame(second, |_| 0, second);
        dark.stillness.learn(SeenFrame {
            is_empty: true,
            ..frame
        });
    }
    assert_eq!(dark.frozen(), None);
}

#[test]
fn what_was_before_this_process_is_looked_up_once() {
    let picture = |second| frame(second, noise(7), 7);
    let mut after_restart = Stillness::default();
    after_restart.recall(true, true);
    for second in 100..103 {
        after_restart.learn(picture(second));
    }
    let limit = std::time::Duration::from_secs(10);
    assert_eq!(after_restart.frozen(limit), None);
    assert!(after_restart.has_unknown_beginning());
    let before = (80..90).map(|second| frame(second, noise(second), second));
    after_restart.look_back(before.chain((90..103).map(picture)));
    assert!(!after_restart.has_unknown_beginning());
    let (since, sameness) = after_restart.frozen(limit).unwrap();
    assert_eq!(since, picture(90).at);
    assert_eq!(sameness, Sameness::Bytes);
}
