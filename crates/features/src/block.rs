//! One inverted residual block. Its three convolutions are done together, band of rows by band of rows, so that the
//! channels between them, six times as many as before and after, never leave the second level of cache.
//!
//! A panel group is expanded and at once filtered depthwise; when all are, the band is projected. Where the whole height is
//! one band, all groups are expanded into the same place. Otherwise neighbouring bands share rows, which stay.

use fearless_simd::Simd;

use crate::architecture::BlockShape;
use crate::depthwise::{Depthwise, Padded};
use crate::level::Level;
use crate::panel::{Panel, panels};
use crate::pointwise::{Activation, Group, Planes, Pointwise, Target};
use crate::stem;
use crate::weights::{BlockWeights, Convolution};

/// The most bytes of a band: a little less than a second-level cache of a megabyte.
const BAND_BYTES: usize = 1000 * 1024;

/// A block's weights, packed for one level, and how it is cut.
pub(crate) struct Block {
    expand: Pointwise,
    depthwise: Depthwise,
    project: Pointwise,
    cut: Cut,
}

/// What a block reads.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    /// The padded picture, before the first block.
    Picture(&'a [u8]),
    /// The output of the block before, whose planes lie one behind the other.
    Planes(&'a [Panel]),
}

/// Room for what lies between a block's input and output.
#[derive(Default)]
pub(crate) struct Between {
    /// Rows of the picture.
    numbers: Vec<f32>,
    expanded: Vec<Panel>,
    filtered: Vec<Panel>,
}

impl Block {
    pub(crate) fn new(weights: &BlockWeights, stem: &Convolution, level: Level) -> Self {
        let shape = weights.shape;
        let expand = match &weights.expand {
            Some(expand) => Pointwise::new(expand, Activation::Relu6, level),
            None => stem::convolution(stem, level),
        };
        let widest = expand.groups().iter().map(|group| group.panels).max();
        Self {
            cut: Cut::new(shape, widest.unwrap_or_default()),
            expand,
            depthwise: Depthwise::new(&weights.depthwise, shape.kernel, shape.stride),
            project: Pointwise::new(&weights.project, Activation::Linear, level),
        }
    }

    /// Panels of the output.
    pub(crate) fn output_len(&self) -> usize {
        let shape = &self.cut.shape;
        panels(shape.outputs) * shape.out_height() * shape.out_width()
    }

    /// Makes the room large enough for this block.
    pub(crate) fn enlarge(&self, between: &mut Between) {
        let enlarge = |room: &mut Vec<Panel>, len: usize| {
            room.resize(room.len().max(len), Panel::ZERO);
        };
        let cut = &self.cut;
        if !cut.shape.expands {
            let numbers = stem::numbers_len(cut.padded_rows());
            between.numbers.resize(numbers, 0.0);
        }
        enlarge(&mut between.expanded, cut.planes * cut.plane());
        enlarge(
            &mut between.filtered,
            panels(cut.shape.expanded) * cut.filtered(),
        );
    }

    pub(crate) fn run<S: Simd>(
        &self,
        s: S,
        input: Input<'_>,
        between: &mut Between,
        output: &mut [Panel],
    ) {
        let mut done = 0;
        for first in (0..self.cut.shape.out_height()).step_by(self.cut.rows) {
            let band = self.cut.band(first, done);
            done = band.bottom;
            self.cut.pad(&band, &mut between.expanded);
            self.expand(s, &band, input, between);
            self.project(s, &band, input, &between.filtered, output);
        }
    }

    /// Fills the band's filtered channels.
    fn expand<S: Simd>(&self, s: S, band: &Band, input: Input<'_>, between: &mut Between) {
        let Between {
            numbers,
            expanded,
            filtered,
        } = between;
        if let Input::Picture(picture) = input {
            stem::numbers(s, picture, band.from, band.to, numbers);
        }
        let cut = &self.cut;
        for group in self.expand.groups() {
            let plane = if cut.is_whole() { 0 } else { group.first };
            let mut target = Target {
                planes: expanded,
                stride: cut.plane(),
                first: cut.inside(band),
                offsets: &cut.offsets,
                plane,
                residual: None,
            };
            match input {
                Input::Picture(_) => self.expand_rows(s, band, group, numbers, &mut target),
                Input::Planes(planes) => self.expand_planes(s, band, group, planes, &mut target),
            }
            for panel in 0..group.panels {
                let source = Padded {
                    plane: &expanded[(plane + panel) * cut.plane()..][..cut.plane()],
                    width: cut.padded_width(),
                };
                let target = &mut filtered[(group.first + panel) * cut.filtered()..];
                let target = &mut target[..band.rows * cut.shape.out_width()];
                self.depthwise.run(
                    s,
                    group.first + panel,
                    source,
                    target,
                    cut.shape.out_width(),
                );
            }
        }
    }

    /// Expands a group by the stem, row by row.
    fn expand_rows<S: Simd>(
        &self,
        s: S,
        band: &Band,
        group: &Group,
        numbers: &[f32],
        target: &mut Target<'_>,
    ) {
        for row in 0..band.to - band.from {
            let rows = stem::Rows::new(numbers, row);
            self.expand
                .run(s, group, rows, self.cut.shape.width, target);
            target.first += self.cut.padded_width();
        }
    }

    fn expand_planes<S: Simd>(
        &self,
        s: S,
        band: &Band,
        group: &Group,
        planes: &[Panel],
        target: &mut Target<'_>,
    ) {
        let width = self.cut.shape.width;
        let source = Planes {
            planes,
            stride: self.cut.shape.height * width,
            first: band.from * width,
        };
        let pixels = (band.to - band.from) * width;
        self.expand.run(s, group, source, pixels, target);
    }

    fn project<S: Simd>(
        &self,
        s: S,
        band: &Band,
        input: Input<'_>,
        filtered: &[Panel],
        output: &mut [Panel],
    ) {
        let shape = &self.cut.shape;
        let (pixels, first) = (
            shape.out_height() * shape.out_width(),
            band.first * shape.out_width(),
        );
        let residual = match input {
            Input::Planes(planes) if shape.is_residual() => Some(Planes {
                planes,
                stride: pixels,
                first,
            }),
            _ => None,
        };
        let source = Planes {
            planes: filtered,
            stride: self.cut.filtered(),
            first: 0,
        };
        for group in self.project.groups() {
            let mut target = Target {
                planes: output,
                stride: pixels,
                first,
                offsets: &self.cut.dense,
                plane: group.first,
                residual,
            };
            self.project
                .run(s, group, source, band.rows * shape.out_width(), &mut target);
        }
    }
}

/// How a block's rows are cut into bands, and how a band lies in memory.
struct Cut {
    shape: BlockShape,
    /// Rows of output in a band; the last one may have fewer.
    rows: usize,
    /// Planes of expanded channels that are kept at a time.
    planes: usize,
    /// By pixel of a band's input, its place among padded rows.
    offsets: Vec<u32>,
    /// The same without padding.
    dense: Vec<u32>,
}

/// Some rows of a block's output, and the rows they come from. Padded rows count from the first row of padding.
struct Band {
    /// The first row of output, and how many there are.
    first: usize,
    rows: usize,
    /// The padded rows behind them, from `top` to below `bottom`.
    top: usize,
    bottom: usize,
    /// How many of these rows the band before had as well.
    kept: usize,
    /// The rows of input to be expanded, from here to below there.
    from: usize,
    to: usize,
}

impl Cut {
    fn new(shape: BlockShape, widest_group: usize) -> Self {
        let whole = shape.out_height();
        let mut cut = Self {
            shape,
            rows: whole,
            planes: widest_group,
            offsets: Vec::new(),
            dense: Vec::new(),
        };
        if cut.bytes() > BAND_BYTES {
            cut.planes = panels(shape.expanded);
            while cut.rows > 1 && cut.bytes() > BAND_BYTES {
                cut.rows -= 1;
            }
            cut.rows = whole.div_ceil(whole.div_ceil(cut.rows));
        }
        let place = |pixel: usize| pixel / shape.width * cut.padded_width() + pixel % shape.width;
        cut.offsets = (0..cut.padded_rows() * shape.width)
            .map(|pixel| place(pixel) as u32)
            .collect();
        cut.dense = (0..cut.filtered() as u32).collect();
        cut
    }

    fn bytes(&self) -> usize {
        let filtered = panels(self.shape.expanded) * self.filtered();
        (filtered + self.planes * self.plane()) * size_of::<Panel>()
    }

    fn is_whole(&self) -> bool {
        self.rows == self.shape.out_height()
    }

    fn padded_width(&self) -> usize {
        self.shape.width + self.shape.kernel - 1
    }

    /// Padded rows behind a band.
    fn padded_rows(&self) -> usize {
        (self.rows - 1) * self.shape.stride + self.shape.kernel
    }

    /// Panels of a band in one plane of expanded channels.
    fn plane(&self) -> usize {
        self.padded_rows() * self.padded_width()
    }

    /// Panels of a band in one plane of filtered channels.
    fn filtered(&self) -> usize {
        self.rows * self.shape.out_width()
    }

    /// The band that begins with a row of output, when padded rows below `done` are there already.
    fn band(&self, first: usize, done: usize) -> Band {
        let shape = &self.shape;
        let rows = self.rows.min(shape.out_height() - first);
        let (top, bottom) = (
            first * shape.stride,
            (first + rows - 1) * shape.stride + shape.kernel,
        );
        let kept = done.saturating_sub(top);
        let before = shape.padding_before();
        let row = |padded: usize| padded.saturating_sub(before).min(shape.height);
        Band {
            first,
            rows,
            top,
            bottom,
            kept,
            from: row(top + kept),
            to: row(bottom),
        }
    }

    /// The place of a band's first newly expanded pixel in a plane.
    fn inside(&self, band: &Band) -> usize {
        let before = self.shape.padding_before();
        (band.from + before - band.top) * self.padded_width() + before
    }

    /// Moves the kept rows to the top and puts zeros around what will be expanded.
    fn pad(&self, band: &Band, expanded: &mut [Panel]) {
        let width = self.padded_width();
        let (before, height) = (self.shape.padding_before(), self.shape.height);
        for plane in expanded.chunks_exact_mut(self.plane()).take(self.planes) {
            let kept = (self.padded_rows() - band.kept) * width;
            plane.copy_within(kept.., 0);
            for (row, padded) in plane
                .chunks_exact_mut(width)
                .zip(band.top..band.bottom)
                .skip(band.kept)
            {
                if (before..before + height).contains(&padded) {
                    row[..before].fill(Panel::ZERO);
                    row[before + self.shape.width..].fill(Panel::ZERO);
                } else {
                    row.fill(Panel::ZERO);
                }
            }
        }
    }
}
