//! Cameras as their specification opens them: folders, watched folders, drawn scenes, video.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failing helper fails its test, and figures go to its output"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use cctv_sim::source::{Error, Frame, Source};
use cctv_sim::spec::CameraSpec;
use cctv_sim::{demo_cameras, reference};
use image::{Rgb, RgbImage};
use tempfile::TempDir;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

fn spec(text: &str) -> CameraSpec {
    text.parse().unwrap()
}

async fn open(text: &str) -> Source {
    Source::open(&spec(text)).await.unwrap()
}

async fn next(source: &mut Source) -> Option<Frame> {
    timeout(PATIENCE, source.next())
        .await
        .expect("a frame in time")
        .unwrap()
}

/// A small picture whose red tells it from others.
fn write_picture(dir: &Path, name: &str, red: u8) {
    let picture = RgbImage::from_pixel(64, 48, Rgb([red, 80, 90]));
    let hidden = dir.join(".writing.png");
    picture.save(&hidden).unwrap();
    fs::rename(hidden, dir.join(name)).unwrap();
}

fn red_of(frame: &Frame) -> u8 {
    image::load_from_memory(&frame.bytes)
        .unwrap()
        .into_rgb8()
        .get_pixel(32, 24)
        .0[0]
}

fn folder(pictures: &[(&str, u8)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, red) in pictures {
        write_picture(dir.path(), name, *red);
    }
    dir
}

#[tokio::test]
async fn pictures_come_by_name_unchanged_and_end_after_one_pass() {
    let dir = folder(&[("b.png", 20), ("a.png", 10), ("c.PNG", 30)]);
    fs::write(dir.path().join("notes.txt"), "no picture").unwrap();
    let mut source = open(&format!(
        "a=pictures:{},repeat=once,rate=100",
        dir.path().display()
    ))
    .await;
    let mut reds = Vec::new();
    while let Some(frame) = next(&mut source).await {
        assert_eq!(frame.content_type, "image/png");
        reds.push(red_of(&frame));
    }
    assert_eq!(reds, [10, 20, 30]);
}

#[tokio::test]
async fn a_loop_begins_again_and_leaves_out_what_vanished() {
    let dir = folder(&[("a.png", 10), ("b.png", 20), ("c.png", 30)]);
    let mut source = open(&format!("a=pictures:{},rate=100", dir.path().display())).await;
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 10);
    fs::remove_file(dir.path().join("b.png")).unwrap();
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 30);
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 10);
}

#[tokio::test]
async fn the_newest_picture_is_the_last_one_written() {
    let dir = folder(&[("z.png", 10)]);
    let mut source = open(&format!(
        "a=pictures:{},order=newest,rate=50",
        dir.path().display()
    ))
    .await;
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 10);
    let later = fs::metadata(dir.path().join("z.png"))
        .unwrap()
        .modified()
        .unwrap();
    write_picture(dir.path(), "a.png", 20);
    let file = fs::File::options()
        .write(true)
        .open(dir.path().join("a.png"))
        .unwrap();
    file.set_modified(later + Duration::from_secs(1)).unwrap();
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 20);
}

#[tokio::test]
async fn an_empty_folder_is_waited_on() {
    let dir = folder(&[]);
    let mut source = open(&format!("a=pictures:{}", dir.path().display())).await;
    assert!(
        timeout(Duration::from_millis(300), source.next())
            .await
            .is_err()
    );
    write_picture(dir.path(), "a.png", 10);
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 10);
}

#[tokio::test]
async fn size_and_incidents_make_pictures_anew() {
    let dir = folder(&[("a.png", 200)]);
    let path = dir.path().display();
    let mut source = open(&format!("a=pictures:{path},size=32x16,incident=dark@0s+1h")).await;
    let frame = next(&mut source).await.unwrap();
    assert_eq!(frame.content_type, "image/jpeg");
    let picture = image::load_from_memory(&frame.bytes).unwrap().into_rgb8();
    assert_eq!(picture.dimensions(), (32, 16));
    assert!(picture.get_pixel(16, 8).0[0] < 40, "dark");
}

/// As they come from phones, which note how they were held, and from cameras that leave the usual tables out.
#[tokio::test]
async fn pictures_that_are_made_anew_stay_upright_and_readable() {
    let cases =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/fingerprint/tests/fixtures/cases");
    for (name, reference) in [
        ("03-orientation6.jpg", "00-ref-400x300.jpg"),
        ("03-orientation6-long.jpg", "00-ref-400x300.jpg"),
        ("09-no-dht.jpg", "00-ref-960x640.jpg"),
    ] {
        let reference = fingerprint::of(&fs::read(cases.join(reference)).unwrap()).unwrap();
        let dir = TempDir::new().unwrap();
        fs::copy(cases.join(name), dir.path().join(name)).unwrap();
        for changed in ["size=400x300", "quality=80"] {
            let spec = format!("a=pictures:{},rate=100,{changed}", dir.path().display());
            let frame = next(&mut open(&spec).await).await.unwrap();
            let similarity = reference.similarity(&fingerprint::of(&frame.bytes).unwrap());
            assert!(similarity >= 0.9, "{name}, {changed}: {similarity}");
        }
    }
}

#[tokio::test]
async fn a_missing_folder_is_an_error_that_names_it() {
    let error = Source::open(&spec("a=pictures:/no/such/folder"))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, Error::Folder { .. }));
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
}

#[tokio::test]
async fn a_watched_folder_gives_its_newest_file_and_then_new_and_replaced_ones() {
    let dir = folder(&[("a.png", 10), ("b.png", 20)]);
    let old = fs::File::options()
        .write(true)
        .open(dir.path().join("a.png"))
        .unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let mut source = open(&format!("a=pictures:{},watch", dir.path().display())).await;
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 20);
    write_picture(dir.path(), "c.png", 30);
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 30);
    write_picture(dir.path(), "a.png", 40);
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 40);
    assert!(
        timeout(Duration::from_secs(1), source.next())
            .await
            .is_err(),
        "nothing twice"
    );
}

#[tokio::test]
async fn a_watched_folder_gives_what_is_below_it_and_no_file_that_was_only_moved() {
    let dir = folder(&[("a.png", 10)]);
    let day = dir.path().join("2026-11-29");
    fs::create_dir(&day).unwrap();
    let mut source = open(&format!("a=pictures:{},watch", dir.path().display())).await;
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 10);
    write_picture(&day, "b.png", 20);
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 20);

    fs::create_dir(dir.path().join("done")).unwrap();
    for (from, to) in [("a.png", "done/a.png"), ("2026-11-29", "done/2026-11-29")] {
        fs::rename(dir.path().join(from), dir.path().join(to)).unwrap();
    }
    let moved = timeout(Duration::from_secs(2), source.next()).await;
    assert!(moved.is_err(), "it was sent already");
    write_picture(dir.path(), "c.png", 30);
    assert_eq!(red_of(&next(&mut source).await.unwrap()), 30);
}

#[tokio::test]
async fn a_drawn_camera_gives_pictures_at_its_rate() {
    let mut source = open("a=drawn:dock,size=320x240,rate=20").await;
    let first = next(&mut source).await.unwrap();
    let second = next(&mut source).await.unwrap();
    assert_eq!(first.content_type, "image/jpeg");
    assert!(second.captured_at > first.captured_at);
    assert_ne!(first.bytes, second.bytes);
}

#[tokio::test]
async fn a_frozen_camera_repeats_itself_to_the_byte() {
    let mut source = open("a=drawn:carpark,size=320x240,rate=20,incident=frozen@0s+1h").await;
    let first = next(&mut source).await.unwrap();
    assert_eq!(first.bytes, next(&mut source).await.unwrap().bytes);
}

#[tokio::test]
async fn a_silent_camera_gives_nothing_until_its_incident_ends() {
    let opened = time::OffsetDateTime::now_utc();
    let mut source = open("a=drawn:panel,size=320x240,rate=20,incident=silent@0s+700ms").await;
    let frame = next(&mut source).await.unwrap();
    assert!(frame.captured_at - opened >= time::Duration::milliseconds(600));
}

#[test]
fn each_demo_camera_has_a_reference_and_a_picture_folder_has_none() {
    for camera in demo_cameras() {
        let picture = image::load_from_memory(&reference(&camera).unwrap()).unwrap();
        assert_eq!((picture.width(), picture.height()), (1280, 720));
    }
    assert!(reference(&spec("a=pictures:x")).is_err());
}

/// A clip of a second with ten pictures; none where there is no ffmpeg.
fn clip(dir: &Path) -> Option<String> {
    let path = dir.join("clip.mp4");
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-f", "lavfi"])
        .args([
            "-i",
            "testsrc=size=160x120:rate=10:duration=1",
            "-c:v",
            "mpeg4",
        ])
        .arg(&path)
        .stdin(Stdio::null())
        .status();
    match status {
        Ok(status) => {
            assert!(status.success());
            Some(path.to_str().unwrap().to_owned())
        }
        Err(error) => {
            println!("not tested, ffmpeg cannot be run: {error}");
            None
        }
    }
}

#[tokio::test]
async fn a_video_played_once_gives_its_pictures_and_ends() {
    let dir = TempDir::new().unwrap();
    let Some(clip) = clip(dir.path()) else { return };
    let mut source = open(&format!("a=video:{clip},repeat=once,rate=10,size=80x60")).await;
    let mut count = 0;
    while let Some(frame) = next(&mut source).await {
        let picture = image::load_from_memory(&frame.bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), (80, 60));
        count += 1;
    }
    assert_eq!(count, 10);
    assert!(next(&mut source).await.is_none());
}

#[tokio::test]
async fn a_looped_video_goes_on_past_its_end() {
    let dir = TempDir::new().unwrap();
    let Some(clip) = clip(dir.path()) else { return };
    let mut source = open(&format!("a=video:{clip},rate=100,incident=covered@0s+1h")).await;
    for _ in 0..150 {
        assert!(next(&mut source).await.is_some());
    }
}

#[tokio::test]
async fn what_is_no_video_fails_with_what_ffmpeg_says_and_is_tried_again() {
    let dir = TempDir::new().unwrap();
    if clip(dir.path()).is_none() {
        return;
    }
    let path = dir.path().join("text.mp4");
    fs::write(&path, "this is no video").unwrap();
    let mut source = open(&format!("a=video:{},rate=100", path.display())).await;
    for _ in 0..2 {
        let error = source.next().await.unwrap_err();
        assert!(error.to_string().contains("Invalid data found"), "{error}");
    }
}
