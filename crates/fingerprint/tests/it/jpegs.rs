//! JPEGs in all the ways in which they can be coded.

use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use proptest::prelude::*;

/// How a picture becomes a JPEG. All fields but the first two leave its coefficients as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coding {
    pub(crate) quality: u8,
    pub(crate) colour: Colour,
    pub(crate) progressive: bool,
    /// In units; 0 for none.
    pub(crate) restart_interval: u16,
    pub(crate) optimised_tables: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Colour {
    Grey,
    /// Blocks of luma for one of chroma, across and down.
    Subsampled(u8, u8),
    Cmyk,
}

impl Coding {
    pub(crate) const PLAIN: Self = Self {
        quality: 85,
        colour: Colour::Subsampled(2, 2),
        progressive: false,
        restart_interval: 0,
        optimised_tables: false,
    };

    /// Whether the `image` crate decodes it right. It doesn't where a baseline picture's components come one after the
    /// other and differ in size.
    pub(crate) fn is_read_by_image(self) -> bool {
        let Colour::Subsampled(across, down) = self.colour else {
            return true;
        };
        let is_apart = self.optimised_tables || across > 2 || down > 2;
        self.progressive || (across, down) == (1, 1) || !is_apart
    }

    pub(crate) fn encode(self, picture: &RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.quality);
        encoder.set_progressive(self.progressive);
        encoder.set_restart_interval(self.restart_interval);
        encoder.set_optimized_huffman_tables(self.optimised_tables);
        if let Colour::Subsampled(across, down) = self.colour {
            let factor = SamplingFactor::from_factors(across, down);
            encoder.set_sampling_factor(factor.expect("the encoder knows this sampling"));
        }
        let grey = image::imageops::grayscale(picture);
        let inks = picture.pixels().flat_map(|p| {
            let [red, green, blue] = p.0;
            [255 - red, 255 - green, 255 - blue, 0]
        });
        let inks: Vec<u8> = inks.collect();
        let (samples, colour): (&[u8], _) = match self.colour {
            Colour::Grey => (grey.as_raw(), ColorType::Luma),
            Colour::Subsampled(..) => (picture.as_raw(), ColorType::Rgb),
            Colour::Cmyk => (&inks, ColorType::Cmyk),
        };
        let (width, height) = (picture.width() as u16, picture.height() as u16);
        encoder
            .encode(samples, width, height, colour)
            .expect("a drawn picture can be encoded");
        bytes
    }
}

/// Every sampling that the encoder knows, and grey.
pub(crate) fn colours() -> impl Strategy<Value = Colour> {
    let samplings = [
        (1, 1),
        (2, 1),
        (1, 2),
        (2, 2),
        (4, 1),
        (4, 2),
        (1, 4),
        (2, 4),
    ];
    let samplings = samplings.map(|(across, down)| Colour::Subsampled(across, down));
    prop_oneof![
        1 => Just(Colour::Grey),
        4 => prop::sample::select(samplings.to_vec()),
    ]
}

/// Any coding but CMYK.
pub(crate) fn codings() -> impl Strategy<Value = Coding> {
    let intervals = prop_oneof![Just(0), 1..200_u16];
    (
        30..=100_u8,
        colours(),
        any::<bool>(),
        intervals,
        any::<bool>(),
    )
        .prop_map(
            |(quality, colour, progressive, restart_interval, optimised_tables)| Coding {
                quality,
                colour,
                progressive,
                restart_interval,
                // The encoder makes these tables as if there were no restart intervals, and then misses codes.
                optimised_tables: optimised_tables && restart_interval == 0,
            },
        )
}

/// The segments of a JPEG up to its first scan: marker and place, segment by segment.
pub(crate) fn segments(bytes: &[u8]) -> Vec<(u8, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 2;
    while found.last().is_none_or(|(marker, _)| *marker != 0xDA) {
        let length = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        found.push((bytes[at + 1], at..at + 2 + length));
        at += 2 + length;
    }
    found
}

/// Without its segments of one kind.
pub(crate) fn without(bytes: &[u8], marker: u8) -> Vec<u8> {
    let mut left = bytes.to_vec();
    for (_, place) in segments(bytes)
        .iter()
        .rev()
        .filter(|(kind, _)| *kind == marker)
    {
        left.drain(place.clone());
    }
    left
}
