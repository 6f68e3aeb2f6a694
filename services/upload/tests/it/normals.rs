//! Normal pictures: those that are right as well as the reference.

use event_bus::{AlertSubject, Exhibit, ExhibitKey, Expected, PictureKey, ReferenceChange};
use proto::v1::{Alert, Phase, Picture, Upload};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use test_support::{NatsServer, eventually};
use time::{Duration, OffsetDateTime};

use crate::{
    alerts::{ids, publish},
    events::Viewer,
    folders::send_frame,
    frames::comparison,
    pictures::jpeg,
    service::{Service, folder, problem},
};

const FOLDER: &str = "/api/v1/folders/folder1";
const NORMALS: &str = "/api/v1/folders/folder1/normals";

async fn add(service: &Service, name: &str, seed: u32) -> String {
    let path = format!("{NORMALS}?name={name}");
    let response = service.send_bare(&path, jpeg(seed)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    id(response).await
}

async fn id(response: Response) -> String {
    let answer: Value = response.json().await.unwrap();
    answer["images"][0]["id"].as_str().unwrap().to_owned()
}

/// The names of those that hold, oldest first.
async fn names(service: &Service) -> Vec<String> {
    let list = service.json(NORMALS).await;
    let normals = list["normals"].as_array().unwrap();
    let name = |normal: &Value| normal["name"].as_str().unwrap().to_owned();
    normals.iter().map(name).collect()
}

async fn is_stored(service: &Service, id: &str) -> bool {
    let key = PictureKey::new(&folder("folder1"), id);
    service.bus.normals().has(&key).await.unwrap()
}

async fn post(service: &Service, path: &str) -> Response {
    let request = service.request(Method::POST, path);
    request.send().await.unwrap()
}

#[tokio::test]
async fn one_is_added_beside_the_reference_shown_and_removed() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    let mut viewer = Viewer::connect(&service, "?folder=folder1").await;
    let uploaded = service
        .bus
        .latest::<ReferenceChange>(&folder("folder1"))
        .await;
    let since = uploaded.unwrap().unwrap().stored_at;

    let path = format!("{NORMALS}?name=night.jpg");
    let response = service.send_bare(&path, jpeg(2)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let night = id(response).await;
    assert_eq!(location, format!("{NORMALS}/{night}"));
    viewer.until("event: normal-added\n").await;

    let latest = service
        .bus
        .latest::<ReferenceChange>(&folder("folder1"))
        .await;
    let latest = latest.unwrap().unwrap();
    assert_eq!(
        latest.reference_since(),
        since,
        "the reference is as old as it was"
    );
    let ReferenceChange::NormalAdded(added) = latest.event else {
        panic!("it is announced");
    };
    assert_eq!(added.id, night);
    assert_eq!(added.reference.unwrap().id, reference);
    let fingerprint = fingerprint::of(&jpeg(2)).unwrap();
    assert_eq!(added.normals[0].fingerprint, Some(fingerprint.into()));

    let content = service.get(&location).await;
    assert_eq!(content.headers()["content-type"], "image/jpeg");
    assert_eq!(content.bytes().await.unwrap(), jpeg(2));
    assert_eq!(
        service.get(&format!("{location}?width=160")).await.status(),
        200
    );
    let told = service.json(FOLDER).await;
    assert_eq!(told["normals"][0]["name"], "night.jpg");
    assert_eq!(
        (&told["images"], &told["reference"]["id"]),
        (&1.into(), &reference.into())
    );

    assert_eq!(service.delete(&location).await.status(), 204);
    viewer.until("event: normal-removed\n").await;
    assert_eq!(names(&service).await, [""; 0]);
    assert!(!is_stored(&service, &night).await);
    for gone in [
        service.get(&location).await,
        service.delete(&location).await,
    ] {
        let detail = problem(gone, 404, "unknown-image").await;
        assert!(detail.contains("no normal picture"), "{detail}");
    }
    assert_eq!(service.json(FOLDER).await["reference"]["name"], "day.jpg");
}

#[tokio::test]
async fn a_folder_has_a_reference_first_and_sixteen_at_most() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let response = service.send_bare(NORMALS, jpeg(2)).await;
    let detail = problem(response, 404, "no-reference").await;
    assert!(detail.contains("/folder1/images first"), "{detail}");

    service.upload("folder1", "day.jpg", jpeg(1)).await;
    let files = || (0..10).map(|seed| ("n.jpg", jpeg(seed))).collect();
    let ten = service.send_form(NORMALS, files()).await;
    assert_eq!(ten.status(), StatusCode::CREATED);
    let ten_more = service.send_form(NORMALS, files()).await;
    assert_eq!(ten_more.status(), StatusCode::MULTI_STATUS);
    let answer: Value = ten_more.json().await.unwrap();
    assert_eq!(answer["images"].as_array().unwrap().len(), 6);
    assert_eq!(answer["refused"][0]["problem"]["status"], 409);

    let response = service.send_bare(NORMALS, jpeg(2)).await;
    let detail = problem(response, 409, "too-many-normals").await;
    assert!(
        detail.contains("16") && detail.contains("remove one"),
        "{detail}"
    );
    let list = service.json(NORMALS).await;
    let oldest = list["normals"][0]["id"].as_str().unwrap();
    service.delete(&format!("{NORMALS}/{oldest}")).await;
    add(&service, "again.jpg", 3).await;
    assert_eq!(names(&service).await.len(), 16);
}

#[tokio::test]
async fn what_several_copies_of_the_service_add_at_a_time_all_holds() {
    let nats = NatsServer::start();
    let (one, other) = (Service::start(&nats).await, Service::start(&nats).await);
    one.upload("folder1", "day.jpg", jpeg(1)).await;
    eventually("both know the reference", async || {
        (other.json(FOLDER).await["images"] == 1).then_some(())
    })
    .await;
    let several = async |service: &Service, name: &str| {
        for seed in 0..6 {
            add(service, name, seed).await;
        }
    };
    tokio::join!(several(&one, "one.jpg"), several(&other, "other.jpg"));
    let mut expected = [["one.jpg"; 6], ["other.jpg"; 6]].concat();
    expected.sort_unstable();
    eventually("all of them hold", async || {
        let mut names = names(&one).await;
        names.sort_unstable();
        (names == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_new_reference_retires_them_unless_it_is_told_to_keep_them() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let images = format!("{FOLDER}/images");
    service.upload("folder1", "day.jpg", jpeg(1)).await;
    let night = add(&service, "night.jpg", 2).await;

    let response = service
        .send_bare(&format!("{images}?keepNormals=true&name=b.jpg"), jpeg(3))
        .await;
    let second = id(response).await;
    assert_eq!(names(&service).await, ["night.jpg"]);
    let latest = service.json(&format!("{FOLDER}/latest")).await;
    assert_eq!(
        (&latest["id"], &latest["normals"]),
        (&json!(second), &json!([]))
    );

    let form = reqwest::multipart::Form::new()
        .text("keepNormals", "true")
        .part(
            "file",
            reqwest::multipart::Part::bytes(jpeg(4)).file_name("c.jpg"),
        );
    let request = service.request(Method::POST, "/folder/1").multipart(form);
    assert_eq!(request.send().await.unwrap().status(), 303);
    assert_eq!(service.json(FOLDER).await["reference"]["name"], "c.jpg");
    assert_eq!(names(&service).await, ["night.jpg"]);

    service.delete(&format!("{images}/{second}")).await;
    assert_eq!(names(&service).await, ["night.jpg"], "a removal keeps them");

    let response = service
        .send_bare(&format!("{images}?keepNormals=maybe"), jpeg(3))
        .await;
    problem(response, 400, "invalid-request").await;
    assert!(is_stored(&service, &night).await);
    service.upload("folder1", "d.jpg", jpeg(5)).await;
    assert_eq!(names(&service).await, [""; 0]);
    assert!(!is_stored(&service, &night).await);
}

#[tokio::test]
async fn the_latest_frame_and_the_one_behind_an_alert_become_normal() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder1", "day.jpg", jpeg(7)).await;
    let latest = format!("{NORMALS}?from=latest-frame");
    problem(post(&service, &latest).await, 404, "no-frame").await;
    send_frame(&service, "folder1").await;
    let response = post(&service, &latest).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(service.get(&location).await.bytes().await.unwrap(), jpeg(1));
    let taken = names(&service).await;
    assert!(
        taken[0].starts_with("frame-20") && taken[0].ends_with(".jpg"),
        "{taken:?}"
    );

    publish(&service, "folder1", "folder1-1-a", Phase::Firing).await;
    eventually("the alert is known", async || {
        (ids(&service, "").await == ["folder1-1-a"]).then_some(())
    })
    .await;
    let behind = format!("{NORMALS}?from=alert&id=folder1-1-a&name=lorry.jpg");
    problem(post(&service, &behind).await, 404, "no-evidence").await;
    let key = ExhibitKey::new("folder1-1-a", Exhibit::Frame);
    service
        .bus
        .evidence()
        .put(&key, &(), &jpeg(9))
        .await
        .unwrap();
    let location = post(&service, &behind).await;
    let location = location.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(service.get(&location).await.bytes().await.unwrap(), jpeg(9));

    for (query, status, slug) in [
        ("from=alert", 400, "invalid-request"),
        ("from=elsewhere", 400, "invalid-request"),
        ("from=latest-frame&id=folder1-1-a", 400, "invalid-request"),
        ("from=alert&id=nosuch", 404, "unknown-alert"),
    ] {
        let response = post(&service, &format!("{NORMALS}?{query}")).await;
        problem(response, status, slug).await;
    }
    service.upload("folder2", "day.jpg", jpeg(7)).await;
    let elsewhere = "/api/v1/folders/folder2/normals?from=alert&id=folder1-1-a";
    let detail = problem(post(&service, elsewhere).await, 404, "unknown-alert").await;
    assert!(detail.contains("of the folder folder1"), "{detail}");
}

#[tokio::test]
async fn an_alert_of_the_camera_has_no_picture_of_the_view() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder1", "day.jpg", jpeg(1)).await;
    let subject = AlertSubject {
        folder: folder("folder1"),
        subject: proto::v1::Subject::Camera,
    };
    let alert = Alert {
        id: "camera".to_owned(),
        folder: "folder1".to_owned(),
        subject: proto::v1::Subject::Camera.into(),
        phase: Phase::Firing.into(),
        ..Alert::default()
    };
    let published = service.bus.publish_alert(&subject, &alert, Expected(0));
    published.await.unwrap();
    eventually("the alert is known", async || {
        (ids(&service, "").await == ["camera"]).then_some(())
    })
    .await;
    let response = post(&service, &format!("{NORMALS}?from=alert&id=camera")).await;
    let detail = problem(response, 404, "no-evidence").await;
    assert!(detail.contains("of the camera"), "{detail}");
    let page = service.get("/alerts/camera").await.text().await.unwrap();
    assert!(!page.contains("This is normal too"), "{page}");
}

#[tokio::test]
async fn the_pages_take_a_frame_with_one_button_and_show_what_is_normal() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let page = async |path: &str| service.get(path).await.text().await.unwrap();
    service.upload("folder1", "day.jpg", jpeg(7)).await;
    send_frame(&service, "folder1").await;
    publish(&service, "folder1", "folder1-1-a", Phase::Firing).await;
    let key = ExhibitKey::new("folder1-1-a", Exhibit::Frame);
    service
        .bus
        .evidence()
        .put(&key, &(), &jpeg(9))
        .await
        .unwrap();
    eventually("the alert is known", async || {
        (ids(&service, "").await == ["folder1-1-a"]).then_some(())
    })
    .await;

    for (shown_on, form) in [
        ("/folder/1", "/folder/1/normals?from=latest-frame"),
        ("/alerts/folder1-1-a", "/alerts/folder1-1-a/normal"),
    ] {
        let shown = page(shown_on).await;
        assert!(shown.contains("This is normal too"), "{shown}");
        assert!(shown.contains(&format!("action=\"{form}\"")), "{shown}");
        let response = post(&service, form).await;
        assert_eq!(response.status(), 303);
        let to = response.headers()["location"].to_str().unwrap().to_owned();
        assert!(
            to.starts_with("/folder/") && to.ends_with("#normals"),
            "{to}"
        );
    }
    let sent = service
        .send_form("/folder/1/normals", vec![("snow.jpg", jpeg(3))])
        .await;
    assert_eq!(sent.status(), 303);
    let shown = page("/folder/1").await;
    assert!(shown.contains("(3 of 16)"), "{shown}");
    assert!(shown.contains("snow.jpg") && shown.contains("Not the closest lately"));

    let list = service.json(NORMALS).await;
    let snow = list["normals"][2]["id"].as_str().unwrap();
    let removed = post(&service, &format!("/folder/1/normals/delete/{snow}")).await;
    assert_eq!(removed.status(), 303);
    assert!(page("/folder/1").await.contains("(2 of 16)"));
}

#[tokio::test]
async fn each_says_when_it_was_last_the_closest() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    let night = add(&service, "night.jpg", 2).await;
    add(&service, "snow.jpg", 3).await;
    let mut compared = comparison(&reference);
    compared.closest = Some(Picture {
        id: night,
        name: "night.jpg".to_owned(),
    });
    let stored_at = compared.frame.as_ref().unwrap().stored_at;
    let stored_at = proto::rfc3339(proto::from_timestamp(&stored_at.unwrap()).unwrap());
    let dock = folder("folder1");
    let publish = service.bus.publish_comparison(&dock, &compared);
    publish.await.unwrap();
    let list = eventually("it was the closest", async || {
        let list = service.json(NORMALS).await;
        (!list["normals"][0]["lastClosestAt"].is_null()).then_some(list)
    })
    .await;
    assert_eq!(list["normals"][0]["lastClosestAt"], stored_at);
    assert_eq!(list["normals"][1]["lastClosestAt"], Value::Null);
    let told = service.json(FOLDER).await;
    assert_eq!(told["normals"], list["normals"]);
    let page = service.get("/folder/1").await.text().await.unwrap();
    assert_eq!(page.matches("Last the closest").count(), 1);
}

#[tokio::test]
async fn a_folder_that_goes_takes_them_along() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder1", "day.jpg", jpeg(1)).await;
    let stored = [
        add(&service, "night.jpg", 2).await,
        add(&service, "snow.jpg", 3).await,
    ];
    assert_eq!(service.delete(FOLDER).await.status(), 204);
    let change = service.latest_change("folder1").await.unwrap();
    assert_eq!((change.reference(), change.normals()), (None, &[][..]));
    for id in stored {
        assert!(!is_stored(&service, &id).await);
    }
}

#[tokio::test]
async fn one_that_was_stored_and_never_announced_is_deleted_and_one_that_may_yet_be_is_not() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder1", "day.jpg", jpeg(1)).await;
    let holds = add(&service, "night.jpg", 2).await;
    let put = async |id: &str, age: Duration| {
        let upload = Upload {
            folder: "folder1".to_owned(),
            id: id.to_owned(),
            uploaded_at: Some(proto::timestamp(OffsetDateTime::now_utc() - age)),
            ..Upload::default()
        };
        let key = PictureKey::new(&folder("folder1"), id);
        let normals = service.bus.normals();
        normals.put(&key, &upload, &jpeg(9)).await.unwrap();
    };
    put("underway", Duration::ZERO).await;
    put("left-behind", Duration::minutes(2)).await;
    eventually("what was left behind is deleted", async || {
        (!is_stored(&service, "left-behind").await).then_some(())
    })
    .await;
    assert!(is_stored(&service, "underway").await);
    assert!(is_stored(&service, &holds).await);
    assert_eq!(names(&service).await, ["night.jpg"]);
}

#[tokio::test]
async fn they_outlive_a_restart_and_the_loss_of_what_was_said_of_them() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    add(&service, "night.jpg", 2).await;
    service.stop().await;

    let service = Service::start(&nats).await;
    assert_eq!(names(&service).await, ["night.jpg"]);
    service.stop().await;

    let client = async_nats::connect(nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    jetstream.delete_stream("UPLOADS").await.unwrap();
    let service = Service::start(&nats).await;
    eventually("the reference holds again", async || {
        (service.json(FOLDER).await["reference"]["id"] == *reference).then_some(())
    })
    .await;
    assert_eq!(names(&service).await, ["night.jpg"]);
}
