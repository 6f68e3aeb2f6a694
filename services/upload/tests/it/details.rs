//! What people say of folders.

use event_bus::FolderKey;
use proto::v1::Folder as Details;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use test_support::NatsServer;

use crate::{
    folders::send_frame,
    service::{Service, folder, problem},
};

const DOCK: &str = "/api/v1/folders/dock";
const SAID: &str = r#"{"title": "Loading dock", "site": "Plant 2", "area": "East gate", "tags": ["outdoor", "lane"]}"#;

/// What is said of a folder, as a summary has it.
fn details(summary: &Value) -> Value {
    json!([
        summary["title"],
        summary["site"],
        summary["area"],
        summary["tags"]
    ])
}

async fn stored(service: &Service, name: &str) -> Option<Details> {
    let key = FolderKey::from(&folder(name));
    service.bus.folders().get(&key).await.unwrap()
}

#[tokio::test]
async fn a_body_replaces_all_that_was_said_and_none_leaves_it() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let put = async |body: &'static str, status: StatusCode| {
        let response = service.put(DOCK, body).await;
        assert_eq!(response.status(), status, "{body}");
        details(&response.json().await.unwrap())
    };
    let said = json!(["Loading dock", "Plant 2", "East gate", ["outdoor", "lane"]]);
    let nothing = json!(["", "", "", []]);
    let first = service.json("/api/v1/folders/folder1").await;
    assert_eq!(
        details(&first),
        nothing,
        "all is there where nothing is said"
    );

    assert_eq!(put(SAID, StatusCode::CREATED).await, said);
    assert_eq!(put("", StatusCode::OK).await, said);
    assert_eq!(put("null", StatusCode::OK).await, said);
    assert_eq!(details(&service.json(DOCK).await), said);
    assert_eq!(
        put(r#"{"title": " Dock ", "tags": ["a", "a"]}"#, StatusCode::OK).await,
        json!(["Dock", "", "", ["a"]])
    );
    assert_eq!(put("{}", StatusCode::OK).await, nothing);

    assert_eq!(put(SAID, StatusCode::OK).await, said);
    service.stop().await;
    let service = Service::start(&nats).await;
    assert_eq!(details(&service.json(DOCK).await), said);

    assert_eq!(service.delete(DOCK).await.status(), 204);
    assert_eq!(stored(&service, "dock").await, None);
    let again = service.put(DOCK, "").await;
    assert_eq!(again.status(), StatusCode::CREATED);
    assert_eq!(details(&again.json().await.unwrap()), nothing);
}

#[tokio::test]
async fn what_is_said_of_a_folder_that_only_a_camera_made_known_makes_it() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    send_frame(&service, "dock").await;
    assert_eq!(service.put(DOCK, SAID).await.status(), StatusCode::CREATED);
    let stored = stored(&service, "dock").await.unwrap();
    assert_eq!(stored.title, "Loading dock");
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_and_changes_nothing() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.put(DOCK, SAID).await;
    let invalid = "invalid-folder-details";
    for (body, status, slug, word) in [
        (r#"{"name": "x"}"#, 422, invalid, "name"),
        (r#"{"title": "a\nb"}"#, 422, invalid, "Title has"),
        (r#"{"title": 7}"#, 422, invalid, "7"),
        (r#"{"site": null}"#, 422, invalid, "null"),
        (r#"{"tags": "outdoor"}"#, 422, invalid, "outdoor"),
        (r#"{"tags": ["out door"]}"#, 422, invalid, "out door"),
        (r#"{"tags": ["a,b"]}"#, 422, invalid, "a,b"),
        (r#"{"tags": [""]}"#, 422, invalid, "one word"),
        ("[]", 422, invalid, "list"),
        (r#"{"title": "#, 400, "invalid-request", "looks like"),
    ] {
        let detail = problem(service.put(DOCK, body).await, status, slug).await;
        assert!(detail.contains(word), "{body}: {detail}");
    }
    for body in [
        json!({"area": "x".repeat(101)}),
        json!({"tags": ["x".repeat(41)]}),
        json!({"tags": (0..21).map(|tag| tag.to_string()).collect::<Vec<_>>()}),
    ] {
        let request = service.request(Method::PUT, DOCK).body(body.to_string());
        let detail = problem(request.send().await.unwrap(), 422, invalid).await;
        assert!(detail.contains("at most"), "{body}: {detail}");
    }
    assert_eq!(service.json(DOCK).await["title"], "Loading dock");

    let refused = service.put("/api/v1/folders/new", r#"{"tags": [1]}"#).await;
    problem(refused, 422, invalid).await;
    let gone = service.get("/api/v1/folders/new").await;
    problem(gone, 404, "unknown-folder").await;
}

#[tokio::test]
async fn the_list_is_narrowed_by_what_is_said() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for (name, body) in [
        ("a", r#"{"site": "Plant 2 & 3", "tags": ["lane"]}"#),
        ("b", r#"{"site": "Plant 2 & 3", "area": "lane"}"#),
        (
            "c",
            r#"{"site": "Plant 2 & 3", "tags": ["outdoor", "lane"]}"#,
        ),
    ] {
        let path = format!("/api/v1/folders/{name}");
        assert_eq!(service.put(&path, body).await.status(), 201);
    }
    let listed = async |query: &str| {
        let list = service.json(&format!("/api/v1/folders?{query}")).await;
        let folders = list["folders"].as_array().unwrap().iter();
        let names: Vec<_> = folders.map(|it| it["folder"].as_str().unwrap()).collect();
        (names.join(" "), list["total"].clone())
    };
    for (query, names) in [
        ("tag=lane", "a c"),
        ("tag=Lane", ""),
        ("area=lane", "b"),
        ("site=Plant+2+%26+3", "a b c"),
        ("site=Plant", ""),
        ("site=Plant+2+%26+3&tag=outdoor", "c"),
    ] {
        let total = json!(names.split_whitespace().count());
        assert_eq!(listed(query).await, (names.to_owned(), total), "{query}");
    }
    assert_eq!(
        listed("tag=&site=&area=").await.1,
        9,
        "empty narrows nothing"
    );

    let first = service
        .json("/api/v1/folders?site=Plant+2+%26+3&tag=lane&limit=1")
        .await;
    assert_eq!(
        (&first["total"], &first["folders"][0]["folder"]),
        (&json!(2), &json!("a"))
    );
    let next = service.json(first["next"].as_str().unwrap()).await;
    assert_eq!(
        (&next["folders"][0]["folder"], &next["next"]),
        (&json!("c"), &Value::Null)
    );
}

#[tokio::test]
async fn pages_call_a_folder_by_its_title_and_find_it_by_all_that_is_said() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let save = async |form: &'static str| -> Response {
        let request = service.request(Method::POST, "/folder/1/details");
        request.body(form).send().await.unwrap()
    };
    let saved =
        save("title=+B%26B+D%C3%B6ck+&site=Plant+2&area=&tags=outdoor,+lane++outdoor").await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let place = "/folder/1?saved=description#description";
    assert_eq!(saved.headers()["location"], place);
    let summary = service.json("/api/v1/folders/folder1").await;
    assert_eq!(
        details(&summary),
        json!(["B&B Döck", "Plant 2", "", ["outdoor", "lane"]])
    );

    let page = service.get("/folder/1").await.text().await.unwrap();
    for text in [
        "<title>B&#38;B Döck (folder1) · Framewatch</title>",
        "<bdi data-part=\"called\">B&#38;B Döck</bdi>",
        "<small class=\"quiet\" data-part=\"name\">folder1</small>",
        ">Plant 2 · outdoor, lane</p>",
        "value=\"outdoor lane\"",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
    let page = service.get("/folder/2").await.text().await.unwrap();
    for text in [
        "<title>folder2 · Framewatch</title>",
        "<bdi data-part=\"called\">folder2</bdi>",
        "data-part=\"name\" hidden",
        "data-part=\"place\" hidden",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }

    let shown = async |query: &str| {
        let page = service.get(&format!("/?q={query}")).await;
        let page = page.text().await.unwrap();
        page.matches("<li class=\"card\" ").count()
    };
    for (query, count) in [
        ("D%C3%96CK", 1),
        ("plant", 1),
        ("LANE", 1),
        ("folder1", 1),
        ("plant+3", 0),
    ] {
        assert_eq!(shown(query).await, count, "{query}");
    }

    let refused = save("title=a%00b").await;
    problem(refused, 422, "invalid-folder-details").await;
    let after = service.json("/api/v1/folders/folder1").await;
    assert_eq!(details(&after), details(&summary));
}
