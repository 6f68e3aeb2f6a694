//! Conditional requests, ranges and HEAD.

use image::{ImageFormat, RgbImage, imageops};
use reqwest::{Method, Response};
use test_support::NatsServer;

use crate::{
    folders::send_frame,
    pictures::{encode, jpeg, view},
    service::{Service, problem},
};

async fn get(service: &Service, path: &str, headers: &[(&'static str, &str)]) -> Response {
    ask(service, Method::GET, path, headers).await
}

async fn ask(
    service: &Service,
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Response {
    let request = service.request(method, path);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.send().await.unwrap()
}

fn etag(response: &Response) -> String {
    assert_eq!(response.status(), 200);
    response.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_picture_that_a_client_has_is_not_sent_again() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let wide: RgbImage = imageops::resize(&view(1), 800, 600, imageops::FilterType::Nearest);
    let wide = encode(wide, ImageFormat::Png);
    let id = service.upload("folder1", "gate.png", wide).await;
    send_frame(&service, "folder1").await;
    let image = format!("/api/v1/folders/folder1/images/{id}/content");
    let immutable = "private, max-age=31536000, immutable";
    let asked_again = "private, no-cache";

    for (path, caching) in [
        (&*image, immutable),
        (&*format!("{image}?width=160"), immutable),
        ("/api/v1/folders/folder1/latest/content", asked_again),
        ("/api/v1/folders/folder1/frame", asked_again),
        ("/api/v1/folders/folder1/frame?width=160", asked_again),
        ("/uploads/folder1/gate.png", asked_again),
        ("/assets/front_door/style.css", "no-cache"),
    ] {
        let first = service.get(path).await;
        assert_eq!(first.headers()["cache-control"], caching, "{path}");
        let etag = etag(&first);
        assert!(etag.starts_with('"'), "{etag} is strong");
        for known in [etag.clone(), format!("\"x\", W/{etag}")] {
            let again = get(&service, path, &[("if-none-match", &known)]).await;
            assert_eq!(again.status(), 304, "{path}");
            assert_eq!(again.headers()["etag"], *etag);
            assert_eq!(again.headers()["cache-control"], caching);
            assert_eq!(again.bytes().await.unwrap(), "");
        }
        let other = get(&service, path, &[("if-none-match", "\"x\"")]).await;
        assert_eq!(other.status(), 200, "{path}");
    }
    let full = service.get(&image).await;
    let small = service.get(&format!("{image}?width=160")).await;
    assert_ne!(etag(&full), etag(&small));

    let latest = "/api/v1/folders/folder1/latest/content";
    let before = etag(&service.get(latest).await);
    service.upload("folder1", "b.jpg", jpeg(2)).await;
    let now = get(&service, latest, &[("if-none-match", &before)]).await;
    assert_ne!(etag(&now), before);
}

#[tokio::test]
async fn parts_of_a_picture_can_be_asked_for() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let bytes = jpeg(1);
    let length = bytes.len();
    let id = service.upload("folder1", "gate.jpg", bytes.clone()).await;
    let path = &*format!("/api/v1/folders/folder1/images/{id}/content");
    let whole = service.get(path).await;
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    let etag = etag(&whole);

    for (range, from, to) in [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, length - 1),
        ("bytes=-10", length - 10, length - 1),
        ("bytes=5-999999", 5, length - 1),
    ] {
        for headers in [
            &[("range", range)][..],
            &[("range", range), ("if-range", &etag)],
        ] {
            let part = get(&service, path, headers).await;
            assert_eq!(part.status(), 206, "{range}");
            let expected = format!("bytes {from}-{to}/{length}");
            assert_eq!(part.headers()["content-range"], *expected);
            assert_eq!(part.headers()["content-type"], "image/jpeg");
            assert_eq!(part.headers()["etag"], *etag);
            assert_eq!(part.bytes().await.unwrap(), bytes[from..=to]);
        }
    }
    // Of another picture, or of no meaning: then the whole is sent.
    for headers in [
        &[("range", "bytes=0-99"), ("if-range", "\"x\"")][..],
        &[("range", "bytes=0-99,200-299")],
        &[("range", "pages=1-2")],
        &[("range", "bytes=9-3")],
    ] {
        let whole = get(&service, path, headers).await;
        assert_eq!(whole.status(), 200, "{headers:?}");
        assert_eq!(whole.bytes().await.unwrap(), bytes);
    }
    for range in [format!("bytes={length}-"), "bytes=-0".to_owned()] {
        let none = get(&service, path, &[("range", &range)]).await;
        assert_eq!(none.headers()["content-range"], format!("bytes */{length}"));
        let detail = problem(none, 416, "unsatisfiable-range").await;
        assert!(detail.contains(&length.to_string()), "{detail}");
    }
}

#[tokio::test]
async fn a_head_request_is_told_what_a_get_request_is() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let bytes = jpeg(1);
    service.upload("folder1", "gate.jpg", bytes.clone()).await;
    let path = "/api/v1/folders/folder1/latest/content";
    let (head, get) = (
        ask(&service, Method::HEAD, path, &[("range", "bytes=0-9")]).await,
        service.get(path).await,
    );
    assert_eq!(head.status(), 200, "ranges mean something for GET alone");
    for name in ["content-length", "content-type", "etag", "cache-control"] {
        assert_eq!(head.headers()[name], get.headers()[name], "{name}");
    }
    assert_eq!(head.headers()["content-length"], bytes.len().to_string());
    assert_eq!(head.bytes().await.unwrap(), "");
}
