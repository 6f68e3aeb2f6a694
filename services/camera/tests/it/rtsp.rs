//! Cameras that send video by RTSP.

use std::time::{Duration, Instant};

use camera::{Outage, Patience};
use camera_settings::{CameraSpec, Login, Transport};
use proto::v1::SourceState;

use crate::{
    http::{pictures, spec},
    rtsp_camera::{RtspCamera, start_endless, start_mute},
};

const PASSWORD: &str = "p@ss/w0rd";

async fn outage(spec: &CameraSpec) -> Outage {
    pictures(spec, 5).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn key_frames_of_each_kind_of_video_become_pictures() {
    let camera = RtspCamera::start();
    for path in ["h264", "bframes", "openh265", "mjpeg"] {
        let taken = pictures(&spec(&camera.url(path)), 4).await;
        let taken = taken.unwrap_or_else(|outage| panic!("{path}: {outage}"));
        for picture in taken {
            assert_eq!(picture.size, (320, 176), "{path}");
            let decoded = image::load_from_memory(&picture.bytes).unwrap();
            assert_eq!((decoded.width(), decoded.height()), (320, 176), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_group_gives_a_picture_for_each_of_its_key_frames() {
    let camera = RtspCamera::start();
    let began = Instant::now();
    pictures(&spec(&camera.url("openh265")), 6).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(25),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_pictures_are_taken_than_are_asked_for_nor_wider_ones() {
    let camera = RtspCamera::start();
    let spec = CameraSpec {
        every: Duration::from_secs(3),
        max_width: 160.try_into().unwrap(),
        ..spec(&camera.url("h264"))
    };
    let began = Instant::now();
    let taken = pictures(&spec, 3).await.unwrap();
    assert!(
        began.elapsed() >= Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    let small = image::load_from_memory(&taken[2].bytes).unwrap();
    assert_eq!((small.width(), small.height()), (160, 88));
    assert_eq!(taken[2].size, (320, 176), "as the camera sent it");
}

#[tokio::test(flavor = "multi_thread")]
async fn video_comes_in_datagrams_where_that_is_set() {
    let camera = RtspCamera::start();
    let spec = CameraSpec {
        transport: Transport::Udp,
        ..spec(&camera.url("h264"))
    };
    assert_eq!(pictures(&spec, 3).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_shown_by_digest_or_basic() {
    for kind in [&["fw", PASSWORD][..], &["fw", PASSWORD, "basic"]] {
        let camera = RtspCamera::with_login(kind);
        let right = CameraSpec {
            login: Some(Login::new("fw", PASSWORD)),
            ..spec(&camera.url("h264"))
        };
        assert_eq!(pictures(&right, 1).await.unwrap().len(), 1, "{kind:?}");
        let wrong = CameraSpec {
            login: Some(Login::new("fw", "an0ther")),
            ..right
        };
        let refused = outage(&wrong).await;
        assert_eq!(
            (refused.state, refused.patience),
            (SourceState::Refused, Patience::Long),
            "{refused}"
        );
        assert!(!refused.reason.contains("an0ther"), "{refused}");
        let without = outage(&spec(&camera.url("h264"))).await;
        assert!(without.reason.contains("asks for a login"), "{without}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said() {
    let camera = RtspCamera::start();
    let nothing = outage(&spec(&camera.url("nothing"))).await;
    assert!(nothing.reason.contains("404"), "{nothing}");
    let audio = outage(&spec(&camera.url("audio"))).await;
    assert!(audio.reason.contains("no video"), "{audio}");
    let nobody = outage(&spec("rtsp://127.0.0.1:1/x")).await;
    assert!(nobody.reason.contains("takes no connections"), "{nobody}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_connections_and_never_answers_is_given_up_in_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtsp://{}/x", listener.local_addr().unwrap());
    let began = Instant::now();
    let outage = outage(&spec(&url)).await;
    assert!(outage.reason.contains("within 10s"), "{outage}");
    assert!(began.elapsed() < Duration::from_secs(25));
}

#[tokio::test(flavor = "multi_thread")]
async fn video_without_key_frames_is_said_to_be_so() {
    let camera = RtspCamera::start();
    let began = Instant::now();
    let outage = outage(&spec(&camera.url("noidr"))).await;
    assert_eq!(outage.state, SourceState::NoKeyFrames, "{outage}");
    assert!(
        began.elapsed() < Duration::from_secs(50),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_frame_every_ten_seconds_is_taken_each_time() {
    let camera = RtspCamera::start();
    let began = Instant::now();
    let taken = pictures(&spec(&camera.url("slowgop")), 3).await.unwrap();
    assert_eq!(taken.len(), 3);
    assert!(
        began.elapsed() >= Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_plays_and_sends_nothing_is_silent_in_time() {
    let began = Instant::now();
    let outage = outage(&spec(&start_mute())).await;
    assert_eq!(outage.state, SourceState::Silent, "{outage}");
    assert!(outage.reason.contains("no video came"), "{outage}");
    assert!(
        (20..28).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
}

/// The most memory that this process has taken since it was asked to begin counting, in bytes.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_never_ends_is_given_up_and_its_memory_is_bounded() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = most_memory();
    let outage = outage(&spec(&start_endless())).await;
    assert_eq!(outage.state, SourceState::Silent, "{outage}");
    assert!(outage.reason.contains("never ends"), "{outage}");
    let taken = most_memory() - before;
    // The other tests run in this process as well.
    assert!(taken < 150 << 20, "{taken} bytes");
}
