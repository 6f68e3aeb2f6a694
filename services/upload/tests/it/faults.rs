//! Restarts, work half done, and a broker that is away.

use event_bus::{Expected, PictureKey, ReferenceChange};
use proto::{
    timestamp,
    v1::{Upload, UploadRemoved},
};
use reqwest::StatusCode;
use test_support::{NatsServer, eventually};
use time::OffsetDateTime;

use crate::{
    pictures::jpeg,
    service::{Service, folder, problem},
};

const IMAGES: &str = "/api/v1/folders/folder1/images";

async fn latest_reference(service: &Service) -> Option<String> {
    let change = service.latest_change("folder1").await?;
    change.reference().map(|upload| upload.id.clone())
}

/// A picture as a process leaves it that dies before it announces it.
async fn put_unannounced(service: &Service, id: &str) {
    let picture = fingerprint::Fingerprinter::new(fingerprint::Limits::default())
        .inspect(&jpeg(9))
        .unwrap();
    let upload = Upload {
        folder: "folder1".to_owned(),
        id: id.to_owned(),
        name: "late.jpg".to_owned(),
        content_type: "image/jpeg".to_owned(),
        size_bytes: jpeg(9).len() as u64,
        uploaded_at: Some(timestamp(OffsetDateTime::now_utc())),
        fingerprint: Some(picture.fingerprint.into()),
        normals: Vec::new(),
        frame_at: None,
    };
    let key = PictureKey::new(&folder("folder1"), id);
    let pictures = service.bus.references();
    let put = pictures.put(&key, &upload, &jpeg(9)).await;
    put.unwrap();
}

#[tokio::test]
async fn a_restart_changes_nothing() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder1", "a.jpg", jpeg(1)).await;
    let second = service.upload("folder1", "b.jpg", jpeg(2)).await;
    service.upload("folder2", "c.jpg", jpeg(3)).await;
    service.delete(&format!("{IMAGES}/{second}")).await;
    service
        .put("/api/v1/folders/folder1/rule", r#"{"threshold":0.7}"#)
        .await;
    let folders = async |service: &Service| {
        let mut page = service.json("/api/v1/folders").await;
        for folder in page["folders"].as_array_mut().unwrap() {
            // The clock's, and so another one in the next ten seconds.
            folder["recent"]["until"].take();
        }
        page
    };
    let before = folders(&service).await;
    let images = service.json(IMAGES).await;
    service.stop().await;

    let service = Service::start(&nats).await;
    assert_eq!(folders(&service).await, before);
    assert_eq!(service.json(IMAGES).await, images);
}

#[tokio::test]
async fn a_picture_that_was_stored_but_not_announced_is_announced_at_the_start() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder1", "a.jpg", jpeg(1)).await;
    let late = "f0000000-0000-7000-8000-000000000000";
    service.begin_to_stop();
    put_unannounced(&service, late).await;
    service.stop().await;

    let service = Service::start(&nats).await;
    let reference = eventually("it is announced", async || latest_reference(&service).await);
    assert_eq!(reference.await, late);
    assert_eq!(
        service.json("/api/v1/folders/folder1/latest").await["id"],
        late
    );
}

#[tokio::test]
async fn what_another_process_leaves_half_done_is_put_right() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let first = service.upload("folder1", "a.jpg", jpeg(1)).await;
    let second = service.upload("folder1", "b.jpg", jpeg(2)).await;
    let second = PictureKey::new(&folder("folder1"), second);
    service.bus.references().delete(&second).await.unwrap();
    eventually("the one before is the reference", async || {
        (latest_reference(&service).await.as_ref() == Some(&first)).then_some(())
    })
    .await;

    let late = "f0000000-0000-7000-8000-000000000000";
    put_unannounced(&service, late).await;
    eventually("the late one is the reference", async || {
        (latest_reference(&service).await.as_deref() == Some(late)).then_some(())
    })
    .await;
    let next = service.upload("folder1", "c.jpg", jpeg(3)).await;
    assert!(
        next.as_str() > late,
        "ids sort by time even after a clock that was ahead"
    );
}

#[tokio::test]
async fn a_removal_decides_again_when_another_event_comes_first() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let first = service.upload("folder1", "a.jpg", jpeg(1)).await;
    let second = service.upload("folder1", "b.jpg", jpeg(2)).await;
    let folder = folder("folder1");
    let latest = service
        .bus
        .latest::<ReferenceChange>(&folder)
        .await
        .unwrap();
    let removed = UploadRemoved {
        folder: "folder1".to_owned(),
        id: "of another process".to_owned(),
        reference: latest.as_ref().unwrap().event.reference().cloned(),
        ..UploadRemoved::default()
    };
    let expected = Expected::after(latest.as_ref());
    let publish = service.bus.publish_removed(&folder, &removed, "", expected);
    publish.await.unwrap();
    assert_eq!(
        service.delete(&format!("{IMAGES}/{second}")).await.status(),
        204
    );
    assert_eq!(latest_reference(&service).await, Some(first));
}

#[tokio::test]
async fn another_picture_that_goes_leaves_the_reference_as_old_as_it_was() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let first = service.upload("folder1", "a.jpg", jpeg(1)).await;
    let second = service.upload("folder1", "b.jpg", jpeg(2)).await;
    let name = folder("folder1");
    let latest = async || {
        let latest = service.bus.latest::<ReferenceChange>(&name);
        latest.await.unwrap().unwrap()
    };
    let since = latest().await.reference_since();
    let remove = async |id: &str| {
        let response = service.delete(&format!("{IMAGES}/{id}")).await;
        assert_eq!(response.status(), 204);
    };
    let third = service.upload("folder1", "c.jpg", jpeg(3)).await;
    remove(&third).await;
    let fell_back = latest().await;
    assert!(fell_back.reference_since() > since && !fell_back.event.leaves_reference());

    remove(&first).await;
    let after = latest().await;
    assert_eq!(after.event.reference().unwrap().id, second);
    assert!(after.event.leaves_reference());
    assert_eq!(after.reference_since(), fell_back.reference_since());
}

#[tokio::test]
async fn a_reference_whose_picture_is_lost_can_be_removed_by_itself_and_with_its_folder() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let lost = service.upload("folder1", "a.jpg", jpeg(1)).await;
    service.upload("folder2", "b.jpg", jpeg(2)).await;
    service.stop().await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let stored = jetstream.get_stream("OBJ_references").await.unwrap();
    stored.purge().await.unwrap();

    let service = Service::start(&nats).await;
    assert_eq!(latest_reference(&service).await.as_ref(), Some(&lost));
    let removed = service.delete(&format!("{IMAGES}/{lost}")).await;
    assert_eq!(removed.status(), 204);
    assert_eq!(latest_reference(&service).await, None);
    let removed = service.delete("/api/v1/folders/folder2").await;
    assert_eq!(removed.status(), 204);
    let change = service.latest_change("folder2").await.unwrap();
    assert_eq!(change.reference(), None);
}

#[tokio::test]
async fn without_nats_changes_are_refused_and_come_through_when_it_is_back() {
    let mut nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let id = service.upload("folder1", "a.jpg", jpeg(1)).await;
    nats.kill();

    let content = format!("{IMAGES}/{id}/content");
    eventually("changes are refused", async || {
        let response = service.send_bare(IMAGES, jpeg(2)).await;
        (response.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    let response = service.send_bare(IMAGES, jpeg(2)).await;
    assert!(response.headers().contains_key("retry-after"));
    problem(response, 503, "unavailable").await;
    problem(service.get(&content).await, 503, "unavailable").await;
    problem(
        service.delete(&format!("{IMAGES}/{id}")).await,
        503,
        "unavailable",
    )
    .await;
    let page = service.get("/").await.text().await.unwrap();
    assert!(page.contains("The connection to NATS is lost"));

    nats.start_again();
    eventually("uploads are taken again", async || {
        let response = service.send_bare(IMAGES, jpeg(2)).await;
        (response.status() == StatusCode::CREATED).then_some(())
    })
    .await;
    let folder = service.json("/api/v1/folders/folder1").await;
    assert_eq!(folder["images"], 2);
    assert_eq!(service.get(&content).await.bytes().await.unwrap(), jpeg(1));
}
