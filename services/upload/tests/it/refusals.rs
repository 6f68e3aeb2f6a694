//! Uploads and paths that are refused, each with its reason.

use std::time::Duration;

use futures::stream;
use reqwest::{Body, Method};
use test_support::NatsServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use upload::Config;

use crate::{
    pictures::{jpeg, png_bomb},
    service::{Service, problem},
};

const IMAGES: &str = "/api/v1/folders/folder1/images";

fn one_megabyte() -> Config {
    Config {
        max_upload_mb: 1,
        ..Config::default()
    }
}

async fn assert_nothing_stayed(service: &Service) {
    let list = service.json(IMAGES).await;
    assert_eq!(list["images"].as_array().unwrap().len(), 0, "{list}");
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_says_what_it_is() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let mut truncated = jpeg(1);
    truncated.truncate(truncated.len() / 2);
    for (bytes, status, slug, word) in [
        (Vec::new(), 400, "empty-picture", "empty"),
        (b"<html><body>".to_vec(), 415, "unknown-format", "HTML"),
        (svg.to_vec(), 415, "unknown-format", "SVG"),
        (truncated, 422, "unreadable-picture", "JPEG"),
        (png_bomb(), 422, "unreadable-picture", "60000×60000"),
    ] {
        let response = service.send_bare(IMAGES, bytes.clone()).await;
        let detail = problem(response, status, slug).await;
        assert!(detail.contains(word), "{detail}");
        let response = service.send_form(IMAGES, vec![("x.jpg", bytes)]).await;
        problem(response, status, slug).await;
    }
    assert_nothing_stayed(&service).await;
}

#[tokio::test]
async fn too_large_a_picture_is_refused_declared_chunked_or_in_a_form() {
    let nats = NatsServer::start();
    let service = Service::start_with(&nats, one_megabyte()).await;
    let mut large = jpeg(1);
    large.resize(3_000_000, 0);

    let declared = service.send_bare(IMAGES, large.clone()).await;
    let detail = problem(declared, 413, "too-large").await;
    assert!(detail.contains("1 MB"), "{detail}");

    let chunks: Vec<Result<Vec<u8>, std::io::Error>> = large
        .chunks(50_000)
        .map(|chunk| Ok(chunk.to_vec()))
        .collect();
    let chunked = service
        .request(Method::POST, IMAGES)
        .body(Body::wrap_stream(stream::iter(chunks)));
    problem(chunked.send().await.unwrap(), 413, "too-large").await;

    let files = vec![("large.jpg", large), ("good.jpg", jpeg(2))];
    let response = service.send_form(IMAGES, files).await;
    assert_eq!(response.status(), 207);
    let answer: serde_json::Value = response.json().await.unwrap();
    assert_eq!(answer["refused"][0]["problem"]["status"], 413);
    assert_eq!(answer["images"][0]["name"], "good.jpg");
}

#[tokio::test]
async fn from_the_thirty_third_on_files_are_refused_by_name() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let files = (0..32).map(|_| ("a.jpg", jpeg(1)));
    let files = files.chain([("b.jpg", jpeg(1)), ("c.jpg", jpeg(1))]);
    let response = service.send_form(IMAGES, files.collect()).await;
    assert_eq!(response.status(), 207);
    let answer: serde_json::Value = response.json().await.unwrap();
    assert_eq!(answer["images"].as_array().unwrap().len(), 32);
    let refused = answer["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 2);
    for (refused, name) in refused.iter().zip(["b.jpg", "c.jpg"]) {
        assert_eq!(refused["name"], name);
        assert_eq!(refused["problem"]["type"], "/problems/too-many-files");
    }
}

#[tokio::test]
async fn a_form_without_a_picture_says_where_it_belongs() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let response = service.send_form(IMAGES, vec![]).await;
    assert_eq!(response.status(), 400);
    let form = reqwest::multipart::Form::new().part(
        "picture",
        reqwest::multipart::Part::bytes(jpeg(1)).file_name("a.jpg"),
    );
    let request = service.request(Method::POST, IMAGES).multipart(form);
    let detail = problem(request.send().await.unwrap(), 400, "invalid-request").await;
    assert!(detail.contains("`file`"), "{detail}");
}

#[tokio::test]
async fn a_part_whose_head_never_ends_is_broken_off() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"".to_vec();
    body.resize(8_000_000, b'a');
    let request = service
        .request(Method::POST, IMAGES)
        .header("content-type", "multipart/form-data; boundary=x")
        .body(body);
    problem(request.send().await.unwrap(), 400, "invalid-request").await;
}

#[tokio::test]
async fn a_slow_sender_is_told_so() {
    let nats = NatsServer::start();
    let config = Config {
        upload_timeout_s: 1,
        ..Config::default()
    };
    let service = Service::start_with(&nats, config).await;
    for kind in ["image/jpeg", "multipart/form-data; boundary=x"] {
        let mut stream = TcpStream::connect(&service.host).await.unwrap();
        let head = format!(
            "POST {IMAGES} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: 1000\r\n\r\n--x\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 64];
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer));
        let length = read.await.expect("there is an answer").unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}

#[tokio::test]
async fn paths_that_lead_elsewhere_lead_nowhere() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for path in [
        "/api/v1/folders/..%2fetc",
        "/api/v1/folders/%00",
        "/api/v1/folders/%ff",
        "/api/v1/folders/Folder1",
        "/api/v1/folders/folder1%2f..",
        "/latest/..%2f..",
        "/folder/..%2fpasswd",
    ] {
        let answer = service
            .raw(&format!(
                "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            ))
            .await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
        assert!(answer.contains("application/problem+json"), "{path}");
    }
    for path in [
        "/api/v1/folders/folder1/images/..%2f..%2fx/content",
        "/api/v1/folders/folder1/images/%00",
        "/uploads/folder1/..%2f..%2fetc%2fpasswd",
        "/download/folder1/%00",
        "/uploads/../../etc/passwd",
        "/nowhere",
    ] {
        let answer = service
            .raw(&format!(
                "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            ))
            .await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn other_sites_methods_and_folders_are_refused() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let from_elsewhere = service
        .request(Method::POST, IMAGES)
        .header("origin", "http://evil.example")
        .body(jpeg(1));
    problem(from_elsewhere.send().await.unwrap(), 403, "cross-site").await;

    let response = service.request(Method::PATCH, IMAGES).send().await.unwrap();
    assert!(
        response.headers()["allow"]
            .to_str()
            .unwrap()
            .contains("POST")
    );
    problem(response, 405, "method-not-allowed").await;

    let response = service
        .send_bare("/api/v1/folders/nosuch/images", jpeg(1))
        .await;
    let detail = problem(response, 404, "unknown-folder").await;
    assert!(detail.contains("nosuch"), "{detail}");
    assert_nothing_stayed(&service).await;
}
