#!/usr/bin/env python3
"""Fits the constants of the measure `view`, and shows by leave-one-scene-out what they are worth on scenes not seen.

    view_loso.py FEATURES [--write STATISTICS.bin] [--draws N]

FEATURES is what bench/view_features.py wrote. Printed, of the corpus's frames and of the drawn ones: the area under
the ROC curve, the shares of anomalies and of harmless frames that are called a mismatch, and the share of anomalies
caught where 3 % of the harmless frames are: with one reference, and with five further normal pictures drawn N times.
Lines: `before`, without softness, with constants that were fitted for that; `shipped`, the constants below; `fitted`,
constants chosen on all scenes but the one that is judged. The softness is always of the scenes that are not judged.
--write writes what crates/comparison includes, with that of all scenes.

The formulas are those of crates/comparison/src/view.rs, which names them. Needs numpy only.
"""
import argparse, csv, itertools, json, os, random

import numpy as np

HIGHEST = 0.02  # share of the patches of stage 5 that z is the mean of
SOFTNESS = 0.25  # of the median squared length of v: what a place must show to tell much
# `more` is added to the threshold with normal pictures: the closest of several is closer by chance.
SHIPPED = {"lowest": 0.05, "threshold": 0.35, "more": 0.03, "slope": 2.0, "alike": 0.85,
           "floor_spread": 0.16, "floor_limit": 3.0, "factor": 1.5}
BEFORE = {"lowest": 0.1, "threshold": 0.36, "more": 0.0, "slope": 0.0, "alike": 1.0,
          "floor_spread": 0.03, "floor_limit": 4.0, "factor": 1.5}
BLUR = -0.75
CHANNELS = {"stage5": 112, "stage7": 320}
STATS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "view_statistics.json")


def lowest(values, share):
    """The mean of this share of the values (at least one), the lowest."""
    count = max(1, round(values.shape[-1] * share))
    return np.sort(values, -1)[..., :count].mean(-1)


def centred(features, stats):
    """Features (patches × channels) less half the corpus's mean and half their own, in standard deviations."""
    f = features.reshape(-1, features.shape[-1]).astype(np.float32)
    return (f - 0.5 * np.float32(stats["mean"]) - 0.5 * f.mean(0)) / np.float32(stats["std"])


def likeness(one, other, length, other_length, soft):
    """The cosine of each place, drawn towards 1 where neither is long."""
    longer = np.maximum(length, other_length) ** 2
    return ((one * other).sum(-1) / np.maximum(length * other_length, 1e-9) * longer + soft) / (longer + soft)


def squares(vectors):
    """The median squared length of a scene's vectors."""
    return float(np.median([(v * v).sum(-1) for v in vectors]))


def bands(luma):
    """8×8 DCT energies of 320×240 luma in three bands of frequencies, means of 4×4 blocks: 3 × 7 × 10."""
    k = np.arange(8)
    basis = np.sqrt(2 / 8) * np.cos((2 * k[None] + 1) * k[:, None] * np.pi / 16)
    basis[0] /= np.sqrt(2)
    blocks = luma.astype(np.float32).reshape(30, 8, 40, 8).transpose(0, 2, 1, 3)
    energy = (basis.astype(np.float32) @ blocks @ basis.T.astype(np.float32)) ** 2
    order = k[:, None] + k[None]
    masks = ((order >= 1) & (order <= 2), (order >= 3) & (order <= 5), order >= 6)
    sums = np.stack([energy[..., m].sum(-1) for m in masks])
    return sums[:, :28].reshape(3, 7, 4, 10, 4).mean((2, 4))


def blur(reference, frame):
    """Median over textured places of the log ratio of fine to coarse energy, frame against reference."""
    textured = (reference[0] > 150) & (frame[0] > 60)
    if textured.sum() < 6:
        return 0.0
    ratio = lambda b, i: np.log((b[i] + 8) / (b[0] + 8))
    return float(sum(np.median((ratio(frame, i) - ratio(reference, i))[textured]) for i in (1, 2)) / 2)


def tone(luma):
    return luma.mean() / 255, luma.std(), (luma < 40).mean()


def is_dark(reference, frame):
    return frame[0] - reference[0] < -0.15 and frame[2] - reference[2] > 0.25 and frame[1] >= 25


def grown(spread):
    """The largest of 3×3 neighbours."""
    padded = np.pad(spread.reshape(15, 20), 1, constant_values=-np.inf)
    return np.max([padded[y : y + 15, x : x + 20] for y in range(3) for x in range(3)], 0).ravel()


def far(deltas, spread, floor):
    return -lowest(-deltas / (spread + floor), HIGHEST)


class Scene:
    """All frames of one reference, held against all its harmless pictures."""

    def __init__(self, rows, stages, luma, softness):
        self.rows, self.name = rows, rows[0]["scene"]
        self.is_anomaly = np.array([r["role"] == "anomaly" for r in rows])
        self.is_drawn = np.array([r["path"] == "" for r in rows])
        self.harmless = [i for i in range(len(rows)) if not self.is_anomaly[i] and not self.is_drawn[i]]
        alike = {}
        for stage, vectors in stages.items():
            v, soft = np.stack(vectors), softness[stage]
            length = np.sqrt((v * v).sum(-1))
            alike[stage] = np.stack([likeness(v, v[j], length, length[j], soft) for j in self.harmless], 1)
        # Of frames × harmless pictures, by the share of patches.
        self.s = {share: lowest(alike["stage7"], share) for share in (0.05, 0.1)}
        self.median = np.median(alike["stage7"], -1)
        self.delta = 1 - alike["stage5"]  # frames × harmless pictures × 300
        energies, tones = [bands(l) for l in luma], [tone(l) for l in luma]
        self.blur = np.array([[blur(energies[j], e) for j in self.harmless] for e in energies])
        self.dark = np.array([[is_dark(tones[j], t) for j in self.harmless] for t in tones])

    def draws(self, count, draws):
        """(columns of the pictures held against, rows judged) by the corpus's grader's own draws."""
        column = {self.rows[i]["path"]: c for c, i in enumerate(self.harmless)}
        known = sorted(path for path in column if path != self.rows[0]["path"])
        if count and len(known) < count + 2:
            return
        for draw in range(draws if count else 1):
            chosen = random.Random(f"{draw} {self.rows[0]['path']}").sample(known, count) if count else []
            kept = [i for i in range(1, len(self.rows)) if not {self.rows[i]["path"], self.rows[i]["base"]} & set(chosen)]
            yield [0] + [column[p] for p in chosen], np.array(kept)

    def parts(self, columns, kept, o):
        """u of the closest picture, z by its limit, and the closest picture's column, of each frame."""
        least = o["threshold"] + (o["more"] if len(columns) > 1 else 0)
        threshold = least + o["slope"] * np.maximum(0, self.median[kept][:, columns] - o["alike"])
        s = self.s[o["lowest"]][kept][:, columns]
        s = np.where(self.blur[kept][:, columns] < BLUR, np.minimum(s, 0.1), s)
        u = (1 - s) / (1 - threshold)
        # Beyond the threshold what counts is s alone, or more damage could be less.
        u = np.where(u <= 1, u, np.maximum(1 + (u - 1) / 4, (1 - s) / (1 - least)))
        closest = np.array(columns)[u.argmin(1)]
        if len(columns) < 5:
            return u.min(1), np.zeros(len(u)), closest
        rows = [self.harmless[c] for c in columns]
        pair = self.delta[rows][:, columns]
        spread = lambda who: grown(np.mean([pair[i, [j for j in who if j != i]].min(0) for i in who], 0))
        everyone = list(range(len(rows)))
        others = lambda i: [j for j in everyone if j != i]
        out = max(far(pair[i, others(i)].min(0), spread(others(i)), o["floor_spread"]) for i in everyone)
        z = far(self.delta[kept][:, columns].min(1), spread(everyone), o["floor_spread"])
        return u.min(1), z / max(o["floor_limit"], o["factor"] * out), closest

    def judged(self, columns, kept, o):
        """(u, whether a mismatch, whether indeterminate) of each frame."""
        u, z, closest = self.parts(columns, kept, o)
        u = np.maximum(u, z)
        dark = self.dark[kept][:, columns].all(1) & (u > 1) & (self.blur[kept, closest] >= BLUR)
        return u, (u > 1) & ~dark, dark


def load(folder, softened):
    rows = list(csv.DictReader(open(os.path.join(folder, "pictures.csv"), newline="")))
    arrays = {n: np.load(os.path.join(folder, n + ".npy"), mmap_mode="r") for n in ("stage5", "stage7", "luma")}
    stats = json.load(open(STATS))
    groups = {}
    for i, row in enumerate(rows):
        groups.setdefault(row["reference"], []).append(i)
    ordered = [sorted(g, key=lambda i: rows[i]["role"] != "reference") for g in groups.values()]
    vectors = [{s: [centred(arrays[s][i], stats[s]) for i in g] for s in CHANNELS} for g in ordered]
    median = []  # of each scene with harmless pictures
    for group, of in zip(ordered, vectors):
        harmless = [k for k, i in enumerate(group) if rows[i]["role"] != "anomaly" and rows[i]["path"]]
        median.append(len(harmless) > 1 and {s: squares(of[s][k] for k in harmless) for s in CHANNELS})

    def softness(but):
        """By stage, of all scenes but one."""
        those = [m for i, m in enumerate(median) if m and i != but]
        return {s: SOFTNESS * np.median([m[s] for m in those]) for s in CHANNELS}

    scenes = []
    for k, (group, of) in enumerate(zip(ordered, vectors)):
        soft = softness(k) if softened else {s: 1e-3 for s in CHANNELS}
        scenes.append(Scene([rows[i] for i in group], of, [arrays["luma"][i] for i in group], soft))
    return scenes, softness(None)


def judge(scenes, count, draws, constants):
    """[(scene, role is anomaly, is drawn, u, mismatch, indeterminate)] joined; `constants` by scene or for all."""
    columns = []
    for scene in scenes:
        for against, kept in scene.draws(count, draws):
            u, mismatch, dark = scene.judged(against, kept, constants.get(scene.name, constants))
            columns.append((np.full(len(kept), scene.name), scene.is_anomaly[kept], scene.is_drawn[kept], u, mismatch, dark))
    return [np.concatenate(c) for c in zip(*columns)]


def loss(judged, keep=True):
    """What the constants are fitted by: real frames count three times the drawn ones, a false alarm five times a drawn
    thing that is missed, since the smallest of those cannot all be seen."""
    _, anomaly, drawn, _, mismatch, _ = judged
    share = lambda which, wrong: wrong[which & keep].mean() if (which & keep).any() else 0
    return (3 * share(~drawn & ~anomaly, mismatch) + 3 * share(~drawn & anomaly, ~mismatch)
            + 5 * share(drawn & ~anomaly, mismatch) + share(drawn & anomaly, ~mismatch))


def fit(scenes, count, draws, options):
    """Constants by the scene that was left out, and the choice on all scenes."""
    judged = [(o, judge(scenes, count, draws, o)) for o in options]
    best = lambda keep: min(judged, key=lambda j: loss(j[1], keep))[0]
    names = judged[0][1][0]
    return {s: best(names != s) for s in set(names)}, best(True)


def report(title, judged):
    _, anomaly, drawn, u, mismatch, dark = judged
    line = f"{title:10}"
    for name, which in (("real", ~drawn), ("drawn", drawn)):
        a, b = u[which & anomaly & ~dark], u[which & ~anomaly & ~dark]
        area = (a[:, None] > b).mean() + 0.5 * (a[:, None] == b).mean()
        caught, false = mismatch[which & anomaly].mean(), mismatch[which & ~anomaly].mean()
        line += f"  {name} AUC {area:.4f} caught {caught:.3f} false {false:.4f} caught@3% {(a > np.quantile(b, 0.97)).mean():.3f}"
    print(line, flush=True)


def write(path, softness):
    """Per stage, 5 then 7: channels' means and deviations, and the softness: 32-bit floats, little-endian."""
    stats = json.load(open(STATS))
    with open(path, "wb") as file:
        for stage in CHANNELS:
            for floats in (stats[stage]["mean"], stats[stage]["std"], [softness[stage]]):
                file.write(np.array(floats, "<f4").tobytes())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("features")
    p.add_argument("--write", metavar="STATISTICS.bin")
    p.add_argument("--draws", type=int, default=20)
    o = p.parse_args()
    scenes, softness = load(o.features, softened=True)
    if o.write:
        return write(o.write, softness)
    plain, _ = load(o.features, softened=False)
    pairs = itertools.product((0.31, 0.33, 0.35, 0.37, 0.39), (0, 1, 2, 3))
    options = [{**SHIPPED, "threshold": t, "slope": a} for t, a in pairs]
    print("one reference")
    fitted, chosen = fit(scenes, 0, 1, options)
    report("before", judge(plain, 0, 1, BEFORE))
    report("shipped", judge(scenes, 0, 1, SHIPPED))
    report("fitted", judge(scenes, 0, 1, fitted))
    print("chosen on all:", chosen)
    print("five normal pictures")
    pairs = itertools.product((0.03, 0.08, 0.1, 0.13, 0.16, 0.2), (2, 2.5, 3, 3.5, 4))
    options = [{**SHIPPED, "floor_spread": e, "floor_limit": l} for e, l in pairs]
    fitted, chosen = fit(scenes, 5, 3, options)
    report("before", judge(plain, 5, o.draws, BEFORE))
    report("shipped", judge(scenes, 5, o.draws, SHIPPED))
    report("fitted", judge(scenes, 5, o.draws, fitted))
    print("chosen on all:", chosen)


if __name__ == "__main__":
    main()
