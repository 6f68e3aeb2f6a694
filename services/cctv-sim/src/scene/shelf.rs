//! A storage rack seen from across the aisle: four levels of cartons and bins, and now and then a picker.

use super::canvas::{Colour, Ink, mix, shade};
use super::chance::{Dice, blotch};
use super::figures::{CLOTHES, carton, person};
use super::font::text_is_set;
use super::passers::Habit;
use super::view::{Lamp, Light, Pose, View};
use super::{Design, Look, Moment, Object};

pub(super) const DESIGN: Design = Design {
    pose: Pose {
        eye: [-1.2, 3.0, 0.0],
        yaw: 14.0,
        pitch: 10.0,
        roll: 0.0,
        focal: 880.0,
    },
    light: Light {
        ambient: 0.42,
        lamps: &[Lamp {
            at: [-1.5, 5.2, 4.0],
            reach: 3.6,
            strength: 0.95,
        }],
    },
    still,
    moving,
};

const FRONT: f32 = 7.0;
const BACK: f32 = 8.1;
const LEVELS: [f32; 4] = [0.12, 1.35, 2.5, 3.6];
const BAY: f32 = 2.7;
const BLUE: Colour = [44.0, 78.0, 132.0];
const ORANGE: Colour = [204.0, 104.0, 42.0];

fn still(view: &mut View, look: &Look) {
    let mut dice = Dice::of(look.seed, 0x5E1F, 0);
    room(view);
    view.shadow([-8.5, FRONT + 0.1], [13.0, BACK], 0.5, 0.55);
    for bay in -3..4 {
        let x = 0.4 + BAY * bay as f32;
        for (level, &y) in LEVELS.iter().enumerate() {
            board(view, x, y);
            stock(view, &mut dice, look, [x, y], (bay, level));
        }
    }
    for bay in -3..5 {
        upright(view, 0.4 + BAY * bay as f32);
    }
    if look.object == Object::Added {
        carton(
            view,
            [0.2, 0.0, 5.6],
            [1.1, 0.75, 6.3],
            [176.0, 140.0, 92.0],
        );
    }
}

fn room(view: &mut View) {
    view.surface(
        [-16.0, 0.0, 0.5],
        [32.0, 0.0, 0.0],
        [0.0, 0.0, 11.5],
        |u, v| {
            let cloud = 5.0 * blotch(u * 0.8, v * 0.8) + 2.0 * blotch(u * 4.0, v * 4.0);
            Ink::solid([140.0, 138.0, 132.0].map(|c: f32| c + cloud))
        },
    );
    view.surface(
        [-16.0, 0.0, 5.9],
        [32.0, 0.0, 0.0],
        [0.0, 0.0, 0.1],
        |_, _| Ink::veil([206.0, 172.0, 60.0], 0.85),
    );
    view.surface(
        [-16.0, 0.0, 11.9],
        [32.0, 0.0, 0.0],
        [0.0, 9.0, 0.0],
        |u, _| {
            Ink::solid(if u % 1.2 < 0.04 {
                [80.0, 82.0, 84.0]
            } else {
                [96.0, 98.0, 100.0]
            })
        },
    );
}

fn board(view: &mut View, x: f32, y: f32) {
    view.cuboid(
        [x, y - 0.04, FRONT + 0.06],
        [x + BAY, y, BACK],
        [118.0, 112.0, 102.0],
    );
    view.cuboid([x, y - 0.13, FRONT], [x + BAY, y, FRONT + 0.06], ORANGE);
    for place in 0..3 {
        let at = [x + 0.35 + 0.85 * place as f32, y - 0.1, FRONT - 0.01];
        view.surface(at, [0.2, 0.0, 0.0], [0.0, 0.07, 0.0], |_, _| {
            Ink::solid([226.0; 3])
        });
    }
}

fn upright(view: &mut View, x: f32) {
    for z in [BACK - 0.1, FRONT - 0.02] {
        view.cuboid([x - 0.06, 0.0, z], [x + 0.06, 4.9, z + 0.1], BLUE);
    }
    view.surface(
        [x - 0.06, 0.0, FRONT - 0.03],
        [0.12, 0.0, 0.0],
        [0.0, 4.9, 0.0],
        |u, v| {
            let hole = (0.045..0.075).contains(&u) && v % 0.1 < 0.05;
            Ink::solid(if hole { shade(BLUE, 0.4) } else { BLUE })
        },
    );
    view.cuboid(
        [x - 0.1, 0.0, FRONT - 0.12],
        [x + 0.1, 0.42, FRONT - 0.04],
        [202.0, 168.0, 50.0],
    );
}

/// What stands in one bay of one level: always the same kind of goods at a place, in sizes that depend on the seed.
fn stock(view: &mut View, dice: &mut Dice, look: &Look, at: [f32; 2], place: (i32, usize)) {
    let [x, y] = at;
    let (bay, level) = place;
    match (bay + 3 + 2 * level as i32) % 4 {
        0 => bins(
            view,
            x,
            y,
            if bay % 2 == 0 {
                [52.0, 92.0, 140.0]
            } else {
                [150.0, 58.0, 50.0]
            },
        ),
        1 => row_of_cartons(view, dice, x, y, [0.78, 0.74], [184.0, 148.0, 102.0]),
        2 if place == (0, 1) && look.object == Object::Missing => {}
        2 => row_of_cartons(view, dice, x, y, [1.2, 0.86], [162.0, 122.0, 80.0]),
        _ => drums(view, x, y),
    }
}

fn row_of_cartons(view: &mut View, dice: &mut Dice, x: f32, y: f32, size: [f32; 2], tone: Colour) {
    let count = ((BAY - 0.2) / size[0]) as u32;
    let gap = (BAY - 0.16 - count as f32 * size[0]) / count as f32;
    for i in 0..count {
        let left = x + 0.1 + (size[0] + gap) * i as f32 + dice.between(0.0, gap * 0.6);
        let high = size[1] * dice.between(0.92, 1.06);
        let paint = mix(tone, [206.0, 186.0, 150.0], dice.unit() * 0.35);
        let deep = FRONT + dice.between(0.06, 0.16);
        carton(
            view,
            [left, y, deep],
            [left + size[0], y + high, BACK - 0.1],
            paint,
        );
    }
}

fn bins(view: &mut View, x: f32, y: f32, tone: Colour) {
    for row in 0..2 {
        for column in 0..5 {
            let left = x + 0.12 + 0.51 * column as f32;
            let low = y + 0.44 * row as f32;
            view.cuboid(
                [left, low, FRONT + 0.1],
                [left + 0.47, low + 0.4, BACK - 0.2],
                tone,
            );
            let front = [left, low, FRONT + 0.095];
            view.surface(front, [0.47, 0.0, 0.0], [0.0, 0.4, 0.0], |u, v| {
                let opening = (0.05..0.42).contains(&u) && v > 0.24 && v < 0.36;
                let label = (0.14..0.33).contains(&u) && (0.07..0.17).contains(&v);
                let text = text_is_set("A12", (u - 0.15) / 0.01, (0.16 - v) / 0.01);
                Ink::solid(match (opening, label) {
                    (true, _) => shade(tone, 0.4),
                    (_, true) if text => [70.0; 3],
                    (_, true) => [228.0; 3],
                    _ => tone,
                })
            });
        }
    }
}

fn drums(view: &mut View, x: f32, y: f32) {
    for column in 0..3 {
        let foot = [x + 0.5 + 0.85 * column as f32, y, FRONT + 0.5];
        let tone = [
            [66.0, 112.0, 104.0],
            [188.0, 190.0, 188.0],
            [66.0, 112.0, 104.0],
        ][column];
        view.column(foot, 0.34, 0.9, tone);
        for ring in [0.28, 0.58] {
            view.column([foot[0], y + ring, foot[2]], 0.355, 0.04, shade(tone, 0.8));
        }
    }
}

fn moving(view: &mut View, moment: &Moment) {
    let picker = Habit {
        number: 1,
        period: 37.0,
        crossing: 11.0,
    };
    if let Some(mut passing) = picker.at(moment) {
        let walk = passing.along(-7.0, 10.0);
        let clothes = *passing.dice.pick(&CLOTHES);
        person(view, [walk.at, 0.0, 6.3], passing.progress * 11.0, clothes);
    }
}
