//! A decoded picture: a plane of luma, two of chroma. Made smaller, and given to the JPEG encoder as it is.

mod scale;

use std::ops::Range;

use jpeg_encoder::{ImageBuffer, JpegColorType};
use rusty_h265::{Picture, Plane as Samples};

use super::VideoError;
use scale::scale;

/// Luma, and chroma of half its width and height, 8 bits a sample.
pub(super) struct Planes {
    luma: Plane,
    chroma: [Plane; 2],
}

/// Samples row by row, without gaps.
pub(super) struct Plane {
    pub(super) samples: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Planes {
    pub(super) fn of_h264(frame: rust_h264::decoder::Frame) -> Result<Self, VideoError> {
        let depth = frame.bit_depth;
        let (chroma_width, chroma_height) = (frame.chroma_width(), frame.chroma_height());
        let plane = |bytes, width, height| Plane::of_bytes(bytes, depth, (width, height));
        Ok(Planes {
            luma: plane(frame.y, frame.width, frame.height)?,
            chroma: [
                plane(frame.u, chroma_width, chroma_height)?,
                plane(frame.v, chroma_width, chroma_height)?,
            ],
        })
    }

    pub(super) fn of_h265(picture: &Picture) -> Result<Self, VideoError> {
        let (left, top, width, height) = picture.crop;
        let luma = Plane::of_samples(
            &picture.planes[0],
            picture.bit_depth_luma,
            left..left + width,
            top..top + height,
        )?;
        let (across, down) = match picture.chroma_format_idc {
            0 => return Ok(Planes::grey(luma)),
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        let chroma = |plane| {
            let columns = left / across..(left + width).div_ceil(across);
            let rows = top / down..(top + height).div_ceil(down);
            Plane::of_samples(plane, picture.bit_depth_chroma, columns, rows)
        };
        let chroma = [chroma(&picture.planes[1])?, chroma(&picture.planes[2])?];
        Ok(Planes { luma, chroma })
    }

    fn grey(luma: Plane) -> Self {
        let (width, height) = (luma.width.div_ceil(2), luma.height.div_ceil(2));
        let chroma = || Plane {
            samples: vec![128; width * height],
            width,
            height,
        };
        Planes {
            chroma: [chroma(), chroma()],
            luma,
        }
    }

    pub(super) fn luma(&self) -> &[u8] {
        &self.luma.samples
    }

    pub(super) fn width(&self) -> usize {
        self.luma.width
    }

    /// In pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        (side(self.luma.width), side(self.luma.height))
    }

    /// The picture for JPEG: made smaller where it is wider, and its range that of JPEG.
    pub(super) fn no_wider_than(self, max_width: u16, is_full_range: bool) -> Self {
        let (width, height) = (self.luma.width, self.luma.height);
        let new_width = width.min(usize::from(max_width));
        let new_height = (height * new_width / width).max(1);
        let half = (new_width.div_ceil(2), new_height.div_ceil(2));
        let mut luma = scale(self.luma, (new_width, new_height));
        let mut chroma = self.chroma.map(|plane| scale(plane, half));
        if !is_full_range {
            luma.stretch(16, 219, 0);
            chroma
                .iter_mut()
                .for_each(|plane| plane.stretch(128, 224, 128));
        }
        Planes { luma, chroma }
    }
}

impl Plane {
    /// 8 bits a sample in a byte; more in two, the lower first.
    fn of_bytes(
        bytes: Vec<u8>,
        depth: u8,
        (width, height): (u32, u32),
    ) -> Result<Self, VideoError> {
        let samples = match depth {
            8 => bytes,
            _ => {
                let (pairs, _) = bytes.as_chunks::<2>();
                let wide = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
                wide.map(|sample| narrow(sample, depth)).collect()
            }
        };
        let plane = Plane {
            samples,
            width: width as usize,
            height: height as usize,
        };
        plane.checked()
    }

    fn of_samples(
        plane: &Samples,
        depth: u8,
        columns: Range<usize>,
        rows: Range<usize>,
    ) -> Result<Self, VideoError> {
        let (width, height) = (columns.len(), rows.len());
        let mut samples = Vec::with_capacity(width * height);
        for row in rows {
            let start = row * plane.stride;
            let row = plane.data.get(start + columns.start..start + columns.end);
            let row = row.ok_or_else(cut_short)?;
            samples.extend(row.iter().map(|sample| narrow(*sample, depth)));
        }
        let plane = Plane {
            samples,
            width,
            height,
        };
        plane.checked()
    }

    fn checked(self) -> Result<Self, VideoError> {
        let is_whole = self.samples.len() == self.width * self.height && !self.samples.is_empty();
        is_whole.then_some(self).ok_or_else(cut_short)
    }

    /// From the range of video to that of JPEG (ITU-T T.871, 7): black is at 0 and not at 16.
    fn stretch(&mut self, zero: i32, range: i32, at: i32) {
        let stretched = |sample: usize| {
            let sample = i32::try_from(sample).unwrap_or_default();
            let value = (sample - zero) * 255 + (sample - zero).signum() * range / 2;
            u8::try_from((value / range + at).clamp(0, 255)).unwrap_or_default()
        };
        let table: [u8; 256] = std::array::from_fn(stretched);
        for sample in &mut self.samples {
            *sample = table[usize::from(*sample)];
        }
    }
}

fn cut_short() -> VideoError {
    VideoError::Undecodable("the decoder gave less than a picture".to_owned())
}

fn narrow(sample: u16, depth: u8) -> u8 {
    let shifted = sample >> depth.clamp(8, 16).saturating_sub(8);
    u8::try_from(shifted).unwrap_or(u8::MAX)
}

impl ImageBuffer for Planes {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        u16::try_from(self.luma.width).unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        u16::try_from(self.luma.height).unwrap_or(u16::MAX)
    }

    /// The encoder takes chroma in full and halves it again, which gives back what is here.
    fn fill_buffers(&self, row: u16, buffers: &mut [Vec<u8>; 4]) {
        let (row, width) = (usize::from(row), self.luma.width);
        buffers[0].extend_from_slice(&self.luma.samples[row * width..][..width]);
        for (buffer, plane) in buffers[1..].iter_mut().zip(&self.chroma) {
            let samples = &plane.samples[row / 2 * plane.width..][..plane.width];
            let doubled = samples.iter().flat_map(|sample| [*sample; 2]);
            buffer.extend(doubled.take(width));
        }
    }
}
