//! Pictures in their small forms.

use event_bus::{Exhibit, ExhibitKey, FrameHeaders};
use image::{ImageFormat, RgbImage, imageops};
use proto::v1::Phase;
use reqwest::Response;
use test_support::{NatsServer, eventually};
use time::OffsetDateTime;

use crate::{
    alerts::publish,
    pictures::{encode, view},
    service::{Service, folder, problem},
};

/// A picture that is wider than the small forms.
fn wide() -> RgbImage {
    imageops::resize(&view(1), 800, 600, imageops::FilterType::Nearest)
}

/// Sends a frame to `folder1`.
async fn send(service: &Service, picture: Vec<u8>) {
    let headers = FrameHeaders {
        camera: "north".to_owned(),
        captured_at: OffsetDateTime::now_utc(),
    };
    let folder = folder("folder1");
    let publish = service
        .bus
        .publish_frame(&folder, &headers, None, picture.into());
    publish.await.unwrap();
}

/// The width and height of a picture in JPEG.
async fn size(response: Response) -> (u32, u32) {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "image/jpeg");
    let bytes = response.bytes().await.unwrap();
    let picture = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).unwrap();
    (picture.width(), picture.height())
}

#[tokio::test]
async fn every_picture_is_there_in_small() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let png = encode(wide(), ImageFormat::Png);
    let id = service.upload("folder1", "gate.png", png.clone()).await;
    send(&service, png.clone()).await;
    publish(&service, "folder1", "alert-1", Phase::Firing).await;
    let evidence = service.bus.evidence();
    for exhibit in [Exhibit::Frame, Exhibit::Reference] {
        let key = ExhibitKey::new("alert-1", exhibit);
        evidence.put(&key, &(), &png).await.unwrap();
    }
    eventually("the alert is known", async || {
        let alert = service.get("/api/v1/alerts/alert-1").await;
        alert.status().is_success().then_some(())
    })
    .await;

    let image = format!("/api/v1/folders/folder1/images/{id}/content");
    for path in [
        &image,
        "/api/v1/folders/folder1/latest/content",
        "/api/v1/folders/folder1/frame",
        "/api/v1/alerts/alert-1/evidence/frame",
        "/api/v1/alerts/alert-1/evidence/reference",
        "/uploads/folder1/gate.png",
        "/download/1/gate.png",
    ] {
        let with = async |query| service.get(&format!("{path}?{query}")).await;
        assert_eq!(size(with("width=320").await).await, (320, 240), "{path}");
        assert_eq!(size(with("width=320").await).await, (320, 240), "{path}");
        let as_it_is = with("width=1280").await;
        assert_eq!(as_it_is.headers()["content-type"], "image/png", "{path}");
        assert_eq!(as_it_is.bytes().await.unwrap(), png, "{path}");
        let detail = problem(with("width=321").await, 400, "invalid-request").await;
        assert!(detail.contains("160, 320, 640 or 1280"), "{detail}");
    }

    let small = service.get(&format!("{image}?width=160&download=1")).await;
    assert_eq!(
        small.headers()["content-disposition"],
        "attachment; filename*=UTF-8''gate-160.jpg"
    );
    let frame = service.get("/api/v1/folders/folder1/frame?width=160").await;
    assert_eq!(frame.headers()["camera"], "north");
}

#[tokio::test]
async fn a_new_frame_has_a_new_small_form() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let path = "/api/v1/folders/folder1/frame?width=160";
    let mut shown = Vec::new();
    for turn in [wide(), imageops::rotate180(&wide())] {
        send(&service, encode(turn, ImageFormat::Jpeg)).await;
        let small = eventually("the new frame is shown", async || {
            let response = service.get(path).await;
            let small = response.bytes().await.unwrap();
            (shown.last() != Some(&small)).then_some(small)
        })
        .await;
        shown.push(small);
    }
    assert_ne!(shown[0], shown[1]);
}
