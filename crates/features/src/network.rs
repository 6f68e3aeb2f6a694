//! The whole network: a picture's bytes through stem and blocks, and the features of two stages on the way.

use fearless_simd::dispatch;
use parking_lot::Mutex;

use crate::architecture::STAGE5_BLOCK;
use crate::block::{Between, Block, Input as BlockInput};
use crate::features::{Features, Stage};
use crate::panel::{Panel, unpack};
use crate::{Error, Input, Level, Weights, known_answer, stem};

/// EfficientNet-Lite0 to the end of its seventh stage, its weights packed for this machine's instructions.
///
/// One serves all threads; each picture is computed on the thread that asks. It takes 12 MB for the weights, and 6 MB of
/// room for each picture that is computed at the same time, which it keeps.
pub struct Network {
    level: Level,
    blocks: Vec<Block>,
    /// Rooms that no thread is using. Locked only while one is taken or put back.
    rooms: Mutex<Vec<Room>>,
}

/// What one picture needs while it is computed.
struct Room {
    /// The picture with its padding.
    picture: Vec<u8>,
    between: Between,
    /// Input and output of a block, by turns.
    maps: [Vec<Panel>; 2],
}

impl Network {
    /// For the fastest instructions there are.
    #[must_use]
    pub fn new(weights: &Weights) -> Self {
        Self::with_level(weights, Level::best())
    }

    /// For these instructions: to compare levels with each other.
    #[must_use]
    pub fn with_level(weights: &Weights, level: Level) -> Self {
        let blocks = weights.blocks.iter();
        Self {
            level,
            blocks: blocks
                .map(|block| Block::new(block, &weights.stem, level))
                .collect(),
            rooms: Mutex::default(),
        }
    }

    /// The instructions it is computed with.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// What the network sees in a picture. Takes milliseconds of processor time. The same picture gives the same features,
    /// bit for bit, on every thread of a machine.
    #[must_use]
    pub fn of(&self, picture: &Input) -> Features {
        let mut room = self.take_room();
        stem::pad(picture.bytes(), &mut room.picture);
        let features = self.run(&mut room);
        self.lock_rooms().push(room);
        features
    }

    /// Computes a drawn picture and compares the features with those recorded from the published weights. To be called once
    /// at start.
    ///
    /// # Errors
    /// [`Error::KnownAnswer`] when they differ by more than arithmetic does from machine to machine: with other weights,
    /// or where something computes wrongly.
    pub fn self_test(&self) -> Result<(), Error> {
        known_answer::check(&self.of(&known_answer::picture()))
    }

    fn run(&self, room: &mut Room) -> Features {
        let Room {
            picture,
            between,
            maps: [input, output],
        } = room;
        let mut stage5 = Vec::new();
        for (index, block) in self.blocks.iter().enumerate() {
            let source = match index {
                0 => BlockInput::Picture(picture),
                _ => BlockInput::Planes(input),
            };
            dispatch!(self.level.0, s => block.run(s, source, between, output));
            std::mem::swap(input, output);
            if index == STAGE5_BLOCK {
                stage5 = features(input, Stage::FIVE);
            }
        }
        Features {
            stage5,
            stage7: features(input, Stage::SEVEN),
        }
    }

    fn take_room(&self) -> Room {
        self.lock_rooms().pop().unwrap_or_else(|| self.make_room())
    }

    fn make_room(&self) -> Room {
        let mut between = Between::default();
        for block in &self.blocks {
            block.enlarge(&mut between);
        }
        let largest = self.blocks.iter().map(Block::output_len).max();
        let map = vec![Panel::ZERO; largest.unwrap_or_default()];
        Room {
            picture: stem::padded(),
            between,
            maps: [map.clone(), map],
        }
    }

    /// A thread that panicked with the lock left a list that is whole.
    fn lock_rooms(&self) -> parking_lot::MutexGuard<'_, Vec<Room>> {
        self.rooms.lock()
    }
}

fn features(planes: &[Panel], stage: Stage) -> Vec<f32> {
    unpack(planes, stage.rows * stage.columns, stage.channels)
}
