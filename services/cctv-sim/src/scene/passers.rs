//! Who passes when: by seed, and without any state between pictures.

use super::Moment;
use super::chance::Dice;

/// Somebody who comes by about once a period.
#[derive(Clone, Copy)]
pub(super) struct Habit {
    /// Tells the habits of one scene apart.
    pub(super) number: u64,
    /// Seconds.
    pub(super) period: f32,
    /// How long one crossing takes, seconds.
    pub(super) crossing: f32,
}

/// One crossing at a moment.
pub(super) struct Passing {
    /// 0 at the start, 1 at the end.
    pub(super) progress: f32,
    /// Chance that belongs to this crossing alone.
    pub(super) dice: Dice,
}

impl Habit {
    /// Who is passing at the moment.
    pub(super) fn at(&self, moment: &Moment) -> Option<Passing> {
        if moment.deserted {
            return None;
        }
        let seconds = moment.seconds;
        let turn = (seconds / self.period).floor();
        let mut dice = Dice::of(moment.seed, 0x7000 + self.number, turn as u64);
        let start = turn * self.period + dice.unit() * (self.period - self.crossing);
        let progress = (seconds - start) / self.crossing;
        (0.0..1.0)
            .contains(&progress)
            .then_some(Passing { progress, dice })
    }
}

impl Passing {
    /// From one end to the other, or back: which is chance.
    pub(super) fn along(&mut self, from: f32, to: f32) -> Walk {
        let (from, to) = if self.dice.unit() < 0.5 {
            (from, to)
        } else {
            (to, from)
        };
        Walk {
            at: from + (to - from) * self.progress,
            direction: (to - from).signum(),
        }
    }
}

/// A place on a line and which way it moves.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    pub(super) at: f32,
    /// −1 or 1.
    pub(super) direction: f32,
}
