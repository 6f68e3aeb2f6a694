//! EfficientNet-Lite0 as far as it is computed: sizes, strides and channels of its layers.
//!
//! From `efficientnet_lite_builder.py` of TensorFlow's TPU models (Apache-2.0): width and depth 1.0, ReLU6, no squeeze
//! and excitation. The padding is not TensorFlow's `SAME`, which depends on the size: here a convolution of stride 1 is
//! padded by `kernel - 1` and one of stride 2 by `kernel - 2`, the odd one after. So 15 rows become 7, not 8.

/// Columns of the picture that the network sees.
pub(crate) const WIDTH: usize = 320;
/// Rows of the picture that the network sees.
pub(crate) const HEIGHT: usize = 240;

pub(crate) const STEM_CHANNELS: usize = 32;
pub(crate) const STEM_KERNEL: usize = 3;
pub(crate) const STEM_STRIDE: usize = 2;

/// A run of blocks with the same output. Only the first of them has the stride.
struct Stage {
    blocks: usize,
    kernel: usize,
    stride: usize,
    /// How many times its input's channels a block expands to.
    expansion: usize,
    channels: usize,
}

const STAGES: [Stage; 7] = [
    stage(1, 3, 1, 1, 16),
    stage(2, 3, 2, 6, 24),
    stage(2, 5, 2, 6, 40),
    stage(3, 3, 2, 6, 80),
    stage(3, 5, 1, 6, 112),
    stage(4, 5, 2, 6, 192),
    stage(1, 3, 1, 6, 320),
];

/// The last block of the fifth stage.
pub(crate) const STAGE5_BLOCK: usize = 10;

const fn stage(
    blocks: usize,
    kernel: usize,
    stride: usize,
    expansion: usize,
    channels: usize,
) -> Stage {
    Stage {
        blocks,
        kernel,
        stride,
        expansion,
        channels,
    }
}

/// An inverted residual block: expand (1×1, ReLU6), depthwise (`kernel`×`kernel`, ReLU6), project (1×1), and the input
/// added where the shapes agree. The first block has no convolution that expands; the stem stands in for it here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockShape {
    pub(crate) inputs: usize,
    /// Channels between expand and project.
    pub(crate) expanded: usize,
    pub(crate) outputs: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    /// Whether a convolution of its own expands: in all but the first.
    pub(crate) expands: bool,
    /// Rows and columns before the depthwise convolution.
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl BlockShape {
    pub(crate) fn out_height(&self) -> usize {
        self.height / self.stride
    }

    pub(crate) fn out_width(&self) -> usize {
        self.width / self.stride
    }

    /// Rows and columns of zeros before the first.
    pub(crate) fn padding_before(&self) -> usize {
        (self.kernel - self.stride) / 2
    }

    pub(crate) fn is_residual(&self) -> bool {
        self.expands && self.stride == 1 && self.inputs == self.outputs
    }
}

/// The sixteen blocks, in their order.
pub(crate) fn blocks() -> Vec<BlockShape> {
    let mut inputs = STEM_CHANNELS;
    let (mut height, mut width) = (HEIGHT / STEM_STRIDE, WIDTH / STEM_STRIDE);
    let mut blocks = Vec::new();
    for stage in &STAGES {
        for index in 0..stage.blocks {
            let block = BlockShape {
                inputs,
                expanded: inputs * stage.expansion,
                outputs: stage.channels,
                kernel: stage.kernel,
                stride: if index == 0 { stage.stride } else { 1 },
                expands: stage.expansion > 1,
                height,
                width,
            };
            (inputs, height, width) = (block.outputs, block.out_height(), block.out_width());
            blocks.push(block);
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stages_have_the_sizes_that_the_features_promise() {
        let blocks = blocks();
        let size = |index: usize| {
            let block: &BlockShape = &blocks[index];
            (block.out_height(), block.out_width(), block.outputs)
        };
        assert_eq!(blocks.len(), 16);
        assert_eq!(size(STAGE5_BLOCK), (15, 20, 112));
        assert_eq!(size(15), (7, 10, 320));
    }
}
