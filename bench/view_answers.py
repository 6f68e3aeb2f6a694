#!/usr/bin/env python3
"""Prints the known answers in crates/comparison/src/view/tests.rs: the measure `view` on pictures that a formula makes.

    view_answers.py crates/comparison/src/view/statistics.bin

An implementation apart from the Rust one, of the same formulas, vectors in bytes as there. Needs numpy.
"""
import sys

import numpy as np

from view_loso import BLUR, CHANNELS, SHIPPED, bands, blur, far, grown, is_dark, lowest, tone

SHAPES = {"stage5": (15, 20, 112), "stage7": (7, 10, 320)}


def statistics(path):
    floats, out = np.fromfile(path, "<f4"), {}
    for stage, channels in CHANNELS.items():
        here, floats = floats[: 2 * channels + 1], floats[2 * channels + 1 :]
        out[stage] = here[:channels], here[channels:-1], here[-1]
    return out


def hashes(seed, count):
    """The finaliser of MurmurHash3 on `seed` and 0, 1, …"""
    h = np.arange(count, dtype=np.uint32) ^ np.uint32(seed * 0x9E3779B9 % 2**32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    return h


def noise(seed, shape):
    return ((hashes(seed, np.prod(shape)) >> np.uint32(8)).astype(np.float32) / np.float32(2**23) - 1).reshape(shape)


def picture(view, light, damage, fine=True, night=False):
    """View: which. Light: number of a harmless change. Damage: side, in places of stage 7, of a thing in it."""
    out = {}
    for stage, shape in SHAPES.items():
        f = 6 * noise(view, shape) + np.float32(2) * noise(100 + light, shape)
        side = damage * (2 if stage == "stage5" else 1)
        f[:side, :side] = 6 * noise(999, shape)[:side, :side]
        out[stage] = f
    y, x = np.mgrid[:240, :320]
    grain = (hashes(view, 320 * 240) >> np.uint32(26)).reshape(240, 320) if fine else 32
    luma = 20 + 8 * np.abs((x + y // 2 + 7 * view) % 40 - 20) + grain
    out["luma"] = np.where(luma > 200, 255, luma // 8) if night else luma
    return out


def look(picture, known):
    out = {"bands": bands(picture["luma"]), "tone": tone(picture["luma"])}
    for stage, (mean, std, soft) in known.items():
        f = picture[stage].reshape(-1, CHANNELS[stage]).astype(np.float64)
        v = (f - 0.5 * mean - 0.5 * f.mean(0)) / std
        steps = np.round(v * (127 / np.abs(v).max(1, keepdims=True)))
        out[stage] = steps / np.sqrt((steps * steps).sum(1, keepdims=True)), np.sqrt((v * v).sum(1)), soft
    return out


def likeness(one, other):
    (a, length, soft), (b, other_length, _) = one, other
    longer = np.maximum(length, other_length) ** 2
    return ((a * b).sum(1) * longer + soft) / (longer + soft)


def see(looks, frame):
    """(closest, s, u, z, limit, blur, whether a night's)"""
    ratings, least = [], SHIPPED["threshold"] + (SHIPPED["more"] if len(looks) > 1 else 0)
    for r in looks:
        m = likeness(r["stage7"], frame["stage7"])
        rise = SHIPPED["slope"] * max(0, np.median(m) - SHIPPED["alike"])
        s, room = lowest(m, SHIPPED["lowest"]), 1 - least - rise
        lost = blur(r["bands"], frame["bands"])
        apart = 1 - (min(s, 0.1) if lost < BLUR else s)
        u = apart / room
        ratings.append((u if u <= 1 else max(1 + (u - 1) / 4, apart / (1 - least)), s, lost))
    closest = min(range(len(looks)), key=lambda i: ratings[i][0])
    z = limit = None
    if len(looks) >= 5:
        delta = lambda a, b: 1 - likeness(a["stage5"], b["stage5"])
        floor = SHIPPED["floor_spread"]
        own = lambda a, others: np.min([delta(a, b) for b in others if b is not a], 0)
        spread = lambda group: grown(np.mean([own(a, group) for a in group], 0))
        rest = lambda a: [b for b in looks if b is not a]
        limit = max(SHIPPED["floor_limit"], SHIPPED["factor"] * max(far(own(a, looks), spread(rest(a)), floor) for a in looks))
        z = far(own(frame, looks), spread(looks), floor)
    u, s, lost = ratings[closest]
    night = all(is_dark(r["tone"], frame["tone"]) for r in looks)
    return closest, s, max(u, z / limit if z else 0), z, limit, lost, night


def main(path):
    known = statistics(path)
    of = lambda *a, **k: look(picture(*a, **k), known)
    reference, normals = [of(1, 0, 0)], [of(1, light, 0) for light in range(6)]
    lively = [of(1, light, 2 if light == 3 else 0) for light in range(6)]
    for name, looks, frame in (
        ("the same", reference, of(1, 0, 0)),
        ("light", reference, of(1, 6, 0)),
        ("a thing", reference, of(1, 6, 2)),
        ("a large thing", reference, of(1, 6, 4)),
        ("another view", reference, of(2, 6, 0)),
        ("blurred", reference, of(1, 6, 0, fine=False)),
        ("night", reference, of(2, 6, 0, night=True)),
        ("light, six pictures", normals, of(1, 6, 0)),
        ("a thing, six pictures", normals, of(1, 6, 2)),
        ("the fourth is closest", normals, of(1, 3, 1)),
        ("a large thing, six pictures, one with a thing", lively, of(1, 6, 4)),
    ):
        closest, s, u, z, limit, lost, night = see(looks, frame)
        rest = f"Some(({z:.4f}, {limit:.4f}))" if z is not None else "None"
        print(f'("{name}", {closest}, {s:.4f}, {u:.4f}, {rest}, {-lost:.4f}, {str(bool(night)).lower()}),')


if __name__ == "__main__":
    main(sys.argv[1])
