"""A worker as the system that Framewatch replaces had it: asks for each folder's latest picture, and downloads it.

    python3 tests/seed/worker.py http://127.0.0.1:5000 folder1 folder2

Prints a line for each folder: what the page says is the latest picture, and the SHA-256 of what it sent.
"""

import hashlib
import json
import sys
from urllib.request import urlopen


def latest_image(page, folder):
    with urlopen(f"{page}/latest/{folder}", timeout=10) as answer:
        path = json.load(answer)["latest_image"]
    assert path.startswith(f"uploads/{folder}/"), path
    return path


def download(page, path):
    with urlopen(f"{page}/{path}", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("image/"), answer.headers
        return answer.read()


def poll(page, folder):
    path = latest_image(page, folder)
    return f"{path} {hashlib.sha256(download(page, path)).hexdigest()}"


page, folders = sys.argv[1].rstrip("/"), sys.argv[2:]
for folder in folders:
    print(poll(page, folder))
