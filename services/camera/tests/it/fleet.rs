use std::{
    fmt::Write as _,
    net::TcpListener,
    thread::sleep,
    time::{Duration, Instant},
};

use proto::v1::SourceState;
use test_support::eventually;

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
    let began = Instant::now();
    let site = Site::start(&cameras).await;
    for number in 5..20 {
        site.stands(&format!("c{number}"), SourceState::Online, SOON)
            .await;
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
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
async fn a_camera_that_stops_is_silent_within_25_seconds_and_back_within_five() {
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
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    site.end().await;
}
