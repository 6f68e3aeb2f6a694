#!/usr/bin/env python3
"""Features of a corpus's pictures of parts, and of copies and defects drawn from them, for bench/parts_loso.py.

    FRAMEWATCH_CORPUS=DIR parts_features.py NETWORK.onnx OUT

NETWORK.onnx is what bench/view_network.py makes. OUT gets pictures.csv (path, set, scene, role, condition, reference,
base) and stage5.npy (pictures × 45 × 60 × 112, 16-bit floats: 3×3 tiles of 15 × 20 places, where they lie in the
picture), in the same order. A drawn frame is a picture that is in order (`base`) changed by a formula; its condition
begins with `drawn-`: harmless (JPEG, shifts of up to 4 pixels, light) or harmful (a scratch, a blot or a gap of 2 to
8 % of the width). Nothing of the pictures is kept. Needs numpy, onnxruntime, opencv-python-headless.
"""
import csv, os, sys

import cv2
import numpy as np
import onnxruntime

SETS = ("casting", "pcb-deeppcb")
WIDTH, HEIGHT, TILES = 320, 240, 3
FIELDS = ["path", "set", "scene", "role", "condition", "reference", "base"]
CORPUS = os.environ.get("FRAMEWATCH_CORPUS")
random = np.random.default_rng(7)


def read(path):
    return cv2.imread(os.path.join(CORPUS, path), cv2.IMREAD_COLOR)


def bytes_of(image):
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


def shifted(image, x, y):
    h, w = image.shape[:2]
    return cv2.warpAffine(image, np.float32([[1, 0, x], [0, 1, y]]), (w, h), borderMode=cv2.BORDER_REFLECT)


def jpeg(image, quality):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def harmless(image):
    """(condition, copy) of all that is drawn from a picture and changes nothing of the part."""
    floats = image.astype(np.float32)
    yield "jpeg-75", jpeg(image, 75)
    yield "jpeg-40", jpeg(image, 40)
    yield "shift-2", jpeg(shifted(image, 2, -1), 90)
    yield "shift-4", shifted(image, 4, 4)
    yield "shift-4-bright", jpeg(bytes_of(shifted(image, -4, 3) * 1.15 + 5.0), 80)
    yield "bright", bytes_of(floats * 1.2)
    yield "dark", bytes_of(floats * 0.8)
    yield "gamma", bytes_of(255 * (floats / 255) ** 0.8)


def harmful(image):
    """(condition, frame) of all defects that are drawn."""
    h, w = image.shape[:2]
    for kind, share in (("scratch", 0.08), ("scratch", 0.04), ("blot", 0.05), ("blot", 0.025), ("gap", 0.05), ("gap", 0.03)):
        side = max(2, int(share * w))
        y, x = (int(random.uniform(0.25, 0.75) * length) for length in (h, w))
        out = image.copy()
        near = out[max(0, y - 4 * side) : y + 4 * side, max(0, x - 4 * side) : x + 4 * side]
        level = float(out[y, x].mean())
        other = float(np.percentile(near, 3 if level > near.mean() else 97))
        if kind == "scratch":
            angle = random.uniform(0, 6.28)
            to = (int(x + side * np.cos(angle)), int(y + side * np.sin(angle)))
            cv2.line(out, (x, y), to, (other,) * 3, max(1, w // 200), cv2.LINE_AA)
        elif kind == "blot":
            cv2.circle(out, (x, y), max(1, side // 2), (other,) * 3, -1, cv2.LINE_AA)
        else:
            from_y, from_x = (int(random.uniform(0.2, 0.8) * length) for length in (h, w))
            from_y, from_x = min(from_y, h - side), min(from_x, w - side)
            out[y : y + side, x : x + side] = image[from_y : from_y + side, from_x : from_x + side][: h - y, : w - x]
        yield f"{kind}-{share}", jpeg(out, 92)


class Writer:
    def __init__(self, network):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.network, self.rows, self.stage5 = onnxruntime.InferenceSession(network, options), [], []

    def add(self, image, **row):
        h, w = image.shape[:2]
        lines = []
        for y in range(TILES):
            line = []
            for x in range(TILES):
                tile = image[y * h // TILES : (y + 1) * h // TILES, x * w // TILES : (x + 1) * w // TILES]
                by = cv2.INTER_AREA if tile.shape[1] >= WIDTH else cv2.INTER_LINEAR
                small = cv2.resize(tile, (WIDTH, HEIGHT), interpolation=by)[..., ::-1].astype(np.float32)
                source = np.ascontiguousarray(((small - 127) / 128).transpose(2, 0, 1)[None])
                line.append(self.network.run(["stage5"], {"input": source})[0][0].transpose(1, 2, 0))
            lines.append(np.concatenate(line, 1))
        self.stage5.append(np.concatenate(lines, 0).astype(np.float16))
        self.rows.append(row)

    def write(self, out):
        os.makedirs(out, exist_ok=True)
        np.save(os.path.join(out, "stage5.npy"), np.stack(self.stage5))
        with open(os.path.join(out, "pictures.csv"), "w", newline="") as file:
            table = csv.DictWriter(file, FIELDS)
            table.writeheader()
            table.writerows(self.rows)


def main(network, out):
    writer = Writer(network)
    rows = [r for r in csv.DictReader(open(os.path.join(CORPUS, "manifest.csv"), newline="")) if r["set"] in SETS]
    references = {(r["set"], r["scene"]): r["path"] for r in rows if r["role"] == "reference"}
    for row in rows:
        image, reference = read(row["path"]), references[row["set"], row["scene"]]
        writer.add(image, reference=reference, base="", **{k: row[k] for k in FIELDS[:5]})
        if row["role"] == "anomaly":
            continue
        of = {"path": "", "set": row["set"], "scene": row["scene"], "reference": reference, "base": row["path"]}
        # Of other parts that are in order, what is drawn is drawn once.
        for condition, copy in harmless(image):
            if row["role"] == "reference" or condition == "shift-4-bright":
                writer.add(copy, role="benign", condition="drawn-" + condition, **of)
        for condition, frame in harmful(image):
            writer.add(frame, role="anomaly", condition="drawn-" + condition, **of)
    writer.write(out)


if __name__ == "__main__":
    if len(sys.argv) != 3 or not CORPUS:
        sys.exit(__doc__)
    main(*sys.argv[1:])
