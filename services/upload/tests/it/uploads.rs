//! Uploads: every format, and every way to name them.

use image::ImageFormat;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use test_support::NatsServer;

use crate::{
    pictures::{encode, jpeg, png, view},
    service::{Service, problem},
};

const IMAGES: &str = "/api/v1/folders/folder1/images";

#[tokio::test]
async fn each_format_is_taken_told_by_its_bytes_and_given_back_unchanged() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for (format, media_type) in [
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::Png, "image/png"),
        (ImageFormat::WebP, "image/webp"),
        (ImageFormat::Gif, "image/gif"),
        (ImageFormat::Bmp, "image/bmp"),
    ] {
        let sent = encode(view(3), format);
        let response = service
            .send_form(IMAGES, vec![("wrong extension.txt", sent.clone())])
            .await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        let answer: Value = response.json().await.unwrap();
        let image = &answer["images"][0];
        assert_eq!(image["contentType"], media_type);
        assert_eq!(image["name"], "wrong_extension.txt");
        assert_eq!(image["fingerprint"]["width"], 160);
        assert!(location.ends_with(image["id"].as_str().unwrap()));

        let content = service.get(&format!("{location}/content")).await;
        assert_eq!(content.headers()["content-type"], media_type);
        assert_eq!(content.headers()["x-content-type-options"], "nosniff");
        assert_eq!(content.bytes().await.unwrap(), sent);
        assert_eq!(service.json(&location).await["isReference"], true);
    }
    service.stop().await;
}

#[tokio::test]
async fn the_event_carries_what_the_answer_says() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let id = service.upload("folder2", "gate.jpg", jpeg(1)).await;
    let change = service.latest_change("folder2").await.unwrap();
    let reference = change.reference().unwrap();
    assert_eq!(reference.id, id);
    let expected = fingerprint::of(&jpeg(1)).unwrap();
    assert_eq!(reference.fingerprint, Some(expected.into()));
}

#[tokio::test]
async fn several_pictures_come_in_one_request_and_the_last_is_the_reference() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let files = vec![("a.jpg", jpeg(1)), ("b.png", png(2)), ("c.jpg", jpeg(3))];
    let response = service.send_form(IMAGES, files).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["images"].as_array().unwrap().len(), 3);
    let latest = service.json("/api/v1/folders/folder1/latest").await;
    assert_eq!(latest["name"], "c.jpg");
    assert_eq!(latest["id"], answer["images"][2]["id"]);
}

#[tokio::test]
async fn good_ones_are_taken_and_bad_ones_refused_each_with_its_problem() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let files = vec![
        ("good.jpg", jpeg(1)),
        ("page.png", b"<!doctype html><title>no</title>".to_vec()),
        ("empty.png", Vec::new()),
    ];
    let response = service.send_form(IMAGES, files).await;
    assert_eq!(response.status(), StatusCode::MULTI_STATUS);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["images"][0]["name"], "good.jpg");
    assert_eq!(answer["refused"][0]["name"], "page.png");
    assert_eq!(answer["refused"][0]["problem"]["status"], 415);
    assert_eq!(answer["refused"][1]["problem"]["status"], 400);
    let list = service.json(IMAGES).await;
    assert_eq!(list["images"].as_array().unwrap().len(), 1);

    let bad = vec![("a.png", b"text".to_vec()), ("b.png", Vec::new())];
    let response = service.send_form(IMAGES, bad).await;
    problem(response, 422, "all-refused").await;
}

#[tokio::test]
async fn a_bare_body_is_named_by_query_header_or_id() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service
        .upload("folder1", "..%2F%C3%A4%20b.jpg", jpeg(1))
        .await;
    let latest = service.json("/api/v1/folders/folder1/latest").await;
    assert_eq!(latest["name"], "_ä_b.jpg");

    let request = service
        .request(Method::POST, IMAGES)
        .header("content-disposition", "attachment; filename=\"door 1.jpg\"")
        .header("content-type", "text/html")
        .body(jpeg(2));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["images"][0]["name"], "door_1.jpg");
    assert_eq!(answer["images"][0]["contentType"], "image/jpeg");

    let answer: Value = service
        .send_bare(IMAGES, png(1))
        .await
        .json()
        .await
        .unwrap();
    let image = &answer["images"][0];
    let id = image["id"].as_str().unwrap();
    assert_eq!(image["name"], format!("{id}.png"));
}

#[tokio::test]
async fn a_download_has_its_name_in_all_scripts() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let id = service.upload("folder1", "T%C3%BCr.jpg", jpeg(1)).await;
    let response = service
        .get(&format!("{IMAGES}/{id}/content?download=1"))
        .await;
    assert_eq!(
        response.headers()["content-disposition"],
        "attachment; filename*=UTF-8''T%C3%BCr.jpg"
    );
}
