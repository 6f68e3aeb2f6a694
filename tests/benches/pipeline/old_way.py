"""The system that Framewatch replaces, without its pause of 30 seconds: downloads the latest upload of a folder, compares
it with the newest file of the camera by imagehash.phash, again and again.

    old_way.py URL FOLDER FILE SECONDS

Prints how many comparisons a second it made. Needs Pillow and ImageHash; ends with status 3 where they are missing.
"""

import io
import json
import sys
import time
import urllib.request

try:
    import imagehash
    from PIL import Image
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

url, folder, file, seconds = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])


def get(path):
    with urllib.request.urlopen(f"{url}/{path}") as answer:
        return answer.read()


made = 0
began = time.perf_counter()
while time.perf_counter() - began < seconds:
    latest = json.loads(get(f"latest/{folder}"))["latest_image"]
    reference = imagehash.phash(Image.open(io.BytesIO(get(latest))))
    frame = imagehash.phash(Image.open(file))
    similarity = 1 - (reference - frame) / 64
    made += 1
print(made / (time.perf_counter() - began))
