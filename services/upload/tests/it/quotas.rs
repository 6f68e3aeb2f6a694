//! One client leaves room for others: how many folders there may be, and how much their pictures may take.

use std::num::NonZero;

use image::{ImageFormat, RgbImage};
use serde_json::Value;
use test_support::NatsServer;
use upload::{Config, QuotaConfig};

use crate::{
    pictures::encode,
    service::{Service, problem},
};

async fn with(nats: &NatsServer, quotas: QuotaConfig) -> Service {
    let config = Config {
        quotas,
        ..Config::default()
    };
    Service::start_with(nats, config).await
}

/// Three bytes a pixel.
fn noise(width: u32, height: u32) -> Vec<u8> {
    let grain = |x: u32, y: u32| [x * 7, y * 13, x * y].map(|level| level as u8);
    let picture = RgbImage::from_fn(width, height, |x, y| image::Rgb(grain(x, y)));
    encode(picture, ImageFormat::Bmp)
}

fn of(number: u32) -> NonZero<u32> {
    NonZero::new(number).unwrap()
}

#[tokio::test]
async fn one_folder_more_than_may_be_is_refused_however_it_would_be_made() {
    let nats = NatsServer::start();
    let quotas = QuotaConfig {
        max_folders: of(7),
        ..QuotaConfig::default()
    };
    let service = with(&nats, quotas).await;
    // There are six from the start.
    let made = service.put("/api/v1/folders/gate", "").await;
    assert_eq!(made.status(), 201);
    let picture = noise(60, 60);
    for refused in [
        service.put("/api/v1/folders/dock", "").await,
        service
            .put("/api/v1/folders/dock", r#"{"title": "The dock"}"#)
            .await,
    ] {
        let detail = problem(refused, 507, "too-many-folders").await;
        assert!(
            detail.contains("--max-folders") && detail.contains('7'),
            "{detail}"
        );
    }
    assert_eq!(service.get("/api/v1/folders/dock").await.status(), 404);
    // What is there goes on, and where one goes there is room.
    let taken = service
        .send_bare("/api/v1/folders/gate/images", picture)
        .await;
    assert_eq!(taken.status(), 201);
    service.delete("/api/v1/folders/folder6").await;
    let made = service.put("/api/v1/folders/dock", "").await;
    assert_eq!(made.status(), 201);
}

#[tokio::test]
async fn a_folder_that_is_full_leaves_the_others_theirs() {
    let nats = NatsServer::start();
    let quotas = QuotaConfig {
        folder_references_max_mb: of(1),
        ..QuotaConfig::default()
    };
    let service = with(&nats, quotas).await;
    // Of some 540 kB each: one fits, and two do not.
    let picture = noise(424, 424);
    assert!(
        (500_000..1_000_000).contains(&picture.len()),
        "{}",
        picture.len()
    );
    let images = "/api/v1/folders/folder1/images";
    let taken = service.send_bare(images, picture.clone()).await;
    assert_eq!(taken.status(), 201);
    let taken: Value = taken.json().await.unwrap();
    let refused = service.send_bare(images, picture.clone()).await;
    let detail = problem(refused, 507, "no-room").await;
    assert!(
        detail.contains("folder1") && detail.contains("delete some"),
        "{detail}"
    );
    let normal = service
        .send_bare("/api/v1/folders/folder1/normals", picture.clone())
        .await;
    problem(normal, 507, "no-room").await;
    let other = service
        .send_bare("/api/v1/folders/folder2/images", picture.clone())
        .await;
    assert_eq!(other.status(), 201);
    // Where one goes there is room.
    let id = taken["images"][0]["id"].as_str().unwrap();
    service.delete(&format!("{images}/{id}")).await;
    let taken = service.send_bare(images, picture).await;
    assert_eq!(taken.status(), 201);
}
