//! Requests that no honest client sends.

use std::time::Duration;

use image::{ImageFormat, RgbImage};
use reqwest::Method;
use test_support::NatsServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    pictures::{encode, jpeg},
    service::{Service, problem},
};

const IMAGES: &str = "/api/v1/folders/folder1/images";

async fn assert_it_still_works(service: &Service) {
    assert_eq!(service.get("/").await.status(), 200);
    service.upload("folder1", "good.jpg", jpeg(1)).await;
    let list = service.json(IMAGES).await;
    assert_eq!(list["images"].as_array().unwrap().len(), 1, "{list}");
}

#[tokio::test]
async fn ten_thousand_parts_are_refused_and_none_of_them_stays() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let part = |disposition: &str| {
        format!("--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\nno picture\r\n")
    };
    for (disposition, status) in [
        ("name=\"file\"; filename=\"a.jpg\"", 422),
        ("name=\"other\"", 400),
    ] {
        let body = part(disposition).repeat(10_000) + "--x--\r\n";
        let sent = body.len();
        let request = service
            .request(Method::POST, IMAGES)
            .header("content-type", "multipart/form-data; boundary=x")
            .body(body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{disposition}");
        let said = response.text().await.unwrap();
        assert!(said.len() < sent / 2, "{} bytes are said", said.len());
    }
    assert_it_still_works(&service).await;
}

/// 100 megapixels in some kilobytes, valid to the last byte: what it takes is bounded before it is decoded.
#[tokio::test]
async fn a_real_decompression_bomb_is_refused_by_its_size() {
    let nats = NatsServer::start();
    let config = upload::Config {
        max_upload_megapixels: 4,
        ..upload::Config::default()
    };
    let service = Service::start_with(&nats, config).await;
    for format in [
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Jpeg,
    ] {
        let bomb = encode(RgbImage::new(4000, 2500), format);
        assert!(bomb.len() < 400_000, "{format:?} has {}", bomb.len());
        let response = service.send_bare(IMAGES, bomb).await;
        let detail = problem(response, 422, "unreadable-picture").await;
        assert!(detail.contains("4000×2500"), "{format:?}: {detail}");
    }
    assert_it_still_works(&service).await;
}

#[tokio::test]
async fn requests_that_two_readers_would_read_differently_are_refused() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let smuggled = "GET /api/v1/folders HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for head in [
        "Content-Length: 5\r\nContent-Length: 70\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Content-Length: 5, 6\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: identity\r\n",
        "Host : localhost\r\n",
        "No colon\r\n",
        "Na\0me: x\r\n",
    ] {
        let request = format!(
            "POST {IMAGES} HTTP/1.1\r\nHost: localhost\r\n{head}Connection: close\r\n\r\nxxxxx{smuggled}"
        );
        let answer = timeout(Duration::from_secs(20), service.raw(&request)).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {head:?}"));
        assert!(answer.starts_with("HTTP/1.1 4"), "{head:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head:?}: {answer}");
    }
    assert_it_still_works(&service).await;
}

#[tokio::test]
async fn a_body_whose_chunks_cannot_be_told_apart_is_no_large_one() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for path in [IMAGES, "/api/v1/silences"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\n{{\"a\":\r\nno size\r\n"
        );
        let answer = timeout(Duration::from_secs(20), service.raw(&request)).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {path}"));
        assert!(answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
        assert!(answer.contains("broke off"), "{path}: {answer}");
    }
    assert_it_still_works(&service).await;
}

#[tokio::test]
async fn heads_without_end_are_refused() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let many: String = (0..5000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let long = format!("Cookie: {}\r\n", "a".repeat(1_000_000));
    for head in [many, long] {
        let mut stream = TcpStream::connect(&service.host).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{head}\r\n");
        // The service may hang up before it has read all of it.
        stream.write_all(request.as_bytes()).await.ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok();
        let answer = String::from_utf8_lossy(&answer);
        let is_refused = answer.is_empty() || answer.starts_with("HTTP/1.1 431");
        assert!(is_refused, "{answer}");
    }
    assert_it_still_works(&service).await;
}

#[tokio::test]
async fn a_script_in_a_picture_is_given_back_as_a_picture_only() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let script = b"<script>alert(document.domain)</script>";
    let comment = |marker: u8| {
        let length = u16::try_from(script.len() + 8).unwrap().to_be_bytes();
        [&[0xFF, marker][..], &length, b"Exif\0\0", script].concat()
    };
    let plain = jpeg(1);
    // APP1, where EXIF is, and COM.
    let picture = [&plain[..2], &comment(0xE1), &comment(0xFE), &plain[2..]].concat();
    let id = service.upload("folder1", "a.html", picture.clone()).await;
    for path in [
        format!("{IMAGES}/{id}/content"),
        "/api/v1/folders/folder1/latest/content".to_owned(),
        "/uploads/folder1/a.html".to_owned(),
        "/download/folder1/a.html".to_owned(),
    ] {
        let response = service.get(&path).await;
        assert_eq!(response.status(), 200, "{path}");
        let headers = response.headers();
        assert_eq!(headers["content-type"], "image/jpeg", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert_eq!(response.bytes().await.unwrap(), picture, "{path}");
    }
}
