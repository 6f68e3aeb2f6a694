//! A control panel: gauges with live needles, rows of lamps, a display, switches and an emergency stop.

use super::canvas::{Colour, Ink, mix, shade};
use super::chance::Dice;
use super::figures::disc;
use super::font::text_is_set;
use super::view::{Lamp, Light, Pose, View};
use super::{Design, Look, Moment, Object};

pub(super) const DESIGN: Design = Design {
    pose: Pose {
        eye: [0.25, 1.75, 0.0],
        yaw: -4.0,
        pitch: 3.0,
        roll: 0.0,
        focal: 900.0,
    },
    light: Light {
        ambient: 0.4,
        lamps: &[Lamp {
            at: [-1.3, 2.9, 0.6],
            reach: 1.3,
            strength: 1.1,
        }],
    },
    still,
    moving,
};

/// Where the panel's front is; everything on it stands a little before that.
const FRONT: f32 = 2.0;
const GAUGES: [[f32; 2]; 3] = [[-0.85, 2.05], [-0.3, 2.05], [0.25, 2.05]];
const RADIUS: f32 = 0.21;
const LAMPS: usize = 6;
const GREEN: Colour = [84.0, 222.0, 120.0];
const AMBER: Colour = [240.0, 180.0, 60.0];
const RED: Colour = [226.0, 62.0, 50.0];

fn still(view: &mut View, look: &Look) {
    cabinet(view);
    for ([x, y], name) in GAUGES.into_iter().zip(["BAR", "RPM", "TEMP"]) {
        gauge(view, x, y, name);
    }
    for i in 0..LAMPS {
        socket(view, i);
    }
    display(view);
    switches(view);
    if look.object != Object::Missing {
        stop_button(view);
    }
    if look.object == Object::Added {
        tag(view);
    }
}

fn plate(view: &mut View, at: [f32; 2], size: [f32; 2], colour: Colour) {
    let origin = [at[0], at[1], FRONT - 0.01];
    view.surface(origin, [size[0], 0.0, 0.0], [0.0, size[1], 0.0], |_, _| {
        Ink::solid(colour)
    });
}

fn caption(view: &mut View, text: &str, at: [f32; 2], dot: f32) {
    let width = (text.len() as f32 * 6.0 + 2.0) * dot;
    let origin = [at[0], at[1], FRONT - 0.012];
    view.surface(origin, [width, 0.0, 0.0], [0.0, 10.0 * dot, 0.0], |u, v| {
        let set = text_is_set(text, u / dot - 1.5, 8.5 - v / dot);
        Ink::solid(if set {
            [40.0; 3]
        } else {
            [222.0, 222.0, 214.0]
        })
    });
}

fn cabinet(view: &mut View) {
    view.surface(
        [-5.0, -1.0, FRONT + 0.6],
        [10.0, 0.0, 0.0],
        [0.0, 6.0, 0.0],
        |u, v| {
            let joint = if u % 0.5 < 0.01 || v % 0.25 < 0.008 {
                0.85
            } else {
                1.0
            };
            Ink::solid(shade([116.0, 112.0, 106.0], joint))
        },
    );
    view.cuboid(
        [-1.25, -0.5, FRONT],
        [1.55, 2.5, FRONT + 0.6],
        [158.0, 166.0, 164.0],
    );
    view.surface(
        [-1.25, -0.5, FRONT - 0.005],
        [2.8, 0.0, 0.0],
        [0.0, 3.0, 0.0],
        |u, v| {
            let edge = u.min(2.8 - u).min(3.0 - v) < 0.03;
            let seam = (u - 1.82).abs() < 0.006;
            Ink::solid(if edge || seam {
                [108.0, 114.0, 114.0]
            } else {
                [164.0, 172.0, 168.0]
            })
        },
    );
    view.cuboid(
        [-2.3, -0.5, FRONT + 0.2],
        [-1.55, 4.0, FRONT + 0.6],
        [84.0, 92.0, 100.0],
    );
    for i in 0..5 {
        let x = -2.2 + 0.13 * i as f32;
        view.column(
            [x, -0.5, FRONT + 0.15],
            0.035,
            4.5,
            [[40.0; 3], [150.0, 60.0, 50.0]][i % 2],
        );
    }
}

fn gauge(view: &mut View, x: f32, y: f32, name: &str) {
    let z = FRONT - 0.01;
    disc(
        view,
        [x + 0.015, y - 0.02, z],
        [RADIUS + 0.035, RADIUS + 0.035],
        [96.0, 102.0, 102.0],
    );
    disc(
        view,
        [x, y, z - 0.005],
        [RADIUS + 0.03, RADIUS + 0.03],
        [44.0, 46.0, 48.0],
    );
    disc(
        view,
        [x, y, z - 0.01],
        [RADIUS, RADIUS],
        [234.0, 232.0, 222.0],
    );
    for mark in 0..=20 {
        let heavy = mark % 5 == 0;
        let inner = if heavy { 0.72 } else { 0.82 };
        let colour = if mark > 16 { RED } else { [50.0; 3] };
        ray(
            view,
            [x, y],
            gauge_angle(mark as f32 / 20.0),
            [inner, 0.93],
            if heavy { 0.008 } else { 0.004 },
            colour,
        );
    }
    let width = (name.len() as f32 * 6.0 + 2.0) * 0.007;
    caption(view, name, [x - width / 2.0, y - 0.35], 0.007);
}

/// The angle of a gauge's value from 0 to 1, clockwise from lower left.
fn gauge_angle(value: f32) -> f32 {
    (225.0 - 270.0 * value).to_radians()
}

/// A straight stroke on a gauge's face from one fraction of its radius to another.
fn ray(view: &mut View, centre: [f32; 2], angle: f32, reach: [f32; 2], wide: f32, colour: Colour) {
    let (sin, cos) = angle.sin_cos();
    let place = |out: f32, aside: f32| {
        let out = out * RADIUS;
        [
            centre[0] + out * cos - aside * sin,
            centre[1] + out * sin + aside * cos,
            FRONT - 0.03,
        ]
    };
    let outline = [
        place(reach[0], -wide),
        place(reach[1], -wide * 0.4),
        place(reach[1], wide * 0.4),
        place(reach[0], wide),
    ];
    let lit = view.light_at(outline[0]);
    view.polygon(&outline, Ink::solid(shade(colour, lit)));
}

fn lamp_at(number: usize) -> [f32; 2] {
    [-0.95 + 0.27 * number as f32, 1.47]
}

fn socket(view: &mut View, number: usize) {
    let [x, y] = lamp_at(number);
    disc(
        view,
        [x, y, FRONT - 0.01],
        [0.068, 0.068],
        [60.0, 62.0, 64.0],
    );
    plate(
        view,
        [x - 0.08, y - 0.15],
        [0.16, 0.05],
        [224.0, 224.0, 216.0],
    );
}

fn display(view: &mut View) {
    plate(view, [0.68, 1.42], [0.76, 0.56], [52.0, 56.0, 60.0]);
    caption(view, "LINE 4", [0.83, 2.1], 0.012);
}

fn switches(view: &mut View) {
    for i in 0..4 {
        let x = -0.93 + 0.33 * i as f32;
        disc(
            view,
            [x, 1.08, FRONT - 0.01],
            [0.085, 0.085],
            [52.0, 54.0, 56.0],
        );
        disc(
            view,
            [x, 1.08, FRONT - 0.015],
            [0.06, 0.06],
            [28.0, 28.0, 30.0],
        );
        let grip = [
            [-0.018, -0.055],
            [0.018, -0.055],
            [0.018, 0.055],
            [-0.018, 0.055],
        ];
        let turn = if i == 2 { 0.7f32 } else { -0.5 };
        let (sin, cos) = turn.sin_cos();
        let outline = grip.map(|[a, b]| {
            [
                x + a * cos - b * sin,
                1.08 + a * sin + b * cos,
                FRONT - 0.05,
            ]
        });
        view.polygon(&outline, Ink::solid([196.0, 198.0, 196.0]));
        caption(
            view,
            ["PUMP", "FAN", "AUTO", "HEAT"][i],
            [x - 0.09, 0.9],
            0.007,
        );
    }
}

fn stop_button(view: &mut View) {
    let (x, y) = (1.06, 1.0);
    disc(
        view,
        [x, y, FRONT - 0.01],
        [0.24, 0.24],
        [222.0, 184.0, 50.0],
    );
    disc(
        view,
        [x + 0.02, y - 0.03, FRONT - 0.02],
        [0.155, 0.155],
        [120.0, 96.0, 34.0],
    );
    disc(
        view,
        [x, y, FRONT - 0.06],
        [0.14, 0.14],
        [178.0, 36.0, 34.0],
    );
    disc(
        view,
        [x - 0.02, y + 0.025, FRONT - 0.065],
        [0.085, 0.085],
        [206.0, 56.0, 50.0],
    );
}

/// A paper tag that somebody hung over the switches.
fn tag(view: &mut View) {
    plate(view, [-0.5, 0.86], [0.42, 0.46], [228.0, 214.0, 120.0]);
    caption(view, "LOCKED", [-0.47, 1.1], 0.009);
}

fn moving(view: &mut View, moment: &Moment) {
    let seconds = moment.seconds;
    let mut dice = Dice::of(moment.seed, 0x9A7E, 0);
    for (i, [x, y]) in GAUGES.into_iter().enumerate() {
        let rest = [0.62, 0.45, 0.55][i] + dice.between(-0.05, 0.05);
        let period = [23.0, 9.0, 71.0][i];
        let sway = 0.05 * (seconds / period * std::f32::consts::TAU).sin();
        let tremble = 0.006 * (seconds * 7.3 + i as f32).sin();
        ray(
            view,
            [x, y],
            gauge_angle(rest + sway + tremble),
            [-0.18, 0.86],
            0.014,
            [150.0, 36.0, 32.0],
        );
        disc(view, [x, y, FRONT - 0.04], [0.03, 0.03], [40.0; 3]);
    }
    for i in 0..LAMPS {
        let [x, y] = lamp_at(i);
        let (colour, on) = match i {
            0..=2 => (GREEN, true),
            3 => (AMBER, seconds % 2.0 < 1.0),
            4 => (GREEN, ((seconds / 20.0) as u32).is_multiple_of(2)),
            _ => (RED, false),
        };
        let tone = if on { colour } else { shade(colour, 0.55) };
        let at = [x - 0.05, y - 0.05, FRONT - 0.02];
        view.glow(at, [0.1, 0.0, 0.0], [0.0, 0.1, 0.0], |u, v| {
            let out = (u - 0.05).hypot(v - 0.05) / 0.05;
            let shine = mix(
                tone,
                [255.0; 3],
                if on { 0.6 * (1.0 - 1.6 * out) } else { 0.1 },
            );
            Ink::veil(shine, ((1.0 - out) * 8.0).clamp(0.0, 1.0))
        });
    }
    readout(view, moment);
}

fn readout(view: &mut View, moment: &Moment) {
    let seconds = moment.seconds;
    let lines = [
        format!(
            "{:5.1} BAR",
            6.2 + 0.4 * (seconds / 23.0 * std::f32::consts::TAU).sin()
        ),
        format!(
            "{:5.0} RPM",
            1450.0 + 40.0 * (seconds / 9.0 * std::f32::consts::TAU).sin()
        ),
        format!(
            "{:5.1} C",
            71.0 + 2.0 * (seconds / 71.0 * std::f32::consts::TAU).sin()
        ),
    ];
    let origin = [0.72, 1.46, FRONT - 0.02];
    view.glow(origin, [0.68, 0.0, 0.0], [0.0, 0.48, 0.0], |u, v| {
        const DOT: f32 = 0.0115;
        let row = (0.45 - v) / (DOT * 12.5);
        let line = lines.get(row.max(0.0) as usize).map_or("", String::as_str);
        let set = v < 0.45 && text_is_set(line, u / DOT - 2.0, row.fract() * 12.5 - 2.0);
        Ink::solid(if set {
            [150.0, 235.0, 190.0]
        } else {
            [22.0, 44.0, 46.0]
        })
    });
}
