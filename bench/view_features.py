#!/usr/bin/env python3
"""Features of a corpus's pictures, and of frames drawn from them, for bench/view_loso.py.

    FRAMEWATCH_CORPUS=DIR view_features.py NETWORK.onnx OUT

NETWORK.onnx is what bench/view_network.py makes. OUT gets pictures.csv (path, set, scene, role, condition, reference,
base), stage5.npy (pictures × 15 × 20 × 112, 16-bit floats), stage7.npy (× 7 × 10 × 320) and luma.npy (× 240 × 320,
bytes), in the same order. A drawn frame is a harmless frame of the corpus (`base`) changed by a formula: harmless
(light, shadows, haze, noise, JPEG, jitter, things of 2.5 % of the width) or harmful (things of 6 to 25 % of the width,
a moved, defocused or covered camera); its condition begins with `drawn-`. The corpus has nothing in between and few
scenes, so that constants are fitted on both. Nothing of the pictures is kept. Needs numpy, onnxruntime,
opencv-python-headless and Pillow; takes two minutes on one core.
"""
import csv, os, sys

import cv2
import numpy as np
import onnxruntime
from PIL import Image, ImageOps

CAMERA = ("cctv", "tamper", "objects", "webcam", "wrong-camera")
WIDTH, HEIGHT = 320, 240
FIELDS = ["path", "set", "scene", "role", "condition", "reference", "base"]
random = np.random.default_rng(11)
CORPUS = os.environ.get("FRAMEWATCH_CORPUS")


def read(path):
    return np.asarray(ImageOps.exif_transpose(Image.open(os.path.join(CORPUS, path))).convert("RGB"))


def cases():
    """[(path of the reference, row)] as the corpus's grader pairs them; a reference is its own."""
    rows = [r for r in csv.DictReader(open(os.path.join(CORPUS, "manifest.csv"), newline="")) if r["set"] in CAMERA]
    references = {}
    for r in rows:
        if r["role"] == "reference":
            references.setdefault((r["set"], r["scene"]), []).append(r["path"])
    for r in rows:
        if r["role"] == "reference":
            yield r["path"], r
        elif r["role"] in ("benign", "anomaly"):
            known = references.get((r["set"], r["scene"]), [])
            here = [p for p in known if os.path.dirname(p) == os.path.dirname(r["path"])]
            if known:
                yield (here or known)[0], r


def bytes_of(image):
    return np.clip(image, 0, 255).astype(np.uint8)


def shift(image, dx, dy):
    h, w = image.shape[:2]
    return cv2.warpAffine(image, np.float32([[1, 0, dx * w], [0, 1, dy * h]]), (w, h), borderMode=cv2.BORDER_REFLECT)


def gamma(image, exponent):
    return bytes_of(255 * (image / 255.0) ** exponent)


def jpeg(image, quality):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def ramp(shape, low, high):
    """Light that falls off in some direction."""
    h, w = shape[:2]
    angle, (y, x) = random.uniform(0, 6.28), np.mgrid[:h, :w]
    t = np.cos(angle) * x / w + np.sin(angle) * y / h
    return (low + (high - low) * (t - t.min()) / np.ptp(t))[..., None]


def shadow(shape, depth, edge):
    """Shadows of three polygons, `depth` dark, with edges as soft as the share `edge` of the width."""
    h, w = shape[:2]
    mask = np.zeros((h, w), np.float32)
    for _ in range(3):
        centre, angles, radius = random.uniform([0, 0], [w, h]), np.sort(random.uniform(0, 6.28, 4)), random.uniform(0.15, 0.5) * w
        corners = np.stack([centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)], 1)
        cv2.fillPoly(mask, [corners.astype(np.int32)], 1)
    return (1 - depth * cv2.GaussianBlur(mask, (0, 0), max(0.8, edge * w)))[..., None]


def light(image):
    kind, floats = random.integers(4), image.astype(np.float32)
    if kind == 0:
        return gamma(image, random.choice([0.65, 1.5]))
    if kind == 1:
        return bytes_of(floats * ramp(image.shape, 0.6, 1.25))
    if kind == 2:
        return bytes_of(floats * random.uniform(0.75, 1.2) * [random.uniform(0.85, 1.15), 1, random.uniform(0.85, 1.15)])
    return bytes_of(floats * shadow(image.shape, 0.4, 0.01) * 1.1)


def objects(work):
    """[(picture, mask, scene)] of things: cut out of frames with large objects, and out of photographs as boxes and bags."""
    found, count = [], {}
    for reference, row in work:
        if row["condition"] != "large-object" or count.get(row["scene"], 0) >= 6:
            continue
        a, b = read(reference), read(row["path"])
        if a.shape != b.shape:
            continue
        difference = cv2.GaussianBlur(np.abs(a.astype(int) - b).max(2).astype(np.uint8), (0, 0), 2)
        mask = cv2.morphologyEx((difference > 28).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9)))
        parts, labels, boxes, _ = cv2.connectedComponentsWithStats(mask)
        for i in range(1, parts):
            x, y, w, h, area = boxes[i]
            if 0.004 * mask.size <= area <= 0.15 * mask.size and area >= 0.45 * w * h:
                cut = (labels[y : y + h, x : x + w] == i).astype(np.float32)
                found.append((b[y : y + h, x : x + w], cv2.GaussianBlur(cut, (0, 0), 1), row["scene"]))
                count[row["scene"]] = count.get(row["scene"], 0) + 1
    for row in csv.DictReader(open(os.path.join(CORPUS, "manifest.csv"), newline="")):
        if row["set"] != "photos-single":
            continue
        image = read(row["path"])
        side = min(image.shape[:2]) // 3
        for is_bag in (False, True):
            y, x = random.integers(0, image.shape[0] - side), random.integers(0, image.shape[1] - side)
            mask = np.zeros((side, side), np.float32)
            if is_bag:
                axes = (side // 2 - 2, int(side * random.uniform(0.3, 0.48)))
                cv2.ellipse(mask, (side // 2, side // 2), axes, random.uniform(-15, 15), 0, 360, 1, -1)
            else:
                cv2.rectangle(mask, (2, 2), (side - 3, side - 3), 1, -1)
            found.append((image[y : y + side, x : x + side], cv2.GaussianBlur(mask, (0, 0), 1), None))
    return found


def paste(image, thing, share):
    """A thing as wide as this share of the picture, somewhere in its lower 70 %, about as bright as what it hides."""
    h, w = image.shape[:2]
    cut, mask, _ = thing
    width = max(6, int(w * share))
    height = min(max(6, int(cut.shape[0] * width / cut.shape[1])), int(h * 0.6))
    cut = cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    mask = cv2.resize(mask, (width, height))[..., None]
    y, x = int(random.uniform(0.3 * h, max(0.31 * h, h - height - 2))), int(random.uniform(2, max(3, w - width - 2)))
    out = image.astype(np.float32)
    place = out[y : y + height, x : x + width]
    cut, mask = cut[: place.shape[0], : place.shape[1]], mask[: place.shape[0], : place.shape[1]]
    cut = cut * np.clip(place.mean() / max(20, cut.mean()), 0.5, 1.4)
    out[y : y + height, x : x + width] = place * (1 - mask) + cut * mask
    return bytes_of(out)


def drawn(image, j, thing):
    """(condition, whether it is harmful, frame) of all that is drawn from the j-th (0 to 5) frame of a scene."""
    h, w = image.shape[:2]
    floats = image.astype(np.float32)
    for share in (0.06, 0.09, 0.13, 0.18, 0.25):
        yield f"object-{share}", True, paste(image, thing(), share)
    for share in (0.13, 0.2):
        yield f"light-and-object-{share}", True, light(paste(image, thing(), share))
    yield "moved", True, shift(image, *[(0.04, 0), (0.1, 0.03), (0.2, 0), (0, 0.1), (0.06, 0.06), (-0.05, 0)][j])
    yield "defocused", True, cv2.GaussianBlur(image, (0, 0), [0.005, 0.006, 0.008, 0.012, 0.007, 0.01][j] * w)
    if j < 3:
        yield "covered", True, bytes_of(cv2.GaussianBlur(image, (0, 0), 0.08 * w) * 0.4 + np.array([54, 48.6, 43.2]))
    yield "gamma", False, gamma(image, [0.6, 1.6, 0.75, 1.4, 0.5, 1.9][j])
    yield "jpeg", False, jpeg(image, [25, 40, 60, 20, 35, 15][j])
    yield "noise", False, bytes_of(floats + random.normal(0, [6, 10, 14, 8, 12, 16][j], image.shape))
    yield "gradient", False, bytes_of(floats * ramp(image.shape, 0.5, 1.35))
    colours = [(1.2, 1, 0.8), (0.8, 1, 1.2), (1.1, 1, 0.7), (0.9, 1, 1.1), (1.15, 0.95, 0.9), (0.8, 0.95, 1.1)]
    yield "colour", False, bytes_of(floats * colours[j])
    depth, edge = [(0.35, 0.004), (0.45, 0.01), (0.55, 0.02), (0.4, 0.006), (0.5, 0.01), (0.3, 0.03)][j]
    yield "shadow", False, bytes_of(floats * shadow(image.shape, depth, edge) * 1.15)
    gain, veil = [(0.7, 60), (0.6, 80), (0.5, 100), (0.65, 75), (0.75, 50), (0.55, 95)][j]
    yield "haze", False, bytes_of(floats * gain + veil)
    jitter = [(0.004, -0.004), (0.008, 0), (0, 0.01), (0.012, 0.004), (-0.006, 0.008), (-0.012, 0)]
    yield "jitter", False, shift(image, *jitter[j])
    yield "small-object", False, paste(image, thing(), 0.025)
    yield "light", False, light(light(image))


class Writer:
    def __init__(self, network):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.network, self.rows = onnxruntime.InferenceSession(network, options), []
        self.arrays = {"stage5": [], "stage7": [], "luma": []}

    def add(self, image, **row):
        by = cv2.INTER_AREA if image.shape[1] >= WIDTH else cv2.INTER_LINEAR
        small = cv2.resize(image, (WIDTH, HEIGHT), interpolation=by).astype(np.float32)
        source = np.ascontiguousarray(((small - 127) / 128).transpose(2, 0, 1)[None])
        for name, value in zip(("stage5", "stage7"), self.network.run(["stage5", "stage7"], {"input": source})):
            self.arrays[name].append(value[0].transpose(1, 2, 0).astype(np.float16))
        self.arrays["luma"].append(np.round(small @ np.float32([0.299, 0.587, 0.114])).astype(np.uint8))
        self.rows.append(row)

    def write(self, out):
        os.makedirs(out, exist_ok=True)
        for name, values in self.arrays.items():
            np.save(os.path.join(out, name + ".npy"), np.stack(values))
        with open(os.path.join(out, "pictures.csv"), "w", newline="") as file:
            table = csv.DictWriter(file, FIELDS)
            table.writeheader()
            table.writerows(self.rows)


def main(network, out):
    writer, work, harmless = Writer(network), list(cases()), {}
    for reference, row in work:
        writer.add(read(row["path"]), reference=reference, base="", **{k: row[k] for k in FIELDS[:5]})
        if row["role"] == "benign" and row["condition"] != "night":
            harmless.setdefault(reference, []).append(row)
    things = objects(work)
    for reference, rows in harmless.items():
        for j, i in enumerate(np.linspace(0, len(rows) - 1, 6).astype(int)):
            row = rows[i]

            def thing():
                is_of_photo = random.random() < 0.5
                known = [t for t in things if t[2] != row["scene"] and (t[2] is None) == is_of_photo]
                return known[random.integers(len(known))]

            for condition, is_harmful, image in drawn(read(row["path"]), j, thing):
                role = "anomaly" if is_harmful else "benign"
                writer.add(image, path="", set=row["set"], scene=row["scene"], role=role,
                           condition="drawn-" + condition, reference=reference, base=row["path"])
    writer.write(out)


if __name__ == "__main__":
    if len(sys.argv) != 3 or not CORPUS:
        sys.exit(__doc__)
    main(*sys.argv[1:])
