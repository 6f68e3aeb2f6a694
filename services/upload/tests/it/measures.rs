//! Which other measure people's labels speak for, by the pictures behind the alerts.

use std::time::Duration;

use async_nats::jetstream;
use event_bus::{Exhibit, ExhibitKey};
use image::{ImageFormat, Rgb, RgbImage};
use looks::ModelConfig;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::NatsServer;
use upload::Config;

use crate::{
    labels::{call, publish},
    pictures::{encode, view},
    service::{Service, problem},
};

const MEASURES: &str = "/api/v1/folders/folder1/what-if/measures";
const RULE: &str = "/api/v1/folders/folder1/rule";

/// The reference, changed pixel by pixel.
fn changed(change: impl Fn(u32, [u8; 3]) -> [u8; 3]) -> Vec<u8> {
    let picture = view(1);
    let picture = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        Rgb(change(x, picture.get_pixel(x, y).0))
    });
    encode(picture, ImageFormat::Png)
}

fn reference() -> Vec<u8> {
    changed(|_, pixel| pixel)
}

/// The sun is out: by `phash` 0.88, by `mean` 0.92.
fn brighter() -> Vec<u8> {
    changed(|_, pixel| pixel.map(|level| (f64::from(level) * 1.8) as u8))
}

/// Light from the right: by every hash below 0.9, by `view` 0.96.
fn lit_from_the_side() -> Vec<u8> {
    changed(|x, pixel| pixel.map(|level| (f64::from(level) + f64::from(x) - 80.0) as u8))
}

/// Something stands before a third of it: below 0.9 by every measure but `parts`.
fn covered() -> Vec<u8> {
    changed(|x, pixel| if x < 53 { [128; 3] } else { pixel })
}

/// Another view: by every hash below 0.7.
fn another(seed: u32) -> Vec<u8> {
    encode(view(seed), ImageFormat::Png)
}

async fn put(service: &Service, id: &str, exhibit: Exhibit, picture: &[u8]) {
    let key = ExhibitKey::new(id, exhibit);
    let put = service.bus.evidence().put(&key, &(), picture).await;
    put.unwrap();
}

/// An alert that somebody has called something, with the pictures behind it.
async fn alert(service: &Service, id: &str, label: &str, frame: &[u8]) {
    publish(service, id, 0.5).await;
    put(service, id, Exhibit::Frame, frame).await;
    put(service, id, Exhibit::Reference, &reference()).await;
    let answer = call(service, id, label.into()).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

async fn start(nats: &NatsServer, model: ModelConfig) -> Service {
    let config = Config {
        model,
        ..Config::default()
    };
    let service = Service::start_with(nats, config).await;
    service.put(RULE, r#"{"measure": "phash"}"#).await;
    service.upload("folder1", "dock.png", reference()).await;
    service
}

/// The answer, and the choice of a measure in it.
async fn tried(service: &Service) -> (Value, Value) {
    // It may take longer than other calls.
    let request = service.request(Method::GET, MEASURES);
    let response = request.timeout(Duration::from_secs(60)).send().await;
    let answer: Value = response.unwrap().json().await.unwrap();
    let choices = answer["choices"].as_array().unwrap();
    let mut of_measures = choices.iter().filter(|it| it.get("measure").is_some());
    let choice = of_measures.next().cloned().unwrap_or_default();
    (answer, choice)
}

fn said(answer: &Value) -> &str {
    answer["tried"]["words"].as_str().unwrap()
}

#[tokio::test]
async fn a_measure_is_proposed_by_which_only_what_was_real_would_have_fired() {
    let nats = NatsServer::start();
    let service = start(&nats, ModelConfig::none()).await;
    alert(&service, "sun", "normal", &brighter()).await;
    alert(&service, "side", "normal", &lit_from_the_side()).await;
    alert(&service, "cover", "real", &covered()).await;

    let (answer, choice) = tried(&service).await;
    assert_eq!((&answer["real"], &answer["normal"]), (&json!(1), &json!(2)));
    let words = "By mean with a threshold of 0.9, 1 of 2 alerts called normal would not have fired, and the one called real would.";
    assert_eq!(
        choice,
        json!({
            "words": words,
            "measure": "mean",
            "threshold": 0.9,
            "dropped": ["sun"],
            "left": ["side"],
            "kept": ["cover"],
        })
    );
    let without = ["mean", "median", "gradient", "double-gradient", "blockhash"];
    assert_eq!(answer["tried"]["measures"], json!(without));
    assert_eq!(answer["tried"]["judged"], 3);
    let words = said(&answer);
    assert!(
        words.starts_with("3 of 3 labelled alerts were judged again"),
        "{words}"
    );
    assert!(words.contains("start it with --model"), "{words}");

    let cheap = service
        .json("/api/v1/folders/folder1/what-if/choices")
        .await;
    assert_eq!(cheap.get("tried"), None, "nobody asked for it");
    assert_eq!(cheap["choices"], json!([]));
    let page = async |query: &str| {
        let page = service.get(&format!("/folder/1{query}")).await;
        page.text().await.unwrap()
    };
    let html = page("").await;
    assert!(html.contains(r#"<button form="try-measures""#), "{html}");
    let html = page("?measures=true").await;
    let button = r#"data-try="measure" value="mean" data-threshold="0.9""#;
    for part in [choice["words"].as_str().unwrap(), button, "judged again"] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains(r#"<button form="try-measures""#), "{html}");
    let refused = service.get("/folder/1?measures=yes").await;
    problem(refused, 400, "invalid-request").await;
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
async fn with_the_network_what_hashes_cannot_tell_apart_is_told() {
    if ModelConfig::default().file().is_none() {
        eprintln!(
            "skipped: the network's weights are not installed: scripts/get-tools.sh model gets them"
        );
        return;
    }
    let nats = NatsServer::start();
    let service = start(&nats, ModelConfig::default()).await;
    alert(&service, "side", "normal", &lit_from_the_side()).await;
    alert(&service, "cover", "real", &covered()).await;
    let (answer, choice) = tried(&service).await;
    assert_eq!(choice["measure"], "view", "{answer}");
    assert_eq!(
        (&choice["dropped"], &choice["kept"]),
        (&json!(["side"]), &json!(["cover"]))
    );
    assert_eq!(answer["tried"]["measures"].as_array().unwrap().len(), 7);

    // What was seen is remembered: it is said again without the pictures.
    let frame = ExhibitKey::new("side", Exhibit::Frame);
    service.bus.evidence().delete(&frame).await.unwrap();
    assert_eq!(tried(&service).await.1, choice);

    let corner = r#"{"measure": "view", "masks": [{"polygon": [{"x": 0, "y": 0}, {"x": 0.2, "y": 0}, {"x": 0.2, "y": 0.2}]}]}"#;
    service.put(RULE, corner).await;
    let (answer, _) = tried(&service).await;
    assert_eq!(answer["tried"]["measures"], json!(["parts"]));
    assert!(
        said(&answer).contains("with the masks and regions of the rule"),
        "{answer}"
    );
    assert_eq!(answer["tried"]["gone"], 1, "by other masks it was not seen");
}

#[tokio::test]
async fn of_pictures_that_are_gone_or_damaged_nothing_is_said() {
    let nats = NatsServer::start();
    let service = start(&nats, ModelConfig::none()).await;
    // The first that is stored; its first message has the bytes.
    alert(&service, "damaged", "real", &covered()).await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    let stream = jetstream::new(client).get_stream("OBJ_evidence").await;
    stream.unwrap().delete_message(1).await.unwrap();
    alert(&service, "sun", "normal", &brighter()).await;
    alert(&service, "page", "normal", b"<html>").await;
    alert(&service, "cover", "real", &covered()).await;
    alert(&service, "gone", "real", &covered()).await;
    let gone = ExhibitKey::new("gone", Exhibit::Reference);
    service.bus.evidence().delete(&gone).await.unwrap();

    let (answer, choice) = tried(&service).await;
    assert_eq!(choice["measure"], "mean", "{answer}");
    assert_eq!(choice["untoldReal"], json!(["gone", "damaged"]));
    assert_eq!(choice["untoldNormal"], json!(["page"]));
    let words = "By mean with a threshold of 0.9, the alert called normal would not have fired, and 1 of 3 called real would; of \
                 the other 2 it is not known. Of 1 more called normal it is not known.";
    assert_eq!(choice["words"], words);
    let counts = ["judged", "gone", "unreadable"].map(|name| answer["tried"][name].clone());
    assert_eq!(counts, [json!(2), json!(1), json!(2)]);
}

#[tokio::test]
async fn what_the_normal_pictures_have_settled_speaks_for_no_change() {
    let nats = NatsServer::start();
    let service = start(&nats, ModelConfig::none()).await;
    alert(&service, "snow", "normal", &another(2)).await;
    let (answer, choice) = tried(&service).await;
    assert_eq!(
        (choice, &answer["tried"]["settled"]),
        (Value::Null, &json!(0))
    );
    assert!(said(&answer).contains("No other measure would have dropped one"));

    let normals = "/api/v1/folders/folder1/normals";
    for picture in [another(2), another(3)] {
        let added = service.send_bare(normals, picture).await;
        assert_eq!(added.status(), StatusCode::CREATED);
    }
    // It is nearly what the second normal picture shows.
    let mut fog = view(3);
    fog.put_pixel(0, 0, Rgb([250; 3]));
    alert(&service, "fog", "normal", &encode(fog, ImageFormat::Png)).await;
    alert(&service, "sun", "normal", &brighter()).await;
    let (answer, choice) = tried(&service).await;
    assert_eq!(answer["tried"]["settled"], 2, "{answer}");
    assert_eq!(choice["dropped"], json!(["sun"]), "{answer}");
    assert_eq!(choice["left"], json!([]));
}

#[tokio::test]
async fn without_labels_nothing_is_looked_at() {
    let nats = NatsServer::start();
    let service = start(&nats, ModelConfig::none()).await;
    let (answer, _) = tried(&service).await;
    assert_eq!(answer["choices"], json!([]));
    assert_eq!(answer["tried"]["judged"], 0);
    assert!(said(&answer).starts_with("No alert of this folder is called normal"));
    alert(&service, "cover", "real", &covered()).await;
    let (answer, _) = tried(&service).await;
    assert_eq!(
        (&answer["real"], &answer["tried"]["judged"]),
        (&json!(1), &json!(0))
    );
    let unknown = service.get("/api/v1/folders/nosuch/what-if/measures").await;
    problem(unknown, 404, "unknown-folder").await;
}
