//! What can be wrong with weights, with a picture, or with the machine that computes.

use safetensors::{Dtype, SafeTensorError};

/// Why there is no network, no input, or no trust in the result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a whole file of this format.
    #[error("the weights are not a safetensors file")]
    NotSafetensors(#[source] SafeTensorError),
    /// The file lacks a tensor of the network.
    #[error("the weights lack the tensor {tensor}")]
    Missing {
        /// Its name.
        tensor: String,
    },
    /// A tensor holds other numbers than 32-bit floats.
    #[error("the tensor {tensor} is of type {found}, and F32 is needed")]
    Type {
        /// Its name.
        tensor: String,
        /// What it holds.
        found: Dtype,
    },
    /// A tensor is of another shape than the network's.
    #[error("the tensor {tensor} has the shape {found:?}, and {expected:?} is needed")]
    Shape {
        /// Its name.
        tensor: String,
        /// The network's shape.
        expected: Vec<usize>,
        /// The file's shape.
        found: Vec<usize>,
    },
    /// A layer's weights, with its normalisation folded in, are not all finite.
    #[error("the layer {layer} has weights that are no finite numbers")]
    NotFinite {
        /// The name of its tensor of weights.
        layer: String,
    },
    /// The bytes are not three for each pixel, or there is no pixel.
    #[error("a picture of {width}×{height} pixels has other than {bytes} bytes of RGB")]
    Pixels {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// How many bytes came.
        bytes: usize,
    },
    /// The network gives other numbers than recorded: other weights, or a machine that computes wrongly.
    #[error(
        "known-answer test: {measure} of stage {stage} is {found}, and {expected} was recorded"
    )]
    KnownAnswer {
        /// The number of the stage.
        stage: u8,
        /// Which number of it.
        measure: &'static str,
        /// What was recorded.
        expected: f64,
        /// What came out.
        found: f64,
    },
}
