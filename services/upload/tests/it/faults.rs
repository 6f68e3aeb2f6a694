//! Restarts, work half done, and a broker that is away, is full, refuses, or holds what is damaged.

use async_nats::jetstream::{self, stream::Config};
use event_bus::{Exhibit, ExhibitKey, Expected, PictureKey, ReferenceChange};
use proto::{
    timestamp,
    v1::{Phase, Upload, UploadRemoved},
};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use test_support::{NatsServer, eventually};
use time::OffsetDateTime;

use crate::{
    alerts::{ids, publish},
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

/// The streams of a server, for who would do harm to them.
async fn streams(nats: &NatsServer) -> jetstream::Context {
    jetstream::new(async_nats::connect(nats.url()).await.unwrap())
}

/// Changes the settings of a stream.
async fn set(streams: &jetstream::Context, name: &str, change: impl FnOnce(&mut Config)) {
    let stream = streams.get_stream(name).await.unwrap();
    let mut config = stream.cached_info().config.clone();
    change(&mut config);
    streams.update_stream(config).await.unwrap();
}

fn asks_to_come_back(response: &Response) -> bool {
    response.headers().contains_key("retry-after")
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
    let stored = streams(&nats).await.get_stream("OBJ_references").await;
    stored.unwrap().purge().await.unwrap();

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
    assert!(asks_to_come_back(&response));
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

#[tokio::test]
async fn a_damaged_picture_is_said_to_be_damaged_and_not_to_be_asked_for_again() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let image = service.upload("folder1", "a.jpg", jpeg(1)).await;
    let added = service.send_bare("/api/v1/folders/folder1/normals", jpeg(2));
    let added: Value = added.await.json().await.unwrap();
    let normal = added["images"][0]["id"].as_str().unwrap();
    let evidence = ExhibitKey::new("a", Exhibit::Frame);
    let put = service.bus.evidence().put(&evidence, &(), &jpeg(3)).await;
    put.unwrap();
    publish(&service, "folder1", "a", Phase::Firing).await;
    eventually("the alert is listed", async || {
        (ids(&service, "").await == ["a"]).then_some(())
    })
    .await;

    let streams = streams(&nats).await;
    for (bucket, path) in [
        ("OBJ_references", format!("{IMAGES}/{image}/content")),
        (
            "OBJ_normals",
            format!("/api/v1/folders/folder1/normals/{normal}"),
        ),
        ("OBJ_evidence", "/api/v1/alerts/a/evidence/frame".to_owned()),
    ] {
        assert_eq!(service.get(&path).await.status(), 200, "{path}");
        // The first message has the bytes of the first picture.
        let stream = streams.get_stream(bucket).await.unwrap();
        stream.delete_message(1).await.unwrap();
        let response = service.get(&path).await;
        assert!(!asks_to_come_back(&response), "{path}");
        let detail = problem(response, 500, "internal").await;
        assert!(detail.contains("is damaged"), "{path}: {detail}");
    }
}

#[tokio::test]
async fn a_full_store_is_said_to_be_full_and_one_that_refuses_to_refuse() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let streams = streams(&nats).await;
    for bucket in ["OBJ_references", "KV_rules"] {
        set(&streams, bucket, |config| config.max_bytes = 10).await;
    }
    let upload = async || service.send_bare(IMAGES, jpeg(1)).await;
    let rule = service.put("/api/v1/folders/folder1/rule", r#"{"threshold":0.7}"#);
    for response in [upload().await, rule.await] {
        assert!(!asks_to_come_back(&response));
        let detail = problem(response, 507, "no-room").await;
        assert!(detail.contains("no room for more"), "{detail}");
    }
    set(&streams, "OBJ_references", |config| config.max_bytes = -1).await;
    assert_eq!(upload().await.status(), 201);

    set(&streams, "OBJ_references", |config| config.sealed = true).await;
    let response = upload().await;
    assert!(asks_to_come_back(&response));
    let detail = problem(response, 503, "unavailable").await;
    assert!(detail.contains("NATS refused it"), "{detail}");
}
