//! A pinhole camera in a lit world: metres in, polygons on the canvas out.
//!
//! x is to the right, y up from the floor, z away from the camera. There is no depth buffer: what is drawn later hides
//! what was drawn before, so scenes draw from far to near.

use super::canvas::{Canvas, Colour, Ink, shade};
use super::chance::smooth;

/// A place in the world, metres.
pub(super) type Point = [f32; 3];

/// The picture in which focal lengths are given; other sizes see the same, cropped to their shape.
const DESIGN_WIDTH: f32 = 1280.0;
const DESIGN_HEIGHT: f32 = 720.0;

/// How much the camera brightens the light that there is.
const EXPOSURE: f32 = 1.22;

/// What is nearer than this to the camera's plane is cut off, metres.
const NEAR: f32 = 0.15;

/// Where the camera hangs and looks, angles in degrees.
#[derive(Clone, Copy)]
pub(super) struct Pose {
    pub(super) eye: Point,
    /// To the right of the z axis.
    pub(super) yaw: f32,
    /// Below the horizon.
    pub(super) pitch: f32,
    pub(super) roll: f32,
    /// In pixels of a picture 1280 wide.
    pub(super) focal: f32,
}

/// A lamp whose light falls to a half at `reach` metres.
#[derive(Clone, Copy)]
pub(super) struct Lamp {
    pub(super) at: Point,
    pub(super) reach: f32,
    pub(super) strength: f32,
}

/// The light of a scene: 1 shows a colour as it is.
#[derive(Clone, Copy)]
pub(super) struct Light {
    pub(super) ambient: f32,
    pub(super) lamps: &'static [Lamp],
}

impl Light {
    fn at(&self, point: Point) -> f32 {
        let lamps = self.lamps.iter().map(|lamp| {
            let distance = length(minus(point, lamp.at)) / lamp.reach;
            lamp.strength / (1.0 + distance * distance)
        });
        EXPOSURE * (self.ambient + lamps.sum::<f32>())
    }
}

/// A canvas seen through a camera.
pub(super) struct View {
    canvas: Canvas,
    light: Light,
    eye: Point,
    right: Point,
    up: Point,
    ahead: Point,
    focal: f32,
    centre: [f32; 2],
}

impl View {
    pub(super) fn new(canvas: Canvas, pose: Pose, light: Light) -> Self {
        let (width, height) = (canvas.width() as f32, canvas.height() as f32);
        let scale = (width / DESIGN_WIDTH).max(height / DESIGN_HEIGHT);
        let (yaw, pitch) = (pose.yaw.to_radians(), pose.pitch.to_radians());
        let roll = pose.roll.to_radians();
        let ahead = [
            yaw.sin() * pitch.cos(),
            -pitch.sin(),
            yaw.cos() * pitch.cos(),
        ];
        let level = [yaw.cos(), 0.0, -yaw.sin()];
        let upright = [
            yaw.sin() * pitch.sin(),
            pitch.cos(),
            yaw.cos() * pitch.sin(),
        ];
        Self {
            canvas,
            light,
            eye: pose.eye,
            right: plus(times(level, roll.cos()), times(upright, roll.sin())),
            up: plus(times(upright, roll.cos()), times(level, -roll.sin())),
            ahead,
            focal: pose.focal * scale,
            centre: [width / 2.0, height / 2.0],
        }
    }

    pub(super) fn into_canvas(self) -> Canvas {
        self.canvas
    }

    /// The level direction that is to the right in the picture; figures stand up along it.
    pub(super) fn sideways(&self) -> Point {
        unit([self.right[0], 0.0, self.right[2]])
    }

    pub(super) fn light_at(&self, point: Point) -> f32 {
        self.light.at(point)
    }

    /// A flat polygon of one colour as it is, not lit.
    pub(super) fn polygon(&mut self, points: &[Point], ink: Ink) {
        let outline = self.project(points);
        self.canvas.fill(&outline, |_, _| ink);
    }

    /// A rectangle from the corner `origin` along `u` and `v`, lit; `shader` gets metres along both.
    pub(super) fn surface(
        &mut self,
        origin: Point,
        u: Point,
        v: Point,
        shader: impl Fn(f32, f32) -> Ink,
    ) {
        let facing = brightness(self.normal_towards_eye(origin, u, v));
        let light = self.light;
        self.rectangle(origin, u, v, |a, b, hit| {
            let ink = shader(a, b);
            Ink::veil(shade(ink.colour, light.at(hit) * facing), ink.alpha)
        });
    }

    /// Like [`View::surface`], for what gives light itself or only shades what is below it.
    pub(super) fn glow(
        &mut self,
        origin: Point,
        u: Point,
        v: Point,
        shader: impl Fn(f32, f32) -> Ink,
    ) {
        self.rectangle(origin, u, v, |a, b, _| shader(a, b));
    }

    /// An upright box with its visible faces, each a little darker towards its edges.
    pub(super) fn cuboid(&mut self, low: Point, high: Point, colour: Colour) {
        self.frustum(corners(low, high), colour);
    }

    /// A body of six faces: the four corners below, counter-clockwise from the nearest left, and the four above.
    pub(super) fn frustum(&mut self, corners: [Point; 8], colour: Colour) {
        const FACES: [[usize; 4]; 6] = [
            [0, 1, 2, 3],
            [4, 7, 6, 5],
            [0, 4, 5, 1],
            [1, 5, 6, 2],
            [2, 6, 7, 3],
            [3, 7, 4, 0],
        ];
        let middle = times(corners.iter().copied().fold([0.0; 3], plus), 1.0 / 8.0);
        for face in FACES {
            let points = face.map(|i| corners[i]);
            let centre = times(points.iter().copied().fold([0.0; 3], plus), 0.25);
            let across = cross(minus(points[1], points[0]), minus(points[2], points[0]));
            let outward = if dot(across, minus(centre, middle)) < 0.0 {
                times(across, -1.0)
            } else {
                across
            };
            if dot(outward, minus(self.eye, centre)) > 0.0 {
                let lit = self.light.at(centre) * brightness(unit(outward));
                self.polygon(&points, Ink::solid(shade(colour, lit)));
            }
        }
    }

    /// An upright round column.
    pub(super) fn column(&mut self, foot: Point, radius: f32, height: f32, colour: Colour) {
        const SIDES: usize = 20;
        let rim = |i: usize, y: f32| {
            let angle = i as f32 / SIDES as f32 * std::f32::consts::TAU;
            [
                foot[0] + radius * angle.cos(),
                foot[1] + y,
                foot[2] + radius * angle.sin(),
            ]
        };
        for i in 0..SIDES {
            let side = [
                rim(i, 0.0),
                rim(i + 1, 0.0),
                rim(i + 1, height),
                rim(i, height),
            ];
            let outward = unit(minus(plus(side[0], side[1]), times(foot, 2.0)));
            if dot(outward, minus(self.eye, side[0])) > 0.0 {
                let towards = dot(outward, times(self.sideways(), -1.0));
                let lit = self.light.at(side[0]) * (0.82 + 0.25 * towards);
                self.polygon(&side, Ink::solid(shade(colour, lit)));
            }
        }
        if self.eye[1] > foot[1] + height {
            let top: Vec<Point> = (0..SIDES).map(|i| rim(i, height)).collect();
            let lit = self.light.at(top[0]) * 1.05;
            self.polygon(&top, Ink::solid(shade(colour, lit)));
        }
    }

    /// The soft shadow on the floor of something that stands on the rectangle from `low` to `high` (x, z).
    pub(super) fn shadow(&mut self, low: [f32; 2], high: [f32; 2], soft: f32, strength: f32) {
        let (width, depth) = (high[0] - low[0], high[1] - low[1]);
        let origin = [low[0] - soft, 0.0, low[1] - soft];
        let u = [width + 2.0 * soft, 0.0, 0.0];
        let v = [0.0, 0.0, depth + 2.0 * soft];
        self.glow(origin, u, v, |a, b| {
            let outside = |at: f32, size: f32| (soft - at).max(at - soft - size).max(0.0) / soft;
            let away = outside(a, width).hypot(outside(b, depth));
            Ink::veil([8.0, 8.0, 10.0], strength * (1.0 - smooth(away)))
        });
    }

    fn rectangle(
        &mut self,
        origin: Point,
        u: Point,
        v: Point,
        shader: impl Fn(f32, f32, Point) -> Ink,
    ) {
        let outline = self.project(&[
            origin,
            plus(origin, u),
            plus(plus(origin, u), v),
            plus(origin, v),
        ]);
        let normal = cross(u, v);
        let towards = dot(normal, minus(origin, self.eye));
        let (along_u, along_v) = (unit(u), unit(v));
        let (width, height) = (length(u), length(v));
        let (right, up, ahead) = (self.right, self.up, times(self.ahead, self.focal));
        let (centre, eye) = (self.centre, self.eye);
        self.canvas.fill(&outline, |x, y| {
            let across = plus(times(right, x - centre[0]), times(up, centre[1] - y));
            let ray = plus(ahead, across);
            let hit = plus(eye, times(ray, towards / dot(normal, ray)));
            let from = minus(hit, origin);
            let (a, b) = (dot(from, along_u), dot(from, along_v));
            shader(a.clamp(0.0, width), b.clamp(0.0, height), hit)
        });
    }

    fn normal_towards_eye(&self, origin: Point, u: Point, v: Point) -> Point {
        let normal = unit(cross(u, v));
        if dot(normal, minus(self.eye, origin)) < 0.0 {
            times(normal, -1.0)
        } else {
            normal
        }
    }

    fn project(&self, points: &[Point]) -> Vec<[f32; 2]> {
        let seen: Vec<Point> = points
            .iter()
            .map(|&point| {
                let from = minus(point, self.eye);
                [
                    dot(from, self.right),
                    dot(from, self.up),
                    dot(from, self.ahead),
                ]
            })
            .collect();
        cut_near(&seen)
            .into_iter()
            .map(|[x, y, z]| {
                [
                    self.centre[0] + self.focal * x / z,
                    self.centre[1] - self.focal * y / z,
                ]
            })
            .collect()
    }
}

/// Sutherland–Hodgman against the plane before the camera.
fn cut_near(points: &[Point]) -> Vec<Point> {
    let mut kept = Vec::with_capacity(points.len() + 1);
    for (i, &a) in points.iter().enumerate() {
        let b = points[(i + 1) % points.len()];
        if a[2] >= NEAR {
            kept.push(a);
        }
        if (a[2] >= NEAR) != (b[2] >= NEAR) {
            kept.push(plus(a, times(minus(b, a), (NEAR - a[2]) / (b[2] - a[2]))));
        }
    }
    kept
}

/// How bright a face is by its direction: lamps hang above, a little to the left of the camera.
fn brightness(normal: Point) -> f32 {
    0.86 + 0.18 * normal[1] + 0.10 * dot(normal, [-0.6, 0.0, -0.8])
}

/// The corners of an upright box as [`View::frustum`] takes them.
pub(super) fn corners(low: Point, high: Point) -> [Point; 8] {
    std::array::from_fn(|i| {
        [
            if matches!(i % 4, 1 | 2) {
                high[0]
            } else {
                low[0]
            },
            if i < 4 { low[1] } else { high[1] },
            if i % 4 >= 2 { high[2] } else { low[2] },
        ]
    })
}

pub(super) fn plus(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn times(a: Point, factor: f32) -> Point {
    a.map(|v| v * factor)
}

fn dot(a: Point, b: Point) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Point, b: Point) -> Point {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn length(a: Point) -> f32 {
    dot(a, a).sqrt()
}

fn unit(a: Point) -> Point {
    times(a, 1.0 / length(a).max(1e-9))
}
