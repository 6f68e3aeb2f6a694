//! A car park from a lamp post: a row of bays, a lane before it, an office building behind.

use super::canvas::{Colour, Ink, mix, shade};
use super::chance::{Dice, blotch};
use super::figures::{CLOTHES, car_along_z, carton, person};
use super::passers::Habit;
use super::view::{Lamp, Light, Pose, View};
use super::{Design, Look, Moment, Object};

pub(super) const DESIGN: Design = Design {
    pose: Pose {
        eye: [0.0, 6.5, 0.0],
        yaw: 11.0,
        pitch: 17.0,
        roll: 0.0,
        focal: 860.0,
    },
    light: Light {
        ambient: 0.74,
        lamps: &[Lamp {
            at: [-8.0, 9.0, 12.0],
            reach: 9.0,
            strength: 0.22,
        }],
    },
    still,
    moving,
};

const BAYS: f32 = 17.0;
const BAY: f32 = 2.7;
const BUILDING: f32 = 33.0;
/// The paint of the car in each bay; none for a free one.
const PARKED: [Option<Colour>; 10] = [
    Some([150.0, 40.0, 38.0]),
    Some([186.0, 190.0, 194.0]),
    Some([40.0, 44.0, 52.0]),
    None,
    Some([212.0, 212.0, 208.0]),
    Some([46.0, 70.0, 112.0]),
    None,
    Some([120.0, 124.0, 128.0]),
    Some([60.0, 62.0, 64.0]),
    Some([196.0, 196.0, 190.0]),
];

fn still(view: &mut View, look: &Look) {
    let mut dice = Dice::of(look.seed, 0xCA2, 0);
    sky_and_ground(view);
    building(view, &mut dice);
    for x in [-19.0, -13.2, -7.8, 11.5, 17.5, 24.0, 30.0] {
        tree(view, &mut dice, [x, 26.0]);
    }
    markings(view);
    for (i, paint) in PARKED.into_iter().enumerate() {
        let missing = i == 5 && look.object == Object::Missing;
        let added = i == 3 && look.object == Object::Added;
        let paint = if added {
            Some([128.0, 88.0, 52.0])
        } else {
            paint
        };
        if let (Some(paint), false) = (paint, missing) {
            let shift = dice.between(-0.12, 0.12);
            let foot = [
                bay_edge(i) + BAY / 2.0 + shift,
                0.0,
                BAYS + dice.between(0.4, 0.8),
            ];
            car_along_z(view, foot, paint);
        }
    }
    if look.object == Object::Added {
        carton(
            view,
            [-1.2, 0.0, 15.0],
            [0.0, 0.9, 15.9],
            [176.0, 140.0, 92.0],
        );
    }
}

fn bay_edge(number: usize) -> f32 {
    -9.8 + BAY * number as f32
}

fn sky_and_ground(view: &mut View) {
    view.glow(
        [-120.0, -2.0, 90.0],
        [280.0, 0.0, 0.0],
        [0.0, 60.0, 0.0],
        |u, v| {
            let cloud = 0.5 + 0.5 * blotch(u * 0.05, v * 0.12);
            Ink::solid(mix(
                [214.0, 220.0, 224.0],
                [176.0, 196.0, 216.0],
                v / 40.0 + 0.25 * cloud,
            ))
        },
    );
    view.surface(
        [-80.0, 0.0, 0.5],
        [180.0, 0.0, 0.0],
        [0.0, 0.0, 89.5],
        |u, v| {
            let cloud = 4.0 * blotch(u * 0.6, v * 0.6) + 4.0 * blotch(u * 4.0, v * 4.0);
            let grass = v + 0.5 > 22.6;
            let base: Colour = if grass {
                [92.0, 116.0, 74.0]
            } else {
                [78.0, 80.0, 84.0]
            };
            Ink::solid(base.map(|c| c + cloud))
        },
    );
    view.cuboid(
        [-80.0, 0.0, 22.4],
        [100.0, 0.14, 22.7],
        [176.0, 174.0, 168.0],
    );
    view.surface(
        [-80.0, 0.0, 5.6],
        [180.0, 0.0, 0.0],
        [0.0, 0.0, 2.4],
        |u, v| {
            let slab = if u % 0.8 < 0.03 || v % 0.8 < 0.03 {
                0.88
            } else {
                1.0
            };
            Ink::solid(shade([158.0, 154.0, 146.0], slab))
        },
    );
    view.cuboid([-80.0, 0.0, 7.9], [100.0, 0.12, 8.1], [190.0, 188.0, 180.0]);
}

fn building(view: &mut View, dice: &mut Dice) {
    let (left, right) = (-9.0, 10.5);
    let blinds: Vec<f32> = (0..64).map(|_| dice.between(0.0, 0.35)).collect();
    view.surface(
        [left, 0.0, BUILDING],
        [right - left, 0.0, 0.0],
        [0.0, 9.5, 0.0],
        |u, v| {
            let (column, row) = ((u / 1.6) as usize, (v / 3.0) as usize);
            let (a, b) = (u % 1.6, v % 3.0);
            let pane = (0.2..1.45).contains(&a) && (0.9..2.5).contains(&b) && row < 3;
            let blind = b > 2.5 - 1.6 * blinds[(column * 3 + row) % 64];
            Ink::solid(match (pane, blind) {
                (true, true) => [186.0, 184.0, 172.0],
                (true, false) => [70.0, 88.0, 104.0],
                _ if b < 0.12 => [150.0, 140.0, 126.0],
                _ => [188.0, 170.0, 146.0],
            })
        },
    );
    view.surface(
        [right, 0.0, BUILDING],
        [40.0, 0.0, 0.0],
        [0.0, 5.0, 0.0],
        |u, v| {
            let rib = if u % 0.8 < 0.06 { 0.9 } else { 1.0 };
            Ink::solid(if v > 4.6 {
                [96.0, 98.0, 102.0]
            } else {
                shade([150.0, 158.0, 162.0], rib)
            })
        },
    );
}

fn tree(view: &mut View, dice: &mut Dice, foot: [f32; 2]) {
    let [x, z] = foot;
    view.shadow([x - 1.2, z - 0.8], [x + 1.2, z + 0.8], 0.8, 0.4);
    view.column([x, 0.0, z], 0.14, 1.8, [88.0, 70.0, 54.0]);
    for _ in 0..44 {
        let angle = dice.between(0.0, std::f32::consts::TAU);
        let out = dice.unit().sqrt();
        let centre = [
            x + 1.5 * out * angle.cos(),
            3.1 + 1.4 * out * angle.sin(),
            z,
        ];
        let size = dice.between(0.3, 0.6);
        let tone = 0.85 + 0.12 * (centre[1] - 3.1) + dice.between(-0.12, 0.12);
        let leaf: Vec<_> = (0..9)
            .map(|i| {
                let turn = i as f32 / 9.0 * std::f32::consts::TAU;
                [
                    centre[0] + size * turn.cos(),
                    centre[1] + size * turn.sin(),
                    z,
                ]
            })
            .collect();
        view.polygon(&leaf, Ink::solid(shade([70.0, 100.0, 58.0], tone)));
    }
}

fn markings(view: &mut View) {
    const WHITE: Colour = [206.0, 206.0, 200.0];
    for i in 0..=PARKED.len() {
        let at = [bay_edge(i) - 0.06, 0.0, BAYS];
        view.surface(at, [0.12, 0.0, 0.0], [0.0, 0.0, 5.0], |_, _| {
            Ink::veil(WHITE, 0.85)
        });
    }
    for i in 0..24 {
        let at = [-40.0 + 4.0 * i as f32, 0.0, 13.78];
        view.surface(at, [1.8, 0.0, 0.0], [0.0, 0.0, 0.14], |_, _| {
            Ink::veil(WHITE, 0.8)
        });
    }
    let [left, tip] = [bay_edge(6) + 0.7, 15.0];
    let arrow = [
        [left, 0.0, tip - 0.5],
        [left + 1.2, 0.0, tip - 0.5],
        [left + 0.6, 0.0, tip + 0.6],
    ];
    view.polygon(&arrow, Ink::veil(WHITE, 0.75));
}

fn moving(view: &mut View, moment: &Moment) {
    let walker = Habit {
        number: 1,
        period: 29.0,
        crossing: 17.0,
    };
    if let Some(mut passing) = walker.at(moment) {
        let walk = passing.along(-10.0, 15.0);
        let clothes = *passing.dice.pick(&CLOTHES);
        person(view, [walk.at, 0.0, 16.0], passing.progress * 17.0, clothes);
    }
}
