//! What comes out of the network.

/// A picture's features: at each place a vector of what is seen there and around it.
///
/// Both are row-major and channels-last: the value of `channel` at `row` and `column` stands at
/// `(row · columns + column) · channels + channel`. They are the outputs of a stage's last block, with its residual added
/// and no activation, so they have either sign; their scale differs from channel to channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// The fifth stage, [`Stage::FIVE`]: 15 rows of 20 places with 112 channels each. A place is 16 pixels wide.
    pub stage5: Vec<f32>,
    /// The seventh stage, [`Stage::SEVEN`]: 7 rows of 10 places with 320 channels each. A place is 32 pixels wide.
    pub stage7: Vec<f32>,
}

/// The shape of a stage's features.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stage {
    /// From top to bottom.
    pub rows: usize,
    /// From left to right.
    pub columns: usize,
    /// Numbers at each place.
    pub channels: usize,
}

impl Stage {
    /// The fifth.
    pub const FIVE: Self = Self {
        rows: 15,
        columns: 20,
        channels: 112,
    };
    /// The seventh.
    pub const SEVEN: Self = Self {
        rows: 7,
        columns: 10,
        channels: 320,
    };
}
