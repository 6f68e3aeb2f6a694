//! Drawn parts on a line: a wheel with holes and spokes, which lies a little differently each time.

use image::{GrayImage, Luma};
use looks::ModelConfig;

use crate::{Stack, picture::jpeg, skip};

/// How a part lies, how bright it is, and whether it is faulty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part {
    /// How far it lies from the middle, in pixels: to the right and down.
    pub shift: (i32, i32),
    /// How much brighter it is, in grey levels.
    pub brighter: i32,
    /// Whether it has one hole too many.
    pub is_faulty: bool,
}

/// Where the extra hole of a faulty part is, and its size, in pixels.
const FAULT: (i32, i32, i32) = (430, 240, 11);

/// All services, with `folder1` compared by `parts`, and six pictures of parts that are in order. `None` where the network's
/// weights are not installed.
pub async fn watched_by_parts() -> Option<Stack> {
    if ModelConfig::default().file().is_none() {
        skip("the network's weights are not installed: scripts/get-tools.sh model gets them");
        return None;
    }
    let stack = Stack::start().await;
    stack.set_rule("folder1", r#"{"measure": "parts"}"#).await;
    let first = part(Part::default());
    stack.upload("folder1", "wheel.jpg", first).await;
    for (shift, brighter) in [
        ((2, 0), 4),
        ((-2, 1), -4),
        ((0, 3), 8),
        ((3, -2), 0),
        ((-3, -3), -8),
    ] {
        let sound = Part {
            shift,
            brighter,
            is_faulty: false,
        };
        stack.add_normal("folder1", part(sound)).await;
    }
    Some(stack)
}

/// A part of 640×480 as JPEG.
pub fn part(part: Part) -> Vec<u8> {
    let image = GrayImage::from_fn(640, 480, |x, y| {
        let (x, y) = (x as i32 - part.shift.0, y as i32 - part.shift.1);
        let level = level(x, y, part.is_faulty) + part.brighter + (x * 7 + y * 13).rem_euclid(5);
        Luma([level.clamp(0, 255) as u8])
    });
    jpeg(image.into())
}

fn level(x: i32, y: i32, is_faulty: bool) -> i32 {
    let is_within = |(to_x, to_y, radius): (i32, i32, i32)| {
        (x - to_x).pow(2) + (y - to_y).pow(2) <= radius.pow(2)
    };
    let holes = (0..8).map(|hole| {
        let angle = f64::from(hole) * std::f64::consts::FRAC_PI_4 + 0.3;
        let at = |middle: i32, part: f64| middle + (160.0 * part) as i32;
        (at(320, angle.cos()), at(240, angle.sin()), 14)
    });
    if is_faulty && is_within(FAULT) || holes.into_iter().any(is_within) {
        return 30;
    }
    let discs = [
        ((320, 240, 40), 90),
        ((320, 240, 60), 200),
        ((320, 240, 200), 150),
    ];
    let inmost = discs.into_iter().find(|(disc, _)| is_within(*disc));
    inmost.map_or(60, |(_, level)| level)
}
