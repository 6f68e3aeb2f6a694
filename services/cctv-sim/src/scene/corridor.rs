//! An office corridor: doors on the left, windows on the right, a glass door at its end.

use super::canvas::{Colour, Ink, mix, shade};
use super::chance::{Dice, blotch};
use super::figures::{CLOTHES, carton, person};
use super::font::text_is_set;
use super::passers::Habit;
use super::view::{Lamp, Light, Pose, View};
use super::{Design, Look, Moment, Object};

pub(super) const DESIGN: Design = Design {
    pose: Pose {
        eye: [0.55, 2.45, 0.0],
        yaw: -5.0,
        pitch: 12.0,
        roll: 0.0,
        focal: 760.0,
    },
    light: Light {
        ambient: 0.42,
        lamps: &[
            Lamp {
                at: [0.8, 2.4, 4.0],
                reach: 1.9,
                strength: 0.5,
            },
            Lamp {
                at: [0.8, 2.4, 9.0],
                reach: 1.9,
                strength: 0.45,
            },
            Lamp {
                at: [0.8, 2.4, 14.0],
                reach: 1.9,
                strength: 0.4,
            },
        ],
    },
    still,
    moving,
};

const LEFT: f32 = -1.4;
const RIGHT: f32 = 1.4;
const CEILING: f32 = 2.9;
const END: f32 = 19.0;

fn still(view: &mut View, look: &Look) {
    let mut dice = Dice::of(look.seed, 0xC0, 0);
    shell(view);
    far_end(view);
    for (i, z) in [15.0, 11.0, 7.0, 3.2].into_iter().enumerate() {
        door(view, z, ["107", "105", "103", "101"][i]);
    }
    for z in [13.6, 9.9, 6.2, 2.5] {
        window(view, z, dice.between(-0.2, 0.2));
    }
    for z in [16.5, 12.5, 8.5, 4.5] {
        view.glow(
            [-0.35, CEILING - 0.01, z],
            [0.7, 0.0, 0.0],
            [0.0, 0.0, 1.3],
            |_, _| Ink::solid([248.0, 248.0, 240.0]),
        );
    }
    exit_sign(view);
    bench(view);
    extinguisher(view);
    if look.object != Object::Missing {
        plant(view, &mut dice);
    }
    if look.object == Object::Added {
        carton(
            view,
            [-0.3, 0.0, 4.6],
            [0.45, 0.5, 5.1],
            [170.0, 134.0, 92.0],
        );
    }
}

fn shell(view: &mut View) {
    view.surface(
        [LEFT, 0.0, 0.2],
        [RIGHT - LEFT, 0.0, 0.0],
        [0.0, 0.0, END],
        |u, v| {
            let tile = if u % 0.7 < 0.012 || v % 0.7 < 0.02 {
                0.9
            } else {
                1.0
            };
            let sheen = 0.28 * (-((u - 2.0) / 0.5).powi(2)).exp() + 0.03 * blotch(u * 2.0, v * 2.0);
            Ink::solid(shade([118.0, 112.0, 104.0], tile * (0.86 + sheen)))
        },
    );
    view.surface(
        [LEFT, CEILING, 0.2],
        [RIGHT - LEFT, 0.0, 0.0],
        [0.0, 0.0, END],
        |u, v| {
            let grid = (u + 0.35) % 0.7 < 0.02 || v % 0.7 < 0.02;
            Ink::solid(if grid {
                [168.0; 3]
            } else {
                [206.0, 206.0, 200.0]
            })
        },
    );
    for (x, base) in [
        (LEFT, [176.0, 172.0, 160.0]),
        (RIGHT, [196.0, 194.0, 184.0]),
    ] {
        view.surface(
            [x, 0.0, 0.2],
            [0.0, 0.0, END],
            [0.0, CEILING, 0.0],
            |_, v| {
                let rail = (0.86..0.98).contains(&v);
                Ink::solid(match () {
                    () if v < 0.12 => [84.0, 80.0, 76.0],
                    () if rail => [128.0, 104.0, 80.0],
                    () => base,
                })
            },
        );
    }
}

fn far_end(view: &mut View) {
    view.surface(
        [LEFT, 0.0, END],
        [RIGHT - LEFT, 0.0, 0.0],
        [0.0, CEILING, 0.0],
        |_, _| Ink::solid([150.0, 148.0, 140.0]),
    );
    view.glow(
        [-0.8, 0.0, END - 0.02],
        [1.6, 0.0, 0.0],
        [0.0, 2.2, 0.0],
        |u, v| {
            let frame =
                (u - 0.8).abs() < 0.05 || !(0.06..1.54).contains(&u) || !(0.1..2.12).contains(&v);
            Ink::solid(if frame {
                [66.0, 70.0, 76.0]
            } else {
                [182.0, 204.0, 212.0]
            })
        },
    );
}

fn door(view: &mut View, z: f32, number: &str) {
    const WOOD: Colour = [122.0, 88.0, 60.0];
    view.surface(
        [LEFT + 0.01, 0.0, z],
        [0.0, 0.0, 1.1],
        [0.0, 2.2, 0.0],
        |u, v| {
            let frame = !(0.07..1.03).contains(&u) || v > 2.12;
            let pane = (0.72..0.9).contains(&u) && (1.1..1.9).contains(&v);
            let handle = (0.86..0.98).contains(&u) && (0.98..1.03).contains(&v);
            Ink::solid(match (frame, pane, handle) {
                (true, ..) => [72.0, 66.0, 62.0],
                (_, true, _) => [188.0, 200.0, 200.0],
                (.., true) => [206.0; 3],
                _ => shade(WOOD, 1.0 + 0.05 * blotch(u * 30.0, v * 1.5)),
            })
        },
    );
    view.surface(
        [LEFT + 0.02, 1.5, z + 1.25],
        [0.0, 0.0, 0.4],
        [0.0, 0.22, 0.0],
        |u, v| {
            let dot = text_is_set(number, (u - 0.03) / 0.02, (0.18 - v) / 0.02);
            Ink::solid(if dot {
                [40.0; 3]
            } else {
                [226.0, 226.0, 220.0]
            })
        },
    );
}

fn window(view: &mut View, z: f32, sky: f32) {
    view.glow(
        [RIGHT - 0.01, 1.0, z],
        [0.0, 0.0, 2.3],
        [0.0, 1.5, 0.0],
        |u, v| {
            let frame = !(0.06..1.44).contains(&v) || (u % 1.12) < 0.07;
            let outside = if v < 0.4 {
                mix(
                    [120.0, 140.0, 112.0],
                    [134.0, 150.0, 124.0],
                    blotch(u * 3.0, v * 3.0),
                )
            } else {
                mix([208.0, 218.0, 224.0], [228.0, 234.0, 236.0], v - 0.4 + sky)
            };
            Ink::solid(if frame {
                [104.0, 106.0, 108.0]
            } else {
                outside
            })
        },
    );
    view.cuboid(
        [RIGHT - 0.14, 0.94, z - 0.05],
        [RIGHT, 1.0, z + 2.35],
        [214.0, 212.0, 204.0],
    );
    view.glow(
        [-0.5, 0.001, z + 0.1],
        [1.5, 0.0, 0.0],
        [0.0, 0.0, 2.0],
        |u, v| {
            let soft = (u / 1.5).min(1.0) * (v.min(2.0 - v) * 3.0).min(1.0);
            Ink::veil([226.0, 222.0, 206.0], 0.22 * soft)
        },
    );
}

fn exit_sign(view: &mut View) {
    view.glow(
        [-0.42, 2.42, 10.4],
        [0.84, 0.0, 0.0],
        [0.0, 0.32, 0.0],
        |u, v| {
            let dot = text_is_set("EXIT", (u - 0.14) / 0.025, (0.25 - v) / 0.025);
            Ink::solid(if dot { [244.0; 3] } else { [34.0, 132.0, 78.0] })
        },
    );
}

fn bench(view: &mut View) {
    view.shadow([0.9, 8.7], [1.35, 10.2], 0.15, 0.45);
    for z in [8.8, 10.0] {
        view.cuboid([0.95, 0.0, z], [1.35, 0.42, z + 0.08], [70.0, 72.0, 74.0]);
    }
    view.cuboid([0.9, 0.42, 8.7], [1.38, 0.5, 10.2], [88.0, 104.0, 122.0]);
}

fn extinguisher(view: &mut View) {
    view.column([LEFT + 0.12, 0.35, 6.4], 0.08, 0.5, [190.0, 44.0, 40.0]);
    view.column([LEFT + 0.12, 0.85, 6.4], 0.03, 0.08, [40.0; 3]);
}

fn plant(view: &mut View, dice: &mut Dice) {
    let foot = [-1.0, 0.0, 9.6];
    view.shadow(
        [foot[0] - 0.2, foot[2] - 0.2],
        [foot[0] + 0.2, foot[2] + 0.2],
        0.2,
        0.5,
    );
    for i in 0..26 {
        let angle = i as f32 * 2.4;
        let lean = dice.between(0.12, 0.42);
        let tip = [
            foot[0] + lean * angle.cos(),
            dice.between(0.75, 1.45),
            foot[2] + lean * angle.sin(),
        ];
        let root = [foot[0], 0.45, foot[2]];
        let middle: [f32; 3] = std::array::from_fn(|k| f32::midpoint(root[k], tip[k]));
        let wide = [middle[0] + 0.06, middle[1] + 0.06, middle[2]];
        let narrow = [middle[0] - 0.06, middle[1] + 0.02, middle[2]];
        let tone = shade([58.0, 104.0, 62.0], dice.between(0.7, 1.25));
        view.polygon(&[root, wide, tip, narrow], Ink::solid(tone));
    }
    view.column(foot, 0.2, 0.5, [150.0, 148.0, 144.0]);
}

fn moving(view: &mut View, moment: &Moment) {
    let visitor = Habit {
        number: 1,
        period: 43.0,
        crossing: 14.0,
    };
    if let Some(mut passing) = visitor.at(moment) {
        let walk = passing.along(7.5, 17.5);
        let clothes = *passing.dice.pick(&CLOTHES);
        let x = passing.dice.between(-0.3, 0.4);
        person(view, [x, 0.0, walk.at], passing.progress * 10.0, clothes);
    }
}
