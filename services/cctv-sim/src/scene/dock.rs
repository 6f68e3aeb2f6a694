//! A loading dock: three gates, one with a trailer behind it, goods on pallets, marked lanes.

use super::canvas::{Colour, Ink, mix, shade};
use super::chance::{Dice, blotch};
use super::figures::{CLOTHES, carton, pallet, pallet_truck, person};
use super::font::text_is_set;
use super::passers::Habit;
use super::view::{Lamp, Light, Pose, View};
use super::{Design, Look, Moment, Object};

pub(super) const DESIGN: Design = Design {
    pose: Pose {
        eye: [-1.0, 4.6, 0.0],
        yaw: 10.0,
        pitch: 20.0,
        roll: 0.0,
        focal: 820.0,
    },
    light: Light {
        ambient: 0.4,
        lamps: &[
            Lamp {
                at: [-3.0, 6.5, 6.0],
                reach: 4.6,
                strength: 1.25,
            },
            Lamp {
                at: [6.0, 6.5, 8.0],
                reach: 3.0,
                strength: 0.5,
            },
        ],
    },
    still,
    moving,
};

const WALL_Z: f32 = 12.0;
const GATES: [f32; 3] = [-5.6, -0.4, 4.8];
const GATE: [f32; 2] = [3.2, 3.7];
const YELLOW: Colour = [206.0, 170.0, 52.0];

fn still(view: &mut View, look: &Look) {
    let mut dice = Dice::of(look.seed, 0xD0C, 0);
    hall(view);
    trailer(view, GATES[0]);
    gate(view, GATES[1], "2");
    gate(view, GATES[2], "3");
    for (x, number) in GATES.into_iter().zip(["1", "2", "3"]) {
        surround(view, x, number);
    }
    goods(view, &mut dice, [8.9, 10.5], 3);
    empties(view);
    goods(view, &mut dice, [-7.3, 10.6], 2);
    goods(view, &mut dice, [-5.4, 10.3], 1);
    if look.object != Object::Missing {
        goods(view, &mut dice, [3.2, 10.4], 2);
    }
    if look.object == Object::Added {
        carton(view, [0.3, 0.0, 5.8], [2.0, 1.4, 7.0], [150.0, 112.0, 74.0]);
    }
}

fn hall(view: &mut View) {
    view.surface(
        [-14.0, 0.0, -3.0],
        [32.0, 0.0, 0.0],
        [0.0, 0.0, 15.0],
        |u, v| {
            let (x, z) = (u - 14.0, v - 3.0);
            let stain = 4.0 * blotch(x * 0.7, z * 0.7) + 3.0 * blotch(x * 2.9, z * 2.9);
            let joint = if (x + 40.0) % 4.0 < 0.03 || (z + 40.0) % 4.0 < 0.03 {
                -16.0
            } else {
                0.0
            };
            Ink::solid([116.0, 118.0, 120.0].map(|c: f32| c + stain + joint))
        },
    );
    for z in [6.5, 9.9] {
        stripe(view, [-14.0, z], [32.0, 0.12]);
    }
    for x in GATES {
        stripe(view, [x - 0.5, 10.0], [0.1, 2.0]);
        stripe(view, [x + GATE[0] + 0.4, 10.0], [0.1, 2.0]);
    }
    view.surface(
        [-14.0, 0.0, WALL_Z],
        [32.0, 0.0, 0.0],
        [0.0, 9.0, 0.0],
        |u, v| {
            let rib = if u % 0.6 < 0.05 { 0.93 } else { 1.0 };
            let base = if v < 1.1 {
                [104.0, 116.0, 128.0]
            } else {
                [190.0, 192.0, 188.0]
            };
            Ink::solid(shade(base, rib))
        },
    );
    for (x, shadow) in [(-10.0, 0.8), (14.0, 0.7)] {
        view.surface([x, 0.0, -3.0], [0.0, 0.0, 15.0], [0.0, 9.0, 0.0], |_, v| {
            let base = if v < 1.1 {
                [104.0, 116.0, 128.0]
            } else {
                [186.0, 188.0, 184.0]
            };
            Ink::solid(shade(base, shadow))
        });
    }
    view.surface(
        [9.6, 0.0, WALL_Z - 0.02],
        [1.1, 0.0, 0.0],
        [0.0, 2.1, 0.0],
        |u, v| {
            let frame = !(0.07..1.03).contains(&u) || v > 2.03;
            let pane = (0.3..0.8).contains(&u) && (1.3..1.8).contains(&v);
            Ink::solid(if frame {
                [60.0; 3]
            } else if pane {
                [200.0, 214.0, 216.0]
            } else {
                [92.0, 110.0, 122.0]
            })
        },
    );
}

fn stripe(view: &mut View, corner: [f32; 2], size: [f32; 2]) {
    let origin = [corner[0], 0.0, corner[1]];
    view.surface(origin, [size[0], 0.0, 0.0], [0.0, 0.0, size[1]], |u, v| {
        let worn = 0.12 * blotch(u * 3.0 + corner[0], v * 3.0 + corner[1]);
        Ink::veil(YELLOW, 0.8 + worn)
    });
}

/// An open gate: the lit inside of a trailer with its load.
fn trailer(view: &mut View, x: f32) {
    let [width, height] = GATE;
    view.surface(
        [x, 0.0, WALL_Z - 0.01],
        [width, 0.0, 0.0],
        [0.0, height, 0.0],
        |_, _| Ink::solid([34.0, 34.0, 36.0]),
    );
    let (left, right, far) = (x + 0.3, x + width - 0.3, WALL_Z + 6.0);
    let dim = |v: f32| 0.62 - 0.06 * v;
    view.surface(
        [left, 0.1, WALL_Z],
        [right - left, 0.0, 0.0],
        [0.0, 0.0, 6.0],
        |_, v| Ink::solid(shade([120.0, 96.0, 70.0], dim(v))),
    );
    for side in [left, right] {
        view.surface(
            [side, 0.1, WALL_Z],
            [0.0, 0.0, 6.0],
            [0.0, 3.0, 0.0],
            |u, _| {
                let rib = if u % 0.5 < 0.06 { 0.8 } else { 1.0 };
                Ink::solid(shade([150.0, 152.0, 154.0], dim(u) * rib))
            },
        );
    }
    view.surface(
        [left, 3.1, WALL_Z],
        [right - left, 0.0, 0.0],
        [0.0, 0.0, 6.0],
        |_, v| Ink::solid(shade([140.0; 3], dim(v))),
    );
    view.surface(
        [left, 0.1, far],
        [right - left, 0.0, 0.0],
        [0.0, 3.0, 0.0],
        |_, _| Ink::solid([58.0, 58.0, 60.0]),
    );
    for (dx, top) in [(0.15, 1.5), (1.35, 1.1)] {
        let low = [left + dx, 0.1, WALL_Z + 2.6];
        view.cuboid(
            low,
            [left + dx + 1.1, top, WALL_Z + 3.7],
            [104.0, 82.0, 56.0],
        );
    }
    view.surface(
        [x + 0.2, 0.02, WALL_Z - 1.0],
        [width - 0.4, 0.0, 0.0],
        [0.0, 0.0, 1.0],
        |u, _| {
            Ink::solid(if u % 0.4 < 0.03 {
                [70.0; 3]
            } else {
                [96.0, 98.0, 102.0]
            })
        },
    );
}

/// A closed roller gate.
fn gate(view: &mut View, x: f32, number: &str) {
    let [width, height] = GATE;
    let tone: Colour = if number == "2" {
        [206.0, 208.0, 206.0]
    } else {
        [176.0, 186.0, 196.0]
    };
    view.surface(
        [x, 0.0, WALL_Z - 0.01],
        [width, 0.0, 0.0],
        [0.0, height, 0.0],
        |u, v| {
            let slat = (v % 0.46) / 0.46;
            let groove = if slat < 0.1 { 0.68 } else { 0.94 + 0.08 * slat };
            let window = (1.9..2.25).contains(&v) && u % 0.8 > 0.2 && u % 0.8 < 0.6;
            Ink::solid(if window {
                [62.0, 74.0, 84.0]
            } else {
                shade(tone, groove)
            })
        },
    );
}

/// Seal, bumpers, number plate and signal lamp around a gate.
fn surround(view: &mut View, x: f32, number: &str) {
    let [width, height] = GATE;
    let z = WALL_Z - 0.12;
    let black = [38.0, 38.0, 40.0];
    view.cuboid([x - 0.32, 0.0, z], [x, height + 0.3, WALL_Z], black);
    view.cuboid(
        [x + width, 0.0, z],
        [x + width + 0.32, height + 0.3, WALL_Z],
        black,
    );
    view.cuboid(
        [x - 0.32, height, z],
        [x + width + 0.32, height + 0.45, WALL_Z],
        black,
    );
    for post in [x - 0.55, x + width + 0.37] {
        view.surface(
            [post, 0.0, z - 0.3],
            [0.18, 0.0, 0.0],
            [0.0, 1.1, 0.0],
            |_, v| Ink::solid(if v % 0.36 < 0.18 { YELLOW } else { [30.0; 3] }),
        );
    }
    view.surface(
        [x + width / 2.0 - 0.4, height + 0.6, z],
        [0.8, 0.0, 0.0],
        [0.0, 0.8, 0.0],
        |u, v| {
            let dot = text_is_set(number, (u - 0.17) / 0.1, (0.74 - v) / 0.1);
            Ink::solid(if dot { [240.0; 3] } else { [36.0, 74.0, 128.0] })
        },
    );
    let lamp = if number == "1" {
        [236.0, 66.0, 52.0]
    } else {
        [70.0, 206.0, 110.0]
    };
    view.cuboid(
        [x + width + 0.45, 2.1, z],
        [x + width + 0.7, 2.7, WALL_Z],
        [48.0; 3],
    );
    let at = [
        x + width + 0.49,
        if number == "1" { 2.42 } else { 2.15 },
        z - 0.01,
    ];
    view.glow(at, [0.17, 0.0, 0.0], [0.0, 0.22, 0.0], |_, _| {
        Ink::solid(lamp)
    });
}

/// A pallet with layers of cartons.
fn goods(view: &mut View, dice: &mut Dice, corner: [f32; 2], layers: u32) {
    const CARDBOARD: Colour = [170.0, 132.0, 88.0];
    let [x, z] = corner;
    pallet(view, corner, [1.25, 1.0]);
    for layer in 0..layers {
        let y = 0.14 + 0.52 * layer as f32;
        for back in [0.52, 0.02] {
            for column in 0..2 {
                let tone = mix(CARDBOARD, [186.0, 160.0, 122.0], dice.unit() * 0.6);
                let low = [x + 0.02 + 0.61 * column as f32, y, z + back];
                let high = [low[0] + 0.59, y + 0.5, low[2] + 0.46];
                carton(view, low, high, tone);
            }
        }
    }
}

/// A stack of empty pallets.
fn empties(view: &mut View) {
    let (x, z) = (10.6, 10.6);
    view.shadow([x, z], [x + 1.2, z + 1.0], 0.25, 0.5);
    for layer in 0..8 {
        let y = 0.15 * layer as f32;
        view.cuboid([x, y, z], [x + 1.2, y + 0.09, z + 1.0], [70.0, 55.0, 40.0]);
        view.cuboid(
            [x, y + 0.09, z],
            [x + 1.2, y + 0.14, z + 1.0],
            [158.0, 126.0, 88.0],
        );
    }
}

fn moving(view: &mut View, moment: &Moment) {
    let walker = Habit {
        number: 1,
        period: 31.0,
        crossing: 13.0,
    };
    let truck = Habit {
        number: 2,
        period: 47.0,
        crossing: 15.0,
    };
    if let Some(mut passing) = truck.at(moment) {
        let walk = passing.along(-9.0, 14.0);
        let clothes = *passing.dice.pick(&CLOTHES);
        pallet_truck(view, walk, 8.7, passing.progress * 14.0, clothes);
    }
    if let Some(mut passing) = walker.at(moment) {
        let walk = passing.along(-8.0, 13.0);
        let clothes = *passing.dice.pick(&CLOTHES);
        person(view, [walk.at, 0.0, 7.7], passing.progress * 13.0, clothes);
    }
}
