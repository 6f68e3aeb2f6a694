"""EfficientNet-Lite0 to its seventh stage in ONNX Runtime on one thread, for the benchmark to talk to.

`onnx_runtime.py WEIGHTS.safetensors` prints the runtime's version, then answers each line of its input:

    features   reads 320×240 RGB bytes, writes stage 5 and stage 7, row-major, channels last, 32-bit floats
    time N     runs the last picture N times, prints each run's milliseconds on one line: time of the processor, in which
               other work on the machine counts little

The graph is made here, layer by layer as it was published, normalisation folded in as every exporter does. Needs numpy,
onnx and onnxruntime; ends with status 3 where they are missing.
"""

import json
import struct
import sys
import time

try:
    import numpy as np
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

WIDTH, HEIGHT = 320, 240
# Blocks, kernel, stride of the first, of each stage.
STAGES = [(1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1)]


def tensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    cut = lambda it: np.frombuffer(data[slice(*it["data_offsets"])], "<f4").reshape(it["shape"])
    return {name: cut(it) for name, it in header.items() if name != "__metadata__"}


class Graph:
    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def node(self, kind, inputs, **attributes):
        name = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def convolution(self, source, layer, norm, stride, activate):
        weight = self.weights[layer + ".weight"].astype(np.float64)
        gamma, beta, mean, variance = (
            self.weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + 1e-3)
        kernel = weight.shape[-1]
        padding = kernel - stride
        before, after = padding // 2, padding - padding // 2
        inputs = [
            source,
            self.constant(layer + ".w", weight * scale[:, None, None, None]),
            self.constant(layer + ".b", beta - mean * scale),
        ]
        output = self.node(
            "Conv",
            inputs,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=weight.shape[0] if "depthwise" in layer else 1,
        )
        return self.node("Clip", [output, "zero", "six"]) if activate else output

    def block(self, source, name, stride, inputs):
        output = source
        if f"{name}._expand_conv.weight" in self.weights:
            output = self.convolution(output, f"{name}._expand_conv", f"{name}._bn0", 1, True)
        output = self.convolution(output, f"{name}._depthwise_conv", f"{name}._bn1", stride, True)
        output = self.convolution(output, f"{name}._project_conv", f"{name}._bn2", 1, False)
        outputs = self.weights[f"{name}._project_conv.weight"].shape[0]
        residual = stride == 1 and inputs == outputs
        return (self.node("Add", [output, source]) if residual else output), outputs


def model(weights):
    graph = Graph(weights)
    graph.constant("zero", 0)
    graph.constant("six", 6)
    output, channels, block, taps = graph.convolution("input", "_conv_stem", "_bn0", 2, True), 32, 0, []
    for blocks, _, first_stride in STAGES:
        for index in range(blocks):
            stride = first_stride if index == 0 else 1
            output, channels = graph.block(output, f"_blocks.{block}", stride, channels)
            block += 1
        taps.append(output)
    declare = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    outputs = [declare(taps[4], [1, 112, 15, 20]), declare(taps[6], [1, 320, 7, 10])]
    source = declare("input", [1, 3, HEIGHT, WIDTH])
    graph = helper.make_graph(graph.nodes, "features", [source], outputs, graph.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model.SerializeToString()


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model(tensors(path)), options, ["CPUExecutionProvider"])


def milliseconds(run, picture):
    began = time.thread_time()
    run.run(None, {"input": picture})
    return 1000 * (time.thread_time() - began)


def main():
    run, picture = session(sys.argv[1]), np.zeros((1, 3, HEIGHT, WIDTH), np.float32)
    out = sys.stdout.buffer
    out.write(f"{onnxruntime.__version__}\n".encode())
    out.flush()
    while line := sys.stdin.buffer.readline().split():
        if line[0] == b"features":
            levels = np.frombuffer(sys.stdin.buffer.read(3 * WIDTH * HEIGHT), np.uint8)
            values = (levels.reshape(HEIGHT, WIDTH, 3).astype(np.float32) - 127) / 128
            picture = np.ascontiguousarray(values.transpose(2, 0, 1)[None])
            for stage in run.run(None, {"input": picture}):
                out.write(np.ascontiguousarray(stage[0].transpose(1, 2, 0), "<f4").tobytes())
        else:
            times = [milliseconds(run, picture) for _ in range(int(line[1]))]
            out.write((" ".join(f"{time:.4f}" for time in times) + "\n").encode())
        out.flush()


main()
