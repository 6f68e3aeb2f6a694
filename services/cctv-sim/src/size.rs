//! The size of a picture.

use std::fmt;
use std::str::FromStr;

/// Pixels across and down, each from 16 to 4096.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    width: u32,
    height: u32,
}

impl Size {
    /// 1280 by 720 pixels.
    pub const HD: Self = Self {
        width: 1280,
        height: 720,
    };

    /// The size, if both lengths are allowed.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Option<Self> {
        let allowed = 16..=4096;
        (allowed.contains(&width) && allowed.contains(&height)).then_some(Self { width, height })
    }

    /// Pixels across.
    #[must_use]
    pub fn width(self) -> u32 {
        self.width
    }

    /// Pixels down.
    #[must_use]
    pub fn height(self) -> u32 {
        self.height
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// The text is not a size.
#[derive(Debug, thiserror::Error)]
#[error("a size is WIDTHxHEIGHT in pixels, each from 16 to 4096, such as 1280x720")]
pub struct NotASize;

impl FromStr for Size {
    type Err = NotASize;

    fn from_str(text: &str) -> Result<Self, NotASize> {
        let (width, height) = text.split_once('x').ok_or(NotASize)?;
        let width = width.parse().map_err(|_| NotASize)?;
        let height = height.parse().map_err(|_| NotASize)?;
        Self::new(width, height).ok_or(NotASize)
    }
}
