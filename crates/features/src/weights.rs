//! The network's weights, out of a safetensors file, with batch normalisation folded into the convolutions.
//!
//! The file holds the published numbers as they are; names are those of the PyTorch implementation they come from. What
//! stands behind the seventh stage isn't read. How weights lie while the network runs is left to the layers.

use safetensors::{Dtype, SafeTensors};

use crate::Error;
use crate::architecture::{self, BlockShape, STEM_CHANNELS, STEM_KERNEL};

/// The epsilon of every batch normalisation in the published network.
const EPSILON: f64 = 1e-3;

/// All weights of the network, checked: names, types, shapes, and that every number is finite. About 11 MB.
#[derive(Clone, Debug)]
pub struct Weights {
    pub(crate) stem: Convolution,
    pub(crate) blocks: Vec<BlockWeights>,
}

/// The weights of one block.
#[derive(Clone, Debug)]
pub(crate) struct BlockWeights {
    pub(crate) shape: BlockShape,
    pub(crate) expand: Option<Convolution>,
    pub(crate) depthwise: Convolution,
    pub(crate) project: Convolution,
}

/// One convolution with its normalisation folded in.
#[derive(Clone, Debug)]
pub(crate) struct Convolution {
    /// A row for each place of the kernel and each input channel of it, a column for each output.
    pub(crate) rows: Vec<Vec<f32>>,
    pub(crate) bias: Vec<f32>,
}

impl Weights {
    /// Reads the bytes of a safetensors file. Tensors that the network doesn't need are left alone.
    ///
    /// # Errors
    /// When it isn't such a file, and when a tensor is missing, isn't of 32-bit floats, has another shape than the
    /// network's, or leads to weights that are not finite. The error names the tensor.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, Error> {
        let file = File(SafeTensors::deserialize(bytes).map_err(Error::NotSafetensors)?);
        let stem = [STEM_CHANNELS, 3, STEM_KERNEL, STEM_KERNEL];
        let blocks = architecture::blocks().into_iter().enumerate();
        Ok(Self {
            stem: file.convolution("_conv_stem", "_bn0", stem)?,
            blocks: blocks
                .map(|(index, shape)| file.block(&format!("_blocks.{index}"), shape))
                .collect::<Result<_, _>>()?,
        })
    }
}

struct File<'a>(SafeTensors<'a>);

impl File<'_> {
    fn block(&self, name: &str, shape: BlockShape) -> Result<BlockWeights, Error> {
        let layer = |layer: &str, norm: &str, shape| {
            self.convolution(&format!("{name}.{layer}"), &format!("{name}.{norm}"), shape)
        };
        let BlockShape {
            inputs,
            expanded,
            outputs,
            kernel,
            ..
        } = shape;
        let expand = || layer("_expand_conv", "_bn0", [expanded, inputs, 1, 1]);
        Ok(BlockWeights {
            shape,
            expand: shape.expands.then(expand).transpose()?,
            depthwise: layer("_depthwise_conv", "_bn1", [expanded, 1, kernel, kernel])?,
            project: layer("_project_conv", "_bn2", [outputs, expanded, 1, 1])?,
        })
    }

    /// `shape` is outputs, inputs of each, rows and columns of the kernel.
    fn convolution(
        &self,
        layer: &str,
        norm: &str,
        shape: [usize; 4],
    ) -> Result<Convolution, Error> {
        let name = format!("{layer}.weight");
        let weights = self.tensor(&name, &shape)?;
        let [outputs, inputs, height, width] = shape;
        let of_norm = |part: &str| self.tensor(&format!("{norm}.{part}"), &[outputs]);
        let (gamma, beta) = (of_norm("weight")?, of_norm("bias")?);
        let (mean, variance) = (of_norm("running_mean")?, of_norm("running_var")?);

        let scale = |output: usize| {
            f64::from(gamma[output]) / (f64::from(variance[output]) + EPSILON).sqrt()
        };
        let scales: Vec<f64> = (0..outputs).map(scale).collect();
        let bias = |output: usize| {
            (f64::from(beta[output]) - f64::from(mean[output]) * scales[output]) as f32
        };
        let kernel = height * width;
        let row = |row: usize| {
            let (place, input) = (row / inputs, row % inputs);
            let weight = |output: usize| weights[(output * inputs + input) * kernel + place];
            (0..outputs)
                .map(|output| (f64::from(weight(output)) * scales[output]) as f32)
                .collect()
        };
        let convolution = Convolution {
            rows: (0..kernel * inputs).map(row).collect(),
            bias: (0..outputs).map(bias).collect(),
        };
        if convolution.is_finite() {
            Ok(convolution)
        } else {
            Err(Error::NotFinite { layer: name })
        }
    }

    fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let tensor = || name.to_owned();
        let missing = |_| Error::Missing { tensor: tensor() };
        let view = self.0.tensor(name).map_err(missing)?;
        if view.dtype() != Dtype::F32 {
            return Err(Error::Type {
                tensor: tensor(),
                found: view.dtype(),
            });
        }
        if view.shape() != shape {
            return Err(Error::Shape {
                tensor: tensor(),
                expected: shape.to_vec(),
                found: view.shape().to_vec(),
            });
        }
        let numbers = view.data().as_chunks().0.iter();
        Ok(numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}

impl Convolution {
    fn is_finite(&self) -> bool {
        let mut numbers = self.rows.iter().flatten().chain(&self.bias);
        numbers.all(|number| number.is_finite())
    }
}
