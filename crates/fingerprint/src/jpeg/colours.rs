//! JPEG to red, green and blue at 1/4 scale, without decoding the picture.
//!
//! Luma is made as for the thumbnail at 1/4 ([`slopes`](super::slopes)): each pixel is the mean of 4×4. So is chroma, each
//! component at a quarter of its own size, which is then enlarged to that of the luma. Sequential data only: cameras send no
//! others, and the rest is decoded.

use std::array;

use image::RgbImage;
use image::metadata::Orientation;

use super::file::File;
use super::frame::{Component, Frame, Process};
use super::lane::Route;
use super::plane::Plane;
use super::scan::Scan;
use super::segments::{EOI, SOS};
use super::sequential::Lanes;
use super::slopes::{Slopes, Weights};
use super::tables::Wanted;
use super::ycc::{self, Chroma};
use super::{INCOMPLETE, Reader, WHOLE_PERCENT, check_length, is_news, parse_scan};
use crate::luma::{Luma, swaps_sides};
use crate::memory::TABLES;
use crate::scale::Scale;
use crate::{Error, Limits};

/// Components that have a plane: luma, and two of chroma.
const COMPONENTS: usize = 3;

/// What is kept of the components from one picture to the next, and the levels that are made of them.
pub(super) struct Colours {
    planes: [Plane; COMPONENTS],
    weights: [Weights; COMPONENTS],
    levels: [Luma; COMPONENTS],
}

impl Default for Colours {
    fn default() -> Self {
        Self {
            planes: array::from_fn(|_| Plane::default()),
            weights: array::from_fn(|_| Weights::default()),
            levels: array::from_fn(|_| Luma::default()),
        }
    }
}

/// A picture at 1/4 as it is stored, and how to turn it.
pub(crate) type Quarter = (RgbImage, Orientation);

impl Reader {
    /// The picture at 1/4 scale; `None` where it has to be decoded, or would be less than `least` pixels wide and high when
    /// turned upright.
    pub(crate) fn quarter(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        least: (usize, usize),
    ) -> Result<Option<Quarter>, Error> {
        check_length(bytes, limits)?;
        let mut file = File::new(bytes, &self.standard);
        while let Some(segment) = file.segments.next() {
            match segment.marker {
                EOI => break,
                SOS => {
                    let Some(frame) = file.frame.filter(|frame| suits(&file, frame, least)) else {
                        return Ok(None);
                    };
                    self.read_colours(&mut file, frame, segment.body, limits)?;
                }
                _ => file.note(&segment, limits)?,
            }
        }
        let frame = file.frame.ok_or(INCOMPLETE)?;
        if !file.is_whole(&frame, WHOLE_PERCENT) {
            return Err(INCOMPLETE);
        }
        let picture = self.develop(&file, &frame)?;
        Ok(Some((picture, file.orientation())))
    }

    fn read_colours(
        &mut self,
        file: &mut File<'_>,
        mut frame: Frame,
        header: &[u8],
        limits: &Limits,
    ) -> Result<(), Error> {
        let scan = parse_scan(&frame, header)?;
        if !is_news(&frame, &scan)? {
            return Ok(());
        }
        let is_first = file.scans == 0;
        for part in scan.parts() {
            let component = frame.component_mut(part.component);
            component.precision = Some(0);
            let weights = Weights::new(file.quantisation(component)?);
            self.colours.weights[part.component] = weights;
        }
        file.frame = Some(frame);
        let needed = bytes_for(file, &frame, &scan);
        self.take_data(file, &scan);
        self.check_scan(&scan, needed, limits)?;
        if is_first {
            let components = frame.components().iter();
            for (plane, component) in self.colours.planes.iter_mut().zip(components) {
                plane.clear(Scale::Quarter, frame.blocks_of(component));
            }
        }
        let places = self.load_tables(file, &scan, |_| Wanted::All);
        let (padded, weights) = (self.data.padded(), &self.colours.weights);
        let route = Route::new(&scan, padded, &self.tables, &places, weights);
        file.found += self.lanes_at_quarter.read(
            &scan,
            file.restart_interval,
            &self.data,
            &route,
            &mut self.colours.planes,
        );
        Ok(())
    }

    fn develop(&mut self, file: &File<'_>, frame: &Frame) -> Result<RgbImage, Error> {
        let Colours { planes, levels, .. } = &mut self.colours;
        let planes = planes.iter().zip(levels.iter_mut());
        for ((plane, levels), component) in planes.zip(frame.components()) {
            let dc = file.quantisation(component)?[0];
            plane.develop(dc.into(), frame.size_of(component), levels);
        }
        let [luma, blue, red] = levels;
        let bytes = match frame.components() {
            [_, of_blue, of_red] => {
                let chroma = [(&*blue, of_blue), (&*red, of_red)];
                ycc::rgb(luma, &chroma.map(|(plane, of)| enlarged(frame, plane, of)))
            }
            _ => ycc::grey(luma),
        };
        let (width, height) = (luma.width as u32, luma.height as u32);
        Ok(RgbImage::from_raw(width, height, bytes).expect("there are three bytes a pixel"))
    }
}

/// Whether a file can be read so, and is large enough.
fn suits(file: &File<'_>, frame: &Frame, least: (usize, usize)) -> bool {
    let (width, height) = frame.size();
    let (mut width, mut height) = Scale::Quarter.reduced(width, height);
    if swaps_sides(file.orientation()) {
        (width, height) = (height, width);
    }
    frame.is_scannable()
        && frame.process == Process::Sequential
        && file.is_luma_first(frame)
        && width >= least.0
        && height >= least.1
}

fn enlarged<'a>(frame: &Frame, plane: &'a Luma, component: &Component) -> Chroma<'a> {
    let (across, down) = frame.max_sampling();
    Chroma {
        plane,
        across: (component.across.into(), across),
        down: (component.down.into(), down),
    }
}

/// What reading a scan takes, and making the picture: the data, twice while they grow; blocks; coefficients and levels of all
/// components; the picture, twice where it is turned; tables.
fn bytes_for(file: &File<'_>, frame: &Frame, scan: &Scan) -> u64 {
    let data = 2 * file.segments.rest().len() as u64;
    let blocks = frame.components().iter().map(|component| {
        let (across, down) = frame.blocks_of(component);
        across * down
    });
    let planes = Plane::bytes_for(Scale::Quarter, blocks.sum());
    let (width, height) = frame.size();
    let (width, height) = Scale::Quarter.reduced(width, height);
    let picture = 2 * 3 * (width * height) as u64;
    data + Lanes::<Slopes>::bytes_for(scan) + planes + picture + TABLES
}
