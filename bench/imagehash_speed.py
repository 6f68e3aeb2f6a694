"""Times Python's imagehash.phash on picture files: one line `FILE<TAB>MILLISECONDS` each, the median of 15 runs.

Reads the bytes once and decodes them in every run, as a worker does that has just downloaded a picture. Needs Pillow and
ImageHash; ends with status 3 where they are missing.
"""

import io
import statistics
import sys
import time

try:
    import imagehash
    from PIL import Image
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)


def seconds(data):
    began = time.perf_counter()
    imagehash.phash(Image.open(io.BytesIO(data)))
    return time.perf_counter() - began


for path in sys.argv[1:]:
    with open(path, "rb") as file:
        data = file.read()
    seconds(data)
    print(f"{path}\t{1000 * statistics.median(seconds(data) for _ in range(15)):.3f}", flush=True)
