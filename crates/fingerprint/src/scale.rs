//! How far a picture is reduced before it is hashed. It is decided here alone, by the picture's size.

/// The fewest pixels that a picture at 1/8 may have on a side. The fewer there are for the 32×32 or 64×64 pixels that
/// are hashed, the more bits of the hash differ from those of the whole picture; from 72 on, 99 % of real pictures have
/// at most two that do.
const MIN_SIDE_AT_EIGHTH: usize = 72;

/// As [`MIN_SIDE_AT_EIGHTH`], at 1/4. What is hashed at another size than its own is rounded otherwise on the way to 32×32
/// pixels, and a small picture loses little time by being decoded. With this limit 99 % of pairs of real pictures are
/// decided as their whole pictures are; with 72 they are not.
const MIN_SIDE_AT_QUARTER: usize = 96;

/// The share of a picture's sides that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// 1/8: a block of JPEG is one pixel.
    Eighth,
    /// 1/4: a block of JPEG is 2×2 pixels.
    Quarter,
    /// All of it.
    Whole,
}

impl Scale {
    /// The smallest that shows enough of a picture of this size.
    pub(crate) fn of(width: usize, height: usize) -> Self {
        let leaves = |scale: Self, side: usize| {
            let (width, height) = scale.reduced(width, height);
            width >= side && height >= side
        };
        if leaves(Self::Eighth, MIN_SIDE_AT_EIGHTH) {
            Self::Eighth
        } else if leaves(Self::Quarter, MIN_SIDE_AT_QUARTER) {
            Self::Quarter
        } else {
            Self::Whole
        }
    }

    /// The side of the squares whose mean is one pixel.
    fn square(self) -> usize {
        match self {
            Self::Eighth => 8,
            Self::Quarter => 4,
            Self::Whole => 1,
        }
    }

    /// What is left of a picture of this size. Squares at the right and lower edge may be partial.
    pub(crate) fn reduced(self, width: usize, height: usize) -> (usize, usize) {
        let square = self.square();
        (width.div_ceil(square), height.div_ceil(square))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_side_decides() {
        for (width, height, scale) in [
            (1920, 1080, Scale::Eighth),
            (704, 576, Scale::Eighth),
            (569, 569, Scale::Eighth),
            (568, 4000, Scale::Quarter),
            (720, 480, Scale::Quarter),
            (640, 480, Scale::Quarter),
            (381, 381, Scale::Quarter),
            (4000, 380, Scale::Whole),
            (640, 360, Scale::Whole),
            (352, 288, Scale::Whole),
            (1, 1, Scale::Whole),
        ] {
            assert_eq!(Scale::of(width, height), scale, "{width}x{height}");
        }
    }
}
