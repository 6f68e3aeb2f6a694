//! What a JPEG's frame header says: size, coding process, components and their sampling.

use super::segments::{SOF_BASELINE, SOF_EXTENDED, SOF_PROGRESSIVE};
use crate::{Error, Format};

/// Most components of a frame that is read here.
pub(super) const MAX_COMPONENTS: usize = 4;

/// A way in which coefficients are coded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// Huffman-coded, each block in one piece.
    Sequential,
    /// Huffman-coded, each block in pieces that are spread over several scans.
    Progressive,
    /// In another way, said in words.
    Other(&'static str),
}

/// One colour component.
#[derive(Clone, Copy, Default)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Sampling factors: the blocks of this component in one unit of a scan of several components.
    pub(super) across: u8,
    pub(super) down: u8,
    pub(super) quantisation: u8,
    /// The lowest bit of its DC coefficients that scans have given; `None` before the first.
    pub(super) precision: Option<u8>,
}

/// The frame header.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) process: Process,
    pub(super) width: u16,
    pub(super) height: u16,
    bits: u8,
    listed: [Component; MAX_COMPONENTS],
    count: usize,
}

impl Frame {
    /// Reads the segment of a start-of-frame marker. `None` where it contradicts itself.
    pub(super) fn parse(marker: u8, body: &[u8]) -> Option<Self> {
        let (&[bits, h1, h0, w1, w0, count], rest) = body.split_first_chunk()?;
        let count = usize::from(count);
        let mut listed = [Component::default(); MAX_COMPONENTS];
        for (component, &[id, sampling, quantisation]) in
            listed.iter_mut().zip(rest.get(..3 * count)?.as_chunks().0)
        {
            let (across, down) = (sampling >> 4, sampling & 15);
            if !(1..=4).contains(&across) || !(1..=4).contains(&down) || quantisation > 3 {
                return None;
            }
            *component = Component {
                id,
                across,
                down,
                quantisation,
                precision: None,
            };
        }
        let process = match marker {
            SOF_BASELINE | SOF_EXTENDED => Process::Sequential,
            SOF_PROGRESSIVE => Process::Progressive,
            0xC3 | 0xCB => Process::Other("it is coded without loss"),
            0xC9 | 0xCA => Process::Other("it is coded arithmetically"),
            _ => Process::Other("it is coded hierarchically"),
        };
        Some(Self {
            process,
            width: u16::from_be_bytes([w1, w0]),
            height: u16::from_be_bytes([h1, h0]),
            bits,
            listed,
            count,
        })
    }

    /// Whether its scans can be read here: Huffman-coded, 8 bits, at most [`MAX_COMPONENTS`].
    pub(super) fn is_scannable(&self) -> bool {
        matches!(self.process, Process::Sequential | Process::Progressive)
            && self.bits == 8
            && (1..=MAX_COMPONENTS).contains(&self.count)
    }

    /// Refuses what no decoder here reads.
    pub(super) fn check_kind(&self) -> Result<(), Error> {
        let lacking = match self.process {
            Process::Other(words) => words.to_owned(),
            _ if self.bits != 8 => format!("it has {} bits a channel", self.bits),
            _ => return Ok(()),
        };
        Err(Error::Unsupported {
            format: Format::Jpeg,
            source: lacking.into(),
        })
    }

    /// Whether the DC coefficients of the first component are the picture at 1/8 scale.
    pub(super) fn has_luma_thumbnail(&self) -> bool {
        let full = self.components().iter().all(|component| {
            component.across <= self.listed[0].across && component.down <= self.listed[0].down
        });
        matches!(self.count, 1 | 3) && full
    }

    /// Width and height in pixels.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.width.into(), self.height.into())
    }

    pub(super) fn components(&self) -> &[Component] {
        &self.listed[..self.count.min(MAX_COMPONENTS)]
    }

    pub(super) fn component_mut(&mut self, index: usize) -> &mut Component {
        &mut self.listed[index]
    }

    /// The size in blocks of the part of a component that shows something.
    pub(super) fn blocks_of(&self, component: &Component) -> (usize, usize) {
        let (across, down) = self.max_sampling();
        (
            (usize::from(self.width) * usize::from(component.across)).div_ceil(8 * across),
            (usize::from(self.height) * usize::from(component.down)).div_ceil(8 * down),
        )
    }

    /// The size of a component in pixels of its own.
    pub(super) fn size_of(&self, component: &Component) -> (usize, usize) {
        let (across, down) = self.max_sampling();
        (
            (usize::from(self.width) * usize::from(component.across)).div_ceil(across),
            (usize::from(self.height) * usize::from(component.down)).div_ceil(down),
        )
    }

    /// The size of a scan of several components, in units.
    pub(super) fn units(&self) -> (usize, usize) {
        let (across, down) = self.max_sampling();
        (
            usize::from(self.width).div_ceil(8 * across),
            usize::from(self.height).div_ceil(8 * down),
        )
    }

    /// What a decoder needs to hold all coefficients at once, as it does those of a progressive picture: 2 bytes each.
    pub(super) fn coefficient_bytes(&self) -> u64 {
        let (across, down) = self.units();
        let unit = self.components().iter().map(|c| c.across * c.down);
        let blocks = across * down * unit.map(usize::from).sum::<usize>();
        blocks as u64 * 64 * 2
    }

    /// The sampling factors of the components that have most pixels across and down.
    pub(super) fn max_sampling(&self) -> (usize, usize) {
        let max = |of: fn(&Component) -> u8| self.components().iter().map(of).max().unwrap_or(1);
        (max(|c| c.across).into(), max(|c| c.down).into())
    }
}
