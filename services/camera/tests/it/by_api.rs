//! Cameras that are set by API: what stands in the bucket `camera-settings`.

use std::{net::TcpListener, time::Duration};

use camera_settings::Asked;
use event_bus::CameraSettings;
use proto::v1::{SetBy, SourceState};
use test_support::eventually;

use crate::{
    http_camera::{HttpCamera, jpeg, picture, respond},
    site::Site,
};

const SOON: Duration = Duration::from_secs(10);

/// As the upload service would store it.
pub(crate) fn settings(site: &Site, folder: &str, asked: Asked) -> CameraSettings {
    let networks = site.by_api().networks();
    let folder = folder.parse().unwrap();
    asked.kept(&folder, None, &site.key(), &networks).unwrap()
}

pub(crate) fn asked(url: &str) -> Asked {
    Asked {
        source: url.to_owned(),
        every_seconds: Some(0.2),
        ..Asked::default()
    }
}

fn with_login(url: &str) -> Asked {
    Asked {
        username: Some("fw".to_owned()),
        password: Some("p@ss/w0rd".to_owned()),
        ..asked(url)
    }
}

async fn set(site: &Site, folder: &str, asked: Asked) {
    let settings = settings(site, folder, asked);
    let folder = folder.parse().unwrap();
    let bucket = site.bus.camera_settings();
    bucket.set(&folder, &settings).await.unwrap();
}

/// One that wants fw and p@ss/w0rd.
fn guarded() -> HttpCamera {
    HttpCamera::start(|request, stream| match &request.authorization {
        Some(shown) if shown == "Basic Znc6cEBzcy93MHJk" => picture(stream, &jpeg(64)),
        _ => respond(
            stream,
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=\"cam\"\r\n",
            b"",
        ),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_comes_and_goes_as_it_is_set_and_removed() {
    let (gate, yard) = (guarded(), guarded());
    let site = Site::start("").await;
    set(&site, "yard", with_login(&yard.url())).await;
    site.stands("yard", SourceState::Online, SOON).await;
    let connects = yard.requests().len();

    set(&site, "gate", with_login(&gate.url())).await;
    let source = site.stands("gate", SourceState::Online, SOON).await;
    assert_eq!(source.set_by(), SetBy::Api);
    eventually("frames come", async || {
        (site.last_frame("gate").await >= 2).then_some(())
    })
    .await;
    let again = eventually("yard goes on", async || {
        Some(yard.requests()).filter(|requests| requests.len() > connects)
    })
    .await;
    let unauthorized = again
        .iter()
        .filter(|request| request.authorization.is_none());
    assert_eq!(unauthorized.count(), 1, "yard was not connected to anew");

    let bucket = site.bus.camera_settings();
    bucket.unset(&"gate".parse().unwrap()).await.unwrap();
    let source = site.stands("gate", SourceState::Removed, SOON).await;
    assert!(source.reason.contains("by API"), "{source:?}");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_wins_where_both_name_a_folder_and_that_is_said() {
    let (of_file, of_api) = (
        HttpCamera::start(|_, stream| picture(stream, &jpeg(64))),
        HttpCamera::start(|_, stream| picture(stream, &jpeg(96))),
    );
    let section = format!(
        "[camera.north]\nfolder = \"gate\"\nsource = \"{}\"\n",
        of_file.url()
    );
    let site = Site::start("").await;
    set(&site, "gate", asked(&of_api.url())).await;
    let source = site.stands("gate", SourceState::Online, SOON).await;
    assert_eq!((source.width, source.set_by()), (96, SetBy::Api));

    site.write(&section);
    let file_first = eventually("the file's camera is the one", async || {
        let source = site.source("gate").await?;
        (source.width == 64).then_some(source)
    })
    .await;
    assert_eq!(file_first.set_by(), SetBy::FileBeforeApi);
    assert_eq!(file_first.camera, "north");

    site.write("");
    eventually("the other one is there again", async || {
        let source = site.source("gate").await?;
        (source.width == 96 && source.set_by() == SetBy::Api).then_some(())
    })
    .await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_checked_when_it_is_connected_to_whatever_its_name_stands_for() {
    // Nobody may be asked anything here, so whoever listens would see it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let site = Site::start_within("", &["10.0.0.0/8"]).await;
    for (folder, url) in [
        ("a", format!("http://localhost:{port}/x")),
        ("b", format!("rtsp://localhost:{port}/x")),
        ("c", format!("rtsp://0x7f.1:{port}/x")),
    ] {
        // As if somebody had written it past the upload service.
        let settings = CameraSettings {
            source: url,
            ..CameraSettings::default()
        };
        let bucket = site.bus.camera_settings();
        bucket
            .set(&folder.parse().unwrap(), &settings)
            .await
            .unwrap();
        let source = site.stands(folder, SourceState::Refused, SOON).await;
        assert!(source.reason.contains("--camera-addresses"), "{source:?}");
    }
    assert!(listener.accept().is_err(), "nobody has come");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_said_and_costs_no_other_camera() {
    let camera = guarded();
    let site = Site::start("").await;
    let mut moved = settings(&site, "gate", with_login(&camera.url()));
    moved.source = "http://127.0.0.2/elsewhere".to_owned();
    let bucket = site.bus.camera_settings();
    bucket.set(&"gate".parse().unwrap(), &moved).await.unwrap();
    let source = site.stands("gate", SourceState::Refused, SOON).await;
    assert!(
        source.reason.contains("set the password again"),
        "{source:?}"
    );
    set(&site, "yard", with_login(&camera.url())).await;
    site.stands("yard", SourceState::Online, SOON).await;

    // What is right puts it right.
    set(&site, "gate", with_login(&camera.url())).await;
    site.stands("gate", SourceState::Online, SOON).await;
    site.end().await;
}
