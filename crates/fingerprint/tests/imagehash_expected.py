"""Prints the expected hashes of tests/it/imagehash.rs, from Pillow and imagehash themselves.

    python -m venv venv && venv/bin/pip install 'pillow<13' imagehash
    venv/bin/python crates/fingerprint/tests/imagehash_expected.py

Draws the pictures of tests/it/drawing.rs by the same integer arithmetic, so that the pixels are equal. Pillow 13
resizes tall pictures vertically first; every version before, and the fingerprint, resizes horizontally first.
"""

import io

import imagehash
from PIL import Image, ImageOps

SIZES = [(1, 1), (7, 5), (33, 31), (32, 32), (97, 400), (1000, 40)]


def gradient(x, y, w, h):
    return x * 255 // max(w - 1, 1), y * y * 255 // max((h - 1) ** 2, 1), (x * 3 + y * 5) % 256


def shapes(x, y, w, h):
    across, down = 3 * x - w, 5 * y - 2 * h
    if across * across * 25 + down * down * 9 < (min(w, h) * 4) ** 2:
        return 230, 180, 60
    if x * 8 > w * 5 and y * 8 > h * 5:
        return 20, 90, 200
    return 40 + x * 60 // w, 50 + y * 90 // h, 45


def noise(x, y, w, h):
    n = (x * 374761393 + y * 668265263) % 2**32
    n = (n ^ (n >> 13)) * 1274126177 % 2**32
    n ^= n >> 16
    return n & 255, (n >> 8) & 255, (n >> 16) & 255


def draw(pattern, w, h):
    image = Image.new("RGB", (w, h))
    image.putdata([pattern(x, y, w, h) for y in range(h) for x in range(w)])
    return image


def oriented(image, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, "PNG", exif=exif)
    return ImageOps.exif_transpose(Image.open(file))


print("const DRAWN: &[(Pattern, u32, u32, u64)] = &[")
for pattern in gradient, shapes, noise:
    for w, h in SIZES:
        print(f"    (Pattern::{pattern.__name__.title()}, {w}, {h}, 0x{imagehash.phash(draw(pattern, w, h))}),")
print("];\n\nconst ORIENTED: [u64; 8] = [")
for orientation in range(1, 9):
    print(f"    0x{imagehash.phash(oriented(draw(shapes, 97, 60), orientation))},")
print("];")
