#!/usr/bin/env python3
"""What masks do on the corpus's real frames: mismatches without a mask and with it, as docs/detection.md has them.

    masks.py CORPUS [FRAMEWATCH]

CORPUS is the folder with manifest.csv, FRAMEWATCH the program (`framewatch` of the path). Needs ffmpeg, which draws what is
drawn: frames out of focus, and a piece of another view, a quarter of the width wide, beside the mask and under it. What is
drawn lies in a folder that is removed.
"""
import csv
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

# By view: what is masked, and its corners, a little larger than where something moves.
VIEWS = {
    "cctv/highway": ("road", "0.58,0 0.89,0 0.84,1 0,1 0,0.6"),
    "cctv/avenue": ("road", "0.4,0.02 0.57,0.02 0.84,1 0,1 0,0.55 0.14,0.32"),
    "cctv/arrowroad": ("lanes", "0,0.05 1,0.22 1,0.5 0.25,1 0,1"),
    "webcam/courbevoie": ("square", "0,0.58 1,0.58 1,1 0,1"),
    "webcam/lasvegas": ("building site", "0,0.5 1,0.5 1,1 0,1"),
}
KINDS = ["harmless", "under the mask", "another camera's", "out of focus", "piece beside it", "piece under it"]
DRAWN = 4
PIECE = 0.25


def share_within(mask, left, top, wide, high):
    """Of a rectangle, in fractions of the picture."""
    corners = [tuple(map(float, it.split(","))) for it in mask.split()]

    def is_within(x, y):
        edges = zip(corners, corners[1:] + corners[:1])
        return sum((y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0) for (x0, y0), (x1, y1) in edges) % 2

    steps = [(i + 0.5) / 24 for i in range(24)]
    return sum(is_within(left + wide * x, top + high * y) for x in steps for y in steps) / len(steps) ** 2


def drawn(to, filters, *pictures):
    inputs = [argument for picture in pictures for argument in ("-i", str(picture))]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", filters, "-frames:v", "1", "-q:v", "2", str(to)], check=True)
    return to


def with_piece(to, row, frame, other, mask, share, chance):
    """A piece of another view where this share of it is masked; None where there is no such place."""
    width, height = int(row["width"]), int(row["height"])
    for _ in range(500):
        left, top = chance.uniform(0, 1 - PIECE), chance.uniform(0, 1 - PIECE)
        if share_within(mask, left, top, PIECE, PIECE) == share:
            piece = f"[1:v]crop=iw/2:ih/2,scale={int(PIECE * width)}:{int(PIECE * height)}[p]"
            return drawn(to, f"{piece};[0:v][p]overlay={int(left * width)}:{int(top * height)}", frame, other)
    return None


def mismatches(program, reference, frames, mask):
    pairs = "".join(f"{reference}\t{frame}\n" for frame in frames)
    arguments = [program, "compare", "--json", "--measure", "view", "--pairs", "-", *mask]
    answers = subprocess.run(arguments, input=pairs, capture_output=True, text=True, check=True).stdout.splitlines()
    return [json.loads(answer)["verdict"] == "mismatch" for answer in answers]


def main(corpus, program="framewatch"):
    rows = list(csv.DictReader(open(corpus / "manifest.csv")))
    references = {f"{row['set']}/{row['scene']}": row for row in rows if row["role"] == "reference"}
    together, chance = defaultdict(Counter), random.Random(1)
    print(f"| view, masked | of it | {' | '.join(KINDS)} |\n|---|---|{'---|' * len(KINDS)}")

    def line(name, share, counts):
        cells = (f"{counts[kind]['without']}, {counts[kind]['with']} of {counts[kind]['of']}" for kind in KINDS)
        print(f"| {name} | {share} | {' | '.join(cells)} |", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        for view, (what, mask) in VIEWS.items():
            frames = []
            for row in rows:
                if f"{row['set']}/{row['scene']}" != view or row["role"] == "reference" or row["condition"] == "night":
                    continue
                is_other = row["condition"] == "other-scene"
                kind = "harmless" if row["role"] == "benign" else "another camera's" if is_other else "under the mask"
                frames.append((kind, corpus / row["path"], row))
            for number, (_, frame, row) in enumerate([it for it in frames if it[0] == "harmless"][:DRAWN]):
                to = lambda name: Path(folder) / f"{view.replace('/', '-')}-{number}-{name}.jpg"
                other = corpus / references[chance.choice([it for it in VIEWS if it != view])]["path"]
                blur = f"[0:v]gblur=sigma={0.012 * int(row['width'])}"
                frames.append(("out of focus", drawn(to("blurred"), blur, frame), row))
                for kind, share in (("piece beside it", 0), ("piece under it", 1)):
                    picture = with_piece(to(kind[6:]), row, frame, other, mask, share, chance)
                    frames += [(kind, picture, row)] if picture else []
            counts = defaultdict(Counter)
            for way, arguments in (("without", []), ("with", ["--mask", mask])):
                said = mismatches(program, corpus / references[view]["path"], [it[1] for it in frames], arguments)
                for (kind, _, _), is_mismatch in zip(frames, said, strict=True):
                    counts[kind][way] += is_mismatch
                    counts[kind]["of"] += way == "with"
            line(f"{view}: {what}", f"{100 * share_within(mask, 0, 0, 1, 1):.0f} %", counts)
            for kind in KINDS:
                together[kind].update(counts[kind])
    line("together", "", together)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
