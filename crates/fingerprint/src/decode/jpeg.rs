//! Whether a JPEG is all there.
//!
//! Decoders fill in what is missing with grey and report no error, and a half grey frame from a broken connection
//! would look like an incident. So the entropy-coded data are walked, without decoding a coefficient, and the blocks
//! in them counted. A progressive JPEG's blocks are spread over many scans; of those only the end-of-image marker is
//! asked for.

use super::huffman::{Bits, Table};
use crate::{Error, Format, Limits};

/// The least share of blocks, in percent, with which a picture counts as whole.
const WHOLE_PERCENT: u64 = 99;

/// Most Huffman tables that are read. A sequential JPEG has at most eight for each of at most four scans; a file made
/// of nothing but tables must not take minutes.
const MAX_TABLES: usize = 64;

const INCOMPLETE: Error = Error::Incomplete {
    format: Format::Jpeg,
};

/// Refuses a JPEG that is cut short or whose data are damaged, and a progressive one whose coefficients, 2 bytes
/// each and all in memory at once, would exceed the limit.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<(), Error> {
    let mut walk = Walk::default();
    let mut at = 2;
    while let Some((marker, start)) = next_marker(bytes, at) {
        at = match marker {
            0xD9 => {
                walk.ended = true;
                break;
            }
            0x01 | 0xD0..=0xD8 => start,
            _ => {
                let Some((segment, end)) = segment(bytes, start) else {
                    break;
                };
                walk.segment(marker, segment, limits)?;
                if marker == 0xDA {
                    walk.scan(segment, &bytes[end..])
                        .map_or(bytes.len(), |length| end + length)
                } else {
                    end
                }
            }
        };
    }
    if walk.is_whole() {
        Ok(())
    } else {
        Err(INCOMPLETE)
    }
}

/// The next marker at or after `at`, and where what follows it starts. Like all decoders, passes over other bytes.
fn next_marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let pairs = bytes.get(at..)?.array_windows::<2>();
    let offset = pairs
        .into_iter()
        .position(|&[first, second]| first == 0xFF && !matches!(second, 0 | 0xFF))?;
    Some((bytes[at + offset + 1], at + offset + 2))
}

/// The marker segment whose length field is at `start`, without that field, and where the segment ends.
fn segment(bytes: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let &[high, low] = bytes.get(start..)?.first_chunk()?;
    let end = start + usize::from(u16::from_be_bytes([high, low]));
    Some((bytes.get(start + 2..end)?, end))
}

/// What the walk through the file has learned.
#[derive(Default)]
struct Walk {
    frame: Option<Frame>,
    /// By table class (DC, AC) and number.
    tables: [[Option<Table>; 4]; 2],
    tables_read: usize,
    restart_interval: u64,
    blocks_seen: u64,
    ended: bool,
}

/// What the frame header says.
struct Frame {
    sequential: bool,
    width: u64,
    height: u64,
    components: Vec<Component>,
}

struct Component {
    id: u8,
    across: u64,
    down: u64,
}

impl Walk {
    fn segment(&mut self, marker: u8, segment: &[u8], limits: &Limits) -> Result<(), Error> {
        match marker {
            0xC4 => self.huffman_tables(segment),
            0xDD => {
                self.restart_interval = segment
                    .first_chunk()
                    .map_or(0, |&n| u16::from_be_bytes(n).into())
            }
            0xC0..=0xCF if !matches!(marker, 0xC8 | 0xCC) => {
                self.frame = Frame::new(marker, segment);
                if let Some(frame) = &self.frame {
                    frame.check_memory(limits)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn huffman_tables(&mut self, mut segment: &[u8]) {
        while let Some((&[selector, ref counts @ ..], rest)) = segment.split_first_chunk::<17>() {
            let length = counts.iter().map(|&count| usize::from(count)).sum();
            let Some((symbols, rest)) = rest.split_at_checked(length) else {
                return;
            };
            self.tables_read += 1;
            if self.tables_read > MAX_TABLES {
                return;
            }
            let class = usize::from(selector >> 4);
            if let Some(slot) = self
                .tables
                .get_mut(class)
                .and_then(|class| class.get_mut(usize::from(selector & 15)))
            {
                *slot = Table::new(counts, symbols);
            }
            segment = rest;
        }
    }

    /// Walks the scan that `header` announces and `data` starts with, and returns its length. `None` when it runs to
    /// the end of the data.
    fn scan(&mut self, header: &[u8], data: &[u8]) -> Option<usize> {
        let sequential = self.frame.as_ref().is_some_and(|frame| frame.sequential);
        let mut units = if sequential { self.units(header) } else { None };
        let (mut start, mut blocks) = (0, 0);
        let length = loop {
            let (marker, after) = next_marker(data, start)
                .map_or((None, data.len() + 2), |(m, after)| (Some(m), after));
            let interval = &data[start..after - 2];
            if let Some(units) = &mut units {
                blocks += units.walk(interval, self.restart_interval);
            }
            match marker {
                Some(0xD0..=0xD7) => start = after,
                Some(_) => break Some(after - 2),
                None => break None,
            }
        };
        self.blocks_seen += blocks;
        length
    }

    fn units(&self, header: &[u8]) -> Option<Units<'_>> {
        let frame = self.frame.as_ref()?;
        let (&count, selectors) = header.split_first()?;
        let selectors = selectors.get(..2 * usize::from(count))?.as_chunks::<2>().0;
        let chosen: Vec<_> = selectors
            .iter()
            .map(|&[id, tables]| {
                let component = frame
                    .components
                    .iter()
                    .find(|component| component.id == id)?;
                let dc = self.tables[0].get(usize::from(tables >> 4))?.as_ref()?;
                let ac = self.tables[1].get(usize::from(tables & 15))?.as_ref()?;
                Some((component, dc, ac))
            })
            .collect::<Option<_>>()?;
        let (left, blocks) = match *chosen {
            [(component, dc, ac)] => (frame.blocks_alone(component), vec![(dc, ac)]),
            _ => (frame.units(), frame_blocks(&chosen)),
        };
        Some(Units { left, blocks })
    }

    fn is_whole(&self) -> bool {
        let Some(frame) = &self.frame else {
            return false;
        };
        if !frame.sequential {
            return self.ended;
        }
        self.blocks_seen * 100 >= frame.fewest_blocks() * WHOLE_PERCENT
    }
}

fn frame_blocks<'a>(chosen: &[(&Component, &'a Table, &'a Table)]) -> Vec<(&'a Table, &'a Table)> {
    let of = |&(component, dc, ac): &(&Component, &'a Table, &'a Table)| {
        std::iter::repeat_n((dc, ac), (component.across * component.down) as usize)
    };
    chosen.iter().flat_map(of).collect()
}

/// The coding units that a scan still has to show, each a fixed sequence of blocks.
struct Units<'a> {
    left: u64,
    blocks: Vec<(&'a Table, &'a Table)>,
}

impl Units<'_> {
    /// How many blocks one restart interval (0: the only one) holds, in whole units.
    fn walk(&mut self, interval: &[u8], restart_interval: u64) -> u64 {
        let expected = if restart_interval == 0 {
            self.left
        } else {
            restart_interval.min(self.left)
        };
        let mut bits = Bits::new(interval);
        let whole = (0..expected)
            .take_while(|_| {
                self.blocks
                    .iter()
                    .all(|(dc, ac)| bits.skip_block(dc, ac).is_some())
            })
            .count() as u64;
        self.left -= expected;
        whole * self.blocks.len() as u64
    }
}

impl Frame {
    fn new(marker: u8, segment: &[u8]) -> Option<Self> {
        let (&[_, h1, h0, w1, w0, count], rest) = segment.split_first_chunk()?;
        let components = rest.as_chunks::<3>().0.iter().take(usize::from(count));
        let components = components.map(|&[id, sampling, _]| Component {
            id,
            across: u64::from(sampling >> 4).max(1),
            down: u64::from(sampling & 15).max(1),
        });
        Some(Self {
            sequential: matches!(marker, 0xC0 | 0xC1),
            width: u16::from_be_bytes([w1, w0]).into(),
            height: u16::from_be_bytes([h1, h0]).into(),
            components: components.collect(),
        })
    }

    fn check_memory(&self, limits: &Limits) -> Result<(), Error> {
        let blocks = self
            .components
            .iter()
            .map(|c| self.units() * c.across * c.down)
            .sum::<u64>();
        if !self.sequential && blocks * 128 > limits.max_alloc_bytes {
            return Err(Error::TooMuchMemory {
                format: Format::Jpeg,
                max_alloc_bytes: limits.max_alloc_bytes,
            });
        }
        Ok(())
    }

    fn most(&self, of: impl Fn(&Component) -> u64) -> u64 {
        self.components.iter().map(of).max().unwrap_or(1)
    }

    /// How many units a scan of several components has.
    fn units(&self) -> u64 {
        let (across, down) = (self.most(|c| c.across), self.most(|c| c.down));
        self.width.div_ceil(8 * across) * self.height.div_ceil(8 * down)
    }

    /// How many blocks a scan of only this component has: without those that pad the picture to whole units.
    fn blocks_alone(&self, component: &Component) -> u64 {
        let (across, down) = (self.most(|c| c.across), self.most(|c| c.down));
        (self.width * component.across).div_ceil(8 * across)
            * (self.height * component.down).div_ceil(8 * down)
    }

    /// How many blocks show the whole picture, however they are arranged in scans.
    fn fewest_blocks(&self) -> u64 {
        self.components
            .iter()
            .map(|component| self.blocks_alone(component))
            .sum()
    }
}
