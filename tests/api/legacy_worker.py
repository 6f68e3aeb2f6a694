"""What the worker of the system that Framewatch replaces does: asks for each folder's latest picture and downloads it.

    python3 tests/api/legacy_worker.py http://127.0.0.1:5000
"""

import sys

import requests

FOLDERS = [f"folder{number}" for number in range(1, 7)]


def latest_image(base, folder):
    answer = requests.get(f"{base}/latest/{folder}", timeout=10)
    answer.raise_for_status()
    return answer.json()["latest_image"]


def download(base, path):
    answer = requests.get(f"{base}/{path}", timeout=10)
    answer.raise_for_status()
    assert answer.headers["Content-Type"].startswith("image/"), answer.headers
    return answer.content


def main(base):
    for folder in FOLDERS:
        path = latest_image(base, folder)
        assert path.startswith(f"uploads/{folder}/"), path
        print(f"{folder}: {path}, {len(download(base, path))} bytes")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
