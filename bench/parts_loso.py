#!/usr/bin/env python3
"""Chooses the constants of the measure `parts`, and shows by leaving a set out what they are worth on the other.

    parts_loso.py FEATURES [--draws N] [--every N]

FEATURES is what bench/parts_features.py wrote. Boards (pcb-deeppcb) are held against their one reference, castings
against the reference and five sound parts drawn N times. Printed by reach, weight of a place's distance and share of the
places: the area under the ROC curve of s, real and drawn; `limit` is the same by the folder's own mean. `anywhere` is the study's search, without softness. Then what is
chosen on one set, and on the other; and for the shipped constants what a limit catches.

The formulas are those of crates/comparison/src/parts.rs, which names them. Needs numpy only.
"""
import argparse, csv, os, random

import numpy as np

ROWS, COLUMNS, CHANNELS = 45, 60, 112
REACHES, WEIGHTS, SHARES = (0, 1, 2, 3, 5), (0.0, 0.02), (0.001, 0.0015, 0.002, 0.005)
# With normal pictures the limit is `base` and `factor` of the mean own s, at least `floor`.
SHIPPED = {"reach": 3, "share": 0.0015, "alone": 0.6, "base": 0.27, "factor": 0.5, "floor": 0.45}
HERE = os.path.dirname(os.path.abspath(__file__))
STATISTICS = os.path.join(HERE, "../crates/comparison/src/view/statistics.bin")

statistics = np.fromfile(STATISTICS, "<f4")
MEAN, STD, SOFT = statistics[:CHANNELS], statistics[CHANNELS : 2 * CHANNELS], statistics[2 * CHANNELS]
y, x = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
OFFSETS = sorted((max(abs(a), abs(b)), a, b) for a in range(-5, 6) for b in range(-5, 6))
FAR = np.float32([np.hypot(a, b) for _, a, b in OFFSETS])
NEAR = np.stack([np.where((y + a >= 0) & (y + a < ROWS) & (x + b >= 0) & (x + b < COLUMNS), (y + a) * COLUMNS + x + b, -1)
                 for _, a, b in OFFSETS], 1)
ENDS = [sum(ring <= reach for ring, _, _ in OFFSETS) for reach in REACHES]


def centred(features):
    """v of each place, in order of the picture; and its length."""
    f = features.astype(np.float32)
    own = f.reshape(3, 15, 3, 20, CHANNELS).mean((1, 3)).repeat(15, 0).repeat(20, 1)
    v = ((f - 0.5 * MEAN - 0.5 * own) / STD).reshape(-1, CHANNELS)
    return v, np.sqrt((v * v).sum(1))


def deltas(frame, picture):
    """1 − m + λ · r of each place, by reach and weight, and last anywhere: options × places."""
    (v, length), (w, other) = frame, picture
    cosine = v @ w.T
    at = np.maximum(NEAR, 0)
    longer = np.maximum(length[:, None], other[at]) ** 2
    near = cosine[np.arange(len(v))[:, None], at] / np.maximum(length[:, None] * other[at], 1e-6)
    near = np.where(NEAR >= 0, 1 - (near * longer + SOFT) / (longer + SOFT), 2)
    options = [(near[:, :end] + weight * FAR[:end]).min(1) for end in ENDS for weight in WEIGHTS]
    cosine /= other + 1e-6
    return np.stack(options + [1 - cosine.max(1) / (length + 1e-6)]).astype(np.float16)


def highest(d, share):
    count = max(1, round(d.shape[-1] * share))
    return np.sort(d, -1)[..., -count:].mean(-1)


def area(harmful, harmless):
    a, b = np.asarray(harmful), np.asarray(harmless)
    return float((a[:, None] > b).mean() + 0.5 * (a[:, None] == b).mean()) if len(a) and len(b) else float("nan")


class Set:
    """Frames of a set, and how far each place of each is from each sound picture."""

    def __init__(self, name, rows, features, every):
        self.rows = rows
        self.frames = [i for i, r in enumerate(rows) if r["set"] == name]
        sound = {}
        for i in self.frames:
            if rows[i]["path"] and rows[i]["role"] != "anomaly":
                sound.setdefault(rows[i]["reference"], []).append(i)
        drawn = [i for i in self.frames if not rows[i]["path"]]
        left_out = set(drawn) - set(drawn[::every])
        self.frames = [i for i in self.frames if i not in left_out]
        self.sound, self.delta = sound, {}
        known = {i: centred(features[i]) for of in sound.values() for i in of}
        for i in self.frames:
            frame = known.get(i) or centred(features[i])
            for j in sound[rows[i]["reference"]]:
                if i != j:
                    self.delta[i, j] = deltas(frame, known[j])

    def judged(self, option, share, draws):
        """[(is real, is harmful, s, the mean s of its own pictures)]"""
        for draw in range(draws):
            for reference, sound in self.sound.items():
                others = sound[1:]
                chosen = sound[:1] + (random.Random(draw).sample(others, 5) if len(others) > 6 else [])
                paths = {self.rows[i]["path"] for i in chosen}
                d = lambda i, those: np.min([self.delta[i, j][option] for j in those], 0).astype(np.float32)
                own = [highest(d(i, [j for j in chosen if j != i]), share) for i in chosen] if len(chosen) > 1 else [0]
                for i in self.frames:
                    row = self.rows[i]
                    is_known = row["path"] in paths or len(chosen) > 1 and row["base"] in paths
                    if row["reference"] == reference and not is_known:
                        yield row["path"] != "", row["role"] == "anomaly", highest(d(i, chosen), share), np.mean(own)


def areas(judged):
    """Of s, real and drawn; the same by the mean s of the folder's own pictures."""
    real, harmful, s, own = (np.array(c) for c in zip(*judged))
    all_harmless = ~harmful
    harmless = all_harmless & real if (all_harmless & real).any() else all_harmless
    by = lambda values, kind: area(values[kind & harmful], values[harmless if kind is real else all_harmless])
    limit = s / np.maximum(own, 1e-6)
    return by(s, real), by(s, ~real), by(limit, real), by(limit, ~real)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("features")
    p.add_argument("--draws", type=int, default=10)
    p.add_argument("--every", type=int, default=1)
    o = p.parse_args()
    rows = list(csv.DictReader(open(os.path.join(o.features, "pictures.csv"), newline="")))
    features = np.load(os.path.join(o.features, "stage5.npy"), mmap_mode="r")
    sets = {name: Set(name, rows, features, o.every) for name in ("pcb-deeppcb", "casting")}
    names = [(r, w) for r in REACHES for w in WEIGHTS] + [("anywhere", 0)]
    worth = {}
    for name, of in sets.items():
        print(name, flush=True)
        for option, (reach, weight) in enumerate(names):
            for share in SHARES:
                found = areas(list(of.judged(option, share, o.draws if name == "casting" else 1)))
                worth[name, option, share] = np.nanmean(found[:2])
                print(f"  reach {reach} weight {weight} share {share}: real {found[0]:.3f} drawn {found[1]:.3f}"
                      f"  limit: real {found[2]:.3f} drawn {found[3]:.3f}", flush=True)
    for here, there in (("casting", "pcb-deeppcb"), ("pcb-deeppcb", "casting")):
        of = {k[1:]: v for k, v in worth.items() if k[0] == here}
        option, share = max(of, key=of.get)
        print(f"chosen on {here}: {names[option]} {share}: {of[option, share]:.3f}; on {there}: {worth[there, option, share]:.3f}"
              f" of at best {max(v for k, v in worth.items() if k[0] == there):.3f}")
    option = names.index((SHIPPED["reach"], 0.0))
    for name, of in sets.items():
        real, harmful, s, own = (np.array(c) for c in zip(*of.judged(option, SHIPPED["share"], o.draws if name == "casting" else 1)))
        limit = np.maximum(SHIPPED["floor"], SHIPPED["base"] + SHIPPED["factor"] * own) if name == "casting" else SHIPPED["alone"]
        over = s / limit
        for kind, which in (("real", real), ("drawn", ~real)):
            print(f"shipped, {name}, {kind}: caught {(over > 1)[which & harmful].mean():.3f}"
                  f" false {(over > 1)[which & ~harmful].mean() if (which & ~harmful).any() else float('nan'):.3f}"
                  f" s harmful {np.round(np.quantile(s[which & harmful], [0, .1, .5]), 3)}"
                  f" harmless {np.round(np.quantile(s[which & ~harmful], [.5, .9, 1]), 3) if (which & ~harmful).any() else '-'}")


if __name__ == "__main__":
    main()
