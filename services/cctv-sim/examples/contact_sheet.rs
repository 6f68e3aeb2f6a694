//! Draws every scene in every state onto one sheet: `cargo run --release --example contact_sheet -- sheet.png [SCENE]`.

use std::time::{Duration, Instant};

use cctv_sim::incident::{Kind, Staged};
use cctv_sim::scene::{DrawnCamera, Scene};
use cctv_sim::size::Size;
use image::{RgbImage, imageops};
use time::OffsetDateTime;
use time::macros::datetime;

const CLOCK: OffsetDateTime = datetime!(2026-03-02 08:15:00 UTC);
const TILE: (u32, u32) = (426, 240);

#[expect(
    clippy::print_stdout,
    reason = "timings are what a person runs this for"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("give the path of the sheet")?;
    let scenes = match arguments.next() {
        Some(name) => vec![name.parse::<Scene>()?],
        None => Scene::ALL.to_vec(),
    };
    let large = scenes.len() == 1;
    let (width, height) = if large { (1280, 720) } else { TILE };
    let rows = scenes.iter().map(|&scene| row(scene)).collect::<Vec<_>>();
    let columns = rows[0].len() as u32;
    let per_line = if large { 2 } else { columns };
    let lines = if large {
        columns.div_ceil(2)
    } else {
        rows.len() as u32
    };
    let mut sheet = RgbImage::new(per_line * width, lines * height);
    for (number, tile) in rows.iter().flatten().enumerate() {
        let number = number as u32;
        let tile = imageops::thumbnail(tile, width, height);
        let (x, y) = (number % per_line * width, number / per_line * height);
        imageops::replace(&mut sheet, &tile, i64::from(x), i64::from(y));
    }
    sheet.save(&path)?;
    println!("{path}: {} scenes, {columns} states each", scenes.len());
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "timings are what a person runs this for"
)]
fn row(scene: Scene) -> Vec<RgbImage> {
    let mut camera = DrawnCamera::new(scene, Size::HD, 1, &format!("{scene}-1"));
    let started = Instant::now();
    let mut tiles = vec![camera.reference(CLOCK)];
    println!("{scene}: first picture {:?}", started.elapsed());
    let started = Instant::now();
    for second in 0..60 {
        let elapsed = Duration::from_secs(second);
        std::hint::black_box(camera.render(elapsed, CLOCK + elapsed, &Staged::default()));
    }
    println!("{scene}: {:?} a picture", started.elapsed() / 60);
    for second in [12, 24, 42] {
        let elapsed = Duration::from_secs(second);
        tiles.push(camera.render(elapsed, CLOCK + elapsed, &Staged::default()));
    }
    for kind in Kind::ALL {
        if !matches!(kind, Kind::Frozen | Kind::Silent) {
            let elapsed = Duration::from_secs(1);
            tiles.push(camera.render(elapsed, CLOCK + elapsed, &Staged::only(kind)));
        }
    }
    tiles
}
