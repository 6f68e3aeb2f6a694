//! What has been read of a JPEG file so far, scans apart.

use image::metadata::Orientation;

use super::codes::Definition;
use super::corrupt;
use super::frame::{Component, Frame, Process};
use super::segments::{APP0, APP1, APP14, DHT, DQT, DRI, Segment, Segments};
use crate::scale::Scale;
use crate::{Error, Limits, exif};

/// The Huffman tables in force, by number.
#[derive(Clone)]
pub(super) struct Definitions {
    pub(super) dc: [Definition; 4],
    pub(super) ac: [Definition; 4],
}

impl Definitions {
    /// Those that hold in a file that defines none, as frames of Motion JPEG don't.
    pub(super) fn standard() -> Self {
        let [luminance, chrominance] = Definition::standard_dc();
        let dc = std::array::from_fn(|i| [&luminance, &chrominance][i % 2].clone());
        let [luminance, chrominance] = Definition::standard_ac();
        let ac = std::array::from_fn(|i| [&luminance, &chrominance][i % 2].clone());
        Self { dc, ac }
    }

    /// The file `bytes`, which begins with its two-byte marker, with these tables.
    pub(super) fn add_to(&self, bytes: &[u8]) -> Vec<u8> {
        let (start, rest) = bytes.split_at(2);
        [start, &self.segment(), rest].concat()
    }

    /// A `DHT` segment that defines the first two tables of each class, with its marker.
    fn segment(&self) -> Vec<u8> {
        let selectors = [(0x00, &self.dc[0]), (0x01, &self.dc[1])];
        let selectors = selectors
            .into_iter()
            .chain([(0x10, &self.ac[0]), (0x11, &self.ac[1])]);
        let tables: Vec<u8> = selectors
            .flat_map(|(selector, table)| std::iter::once(selector).chain(table.bytes()))
            .collect();
        let [high, low] = (tables.len() as u16 + 2).to_be_bytes();
        [&[0xFF, DHT, high, low], tables.as_slice()].concat()
    }
}

/// What Adobe's segment says of the colours, and where it is.
struct Adobe {
    transform: u8,
    at: usize,
}

/// The state that a file's segments leave behind.
pub(super) struct File<'a> {
    pub(super) segments: Segments<'a>,
    pub(super) frame: Option<Frame>,
    pub(super) definitions: Definitions,
    /// By number; each in zigzag order, the DC coefficients' first.
    quantisation: [Option<[u16; 64]>; 4],
    /// In units; 0 where there are no restart markers.
    pub(super) restart_interval: usize,
    /// As the first EXIF segment says that says it.
    orientation: Option<Orientation>,
    is_jfif: bool,
    adobe: Option<Adobe>,
    /// Whether the file defines Huffman tables at all.
    pub(super) defines_codes: bool,
    /// Scans of DC coefficients, the blocks that they have shown, and those that they ought to have shown.
    pub(super) scans: usize,
    pub(super) found: usize,
    pub(super) expected: usize,
    /// Whether the end-of-image marker was there.
    pub(super) is_ended: bool,
}

impl<'a> File<'a> {
    pub(super) fn new(bytes: &'a [u8], standard: &Definitions) -> Self {
        Self {
            segments: Segments::new(bytes),
            frame: None,
            definitions: standard.clone(),
            quantisation: [None; 4],
            restart_interval: 0,
            orientation: None,
            is_jfif: false,
            adobe: None,
            defines_codes: false,
            scans: 0,
            found: 0,
            expected: 0,
            is_ended: false,
        }
    }

    /// Takes in what a segment says, unless it is about scans.
    pub(super) fn note(&mut self, segment: &Segment<'_>, limits: &Limits) -> Result<(), Error> {
        let Segment { marker, body, at } = *segment;
        match marker {
            DHT => self.define_codes(body),
            DQT => self.define_quantisation(body),
            DRI => {
                self.restart_interval = body
                    .first_chunk()
                    .map_or(0, |&units| u16::from_be_bytes(units).into());
                Ok(())
            }
            APP0 => {
                self.is_jfif |= body.starts_with(b"JFIF\0");
                Ok(())
            }
            APP1 => {
                // Damaged EXIF data leave a picture upright, as with everyone else.
                let exif = body.strip_prefix(b"Exif\0\0");
                let orientation = || exif.and_then(exif::orientation);
                self.orientation = self.orientation.or_else(orientation);
                Ok(())
            }
            APP14 => {
                if let (true, Some(&transform)) = (body.starts_with(b"Adobe"), body.get(11)) {
                    self.adobe = Some(Adobe { transform, at });
                }
                Ok(())
            }
            0xC0..=0xCF if !matches!(marker, 0xC8 | 0xCC) => self.begin_frame(marker, body, limits),
            _ => Ok(()),
        }
    }

    fn begin_frame(&mut self, marker: u8, body: &[u8], limits: &Limits) -> Result<(), Error> {
        if self.frame.is_some() {
            return Err(corrupt("it has two frame headers"));
        }
        let frame = Frame::parse(marker, body)
            .ok_or_else(|| corrupt("its frame header contradicts itself"))?;
        limits.check(frame.width.into(), frame.height.into(), crate::Format::Jpeg)?;
        self.frame = Some(frame);
        Ok(())
    }

    fn define_codes(&mut self, mut body: &[u8]) -> Result<(), Error> {
        self.defines_codes = true;
        while let Some((&[selector, ref counts @ ..], rest)) = body.split_first_chunk::<17>() {
            let (definition, rest) = Definition::parse(counts, rest)
                .ok_or_else(|| corrupt("a Huffman table is no such table"))?;
            let tables = match selector >> 4 {
                0 => &mut self.definitions.dc,
                1 => &mut self.definitions.ac,
                _ => return Err(corrupt("a Huffman table is of an unknown class")),
            };
            *tables
                .get_mut(usize::from(selector & 15))
                .ok_or_else(|| corrupt("a Huffman table's number is above 3"))? = definition;
            body = rest;
        }
        Ok(())
    }

    fn define_quantisation(&mut self, mut body: &[u8]) -> Result<(), Error> {
        while let Some((&selector, rest)) = body.split_first() {
            let wide = selector >> 4 != 0;
            let (values, rest) = rest
                .split_at_checked(if wide { 128 } else { 64 })
                .ok_or_else(|| corrupt("a quantisation table is cut short"))?;
            let read = if wide {
                let (pairs, _) = values.as_chunks();
                std::array::from_fn(|i| u16::from_be_bytes(pairs[i]))
            } else {
                std::array::from_fn(|i| values[i].into())
            };
            if let Some(table) = self.quantisation.get_mut(usize::from(selector & 15)) {
                *table = Some(read);
            }
            body = rest;
        }
        Ok(())
    }

    /// Whether the first component is luma. libjpeg decides it the same way: by the marks of JFIF and Adobe, then by
    /// the names of the components.
    pub(super) fn is_luma_first(&self, frame: &Frame) -> bool {
        let ids = |names: &[u8]| frame.components().iter().map(|c| &c.id).eq(names);
        let is_rgb = !self.is_jfif
            && match &self.adobe {
                Some(adobe) => adobe.transform == 0,
                None => ids(b"RGB"),
            };
        frame.has_luma_thumbnail() && (frame.components().len() == 1 || !is_rgb)
    }

    /// The scale of the thumbnail that is made of the coefficients; [`Scale::Whole`] where the picture has to be decoded.
    pub(super) fn scale(&self, frame: &Frame) -> Scale {
        let (width, height) = frame.size();
        match Scale::of(width, height) {
            Scale::Quarter if !self.is_luma_first(frame) => Scale::Whole,
            scale => scale,
        }
    }

    /// The numbers by which the coefficients of a component were divided.
    pub(super) fn quantisation(&self, component: &Component) -> Result<&[u16; 64], Error> {
        let table = self.quantisation[usize::from(component.quantisation)].as_ref();
        table.ok_or_else(|| corrupt("its quantisation table is missing"))
    }

    /// How to turn the picture.
    pub(super) fn orientation(&self) -> Orientation {
        self.orientation.unwrap_or(Orientation::NoTransforms)
    }

    /// Where Adobe's mark is, if it contradicts JFIF's about the colours. libjpeg believes JFIF, zune-jpeg Adobe.
    pub(super) fn contradicting_mark(&self, frame: &Frame) -> Option<usize> {
        let adobe = self.adobe.as_ref()?;
        let contradicts = self.is_jfif && frame.components().len() == 3 && adobe.transform == 0;
        contradicts.then_some(adobe.at)
    }

    /// Whether the `image` crate's decoder (zune-jpeg 0.5) puts blocks in wrong places without an error. It does so
    /// where components of different size come one after the other.
    pub(super) fn is_misread_by_image(&self, frame: &Frame) -> bool {
        let sizes = || frame.components().iter().map(|c| (c.across, c.down));
        let differ = sizes().any(|size| Some(size) != sizes().next());
        frame.process == Process::Sequential && self.scans > 1 && differ
    }

    /// Whether hardly anything is missing. The blocks of a progressive picture are spread over many scans, and only the
    /// first of these are read; the end marker stands for the rest.
    pub(super) fn is_whole(&self, frame: &Frame, least_percent: usize) -> bool {
        let unscanned = frame.components().iter().filter(|c| c.precision.is_none());
        let unscanned: usize = unscanned
            .map(|component| frame.blocks_of(component))
            .map(|(across, down)| across * down)
            .sum();
        let is_ended = self.is_ended || frame.process == Process::Sequential;
        is_ended && self.found * 100 >= (self.expected + unscanned) * least_percent
    }
}
