//! The network as its definition reads, in 64-bit floats, layer by layer and without any haste: what the crate is held
//! against.

use std::collections::HashMap;

use features::{Features, Input};

use crate::drawing::Tensor;

/// Values by channel, row and column.
struct Map {
    channels: usize,
    height: usize,
    width: usize,
    values: Vec<f64>,
}

/// Stride, kernel and outputs of each block.
pub(crate) fn blocks() -> Vec<(usize, usize, usize)> {
    let stages = [
        (1, 1, 3, 16),
        (2, 2, 3, 24),
        (2, 2, 5, 40),
        (3, 2, 3, 80),
        (3, 1, 5, 112),
        (4, 2, 5, 192),
        (1, 1, 3, 320),
    ];
    let stage = |(blocks, stride, kernel, outputs)| {
        (0..blocks).map(move |index| (if index == 0 { stride } else { 1 }, kernel, outputs))
    };
    stages.into_iter().flat_map(stage).collect()
}

pub(crate) fn features(tensors: &[Tensor], picture: &Input) -> Features {
    let tensors = tensors
        .iter()
        .map(|tensor| (tensor.name.as_str(), tensor))
        .collect();
    let net = Plain(tensors);
    let mut map = Map {
        channels: 3,
        height: Input::HEIGHT,
        width: Input::WIDTH,
        values: (0..3)
            .flat_map(|color| picture.bytes().iter().skip(color).step_by(3))
            .map(|byte| (f64::from(*byte) - 127.0) / 128.0)
            .collect(),
    };
    map = relu6(net.convolution(&map, "_conv_stem", "_bn0", 2));
    let mut stage5 = Vec::new();
    for (index, (stride, _, outputs)) in blocks().into_iter().enumerate() {
        let name = |part: &str| format!("_blocks.{index}.{part}");
        let mut inner = None;
        if index > 0 {
            inner = Some(relu6(net.convolution(
                &map,
                &name("_expand_conv"),
                &name("_bn0"),
                1,
            )));
        }
        let inner = inner.as_ref().unwrap_or(&map);
        let inner = relu6(net.convolution(inner, &name("_depthwise_conv"), &name("_bn1"), stride));
        let mut output = net.convolution(&inner, &name("_project_conv"), &name("_bn2"), 1);
        if index > 0 && stride == 1 && map.channels == outputs {
            for (value, input) in output.values.iter_mut().zip(&map.values) {
                *value += input;
            }
        }
        map = output;
        if index == 10 {
            stage5 = channels_last(&map);
        }
    }
    Features {
        stage5,
        stage7: channels_last(&map),
    }
}

fn relu6(mut map: Map) -> Map {
    for value in &mut map.values {
        *value = value.clamp(0.0, 6.0);
    }
    map
}

fn channels_last(map: &Map) -> Vec<f32> {
    let pixels = map.height * map.width;
    (0..pixels)
        .flat_map(|pixel| map.values.iter().skip(pixel).step_by(pixels))
        .map(|value| *value as f32)
        .collect()
}

struct Plain<'a>(HashMap<&'a str, &'a Tensor>);

impl Plain<'_> {
    /// The convolution, then its normalisation. A kernel for one input channel is depthwise.
    fn convolution(&self, map: &Map, layer: &str, norm: &str, stride: usize) -> Map {
        let weights = self.0[format!("{layer}.weight").as_str()];
        let &[outputs, inputs, kernel, _] = weights.shape.as_slice() else {
            panic!("a convolution has four axes");
        };
        let padding = kernel - stride;
        let before = padding / 2;
        let height = (map.height + padding - kernel) / stride + 1;
        let width = (map.width + padding - kernel) / stride + 1;
        let mut values = vec![0.0; outputs * height * width];
        for (output, plane) in values.chunks_exact_mut(height * width).enumerate() {
            for input in 0..inputs {
                let channel = if inputs < map.channels && inputs == 1 {
                    output
                } else {
                    input
                };
                let source = &map.values[channel * map.height * map.width..];
                for row in 0..kernel {
                    for column in 0..kernel {
                        let place = ((output * inputs + input) * kernel + row) * kernel + column;
                        let weight = f64::from(weights.numbers[place]);
                        for y in 0..height {
                            let from = y * stride + row;
                            if !(before..before + map.height).contains(&from) {
                                continue;
                            }
                            let source = &source[(from - before) * map.width..][..map.width];
                            for (x, value) in plane[y * width..][..width].iter_mut().enumerate() {
                                let from = (x * stride + column).wrapping_sub(before);
                                *value += weight * source.get(from).copied().unwrap_or_default();
                            }
                        }
                    }
                }
            }
        }
        self.normalize(norm, &mut values, height * width);
        Map {
            channels: outputs,
            height,
            width,
            values,
        }
    }

    fn normalize(&self, norm: &str, values: &mut [f64], pixels: usize) {
        let part = |part: &str| &self.0[format!("{norm}.{part}").as_str()].numbers;
        let (gamma, beta) = (part("weight"), part("bias"));
        let (mean, variance) = (part("running_mean"), part("running_var"));
        for (channel, plane) in values.chunks_exact_mut(pixels).enumerate() {
            let [gamma, beta, mean, variance] =
                [gamma, beta, mean, variance].map(|part| f64::from(part[channel]));
            for value in plane {
                *value = (*value - mean) / (variance + 1e-3).sqrt() * gamma + beta;
            }
        }
    }
}
