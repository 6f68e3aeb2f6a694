//! Incidents drawn in real pictures. Windows are cut from larger pictures, so what comes in at the edge is real.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use crate::{
    canvas::{Canvas, Chance, clouds},
    corpus::{self, Row, Source},
    table::Truth,
};

/// A view as it should look, as it looks, and what is wrong.
pub(crate) struct Incident {
    pub(crate) scene: String,
    pub(crate) reference: Canvas,
    pub(crate) frame: Canvas,
    pub(crate) truth: Truth,
    /// How it was drawn.
    pub(crate) how: String,
    /// For a view that has moved: how far, as shares of the width and of the height.
    pub(crate) shift: Option<(f32, f32)>,
    /// For a view that has changed: the rectangle around the change, in fractions: left, top, right, bottom.
    pub(crate) place: Option<[f32; 4]>,
}

/// Draws them.
pub(crate) struct Draw {
    sources: Vec<Source>,
    things: Vec<(String, Canvas, Vec<f32>)>,
    loaded: HashMap<PathBuf, Canvas>,
    pub(crate) chance: Chance,
}

const WAYS: [&str; 5] = ["hand", "cloth", "texture", "spray", "bright"];

impl Draw {
    pub(crate) fn new(rows: &[Row], seed: u64) -> Self {
        Draw {
            sources: corpus::sources(rows),
            things: corpus::things(rows),
            loaded: HashMap::new(),
            chance: Chance::new(seed),
        }
    }

    /// Draws `of_each` incidents of each kind.
    pub(crate) fn incidents(&mut self, of_each: usize) -> Vec<Incident> {
        let mut all = Vec::new();
        for truth in crate::table::ALL {
            let mut left = of_each;
            while left > 0 {
                // Of some views no window can be cut.
                if let Some(incident) = self.incident(truth) {
                    all.push(incident);
                    left -= 1;
                }
            }
        }
        all
    }

    fn incident(&mut self, truth: Truth) -> Option<Incident> {
        let source = self.chance.below(self.sources.len());
        let scene = self.sources[source].scene.clone();
        if truth == Truth::Moved {
            return self.moved(source, scene);
        }
        let (reference, later) = self.view(source);
        let high = 400 * reference.high / reference.wide / 4 * 4;
        let reference = reference.resized(400, high);
        let frame = toned(&later.resized(400, high), &mut self.chance);
        let (frame, how, place) = match truth {
            Truth::Covered => self.covered(&frame),
            Truth::Changed => self.changed(&frame, &scene),
            Truth::Blurred => {
                let share = self.chance.between(0.005, 0.02);
                let blurred = frame.blurred(share * 400.0).noisy(1.0, &mut self.chance);
                (blurred, format!("blurred by {share:.3}"), None)
            }
            Truth::Dark => self.dark(&frame),
            Truth::Different | Truth::Moved => {
                let mut other = source;
                while other == source {
                    other = self.chance.below(self.sources.len());
                }
                let (_, later) = self.view(other);
                let of = self.sources[other].scene.clone();
                (toned(&later.resized(400, high), &mut self.chance), of, None)
            }
        };
        Some(self.captioned(Incident {
            scene,
            reference,
            frame,
            truth,
            how,
            shift: None,
            place,
        }))
    }

    fn load(&mut self, path: &Path) -> Canvas {
        let loaded = self.loaded.entry(path.to_owned());
        loaded.or_insert_with(|| corpus::load(path)).clone()
    }

    fn view(&mut self, source: usize) -> (Canvas, Canvas) {
        let views = &self.sources[source].views;
        let (reference, later) = views[self.chance.below(views.len())].clone();
        let (reference, later) = (self.load(&reference), self.load(&later));
        match (reference.wide, reference.high) == (later.wide, later.high) {
            true => (reference, later),
            false => {
                let later = later.resized(reference.wide, reference.high);
                (reference, later)
            }
        }
    }

    fn moved(&mut self, source: usize, scene: String) -> Option<Incident> {
        let (reference, later) = self.view(source);
        let (wide, high) = (reference.wide as f32, reference.high as f32);
        let chance = &mut self.chance;
        let mut across = wide * chance.between(0.5, 0.62);
        if across * 0.75 > high * 0.7 {
            across = high * 0.7 * chance.between(0.85, 1.0) / 0.75;
        }
        let down = across * 0.75;
        let (far, turned, zoomed) = chance.of(&[
            ((0.04, 0.08), 0.0, 0.0),
            ((0.08, 0.2), 0.0, 0.0),
            ((0.2, 0.4), 0.0, 0.0),
            ((0.4, 0.6), 0.0, 0.0),
            ((0.05, 0.35), 4.0, 0.05),
            ((0.05, 0.35), 12.0, 0.02),
            ((0.05, 0.35), 2.0, 0.2),
        ]);
        for _ in 0..400 {
            let degrees = chance.between(-turned, turned + 1e-6);
            let zoom = chance.between(-zoomed, zoomed + 1e-6).exp();
            let by = chance.between(far.0, far.1) * across;
            let level = chance.of(&[0.0, std::f32::consts::PI]);
            let any = chance.between(0.0, std::f32::consts::TAU);
            let direction = chance.of(&[level, any]);
            let (x, y) = (
                chance.between(across / 2.0, wide - across / 2.0),
                chance.between(down / 2.0, high - down / 2.0),
            );
            let (dx, dy) = (by * direction.cos(), by * direction.sin());
            // However it is turned, the window must lie in the picture.
            let half = (across.hypot(down) / 2.0, across / 2.0, down / 2.0);
            let turn = degrees.to_radians().abs();
            let need_x = (half.1 * turn.cos() + half.2 * turn.sin()) / zoom;
            let need_y = (half.2 * turn.cos() + half.1 * turn.sin()) / zoom;
            let fits = x + dx >= need_x
                && x + dx <= wide - need_x
                && y + dy >= need_y
                && y + dy <= high - need_y;
            if !fits {
                continue;
            }
            let frame = toned(
                &later.window((x + dx, y + dy), across, degrees, zoom),
                chance,
            );
            let incident = Incident {
                scene,
                reference: reference.window((x, y), across, 0.0, 1.0),
                frame,
                truth: Truth::Moved,
                how: format!("{:.2} {degrees:.0}° ×{zoom:.2}", by / across),
                shift: (turned == 0.0).then_some((-dx / across, -dy / down)),
                place: None,
            };
            return Some(self.captioned(incident));
        }
        None
    }

    fn covered(&mut self, frame: &Canvas) -> (Canvas, String, Option<[f32; 4]>) {
        let way = self.chance.of(&WAYS);
        let share = self.chance.of(&[0.4, 0.55, 0.7, 0.85, 1.0, 1.0]);
        let texture = self.texture();
        let covered = cover(frame, way, share, &texture, &mut self.chance);
        (covered, format!("{way} {share}"), None)
    }

    fn texture(&mut self) -> Canvas {
        let source = self.chance.below(self.sources.len());
        let (texture, _) = self.view(source);
        let across = texture.wide.min(texture.high) as f32 * self.chance.between(0.35, 0.9);
        let middle = (texture.wide as f32 / 2.0, texture.high as f32 / 2.0);
        texture.window(middle, across, 0.0, 1.0)
    }

    /// A thing of another scene is put into this one.
    fn changed(&mut self, frame: &Canvas, scene: &str) -> (Canvas, String, Option<[f32; 4]>) {
        let others: Vec<usize> = (0..self.things.len())
            .filter(|&it| self.things[it].0 != scene)
            .collect();
        let thing = self.chance.of(&others);
        let (_, thing, shares) = &self.things[thing];
        let size = self.chance.of(&[0.12, 0.22, 0.35]);
        let wide = (frame.wide as f32 * size) as usize;
        let high = (thing.high * wide / thing.wide).clamp(6, frame.high * 6 / 10);
        let soft = Canvas {
            pixels: shares.iter().map(|&it| [255.0 * it; 3]).collect(),
            ..thing.clone()
        };
        let (small, mask) = (thing.resized(wide, high), soft.resized(wide, high));
        let top =
            self.chance
                .between(0.3 * frame.high as f32, (frame.high - high) as f32) as usize;
        let top = top.min(frame.high - high);
        let left = self.chance.below(frame.wide - wide);
        let light = (frame.mean() / small.mean().max(20.0)).clamp(0.7, 1.3);
        let drawn = frame.clone().with(|x, y, pixel| {
            if x < left || y < top || x >= left + wide || y >= top + high {
                return pixel;
            }
            let at = (y - top) * wide + x - left;
            let share = mask.pixels[at][0] / 255.0;
            std::array::from_fn(|it| {
                pixel[it] * (1.0 - share) + small.pixels[at][it] * light * share
            })
        });
        let place = [
            left as f32 / frame.wide as f32,
            top as f32 / frame.high as f32,
            (left + wide) as f32 / frame.wide as f32,
            (top + high) as f32 / frame.high as f32,
        ];
        (drawn, format!("thing of {size}"), Some(place))
    }

    fn dark(&mut self, frame: &Canvas) -> (Canvas, String, Option<[f32; 4]>) {
        let darker = frame
            .clone()
            .with(|_, _, pixel| pixel.map(|it| it.max(0.0).powf(1.3)));
        let level = self.chance.between(4.0, 22.0);
        let by = level / darker.mean();
        let dark = darker.with(|_, _, pixel| pixel.map(|it| it * by));
        (
            dark.noisy(3.0, &mut self.chance),
            format!("of mean {level:.0}"),
            None,
        )
    }

    /// Two of five cameras write time and name into their pictures: so here, marks that look like letters.
    fn captioned(&mut self, incident: Incident) -> Incident {
        if self.chance.between(0.0, 1.0) > 0.4 || incident.truth == Truth::Dark {
            return incident;
        }
        let chance = &mut self.chance;
        let top = chance.of(&[4, incident.reference.high - 16]);
        let left = chance.of(&[4, incident.reference.wide - 200]);
        let glyphs: Vec<usize> = (0..24).map(|_| chance.below(1 << 15)).collect();
        let mut later = glyphs.clone();
        for glyph in &mut later[18..] {
            *glyph = chance.below(1 << 15);
        }
        Incident {
            reference: written(incident.reference, &glyphs, (left, top)),
            frame: written(incident.frame, &later, (left, top)),
            ..incident
        }
    }
}

/// Letters of 3×5 dots, two pixels each.
fn written(canvas: Canvas, glyphs: &[usize], (left, top): (usize, usize)) -> Canvas {
    canvas.with(|x, y, pixel| {
        let is_inside = x >= left && y >= top && y < top + 12 && x < left + 8 * glyphs.len();
        if !is_inside {
            return pixel;
        }
        let (column, row) = ((x - left) % 8 / 2, (y - top) / 2);
        let is_dot = column < 3 && row < 5 && glyphs[(x - left) / 8] >> (row * 3 + column) & 1 == 1;
        if is_dot {
            [255.0; 3]
        } else {
            pixel.map(|it| it * 0.5)
        }
    })
}

/// Other light, noise, and a JPEG's damage: what is never wrong.
fn toned(frame: &Canvas, chance: &mut Chance) -> Canvas {
    let gamma = chance.between(0.7, 1.4);
    let gain = chance.between(0.8, 1.15);
    let (left, right) = (chance.between(0.75, 1.1), chance.between(0.75, 1.1));
    let wide = frame.wide as f32;
    let lit = frame.clone().with(|x, _, pixel| {
        let light = gain * (left + (right - left) * x as f32 / wide);
        pixel.map(|it| 255.0 * (it.max(0.0) / 255.0).powf(gamma) * light)
    });
    let noise = chance.between(1.0, 6.0);
    lit.noisy(noise, chance)
        .as_jpeg(40 + chance.below(52) as u8)
}

/// A hand, a cloth, something out of focus, spray, or a bright cap before so much of the lens.
fn cover(frame: &Canvas, way: &str, share: f32, texture: &Canvas, chance: &mut Chance) -> Canvas {
    let (wide, high) = (frame.wide, frame.high);
    let side = wide as f32;
    let blank = frame.clone();
    let colour = [0; 3].map(|_| chance.between(20.0, 230.0));
    let mask_of = |share: f32, chance: &mut Chance| mask(wide, high, share, chance);
    let over = match way {
        "hand" => {
            let tone = chance.between(0.3, 1.1);
            let skin = [
                200.0 * tone,
                150.0 * tone * chance.between(0.85, 1.05),
                120.0 * tone * chance.between(0.8, 1.05),
            ];
            let (large, small) = (clouds(wide, high, 3, chance), clouds(wide, high, 8, chance));
            let creases: Vec<[f32; 4]> = (0..chance.below(5))
                .map(|_| {
                    [
                        chance.between(0.0, 1.0),
                        chance.between(0.0, 1.0),
                        chance.between(0.0, 3.1),
                        chance.between(0.005, 0.025),
                    ]
                })
                .collect();
            let drawn = blank.with(|x, y, _| {
                let at = y * wide + x;
                let shade = 1.0 + 0.18 * large[at] + 0.07 * small[at];
                let (u, v) = (x as f32 / side, y as f32 / side);
                let is_crease = |it: &[f32; 4]| {
                    ((u - it[0]) * it[2].sin() - (v - it[1]) * it[2].cos()).abs() < it[3]
                };
                let shade = if creases.iter().any(is_crease) {
                    0.4 * shade
                } else {
                    shade
                };
                skin.map(|it| it * shade)
            });
            drawn.blurred(chance.between(0.008, 0.04) * side)
        }
        "cloth" => {
            let (period, angle) = (chance.between(3.0, 9.0), chance.between(0.0, 3.1));
            let (sin, cos) = angle.sin_cos();
            let (fold, bend) = (clouds(wide, high, 4, chance), clouds(wide, high, 5, chance));
            let drawn = blank.with(|x, y, _| {
                let at = y * wide + x;
                let (u, v) = (x as f32, y as f32);
                let wave =
                    |it: f32| 0.1 * (std::f32::consts::TAU * (it + 4.0 * bend[at]) / period).sin();
                let weave = wave(u * cos + v * sin) + wave(v * cos - u * sin);
                colour.map(|it| it * (1.0 + 0.22 * fold[at] + weave))
            });
            drawn.blurred(chance.between(0.3, 3.5))
        }
        "texture" => {
            let near = texture
                .resized(wide, high)
                .blurred(chance.between(0.015, 0.06) * side);
            let (by, more) = (chance.between(0.4, 1.0), chance.between(0.0, 90.0));
            near.with(|_, _, pixel| pixel.map(|it| it * by + more))
        }
        "bright" => {
            let (level, shade) = (chance.between(150.0, 250.0), clouds(wide, high, 3, chance));
            blank.with(|x, y, _| [level * (1.0 + 0.06 * shade[y * wide + x]); 3])
        }
        _ => {
            let shade = clouds(wide, high, 4, chance);
            blank.with(|x, y, _| colour.map(|it| it * (1.0 + 0.05 * shade[y * wide + x])))
        }
    };
    let (below, mask) = match way {
        "spray" => {
            let soft = mask_of(share, chance).blurred(chance.between(0.01, 0.04) * side);
            let (by, most) = (chance.between(1.0, 1.4), chance.between(0.85, 1.0));
            (
                frame.blurred(chance.between(0.3, 2.0)),
                soft.with(|_, _, it| it.map(|it| (it * by).min(most))),
            )
        }
        _ => (
            frame.clone(),
            mask_of(share, chance).blurred(chance.between(0.002, 0.03) * side),
        ),
    };
    let drawn = below.with(|x, y, pixel| {
        let at = y * wide + x;
        let share = mask.pixels[at][0];
        std::array::from_fn(|it| pixel[it] * (1.0 - share) + over.pixels[at][it] * share)
    });
    drawn.noisy(chance.between(0.5, 3.0), chance)
}

/// 1 where it is covered, from a side or in clouds.
fn mask(wide: usize, high: usize, share: f32, chance: &mut Chance) -> Canvas {
    let from_side = chance.below(2) == 0;
    let (slope, cells) = (chance.between(-0.3, 0.3), 3 + chance.below(5));
    let tilt = (1.5 * chance.normal(), 1.5 * chance.normal());
    let cloud = clouds(wide, high, cells, chance);
    let side = chance.below(4);
    let height = |at: usize| {
        let (u, v) = (
            (at % wide) as f32 / wide as f32,
            (at / wide) as f32 / high as f32,
        );
        match (from_side, side) {
            (true, 0) => u + slope * v,
            (true, 1) => 1.0 - u + slope * v,
            (true, 2) => v + slope * u,
            (true, _) => 1.0 - v + slope * u,
            (false, _) => cloud[at] + tilt.0 * (2.0 * u - 1.0) + tilt.1 * (2.0 * v - 1.0),
        }
    };
    let heights: Vec<f32> = (0..wide * high).map(height).collect();
    let mut sorted = heights.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let limit = sorted[((sorted.len() - 1) as f32 * share) as usize];
    Canvas {
        wide,
        high,
        pixels: heights
            .iter()
            .map(|&it| [f32::from(u8::from(it <= limit || share >= 0.99)); 3])
            .collect(),
    }
}
