//! Weights and pictures drawn from a seed.

use features::Input;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

/// A linear congruential generator's high bits (Knuth's MMIX): the same numbers everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Between 0 and 1.
    pub(crate) fn number(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u32 << 24) as f32
    }
}

/// One tensor of a file of weights.
#[derive(Clone)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Vec<f32>,
}

impl Tensor {
    fn new(name: String, shape: &[usize], mut number: impl FnMut() -> f32) -> Self {
        let numbers = (0..shape.iter().product()).map(|_| number()).collect();
        Self {
            name,
            dtype: Dtype::F32,
            shape: shape.to_vec(),
            numbers,
        }
    }
}

/// A safetensors file of them.
pub(crate) fn file(tensors: &[Tensor]) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|tensor| {
            tensor
                .numbers
                .iter()
                .flat_map(|number| number.to_le_bytes())
                .collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|(tensor, bytes)| {
        let view = TensorView::new(tensor.dtype, tensor.shape.clone(), bytes);
        (
            tensor.name.clone(),
            view.expect("the bytes are as many as the shape says"),
        )
    });
    safetensors::serialize(views, None).expect("names differ")
}

/// What is in a safetensors file of 32-bit floats.
pub(crate) fn tensors(file: &[u8]) -> Vec<Tensor> {
    let file = SafeTensors::deserialize(file).expect("it is such a file");
    let tensor = |(name, view): (&str, TensorView<'_>)| {
        let numbers = view.data().as_chunks().0.iter();
        Tensor {
            name: name.to_owned(),
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            numbers: numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        }
    };
    file.iter().map(tensor).collect()
}

/// All of the network's tensors. Weights are scaled so that signals keep their size from layer to layer, and normalisations
/// are no identities.
pub(crate) fn weights(seed: u64) -> Vec<Tensor> {
    let mut random = Random(seed);
    let mut tensors = Vec::new();
    convolution(
        &mut tensors,
        &mut random,
        "_conv_stem",
        "_bn0",
        [32, 3, 3, 3],
    );
    let mut inputs = 32;
    for (index, (_, kernel, outputs)) in crate::plain::blocks().into_iter().enumerate() {
        let block = |part: &str| format!("_blocks.{index}.{part}");
        let expanded = if index == 0 { inputs } else { 6 * inputs };
        let mut add = |layer: &str, norm: &str, shape| {
            convolution(
                &mut tensors,
                &mut random,
                &block(layer),
                &block(norm),
                shape,
            );
        };
        if index > 0 {
            add("_expand_conv", "_bn0", [expanded, inputs, 1, 1]);
        }
        add("_depthwise_conv", "_bn1", [expanded, 1, kernel, kernel]);
        add("_project_conv", "_bn2", [outputs, expanded, 1, 1]);
        inputs = outputs;
    }
    tensors
}

fn convolution(
    tensors: &mut Vec<Tensor>,
    random: &mut Random,
    layer: &str,
    norm: &str,
    shape: [usize; 4],
) {
    let [outputs, inputs, height, width] = shape;
    let size = (6.0 / (inputs * height * width) as f32).sqrt();
    let mut add = |name: String, shape: &[usize], from: f32, to: f32| {
        let number = || from + (to - from) * random.number();
        tensors.push(Tensor::new(name, shape, number));
    };
    add(format!("{layer}.weight"), &shape, -size, size);
    add(format!("{norm}.weight"), &[outputs], 0.7, 1.4);
    add(format!("{norm}.bias"), &[outputs], -0.5, 1.0);
    add(format!("{norm}.running_mean"), &[outputs], -0.3, 0.3);
    add(format!("{norm}.running_var"), &[outputs], 0.5, 1.5);
}

/// Slopes with noise on them.
pub(crate) fn picture(seed: u64) -> Input {
    let mut random = Random(seed);
    let level = |index: usize| {
        let (x, y) = (index / 3 % Input::WIDTH, index / 3 / Input::WIDTH);
        let slope = (x * (1 + index % 3) + y) % 256;
        (0.6 * slope as f32 + 0.4 * 255.0 * random.number()) as u8
    };
    let pixels: Vec<u8> = (0..3 * Input::WIDTH * Input::HEIGHT).map(level).collect();
    Input::from_rgb(&pixels, Input::WIDTH, Input::HEIGHT).expect("the size is right")
}
