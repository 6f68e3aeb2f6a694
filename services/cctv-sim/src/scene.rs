//! Drawn scenes: what a camera sees at a time, the same for the same seed on every machine.
//!
//! A scene's fixed part is drawn once for each way in which it can be seen (as it is, turned, with an object missing)
//! and kept. A picture is then that part, whoever is passing, the effect of staged incidents, light, noise and the
//! overlay with the clock.

mod canvas;
mod carpark;
mod chance;
mod conveyor;
mod corridor;
mod dock;
mod figures;
mod font;
mod overlay;
mod panel;
mod passers;
mod sensor;
mod shelf;
mod view;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use image::RgbImage;
use time::OffsetDateTime;

use crate::effect;
use crate::incident::{Kind, Staged};
use crate::size::Size;
use canvas::Canvas;
use sensor::Noise;
use view::{Light, Pose, View};

/// A scene that can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scene {
    /// A loading dock with three gates.
    Dock,
    /// A storage rack with goods.
    Shelf,
    /// A belt conveyor with parcels.
    Conveyor,
    /// An office corridor.
    Corridor,
    /// A car park before a building.
    Carpark,
    /// A control panel with gauges and lamps.
    Panel,
}

impl Scene {
    /// All scenes.
    pub const ALL: [Self; 6] = [
        Self::Dock,
        Self::Shelf,
        Self::Conveyor,
        Self::Corridor,
        Self::Carpark,
        Self::Panel,
    ];

    /// The name in a camera's specification.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dock => "dock",
            Self::Shelf => "shelf",
            Self::Conveyor => "conveyor",
            Self::Corridor => "corridor",
            Self::Carpark => "carpark",
            Self::Panel => "panel",
        }
    }

    /// The one after it; after the last, the first.
    fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    fn design(self) -> &'static Design {
        match self {
            Self::Dock => &dock::DESIGN,
            Self::Shelf => &shelf::DESIGN,
            Self::Conveyor => &conveyor::DESIGN,
            Self::Corridor => &corridor::DESIGN,
            Self::Carpark => &carpark::DESIGN,
            Self::Panel => &panel::DESIGN,
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no scene of this name.
#[derive(Debug, thiserror::Error)]
#[error("there is no scene {0:?}: dock, shelf, conveyor, corridor, carpark and panel can be drawn")]
pub struct UnknownScene(String);

impl FromStr for Scene {
    type Err = UnknownScene;

    fn from_str(name: &str) -> Result<Self, UnknownScene> {
        Self::ALL
            .into_iter()
            .find(|scene| scene.name() == name)
            .ok_or_else(|| UnknownScene(name.to_owned()))
    }
}

/// How one scene is seen, lit and drawn.
struct Design {
    pose: Pose,
    light: Light,
    still: fn(&mut View, &Look),
    moving: fn(&mut View, &Moment),
}

/// What the fixed part of a scene depends on.
struct Look {
    seed: u64,
    object: Object,
}

/// The state of a scene's object that incidents take away, or add to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Object {
    Present,
    Missing,
    Added,
}

/// What the moving part of a scene depends on.
struct Moment {
    seed: u64,
    seconds: f32,
    /// Nobody passes: for the reference.
    deserted: bool,
}

/// The ways in which the fixed part is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Standpoint {
    turned: bool,
    object: Object,
}

/// Grey levels of noise by day, and with the amplification that a dark picture gets.
const NOISE: f32 = 2.2;
const DARK_NOISE: f32 = 3.5;

/// A camera that looks at a drawn scene.
pub struct DrawnCamera {
    scene: Scene,
    size: Size,
    seed: u64,
    name: String,
    noise: Noise,
    dark_noise: Noise,
    backdrops: HashMap<Standpoint, Vec<u8>>,
    /// The camera whose pictures come where cables are swapped.
    other: Option<Box<DrawnCamera>>,
}

impl DrawnCamera {
    /// A camera of this name; `seed` decides on details of the scene, on who passes when, and on the noise.
    #[must_use]
    pub fn new(scene: Scene, size: Size, seed: u64, name: &str) -> Self {
        let width = size.width() as usize;
        Self {
            scene,
            size,
            seed,
            name: name.to_owned(),
            noise: Noise::new(seed, width, NOISE),
            dark_noise: Noise::new(seed, width, DARK_NOISE),
            backdrops: HashMap::new(),
            other: None,
        }
    }

    /// The picture `elapsed` after the camera's start, when the clock on its wall shows `clock`.
    ///
    /// [`Kind::Frozen`] and [`Kind::Silent`] are about when pictures are taken and change nothing here.
    pub fn render(
        &mut self,
        elapsed: Duration,
        clock: OffsetDateTime,
        staged: &Staged,
    ) -> RgbImage {
        if staged.has(Kind::Swapped) {
            let staged = staged.but_for(Kind::Swapped);
            return self.other().render(elapsed, clock, &staged);
        }
        let seconds = elapsed.as_secs_f32();
        let mut picture = self.draw(seconds, staged, false);
        effect::apply(&mut picture, staged);
        let dark = staged.has(Kind::Dark);
        let noise = if dark { &self.dark_noise } else { &self.noise };
        let gain = sensor::daylight(self.seed, seconds);
        noise.expose(&mut picture, gain, self.seed ^ elapsed.as_micros() as u64);
        overlay::write(&mut picture, &self.name, clock);
        picture
    }

    /// The scene as it should look: nobody passing, no noise, nothing staged.
    pub fn reference(&mut self, clock: OffsetDateTime) -> RgbImage {
        let mut picture = self.draw(0.0, &Staged::default(), true);
        overlay::write(&mut picture, &self.name, clock);
        picture
    }

    /// A camera of the same make that looks at the next scene.
    fn other(&mut self) -> &mut DrawnCamera {
        let (scene, size, seed) = (self.scene.next(), self.size, self.seed);
        let name = self.name.replace(self.scene.name(), scene.name());
        let make = || Box::new(DrawnCamera::new(scene, size, seed, &name));
        self.other.get_or_insert_with(make)
    }

    fn draw(&mut self, seconds: f32, staged: &Staged, deserted: bool) -> RgbImage {
        let standpoint = Standpoint {
            turned: staged.has(Kind::Turned),
            object: match (
                staged.has(Kind::ObjectMissing),
                staged.has(Kind::ObjectAdded),
            ) {
                (true, _) => Object::Missing,
                (_, true) => Object::Added,
                _ => Object::Present,
            },
        };
        let pixels = self.backdrop(standpoint).clone();
        let canvas = Canvas::over(
            self.size.width() as usize,
            self.size.height() as usize,
            pixels,
        );
        let mut view = self.view(canvas, standpoint);
        let moment = Moment {
            seed: self.seed,
            seconds,
            deserted,
        };
        (self.scene.design().moving)(&mut view, &moment);
        let pixels = view.into_canvas().into_pixels();
        RgbImage::from_raw(self.size.width(), self.size.height(), pixels)
            .expect("the canvas has three bytes for each pixel of this size")
    }

    fn view(&self, canvas: Canvas, standpoint: Standpoint) -> View {
        let design = self.scene.design();
        let mut pose = design.pose;
        if standpoint.turned {
            pose.yaw -= 24.0;
            pose.pitch += 7.0;
            pose.roll += 6.0;
        }
        View::new(canvas, pose, design.light)
    }

    fn backdrop(&mut self, standpoint: Standpoint) -> &Vec<u8> {
        if !self.backdrops.contains_key(&standpoint) {
            let (width, height) = (self.size.width() as usize, self.size.height() as usize);
            let mut view = self.view(Canvas::new(2 * width, 2 * height), standpoint);
            let look = Look {
                seed: self.seed,
                object: standpoint.object,
            };
            (self.scene.design().still)(&mut view, &look);
            let mut pixels = view.into_canvas().halved().into_pixels();
            vignette(&mut pixels, width, height);
            self.backdrops.insert(standpoint, pixels);
        }
        &self.backdrops[&standpoint]
    }
}

/// The darker corners of a wide lens.
fn vignette(pixels: &mut [u8], width: usize, height: usize) {
    for (y, row) in pixels.chunks_exact_mut(width * 3).enumerate() {
        let dy = y as f32 / height as f32 - 0.5;
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let dx = x as f32 / width as f32 - 0.5;
            let factor = 1.0 - 0.42 * (dx * dx + dy * dy);
            for channel in pixel {
                *channel = (f32::from(*channel) * factor) as u8;
            }
        }
    }
}
