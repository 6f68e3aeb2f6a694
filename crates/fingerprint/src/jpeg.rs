//! JPEG to a grey thumbnail at 1/8 or 1/4 scale, without decoding the picture.
//!
//! The DC coefficient of every 8×8 block of luma is the block's mean, so all of them together are the picture at 1/8
//! scale: the very levels that libjpeg's grey decode at that scale gives. Sequential data are walked through for them
//! ([`lane`]) and seen to be whole on the way; of progressive data only the DC scans are read. At 1/4 scale the same walk
//! adds up what the AC coefficients say of a block's quarters ([`slopes`]), and the luma's AC scans are read too.
//! [`colours`] does the same for all components of sequential data, and makes red, green and blue of them.

mod codes;
mod colours;
mod entropy;
mod file;
mod frame;
mod lane;
mod plane;
mod progressive;
mod scan;
mod segments;
mod sequential;
mod slopes;
mod spectrum;
mod tables;
mod ycc;

use std::array;
use std::borrow::Cow;
use std::slice;

use image::metadata::Orientation;

use crate::luma::{Luma, Stored};
use crate::memory::TABLES;
use crate::resample::Lines;
use crate::scale::Scale;
use crate::{Error, Format, Limits};
use codes::Codes;
use colours::Colours;
use entropy::EntropyData;
use file::{Definitions, File};
use frame::{Frame, Process};
use lane::Route;
use plane::Plane;
use progressive::Pass;
use scan::Scan;
use segments::{EOI, SOS, UNUSED};
use sequential::Lanes;
use slopes::{Slopes, Weights};
use spectrum::Spectrum;
use tables::{PAIRS, TableCache, Wanted};

/// The least share of blocks, in percent, with which a picture counts as whole.
const WHOLE_PERCENT: usize = 99;

/// Positions in entropy-coded data are 32-bit numbers of bits.
const MAX_BYTES: usize = (u32::MAX / 8) as usize - 64;

const INCOMPLETE: Error = Error::Incomplete {
    format: Format::Jpeg,
};

fn out_of_order() -> Error {
    corrupt("its progressive scans are out of order")
}

fn corrupt(why: &'static str) -> Error {
    Error::Corrupt {
        format: Format::Jpeg,
        source: why.into(),
    }
}

/// The outcome of reading a JPEG.
pub(crate) enum Outcome {
    /// The thumbnail is there.
    Thumbnail(Stored),
    /// As far as can be seen here the picture is whole, but it has to be decoded: it is small, or coded in a way that
    /// isn't read here.
    NeedsDecoding,
}

/// A file as decoders of other makers need it to show it right: with the Huffman tables that it may leave out, and without
/// Adobe's mark where JFIF's contradicts it.
pub(crate) struct Mended<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    /// How to turn it.
    pub(crate) orientation: Orientation,
    /// The bytes of coefficients that such a decoder holds until the end: those of all blocks where a block takes more
    /// than one scan.
    pub(crate) held: u64,
}

/// Mends a file where that is needed. Looks at its header alone.
pub(crate) fn mended<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Mended<'a>, Error> {
    let standard = Definitions::standard();
    let mut file = File::new(bytes, &standard);
    let mut in_first_scan = None;
    while let Some(segment) = file.segments.next() {
        match segment.marker {
            SOS => {
                in_first_scan = segment.body.first().map(|&count| usize::from(count));
                break;
            }
            EOI => break,
            _ => file.note(&segment, limits)?,
        }
    }
    let frame = file.frame.as_ref().ok_or(INCOMPLETE)?;
    frame.check_kind()?;
    let is_held =
        frame.process == Process::Progressive || in_first_scan != Some(frame.components().len());
    let held = if is_held {
        frame.coefficient_bytes()
    } else {
        0
    };
    let mut mended = Cow::Borrowed(bytes);
    if let Some(at) = file.contradicting_mark(frame) {
        mended.to_mut()[at] = UNUSED;
    }
    if !file.defines_codes && frame.is_scannable() {
        mended = Cow::Owned(standard.add_to(&mended));
    }
    Ok(Mended {
        bytes: mended,
        orientation: file.orientation(),
        held,
    })
}

/// Refuses a file of which not every bit has a number.
fn check_length(bytes: &[u8], limits: &Limits) -> Result<(), Error> {
    if bytes.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(Error::TooMuchMemory {
        format: Format::Jpeg,
        needed_bytes: u64::MAX,
        max_alloc_bytes: limits.max_alloc_bytes,
    })
}

/// Reads JPEGs one after the other, with the tables and the memory of those before.
pub(crate) struct Reader {
    tables: TableCache,
    /// For scans of progressive pictures.
    codes: [Codes; 4],
    data: EntropyData,
    lanes: Lanes<()>,
    lanes_at_quarter: Lanes<Slopes>,
    weights: Weights,
    spectrum: Spectrum,
    plane: Plane,
    colours: Colours,
    standard: Definitions,
}

impl Default for Reader {
    fn default() -> Self {
        let standard = Definitions::standard();
        Self {
            tables: TableCache::default(),
            codes: array::from_fn(|i| Codes::new(&standard.dc[i])),
            data: EntropyData::default(),
            lanes: Lanes::default(),
            lanes_at_quarter: Lanes::default(),
            weights: Weights::default(),
            spectrum: Spectrum::default(),
            plane: Plane::default(),
            colours: Colours::default(),
            standard,
        }
    }
}

impl Reader {
    /// Checks the picture and, where its coefficients can be its thumbnail, writes that into `luma`.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        luma: &mut Luma,
    ) -> Result<Outcome, Error> {
        check_length(bytes, limits)?;
        let mut file = File::new(bytes, &self.standard);
        while let Some(segment) = file.segments.next() {
            match segment.marker {
                EOI => {
                    file.is_ended = true;
                    break;
                }
                SOS => {
                    let frame = file
                        .frame
                        .ok_or_else(|| corrupt("a scan comes before the frame header"))?;
                    if !frame.is_scannable() {
                        return Ok(Outcome::NeedsDecoding);
                    }
                    self.read_scan(&mut file, frame, segment.body, limits)?;
                }
                _ => file.note(&segment, limits)?,
            }
        }
        self.conclude(&file, luma)
    }

    fn conclude(&self, file: &File<'_>, luma: &mut Luma) -> Result<Outcome, Error> {
        let frame = file.frame.as_ref().ok_or(INCOMPLETE)?;
        if !frame.is_scannable() {
            return Ok(Outcome::NeedsDecoding);
        }
        if !file.is_whole(frame, WHOLE_PERCENT) {
            return Err(INCOMPLETE);
        }
        let shows_enough = self.plane.scale() != Scale::Whole || file.is_misread_by_image(frame);
        if !shows_enough || !file.is_luma_first(frame) {
            return Ok(Outcome::NeedsDecoding);
        }
        let dc = file.quantisation(&frame.components()[0])?[0];
        self.plane.develop(dc.into(), frame.size(), luma);
        Ok(Outcome::Thumbnail(Stored {
            width: frame.width.into(),
            height: frame.height.into(),
            orientation: file.orientation(),
        }))
    }

    /// Reads the scan whose header was met last, if it says anything new about coefficients that are wanted.
    fn read_scan(
        &mut self,
        file: &mut File<'_>,
        mut frame: Frame,
        header: &[u8],
        limits: &Limits,
    ) -> Result<(), Error> {
        let scan = parse_scan(&frame, header)?;
        if frame.process == Process::Progressive && scan.spectrum.0 > 0 {
            return self.read_spectrum(file, &frame, &scan);
        }
        if !is_news(&frame, &scan)? {
            return Ok(());
        }
        for part in scan.parts() {
            frame.component_mut(part.component).precision = Some(scan.approximation.1);
        }
        file.frame = Some(frame);
        // Of a progressive picture the end marker alone tells that all is there, so scans without luma tell nothing.
        if frame.process == Process::Progressive && !scan.has_luma() {
            return Ok(());
        }
        if file.scans == 0 {
            self.begin_plane(file, &frame)?;
        }
        let needed = self.bytes_for(file, &frame, &scan);
        self.take_data(file, &scan);
        self.check_scan(&scan, needed, limits)?;
        file.found += match frame.process {
            Process::Progressive => self.read_progressive(file, &scan),
            _ => self.read_sequential(file, &scan),
        };
        Ok(())
    }

    /// Reads a scan of AC coefficients, if they are wanted.
    fn read_spectrum(
        &mut self,
        file: &mut File<'_>,
        frame: &Frame,
        scan: &Scan,
    ) -> Result<(), Error> {
        let is_luma = matches!(scan.parts(), [part] if part.component == 0);
        let is_begun = frame.components()[0].precision.is_some();
        let scale = if is_begun {
            self.plane.scale()
        } else {
            file.scale(frame)
        };
        if !is_luma || scale != Scale::Quarter {
            return Ok(());
        }
        // Room for the coefficients was made sure of when the luma's DC coefficients were there.
        if !is_begun {
            return Err(out_of_order());
        }
        self.spectrum.begin(scan)?;
        self.take_data(file, scan);
        let [codes, ..] = &mut self.codes;
        codes.define(&file.definitions.ac[scan.parts()[0].ac]);
        let (interval, slopes) = (file.restart_interval, &mut self.plane.slopes);
        let meaning = (&*codes, &self.weights);
        file.found += self
            .spectrum
            .read(scan, interval, &self.data, meaning, slopes);
        Ok(())
    }

    /// Gets ready for the first scan that is read.
    fn begin_plane(&mut self, file: &File<'_>, frame: &Frame) -> Result<(), Error> {
        let scale = file.scale(frame);
        if scale == Scale::Quarter {
            self.weights = Weights::new(file.quantisation(&frame.components()[0])?);
        }
        let blocks = frame.blocks_of(&frame.components()[0]);
        self.plane.clear(scale, blocks);
        self.spectrum.clear();
        Ok(())
    }

    /// Takes the data of a scan, and the note that they were there.
    fn take_data(&mut self, file: &mut File<'_>, scan: &Scan) {
        let has_restarts = file.restart_interval > 0;
        let length = self.data.fill(file.segments.rest(), has_restarts);
        file.segments.skip(length);
        file.scans += 1;
        file.expected += scan.blocks();
    }

    /// Refuses a scan that has fewer data than blocks, or that takes too much memory. A block takes a bit at least; so what a
    /// header may make the reader take is bounded by the file's size.
    fn check_scan(&self, scan: &Scan, needed_bytes: u64, limits: &Limits) -> Result<(), Error> {
        if self.data.bits() < scan.blocks() / 100 * WHOLE_PERCENT {
            return Err(INCOMPLETE);
        }
        limits.check_memory(needed_bytes, Format::Jpeg)
    }

    /// The bytes that reading takes from a scan of DC coefficients on. They are for the data, twice while these grow;
    /// blocks; coefficients and levels, with the levels once more where they are turned; hashing; tables.
    fn bytes_for(&self, file: &File<'_>, frame: &Frame, scan: &Scan) -> u64 {
        let data = 2 * file.segments.rest().len() as u64;
        let scale = self.plane.scale();
        let (width, height) = frame.blocks_of(&frame.components()[0]);
        let blocks = match (frame.process, scale) {
            (Process::Progressive, Scale::Quarter) => Spectrum::bytes_for(width * height),
            (_, Scale::Quarter) => Lanes::<Slopes>::bytes_for(scan),
            _ => Lanes::<()>::bytes_for(scan),
        };
        let (across, down) = match scale {
            Scale::Quarter => (2 * width, 2 * height),
            Scale::Eighth | Scale::Whole => (width, height),
        };
        let thumbnail = Plane::bytes_for(scale, width * height) + Lines::bytes_for(across, down);
        data + blocks + thumbnail + TABLES
    }

    fn read_sequential(&mut self, file: &File<'_>, scan: &Scan) -> usize {
        let is_quarter = self.plane.scale() == Scale::Quarter;
        let places = self.load_tables(file, scan, |component| match component {
            0 if is_quarter => Wanted::All,
            _ => Wanted::Dc,
        });
        let padded = self.data.padded();
        let weights = slice::from_ref(&self.weights);
        let route = Route::new(scan, padded, &self.tables, &places, weights);
        let (interval, data) = (file.restart_interval, &self.data);
        let planes = slice::from_mut(&mut self.plane);
        match is_quarter {
            true => {
                let lanes = &mut self.lanes_at_quarter;
                lanes.read(scan, interval, data, &route, planes)
            }
            false => self.lanes.read(scan, interval, data, &route, planes),
        }
    }

    /// Makes the tables of a scan's parts, where they aren't there, and returns their places. `wanted` is asked by component.
    fn load_tables(
        &mut self,
        file: &File<'_>,
        scan: &Scan,
        wanted: impl Fn(usize) -> Wanted + Copy,
    ) -> [usize; PAIRS] {
        let definitions = &file.definitions;
        let requests = scan.parts().iter().map(move |part| {
            let (dc, ac) = (&definitions.dc[part.dc], &definitions.ac[part.ac]);
            (dc, ac, wanted(part.component))
        });
        self.tables.load(requests)
    }

    fn read_progressive(&mut self, file: &File<'_>, scan: &Scan) -> usize {
        let pass = if scan.approximation.0 == 0 {
            for (codes, part) in self.codes.iter_mut().zip(scan.parts()) {
                codes.define(&file.definitions.dc[part.dc]);
            }
            Pass::First(self.codes.each_ref())
        } else {
            Pass::Refinement
        };
        progressive::read(
            scan,
            file.restart_interval,
            &self.data,
            &pass,
            &mut self.plane,
        )
    }
}

fn parse_scan(frame: &Frame, header: &[u8]) -> Result<Scan, Error> {
    Scan::parse(frame, header)
        .ok_or_else(|| corrupt("a scan header contradicts itself or the frame header"))
}

/// Whether a scan of DC coefficients gives coefficients, or bits of them, that no scan before gave.
fn is_news(frame: &Frame, scan: &Scan) -> Result<bool, Error> {
    let mut before = scan
        .parts()
        .iter()
        .map(|part| frame.components()[part.component].precision);
    if frame.process == Process::Sequential {
        return Ok(before.all(|precision| precision.is_none()));
    }
    let (high, low) = scan.approximation;
    match scan.spectrum {
        (0, 0) if low > 13 => Err(corrupt("a progressive scan shifts by more than 13 bits")),
        (0, 0) if high == 0 && before.all(|precision| precision.is_none()) => Ok(true),
        (0, 0) if high == low + 1 && before.all(|precision| precision == Some(high)) => Ok(true),
        _ => Err(out_of_order()),
    }
}
