//! Many cameras of one process: none delays another, and each says how it stands.

use std::{
    fmt::Write as _,
    net::TcpListener,
    thread::sleep,
    time::{Duration, Instant},
};

use proto::v1::SourceState;
use test_support::{eventually, eventually_within};

use crate::{
    http_camera::{HttpCamera, jpeg, picture},
    rtsp_camera::RtspCamera,
    site::Site,
};

const SOON: Duration = Duration::from_secs(10);

fn section(name: &str, url: &str) -> String {
    format!("[camera.{name}]\nsource = \"{url}\"\nevery = \"200ms\"\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_published_and_how_the_camera_stands() {
    let camera = HttpCamera::start(|_, stream| picture(stream, &jpeg(64)));
    let site = Site::start(&section("gate", &camera.url())).await;
    let source = site.stands("gate", SourceState::Online, SOON).await;
    assert_eq!(
        (source.camera.as_str(), source.width, source.height),
        ("gate", 64, 48)
    );
    eventually("frames come", async || {
        (site.last_frame("gate").await >= 5).then_some(())
    })
    .await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_camera_delays_no_other() {
    let camera = HttpCamera::start(|_, stream| picture(stream, &jpeg(64)));
    // It takes connections and never answers.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = dead.local_addr().unwrap();
    let mut cameras = String::new();
    for number in 0..20 {
        let url = match number {
            0 | 1 => format!("http://{dead}/x"),
            2 | 3 => format!("rtsp://{dead}/x"),
            4 => "http://127.0.0.1:1/x".to_owned(),
            _ => camera.url(),
        };
        cameras += &section(&format!("c{number}"), &url);
    }
    let site = Site::start(&cameras).await;
    let began = Instant::now();
    // One after another, those that don't answer would take 40 s.
    let within = Duration::from_secs(30);
    for number in 5..20 {
        site.stands(&format!("c{number}"), SourceState::Online, within)
            .await;
    }
    assert!(began.elapsed() < within, "{:?}", began.elapsed());
    for number in 0..5 {
        let source = site
            .stands(
                &format!("c{number}"),
                SourceState::Silent,
                Duration::from_secs(15),
            )
            .await;
        assert!(!source.reason.is_empty());
    }
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_taken_up_and_only_what_changed_connects_anew() {
    let stream = |_: &crate::http_camera::Request, stream: &mut std::net::TcpStream| {
        use std::io::Write as _;
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
        )?;
        loop {
            write!(stream, "--b\r\nContent-Length: {}\r\n\r\n", jpeg(64).len())?;
            stream.write_all(&jpeg(64))?;
            sleep(Duration::from_millis(50));
        }
    };
    let (gate, yard, door) = (
        HttpCamera::start(stream),
        HttpCamera::start(stream),
        HttpCamera::start(stream),
    );
    let mut cameras = section("gate", &gate.url());
    let site = Site::start(&(cameras.clone() + &section("yard", &yard.url()))).await;
    for name in ["gate", "yard"] {
        site.stands(name, SourceState::Online, SOON).await;
    }

    // What is wrong changes nothing.
    site.write("[camera.gate]\nsource = 5\n");
    sleep(Duration::from_secs(3));
    assert_eq!((gate.open(), yard.open()), (1, 1));

    write!(cameras, "{}", section("door", &door.url())).unwrap();
    site.write(&cameras);
    site.stands("door", SourceState::Online, SOON).await;
    site.stands("yard", SourceState::Removed, SOON).await;
    eventually("the one that is removed is let go", async || {
        (yard.open() == 0).then_some(())
    })
    .await;
    assert_eq!(
        gate.requests().len(),
        1,
        "the one that stays was never let go"
    );
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_stops_is_silent_within_25_seconds_and_back_soon_after() {
    let camera = RtspCamera::start();
    let site = Site::start(&section("gate", &camera.url("h264"))).await;
    site.stands("gate", SourceState::Online, SOON).await;
    camera.stop();
    let source = site
        .stands("gate", SourceState::Silent, Duration::from_secs(25))
        .await;
    assert!(source.reason.contains("no video came"), "{source:?}");
    camera.go_on();
    let began = Instant::now();
    site.stands("gate", SourceState::Online, Duration::from_secs(15))
        .await;
    assert!(
        began.elapsed() < Duration::from_secs(12),
        "{:?}",
        began.elapsed()
    );
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_video_has_no_key_frames_pictures_come_from_the_fallback_snapshot() {
    let camera = RtspCamera::start();
    let snapshots = HttpCamera::start(|_, stream| picture(stream, &jpeg(96)));
    let section = format!(
        "{}fallback-snapshot = \"{}\"\n",
        section("gate", &camera.url("noidr")),
        snapshots.url()
    );
    let site = Site::start(&section).await;
    // The first pictures of the video may be decoded; then none for half a minute.
    let what = "pictures come from the address to fall back to";
    let source = eventually_within(Duration::from_secs(60), what, async || {
        match site.source("gate").await {
            Some(source)
                if source.reason.contains("fallback") && source.state() == SourceState::Online =>
            {
                Ok(source)
            }
            source => Err(source),
        }
    })
    .await;
    assert!(source.reason.contains("fallback-snapshot"), "{source:?}");
    assert_eq!((source.width, source.height), (96, 48));
    let before = snapshots.requests().len();
    eventually("more pictures come from there", async || {
        (snapshots.requests().len() > before + 3).then_some(())
    })
    .await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_stands_still_is_frozen_and_a_black_one_dark() {
    let camera = RtspCamera::start();
    let black = HttpCamera::start(|_, stream| picture(stream, &black()));
    let site = Site::start(&format!(
        "{}{}{}",
        section("still", &camera.url("frozen")),
        section("live", &camera.url("h264")),
        section("black", &black.url())
    ))
    .await;
    site.stands("black", SourceState::Dark, SOON).await;
    let source = site
        .stands("still", SourceState::Frozen, Duration::from_secs(240))
        .await;
    assert!(source.reason.contains("stood still"), "{source:?}");
    let live = site.source("live").await.unwrap();
    assert_eq!(live.state(), SourceState::Online, "{live:?}");
    site.end().await;
}

fn black() -> Vec<u8> {
    let picture = image::RgbImage::new(64, 48);
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    bytes.into_inner()
}
