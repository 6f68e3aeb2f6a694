//! A belt conveyor that carries parcels through a scanner.

use super::canvas::{Colour, Ink, shade};
use super::chance::{Dice, blotch};
use super::figures::{CLOTHES, carton, person};
use super::passers::Habit;
use super::view::{Lamp, Light, Pose, View};
use super::{Design, Look, Moment, Object};

pub(super) const DESIGN: Design = Design {
    pose: Pose {
        eye: [-0.8, 3.1, 0.0],
        yaw: 12.0,
        pitch: 27.0,
        roll: 0.0,
        focal: 900.0,
    },
    light: Light {
        ambient: 0.27,
        lamps: &[
            Lamp {
                at: [-2.0, 4.5, 3.0],
                reach: 2.8,
                strength: 1.5,
            },
            Lamp {
                at: [4.5, 4.5, 6.0],
                reach: 2.6,
                strength: 0.45,
            },
        ],
    },
    still,
    moving,
};

const NEAR: f32 = 3.4;
const FAR: f32 = 4.5;
const TOP: f32 = 0.85;
const SCANNER: [f32; 2] = [1.3, 2.4];
const SPEED: f32 = 0.45;
const STEEL: Colour = [160.0, 164.0, 168.0];

fn still(view: &mut View, look: &Look) {
    room(view);
    cabinet(view);
    lockers(view);

    view.shadow([-9.0, NEAR], [11.0, FAR], 0.5, 0.6);
    for i in -5..6 {
        let x = 1.6 * i as f32 + 0.2;
        view.cuboid([x, 0.0, FAR - 0.1], [x + 0.09, TOP, FAR], shade(STEEL, 0.6));
        view.cuboid(
            [x, 0.0, NEAR],
            [x + 0.09, TOP, NEAR + 0.1],
            shade(STEEL, 0.8),
        );
    }
    view.cuboid([-9.0, TOP - 0.2, NEAR], [11.0, TOP - 0.01, FAR], STEEL);
    belt(view, 0.0);
    if look.object != Object::Missing {
        bin(view);
    }
    if look.object == Object::Added {
        carton(
            view,
            [-2.6, 0.0, 2.55],
            [-1.8, 0.6, 3.1],
            [172.0, 134.0, 90.0],
        );
    }
}

fn room(view: &mut View) {
    view.surface(
        [-12.0, 0.0, 0.3],
        [26.0, 0.0, 0.0],
        [0.0, 0.0, 8.7],
        |u, v| {
            let (x, z) = (u - 12.0, v + 0.3);
            let cloud = 4.0 * blotch(x, z) + 2.0 * blotch(x * 5.0, z * 5.0);
            let walkway = (6.7..8.0).contains(&z);
            let base: Colour = if walkway {
                [82.0, 116.0, 98.0]
            } else {
                [112.0, 114.0, 118.0]
            };
            Ink::solid(base.map(|c| c + cloud))
        },
    );
    for z in [6.6, 8.0] {
        view.surface(
            [-12.0, 0.0, z],
            [26.0, 0.0, 0.0],
            [0.0, 0.0, 0.1],
            |_, _| Ink::veil([210.0, 178.0, 60.0], 0.9),
        );
    }
    view.surface(
        [-12.0, 0.0, 9.0],
        [26.0, 0.0, 0.0],
        [0.0, 6.0, 0.0],
        |u, v| {
            let panel = if u % 1.5 < 0.03 { 0.9 } else { 1.0 };
            let base = if v < 1.2 {
                [92.0, 112.0, 126.0]
            } else {
                [196.0, 198.0, 192.0]
            };
            Ink::solid(shade(base, panel))
        },
    );
}

fn cabinet(view: &mut View) {
    view.shadow([-4.4, 8.2], [-2.6, 9.0], 0.4, 0.5);
    view.cuboid([-4.4, 0.0, 8.2], [-2.6, 2.2, 9.0], [130.0, 136.0, 136.0]);
    view.surface(
        [-4.4, 0.0, 8.19],
        [1.8, 0.0, 0.0],
        [0.0, 2.2, 0.0],
        |u, v| {
            let seam = (u - 0.9).abs() < 0.012;
            let vent = (0.15..0.65).contains(&u) && (0.3..0.7).contains(&v) && v % 0.1 < 0.05;
            let screen = (1.1..1.6).contains(&u) && (1.45..1.8).contains(&v);
            Ink::solid(match (seam || vent, screen) {
                (true, _) => [64.0; 3],
                (_, true) => [58.0, 108.0, 140.0],
                _ => [132.0, 138.0, 138.0],
            })
        },
    );
    for (i, lamp) in [
        [70.0, 210.0, 110.0],
        [230.0, 180.0, 60.0],
        [150.0, 60.0, 52.0],
    ]
    .into_iter()
    .enumerate()
    {
        let at = [-4.15 + 0.2 * i as f32, 1.6, 8.18];
        view.glow(at, [0.1, 0.0, 0.0], [0.0, 0.1, 0.0], |_, _| {
            Ink::solid(lamp)
        });
    }
}

fn lockers(view: &mut View) {
    view.shadow([4.4, 8.4], [7.6, 9.0], 0.4, 0.5);
    view.cuboid([4.4, 0.0, 8.4], [7.6, 2.3, 9.0], [52.0, 66.0, 92.0]);
    view.surface(
        [4.4, 0.0, 8.39],
        [3.2, 0.0, 0.0],
        [0.0, 2.3, 0.0],
        |u, v| {
            let a = u % 0.4;
            let seam = a < 0.015 || (v - 1.15).abs() < 0.01;
            let slot = (0.12..0.3).contains(&a) && v % 1.15 > 0.9 && v % 0.06 < 0.03;
            let dark = seam || slot;
            Ink::solid(if dark {
                [28.0, 34.0, 48.0]
            } else {
                [54.0, 68.0, 96.0]
            })
        },
    );
}

/// The belt's top, moved along by `shift` metres, with its side rails.
fn belt(view: &mut View, shift: f32) {
    view.surface(
        [-9.0, TOP, NEAR + 0.08],
        [20.0, 0.0, 0.0],
        [0.0, 0.0, FAR - NEAR - 0.16],
        |u, v| {
            let seam = (u - shift).rem_euclid(2.5) < 0.025;
            let edge = v.min(FAR - NEAR - 0.16 - v) < 0.04;
            Ink::solid(if seam {
                [80.0; 3]
            } else if edge {
                [70.0; 3]
            } else {
                [112.0, 115.0, 120.0]
            })
        },
    );
}

fn rail(view: &mut View) {
    view.cuboid(
        [-9.0, TOP - 0.2, NEAR - 0.02],
        [11.0, TOP + 0.08, NEAR + 0.06],
        [184.0, 156.0, 62.0],
    );
    for i in 0..24 {
        let at = [-8.8 + 0.8 * i as f32, TOP - 0.08, NEAR - 0.03];
        view.surface(at, [0.07, 0.0, 0.0], [0.0, 0.07, 0.0], |_, _| {
            Ink::solid([70.0; 3])
        });
    }
}

fn scanner_back(view: &mut View) {
    let [left, right] = SCANNER;
    view.cuboid(
        [left, 0.0, FAR + 0.02],
        [right, 2.0, FAR + 0.25],
        [56.0, 66.0, 80.0],
    );
    view.glow(
        [left + 0.45, TOP + 0.02, NEAR + 0.1],
        [0.2, 0.0, 0.0],
        [0.0, 0.0, 0.9],
        |u, _| {
            Ink::veil(
                [232.0, 60.0, 60.0],
                0.75 * (1.0 - (u - 0.1).abs() * 10.0).max(0.0),
            )
        },
    );
}

fn scanner_front(view: &mut View) {
    let [left, right] = SCANNER;
    view.cuboid(
        [left, 1.75, NEAR - 0.2],
        [right, 2.1, FAR + 0.25],
        [64.0, 76.0, 92.0],
    );
    view.surface(
        [left, 1.75, NEAR - 0.21],
        [right - left, 0.0, 0.0],
        [0.0, 0.35, 0.0],
        |u, v| {
            let lamp = (u - 0.95).hypot(v - 0.18) < 0.07;
            let screen = (0.12..0.7).contains(&u) && (0.08..0.28).contains(&v);
            Ink::solid(match (lamp, screen) {
                (true, _) => [90.0, 230.0, 130.0],
                (_, true) => [120.0, 190.0, 210.0],
                _ => [64.0, 76.0, 92.0],
            })
        },
    );
    view.cuboid(
        [left, 0.0, NEAR - 0.2],
        [left + 0.12, 1.75, NEAR - 0.05],
        [64.0, 76.0, 92.0],
    );
    view.cuboid(
        [right - 0.12, 0.0, NEAR - 0.2],
        [right, 1.75, NEAR - 0.05],
        [64.0, 76.0, 92.0],
    );
}

fn bin(view: &mut View) {
    let (low, high) = ([3.3, 0.0, 2.3], [4.3, 0.75, 3.0]);
    view.shadow([low[0], low[2]], [high[0], high[2]], 0.25, 0.5);
    view.cuboid(low, high, [56.0, 96.0, 140.0]);
    view.surface(
        [low[0] + 0.06, 0.752, low[2] + 0.06],
        [0.88, 0.0, 0.0],
        [0.0, 0.0, 0.58],
        |_, _| Ink::solid([30.0, 44.0, 60.0]),
    );
}

fn moving(view: &mut View, moment: &Moment) {
    let worker = Habit {
        number: 1,
        period: 41.0,
        crossing: 12.0,
    };
    if let Some(mut passing) = worker.at(moment) {
        let walk = passing.along(-7.0, 9.0);
        let clothes = *passing.dice.pick(&CLOTHES);
        person(view, [walk.at, 0.0, 7.5], passing.progress * 11.0, clothes);
    }
    let shift = moment.seconds * SPEED;
    belt(view, shift);
    scanner_back(view);
    parcels(view, moment.seed, shift);
    scanner_front(view);
    rail(view);
}

/// Parcels at even distances, so that the belt is always equally full.
fn parcels(view: &mut View, seed: u64, shift: f32) {
    const APART: f32 = 0.95;
    let first = (shift / APART).floor() as i64;
    for slot in (-3..18).rev() {
        let mut dice = Dice::of(seed, 0xBE17, (first - slot + 1_000_000) as u64);
        let x = -8.0 + APART * slot as f32 + shift.rem_euclid(APART) + APART;
        let [wide, deep] = [dice.between(0.36, 0.44), dice.between(0.34, 0.42)];
        let high = dice.between(0.14, 0.17);
        let z = NEAR + 0.33 + dice.between(0.0, 0.12);
        let tone = *dice.pick(&[
            [146.0, 112.0, 76.0],
            [136.0, 106.0, 74.0],
            [116.0, 110.0, 98.0],
        ]);
        carton(view, [x, TOP, z], [x + wide, TOP + high, z + deep], tone);
    }
}
