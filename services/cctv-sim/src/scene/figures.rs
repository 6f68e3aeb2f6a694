//! What stands, walks and drives in several scenes.

use super::canvas::{Colour, Ink, mix, shade};
use super::passers::Walk;
use super::view::{Point, View, corners, plus, times};

const SKIN: Colour = [172.0, 132.0, 108.0];
const TYRE: Colour = [26.0, 26.0, 28.0];
const GLASS: Colour = [52.0, 64.0, 74.0];

/// What a person wears.
#[derive(Clone, Copy)]
pub(super) struct Clothes {
    pub(super) jacket: Colour,
    pub(super) trousers: Colour,
    pub(super) head: Colour,
}

/// Clothes to choose from.
pub(super) const CLOTHES: [Clothes; 4] = [
    Clothes {
        jacket: [72.0, 92.0, 122.0],
        trousers: [74.0, 78.0, 90.0],
        head: [70.0, 52.0, 40.0],
    },
    Clothes {
        jacket: [196.0, 142.0, 48.0],
        trousers: [78.0, 82.0, 92.0],
        head: [206.0, 196.0, 150.0],
    },
    Clothes {
        jacket: [112.0, 84.0, 78.0],
        trousers: [82.0, 86.0, 94.0],
        head: [48.0, 40.0, 36.0],
    },
    Clothes {
        jacket: [96.0, 112.0, 92.0],
        trousers: [90.0, 86.0, 80.0],
        head: [96.0, 80.0, 60.0],
    },
];

/// A person of 1.75 m; `stride` turns once a double step.
pub(super) fn person(view: &mut View, foot: Point, stride: f32, clothes: Clothes) {
    view.shadow(
        [foot[0] - 0.2, foot[2] - 0.1],
        [foot[0] + 0.2, foot[2] + 0.15],
        0.3,
        0.28,
    );
    let sideways = view.sideways();
    let lit = view.light_at(plus(foot, [0.0, 1.0, 0.0]));
    let place = |across: f32, up: f32| plus(plus(foot, times(sideways, across)), [0.0, up, 0.0]);
    let swing = (stride * std::f32::consts::TAU).sin();
    let mut limb = |from: [f32; 2], to: [f32; 2], wide: f32, colour: Colour| {
        let narrow = wide * 0.75;
        let outline = [
            place(from[0] - wide, from[1]),
            place(from[0] + wide, from[1]),
            place(to[0] + narrow, to[1]),
            place(to[0] - narrow, to[1]),
        ];
        view.polygon(&outline, Ink::solid(shade(colour, lit)));
    };
    let dark = shade(clothes.trousers, 0.8);
    limb([-0.06, 0.92], [-0.04 - 0.24 * swing, 0.0], 0.09, dark);
    limb(
        [0.17, 1.42],
        [0.2 - 0.2 * swing, 0.85],
        0.055,
        shade(clothes.jacket, 0.75),
    );
    limb(
        [0.06, 0.92],
        [0.04 + 0.24 * swing, 0.0],
        0.09,
        clothes.trousers,
    );
    limb([0.0, 1.48], [0.0, 0.85], 0.21, clothes.jacket);
    limb([0.0, 1.56], [0.0, 1.44], 0.07, SKIN);
    limb(
        [-0.17, 1.42],
        [-0.2 + 0.2 * swing, 0.85],
        0.055,
        shade(clothes.jacket, 0.9),
    );
    let ring = |radius: [f32; 2], up: f32| -> Vec<Point> {
        (0..14)
            .map(|i| {
                let angle = i as f32 / 14.0 * std::f32::consts::TAU;
                place(radius[0] * angle.cos(), up + radius[1] * angle.sin())
            })
            .collect()
    };
    view.polygon(&ring([0.1, 0.13], 1.63), Ink::solid(shade(SKIN, lit)));
    view.polygon(
        &ring([0.108, 0.085], 1.7),
        Ink::solid(shade(clothes.head, lit)),
    );
}

/// Somebody who pulls a hand pallet truck with a load along x, `walk.at` its middle.
pub(super) fn pallet_truck(view: &mut View, walk: Walk, z: f32, stride: f32, clothes: Clothes) {
    let (x, d) = (walk.at, walk.direction);
    view.shadow([x - 0.6, z], [x + 0.6, z + 0.7], 0.25, 0.3);
    let mut part = |from: f32, to: f32, y: [f32; 2], depth: [f32; 2], colour: Colour| {
        let (a, b) = (x + d * from, x + d * to);
        let low = [a.min(b), y[0], z + depth[0]];
        view.cuboid(low, [a.max(b), y[1], z + depth[1]], colour);
    };
    part(-0.6, 0.6, [0.08, 0.16], [0.05, 0.65], [122.0, 98.0, 68.0]);
    part(-0.55, 0.5, [0.16, 0.62], [0.05, 0.65], [138.0, 110.0, 80.0]);
    part(0.6, 0.75, [0.05, 0.5], [0.2, 0.5], [166.0, 70.0, 44.0]);
    part(0.75, 0.8, [0.4, 1.0], [0.33, 0.38], [96.0, 98.0, 102.0]);
    person(view, [x + d * 1.05, 0.0, z + 0.3], stride, clothes);
}

/// A car of 4.3 m parked along z, its back towards the camera at `foot`, the middle of its near end.
pub(super) fn car_along_z(view: &mut View, foot: Point, paint: Colour) {
    let place =
        |along: f32, up: f32, deep: f32| [foot[0] + deep - 0.88, up, foot[2] + 2.15 + along];
    view.shadow(
        [foot[0] - 0.85, foot[2]],
        [foot[0] + 0.85, foot[2] + 4.3],
        0.35,
        0.6,
    );
    body(view, place, paint);
    let [left, right] = [foot[0] - 0.75, foot[0] + 0.45];
    for x in [left, right] {
        view.surface(
            [x, 0.62, foot[2] - 0.01],
            [0.3, 0.0, 0.0],
            [0.0, 0.13, 0.0],
            |_, _| Ink::solid([150.0, 34.0, 30.0]),
        );
        view.surface(
            [x, 0.0, foot[2] - 0.01],
            [0.26, 0.0, 0.0],
            [0.0, 0.24, 0.0],
            |_, _| Ink::solid(TYRE),
        );
    }
    let plate = [foot[0] - 0.26, 0.45, foot[2] - 0.02];
    view.surface(plate, [0.52, 0.0, 0.0], [0.0, 0.12, 0.0], |_, _| {
        Ink::solid([205.0, 205.0, 198.0])
    });
}

/// Lower body, cabin with windows and roof; `place` says where along, up and deep are.
fn body(view: &mut View, place: impl Fn(f32, f32, f32) -> Point, paint: Colour) {
    let hull = |x: [f32; 2], up: [f32; 2], top: [f32; 2], inset: f32| {
        corners([0.0; 3], [1.0; 3]).map(|[a, b, c]| {
            let (ends, deep) = if b > 0.5 { (top, inset) } else { (x, 0.0) };
            place(
                ends[0] + (ends[1] - ends[0]) * a,
                up[0] + (up[1] - up[0]) * b,
                deep + (1.76 - 2.0 * deep) * c,
            )
        })
    };
    view.frustum(hull([-2.15, 2.15], [0.22, 0.9], [-2.1, 2.0], 0.04), paint);
    view.frustum(
        hull([-1.9, 1.0], [0.9, 1.42], [-1.45, 0.35], 0.2),
        mix(GLASS, paint, 0.12),
    );
    view.frustum(hull([-1.48, 0.38], [1.4, 1.46], [-1.4, 0.3], 0.22), paint);
}

/// A round plate that faces the camera's end of the z axis.
pub(super) fn disc(view: &mut View, centre: Point, radius: [f32; 2], colour: Colour) {
    let rim: Vec<Point> = (0..28)
        .map(|i| {
            let angle = i as f32 / 28.0 * std::f32::consts::TAU;
            plus(
                centre,
                [radius[0] * angle.cos(), radius[1] * angle.sin(), 0.0],
            )
        })
        .collect();
    let lit = view.light_at(centre);
    view.polygon(&rim, Ink::solid(shade(colour, lit)));
}

/// A carton with tape along its top and a label on its front.
pub(super) fn carton(view: &mut View, low: Point, high: Point, colour: Colour) {
    view.cuboid(low, high, colour);
    let size = [high[0] - low[0], high[1] - low[1]];
    let front = [low[0], low[1], low[2] - 0.002];
    view.surface(front, [size[0], 0.0, 0.0], [0.0, size[1], 0.0], |u, v| {
        let (a, b) = (u / size[0], v / size[1]);
        if (0.58..0.9).contains(&a) && (0.2..0.52).contains(&b) {
            let line = (b * 40.0) as i32 % 3 == 0 && (0.62..0.86).contains(&a);
            return Ink::solid(if line {
                [120.0; 3]
            } else {
                [222.0, 220.0, 212.0]
            });
        }
        let edge = (u.min(size[0] - u)).min(v.min(size[1] - v));
        let tape = (0.44..0.54).contains(&a) && b > 0.72;
        let tone = if tape {
            1.16
        } else if edge < 0.012 {
            0.72
        } else {
            1.0
        };
        Ink::solid(shade(colour, tone))
    });
}

/// A wooden pallet, 0.14 m high.
pub(super) fn pallet(view: &mut View, corner: [f32; 2], size: [f32; 2]) {
    const WOOD: Colour = [150.0, 118.0, 80.0];
    let [x, z] = corner;
    view.shadow(corner, [x + size[0], z + size[1]], 0.22, 0.5);
    view.cuboid(
        [x, 0.0, z],
        [x + size[0], 0.14, z + size[1]],
        shade(WOOD, 0.45),
    );
    for foot in 0..3 {
        let at = x + (size[0] - 0.12) * foot as f32 / 2.0;
        view.cuboid([at, 0.0, z], [at + 0.12, 0.1, z + 0.1], WOOD);
    }
    view.cuboid([x, 0.1, z], [x + size[0], 0.14, z + size[1]], WOOD);
}
